// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Activations of code that believes of a function what its newest definition does not say: they go on calling
// the definition that they believe, and everything else calls the new one.
#include "unit/support/living.h"

#include <functional>
#include <thread>

namespace tiercel {
namespace {

/// What a program does in the middle of `believe`.
std::function<void()>& meanwhile() {
  static std::function<void()> action;
  return action;
}

constexpr int kSeen = 1'000;

class OutdatedCallers : public LivingTest {
protected:
  void start(Options options = reclaiming()) {
    options.onFatal = [](const Error& error) { ADD_FAILURE() << error.message(); };
    make(options);
    EXPECT_OK(engine->defineSymbol("meanwhile", reinterpret_cast<void*>(+[] {
                                     const std::function<void()> action =
                                         meanwhile(); // which may put another in its place
                                     action();
                                   })));
    add("claim", ir(quiet(1)));
    // Returns what the variable held before the call and `seen` for what claim has returned.
    add("believe", ir(R"(
declare i32 @claim(ptr)
declare void @meanwhile()
define i32 @believe(ptr %p) {
  store i32 7, ptr %p
  call void @meanwhile()
  %before = load i32, ptr %p
  %seen = call i32 @claim(ptr %p)
  %after = load i32, ptr %p
  %change = sub i32 %after, %before
  %scaled = mul i32 %seen, 1000
  %r = add i32 %scaled, %change
  ret i32 %r
})"));
    add("other", ir("declare i32 @claim(ptr)\n"
                    "define i32 @other(ptr %p) { %r = call i32 @claim(ptr %p) ret i32 %r }"));
    EXPECT_OK(engine->prepare({"believe"}));
    engine->waitIdle();
  }
  static std::string quiet(int version) {
    return "define i32 @claim(ptr %p) noinline nounwind willreturn memory(none) { ret i32 " +
           std::to_string(version) + " }";
  }
  static std::string counting(int version) {
    return "define i32 @claim(ptr %p) noinline { %v = load i32, ptr %p %w = add i32 %v, 1 "
           "store i32 %w, ptr %p ret i32 " +
           std::to_string(version) + " }";
  }
  int believe() { return function<int(int*)>(*engine, "believe")(&variable); }
  int other() { return function<int(int*)>(*engine, "other")(&variable); }

  int variable = 0;
};

TEST_F(OutdatedCallers, ReachTheDefinitionThatTheyBelieve) {
  start();
  meanwhile() = [] {};
  EXPECT_EQ(believe(), 1 * kSeen);
  int others = 0;
  meanwhile() = [&] {
    redefine("claim", ir(counting(2)));
    others = other();
  };
  EXPECT_EQ(believe(), 1 * kSeen) << "neither the old version nor the old belief";
  EXPECT_EQ(others, 2);
  EXPECT_EQ(variable, 7 + 1) << "the other caller's";
  meanwhile() = [] {};
  EXPECT_EQ(believe(), 2 * kSeen + 1);
}

TEST_F(OutdatedCallers, ReachItAlsoIfItHadNoCode) {
  start();
  meanwhile() = [&] { redefine("claim", ir(counting(2))); };
  EXPECT_EQ(believe(), 1 * kSeen);
  EXPECT_EQ(variable, 7);
}

TEST_F(OutdatedCallers, ReachItWhileTheNewDefinitionGoesThroughItsTiers) {
  start();
  meanwhile() = [&] {
    redefine("claim", ir(counting(2)));
    EXPECT_EQ(other(), 2);
    EXPECT_OK(engine->prepare({"claim", "other"}));
    engine->waitIdle();
    EXPECT_EQ(other(), 2);
    redefine("claim", ir(counting(3))); // takes nothing back
    EXPECT_EQ(other(), 3);
    redefine("claim", ir(quiet(4)));
    EXPECT_EQ(other(), 4);
    redefine("claim", ir(counting(5)));
  };
  EXPECT_EQ(believe(), 1 * kSeen);
  EXPECT_EQ(other(), 5);
}

TEST_F(OutdatedCallers, EachReachTheirOwn) {
  start();
  int inner = 0;
  meanwhile() = [&] {
    redefine("claim", ir(counting(2)));
    redefine("claim", ir(quiet(3)));
    EXPECT_OK(engine->prepare({"believe"})); // believes once more
    engine->waitIdle();
    int variableOfInner = 0;
    meanwhile() = [&] { redefine("claim", ir(counting(4))); };
    inner = function<int(int*)>(*engine, "believe")(&variableOfInner);
    EXPECT_EQ(variableOfInner, 7);
  };
  EXPECT_EQ(believe(), 1 * kSeen);
  EXPECT_EQ(inner, 3 * kSeen);
  EXPECT_EQ(other(), 4);
}

TEST_F(OutdatedCallers, ReachItWhenTheirCallWaitsForItsFirstCompile) {
  Gate gate;
  Options options = reclaiming();
  options.dump = {{DumpStage::Input, "claim"}};
  options.onDump = [&](const DumpRequest&, const std::string&, const std::string&) { gate.pass(); };
  start(options);
  meanwhile() = [] {};
  int believed = 0;
  std::thread caller([&] { believed = believe(); });
  gate.waitUntilSomebodyStops();
  std::thread changer([&] { redefine("claim", ir(counting(2))); });
  gate.open();
  changer.join();
  caller.join();
  EXPECT_TRUE(believed == 1 * kSeen) << believed;
  EXPECT_EQ(other(), 2);
}

TEST_F(OutdatedCallers, KeepTheOldCodeAsLongAsTheyAreThere) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  start();
  uint64_t kept = 0;
  meanwhile() = [&] {
    redefine("claim", ir(counting(2)));
    EXPECT_EQ(other(), 2);
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(collectCompletely(*engine));
    kept = engine->stats().codeBytes.retired;
  };
  EXPECT_EQ(believe(), 1 * kSeen);
  EXPECT_GT(kept, 0u) << "the caller and what it calls";
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(collectCompletely(*engine));
  EXPECT_EQ(engine->stats().codeBytes.retired, 0u) << "those or a thunk";
  EXPECT_EQ(other(), 2);
}

} // namespace
} // namespace tiercel
