// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Engine::prepare, and the policies in whole engines.
#include "base/reasons.h"
#include "unit/support/engines.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

constexpr const char* kProgram =
    "define i32 @one(i32 %x) { %r = add i32 %x, 1  ret i32 %r }\n"
    "define i32 @two(i32 %x) { %r = call i32 @one(i32 %x)  %s = add i32 %r, 1  ret i32 %s }\n"
    "define i32 @other(i32 %x) { ret i32 %x }\n"
    "declare i32 @absent(i32)\n"
    "define i32 @user(i32 %x) { %r = call i32 @absent(i32 %x)  ret i32 %r }\n";

std::vector<unsigned> tiersOf(Events& events, const std::string& name) {
  std::vector<unsigned> tiers;
  for (const Events::Entry& entry : events.of(name)) {
    if (entry.kind == EventKind::CodePublished)
      tiers.push_back(entry.tier);
  }
  return tiers;
}

/// With workers, and in the foreground alone.
class Prepare : public testing::TestWithParam<bool> {
protected:
  std::unique_ptr<Engine> engine(Options options = {}) {
    options.sync = GetParam();
    auto made = makeEngine(options);
    made->addListener(&events);
    addText(*made, kProgram);
    return made;
  }
  Events events;
};
INSTANTIATE_TEST_SUITE_P(WithWorkersAndWithout, Prepare, testing::Bool());

TEST_P(Prepare, CompilesWhatMatchesAndNothingElse) {
  const auto prepared = engine();
  const Status status = prepared->prepare({"one", "t?o"}, 2);
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_THAT(tiersOf(events, "one"), testing::ElementsAre(0, 2));
  EXPECT_THAT(tiersOf(events, "two"), testing::ElementsAre(0, 2));
  EXPECT_TRUE(events.of("other").empty());
  EXPECT_EQ(function<int(int)>(*prepared, "two")(1), 3);
  // Again: nothing to do. Better: done.
  EXPECT_TRUE(prepared->prepare({"one"}, 1));
  EXPECT_THAT(tiersOf(events, "one"), testing::ElementsAre(0, 2));
  EXPECT_TRUE(prepared->prepare({"one"}));
  EXPECT_THAT(tiersOf(events, "one"), testing::ElementsAre(0, 2, 3));
}

TEST_P(Prepare, NamesThatMatchNothingAreListedAndNothingIsCompiled) {
  const auto prepared = engine();
  const Status status = prepared->prepare({"one", "absent", "no*"}, 2);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::MissingSymbol);
  EXPECT_THAT(status.error().message(), testing::HasSubstr("absent, no*"));
  EXPECT_TRUE(events.of("one").empty());
}

TEST_P(Prepare, MarksDoNotCountButOnlyDoes) {
  Options options;
  options.cold = {"one"};
  options.only = "o*";
  const auto prepared = engine(options);
  ASSERT_TRUE(prepared->prepare({"one", "two"}));
  EXPECT_THAT(tiersOf(events, "one"), testing::ElementsAre(0, 3));
  EXPECT_TRUE(tiersOf(events, "two").empty());
}

TEST_P(Prepare, AFixedTierIsKept) {
  Options options;
  options.fixedTier = 1;
  const auto prepared = engine(options);
  EXPECT_FALSE(prepared->prepare({"one"}, 3));
  EXPECT_TRUE(events.of("one").empty());
  ASSERT_TRUE(prepared->prepare({"one"}, 1));
  EXPECT_THAT(tiersOf(events, "one"), testing::ElementsAre(1));
  EXPECT_EQ(prepared->prepare({"one"}, 4).error().kind(), ErrorKind::BadInput);
}

/// Changes the program when a function gets its first code.
class Meddler : public EventListener {
public:
  Meddler(std::string name, std::function<void()> act) : name_(std::move(name)), act_(std::move(act)) {}
  void onEvent(const Event& event) override {
    if (event.kind == EventKind::CodePublished && event.name == name_ && !std::exchange(done_, true))
      act_();
  }

private:
  const std::string name_;
  const std::function<void()> act_;
  bool done_ = false;
};

Source returning(const std::string& name, int value) {
  return Source::memory("define i32 @" + name + "(i32 %x) { ret i32 " + std::to_string(value) + " }\n",
                        name + ".ll");
}

TEST_P(Prepare, WhatIsRedefinedMeanwhileIsPreparedInItsNewBody) {
  const auto prepared = engine();
  ASSERT_TRUE(prepared->add("first", returning("first", 1)));
  ASSERT_TRUE(prepared->add("second", returning("second", 2)));
  // `first` has its code when `second` gets it.
  Meddler meddler("second", [&] { ASSERT_TRUE(prepared->redefine("first", returning("first", 11))); });
  prepared->addListener(&meddler);
  const Status status = prepared->prepare({"first", "second"});
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(tiersOf(events, "first").back(), kTopTier);
  EXPECT_EQ(prepared->describe("first")->tier, kTopTier);
  EXPECT_EQ(function<int(int)>(*prepared, "first")(0), 11);
}

TEST_P(Prepare, WhatIsRemovedMeanwhileIsAnErrorIfAskedForByName) {
  const auto prepared = engine();
  ASSERT_TRUE(prepared->add("first", returning("first", 1)));
  ASSERT_TRUE(prepared->add("second", returning("second", 2)));
  Meddler meddler("second", [&] { ASSERT_TRUE(prepared->remove("first")); });
  prepared->addListener(&meddler);
  const Status status = prepared->prepare({"first", "second"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::MissingSymbol);
  EXPECT_THAT(status.error().message(),
              testing::AllOf(testing::HasSubstr("first"), testing::HasSubstr("removed"),
                             testing::Not(testing::HasSubstr("second"))));
}

TEST_P(Prepare, WhatIsRemovedMeanwhileIsLeftOutIfAPatternMeantIt) {
  const auto prepared = engine();
  ASSERT_TRUE(prepared->add("first", returning("part1", 1)));
  ASSERT_TRUE(prepared->add("second", returning("part2", 2)));
  Meddler meddler("part2", [&] { ASSERT_TRUE(prepared->remove("first")); });
  prepared->addListener(&meddler);
  const Status status = prepared->prepare({"part*"});
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(prepared->describe("part2")->tier, kTopTier);
}

/// Every change of what a function inlines overtakes its compile, or undoes it.
TEST_P(Prepare, SucceedsBesideAThreadThatRedefinesWhatItInlines) {
  const auto prepared = engine();
  std::atomic<bool> stop{false};
  std::thread changer([&] {
    for (int i = 1; !stop; ++i) {
      EXPECT_TRUE(prepared->add("more" + std::to_string(i), returning("more" + std::to_string(i), i)));
      EXPECT_TRUE(
          prepared->redefine("module.ll", Source::memory("define i32 @one(i32 %x) { %r = add i32 %x, " +
                                                             std::to_string(i) + "  ret i32 %r }\n",
                                                         "one.ll")));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (int i = 0; i < 60; ++i) {
    const std::string name = "user" + std::to_string(i);
    ASSERT_TRUE(
        prepared->add(name, Source::memory("declare i32 @one(i32)\ndefine i32 @" + name +
                                               "(i32 %x) { %r = call i32 @one(i32 %x)  ret i32 %r }\n",
                                           name + ".ll")));
    const Status status = prepared->prepare({name});
    EXPECT_TRUE(status) << status.error().message();
  }
  stop = true;
  changer.join();
}

TEST(PrepareThreads, WhileOthersPrepareAndPromoteTheSame) {
  std::string text;
  for (int n = 0; n < 40; ++n)
    text += fmt::format("define i32 @f{0}(i32 %x) {{ %r = add i32 %x, {0}  ret i32 %r }}\n", n);
  Options options;
  options.policy = Policy::Threshold;
  options.callThreshold = 2;
  options.compileThreads = 2;
  const auto engine = engineWith(text, options);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (unsigned tier : {1u, 2u, 3u}) {
    threads.emplace_back([&, tier] {
      for (int n = 0; n < 40; ++n) {
        for (int i = 0; i < 3; ++i)
          wrong += function<int(int)>(*engine, fmt::format("f{}", n))(i) != n + i;
      }
      wrong += !engine->prepare({"f*"}, tier);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(engine->stats().tiers[3].functions, 40u) << "each reached the top, and once";
}

constexpr const char* kBusy =
    "define i64 @busy(i64 %n) {\nentry:\n  br label %loop\nloop:\n  %i = phi i64 [ 0, %entry ], [ %j, %loop "
    "]\n"
    "  %s = phi i64 [ 0, %entry ], [ %t, %loop ]\n  %q = udiv i64 %s, 3\n  %t = add i64 %q, %i\n"
    "  %j = add i64 %i, 1\n  %c = icmp ult i64 %j, %n\n  br i1 %c, label %loop, label %done\ndone:\n  ret "
    "i64 %t\n}\n"
    "define i64 @idle(i64 %n) { ret i64 %n }\n";

TEST(CostPolicy, CompilesWhatIsHotAndLeavesWhatIsNot) {
  Events events;
  Options options;
  options.policy = Policy::Cost;
  const auto engine = engineWith(kBusy, options);
  engine->addListener(&events);
  const auto busy = function<long(long)>(*engine, "busy");
  const auto idle = function<long(long)>(*engine, "idle");
  for (int i = 0; i < 1000; ++i)
    idle(i);
  for (int i = 0; i < 2000 && engine->stats().functions.promoted == 0; ++i)
    busy(100'000);
  engine->waitIdle();
  EXPECT_EQ(events.of("busy").back().tier, kTopTier);
  for (const Events::Entry& entry : events.of("idle"))
    EXPECT_NE(entry.kind, EventKind::PromotionDecided)
        << "a thousand calls of nothing are not worth a compile";
}

TEST(Sampling, CountersStandInWhereTheKernelMayNotBeAsked) {
  Options options;
  options.policy = Policy::Window;
  options.sync = true;
  options.callThreshold = 2;
  const auto engine = engineWith(kBusy, options);
  for (int i = 0; i < 4; ++i)
    function<long(long)>(*engine, "idle")(1);
  EXPECT_EQ(engine->stats().sampling.source, SamplingSource::Counters);
  EXPECT_EQ(engine->stats().sampling.samples, 1u);
  options.policy = Policy::Threshold;
  EXPECT_EQ(engineWith(kBusy, options)->stats().sampling.source, SamplingSource::Off);
}

} // namespace
} // namespace tiercel
