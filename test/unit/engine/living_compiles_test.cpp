// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes of the program in the middle of a compile: what was compiled from what is gone is not published,
// and calls and promotions that waited for it go on with what there is now.
#include "compile/session.h"
#include "compile/session_pool.h"
#include "engine/engine_impl.h"
#include "engine/open_image.h"
#include "unit/support/living.h"

#include <atomic>
#include <thread>

namespace tiercel {
namespace {

class LivingCompiles : public LivingTest {
protected:
  /// An engine whose first compile of `function` stops when its unit has been taken from the program, but
  /// nothing of it is translated yet.
  void stopCompilesOf(const std::string& function, Options options = reclaiming()) {
    options.dump = {{DumpStage::Input, function}};
    options.onDump = [this](const DumpRequest&, const std::string&, const std::string&) { gate.pass(); };
    options.onUndefined = [](std::string_view) { return reinterpret_cast<void*>(+[] { return 99; }); };
    options.onFatal = [](const Error& error) { ADD_FAILURE() << error.message(); };
    make(options);
  }
  /// Calls `name` on another thread, and `change` while it is being compiled. What that call returned.
  template <typename Change>
  int changedDuringFirstCall(Gate& where, const std::string& name, const Change& change) {
    int result = -1;
    auto* f = function<int()>(*engine, name);
    std::thread thread([&] { result = f(); });
    where.waitUntilSomebodyStops();
    change();
    where.open();
    thread.join();
    return result;
  }
  /// The same for a compile at the top tier, which is not to be published but made again.
  template <typename Change> void changedDuringPromotion(const std::string& name, const Change& change) {
    std::thread thread([&] { EXPECT_OK(engine->prepare({name})); });
    gate.waitUntilSomebodyStops();
    change();
    gate.open();
    thread.join();
    engine->waitIdle();
  }

  Gate gate;
};

// --- first calls ------------------------------------------------------------------------------------------

TEST_F(LivingCompiles, AFirstCallReachesWhatReplacedItsFunction) {
  stopCompilesOf("f");
  add("m", ir(returning("f", 1)));
  EXPECT_EQ(changedDuringFirstCall(gate, "f", [&] { redefine("m", ir(returning("f", 2))); }), 2);
  EXPECT_EQ(call("f"), 2);
  EXPECT_EQ(engine->stats().functions.retired, 0u) << "the first version was never the function's code";
}

TEST_F(LivingCompiles, AFirstCallOfWhatIsRemovedMeanwhileAsksTheHost) {
  stopCompilesOf("f");
  add("m", ir(returning("f", 1)));
  EXPECT_EQ(changedDuringFirstCall(gate, "f", [&] { EXPECT_OK(engine->remove("m")); }), 99);
  EXPECT_EQ(engine->describe("f")->state, FunctionState::Removed);
  add("m", ir(returning("f", 3)));
  EXPECT_EQ(call("f"), 3);
}

TEST_F(LivingCompiles, ARemovedFunctionIsFreeWhileItIsStillCompiled) {
  stopCompilesOf("f");
  add("m", ir(returning("f", 1)));
  auto* f = function<int()>(*engine, "f");
  const int result = changedDuringFirstCall(gate, "f", [&] {
    EXPECT_OK(engine->remove("m"));
    add("other", ir(returning("f", 2)));
  });
  EXPECT_EQ(result, 2);
  EXPECT_EQ(f(), 2);
  EXPECT_EQ(function<int()>(*engine, "f"), f);
}

TEST_F(LivingCompiles, AConstantThatWasFoldedAndHasNoMemoryYetMayChange) {
  Options options = reclaiming();
  options.fixedTier = kTopTier;
  stopCompilesOf("get", options);
  add("m", ir("@limit = constant i32 5  define i32 @get() { %v = load i32, ptr @limit ret i32 %v }"));
  EXPECT_EQ(changedDuringFirstCall(gate, "get", [&] { redefine("m", ir("@limit = constant i32 6")); }), 6);
  EXPECT_EQ(call("get"), 6);
}

TEST_F(LivingCompiles, ImagesMayEndAndTheirNumbersBeUsedAgain) {
  for (const bool again : {false, true}) {
    Gate each;
    Options options = reclaiming();
    options.dump = {{DumpStage::Input, "get"}};
    options.onDump = [&](const DumpRequest&, const std::string&, const std::string&) { each.pass(); };
    options.onUndefined = [](std::string_view) { return reinterpret_cast<void*>(+[] { return 99; }); };
    make(options);
    add("m", ir("@v = global i32 5"));
    add("user", ir("@v = external global i32  define i32 @get() { %x = load i32, ptr @v ret i32 %x }"));
    const int result = changedDuringFirstCall(each, "get", [&] {
      EXPECT_OK(engine->remove("user"));
      EXPECT_OK(engine->remove("m"));
      engine->quiescentPoint();
      if (!again)
        return;
      add("x", ir("@x = global i32 77\n" + returning("fx", 77)));
      add("y", ir("@y = global i32 78\n" + returning("fy", 78)));
      EXPECT_EQ(call("fx") + call("fy"), 155);
    });
    EXPECT_EQ(result, 99);
    add("z", ir("@z = global i32 79"));
    EXPECT_EQ(*variable<int>(*engine, "z"), 79);
    if (again)
      EXPECT_EQ(*variable<int>(*engine, "x") + *variable<int>(*engine, "y"), 155);
  }
}

TEST_F(LivingCompiles, NumbersOfWhatACompileMentionsStandForNothingElseMeanwhile) {
  const std::string table = " = internal constant [4 x i32] [i32 1, i32 2, i32 3, i32 4]\n";
  const std::string local = "@tl = internal thread_local global [4 x i32] [i32 9, i32 8, i32 7, i32 6]\n",
                    plain = "@no = internal global [4 x i32] [i32 9, i32 8, i32 7, i32 6]\n";
  for (const std::string& others : {local + plain, plain + local}) {
    Gate each;
    Options options = reclaiming();
    options.dump = {{DumpStage::Input, "get"}};
    options.onDump = [&](const DumpRequest&, const std::string&, const std::string&) { each.pass(); };
    make(options);
    add("m", ir("@k" + table + "@l" + table +
                "define i32 @get() { %i = call i32 @zero() %p = getelementptr i32, ptr @k, i32 %i "
                "%v = load i32, ptr %p %q = getelementptr i32, ptr @l, i32 %i %w = load i32, ptr %q "
                "%r = add i32 %v, %w ret i32 %r }\ndeclare i32 @zero()"));
    add("zero", ir(returning("zero", 0)));
    const int result = changedDuringFirstCall(each, "get", [&] {
      redefine("m", ir(returning("get", 5)));
      // A thread-local, which has an offset for its address, in place of a variable without a value so far.
      add("t", ir(others + "declare ptr @llvm.threadlocal.address.p0(ptr)\n"
                           "define i32 @t() { %p = call ptr @llvm.threadlocal.address.p0(ptr @tl) "
                           "%x = load i32, ptr %p %y = load i32, ptr @no %r = add i32 %x, %y ret i32 %r }"));
    });
    EXPECT_EQ(result, 5);
    EXPECT_EQ(call("t"), 18);
  }
}

// --- promotions -------------------------------------------------------------------------------------------

const char* const kCaller = "declare i32 @f()  define i32 @g() { %r = call i32 @f() ret i32 %r }";

TEST_F(LivingCompiles, CodeWithABodyThatIsReplacedMeanwhileIsNotPublished) {
  Options options = reclaiming();
  options.mayInline = [this](std::string_view, std::string_view) {
    gate.pass();
    return true;
  };
  make(options);
  add("m", ir(returning("f", 1)));
  add("user", ir(kCaller));
  EXPECT_EQ(call("g"), 1);
  changedDuringPromotion("g", [&] { redefine("m", ir(returning("f", 2))); });
  EXPECT_EQ(call("g"), 2);
}

TEST_F(LivingCompiles, NorIsCodeWithABodyThatUsesWhatIsReplaced) {
  Options options = reclaiming();
  options.mayInline = [this](std::string_view, std::string_view) {
    gate.pass();
    return true;
  };
  make(options);
  add("m", ir("@limit = constant i32 5  define i32 @f() { %v = load i32, ptr @limit ret i32 %v }"));
  add("user", ir(kCaller));
  EXPECT_EQ(call("g"), 5);
  // g does not mention the constant, but the body that it takes in does.
  changedDuringPromotion("g", [&] { redefine("m", ir("@limit = constant i32 6")); });
  EXPECT_EQ(call("g"), 6);
}

TEST_F(LivingCompiles, ACompileThatMissesWhatHasGoneHasNotFailed) {
  Options options = reclaiming();
  options.mayInline = [this](std::string_view, std::string_view) {
    gate.pass();
    return true;
  };
  options.onUndefined = [](std::string_view) { return reinterpret_cast<void*>(+[] { return 99; }); };
  make(options);
  add("m", ir("@v = global i32 5  define i32 @f() { %x = load i32, ptr @v ret i32 %x }"));
  add("user", ir(kCaller));
  EXPECT_EQ(call("g"), 5);
  // The body that g takes in and its variable are gone, g itself is as before.
  changedDuringPromotion("g", [&] {
    EXPECT_OK(engine->remove("m", {.force = true}));
    EXPECT_GT(engine->quiescentPoint().freed, 0u);
  });
  EXPECT_EQ(engine->stats().functions.failed, 0u);
  EXPECT_EQ(call("g"), 99);
}

TEST_F(LivingCompiles, NewCodeThatBecomesHotDuringACompileOfTheOldIsPromoted) {
  Options options = reclaiming();
  options.callThreshold = 10;
  options.compileThreads = 2;
  options.dump = {{DumpStage::Lowered, "f"}};
  std::atomic<bool> first{true};
  options.onDump = [&](const DumpRequest&, const std::string&, const std::string&) {
    if (!first.exchange(false)) // the first is on this thread, and of first code
      gate.pass();
  };
  make(options);
  add("m", ir(returning("f", 1) + returning("later", 3)));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(call("f"), 1);
  gate.waitUntilSomebodyStops();
  redefine("m", ir(returning("f", 2)));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(call("f"), 2);
  // The other compiler looks at what has become hot in the order in which it has.
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(call("later"), 3);
  while (engine->describe("later")->tier == 0)
    std::this_thread::yield();
  EXPECT_EQ(engine->describe("f")->tier, 0u);
  gate.open();
  engine->waitIdle();
  EXPECT_GT(engine->describe("f")->tier, 0u);
  EXPECT_EQ(call("f"), 2);
}

// --- compilers --------------------------------------------------------------------------------------------

TEST_F(LivingCompiles, ACompilerThroughWhichManyImagesPassedIsReplaced) {
  add("m", ir(returning("f", 0)));
  for (int i = 1; i <= 300; ++i) {
    redefine("m", ir(returning("f", i)));
    Result<SessionPool::Lease> session = engine->impl().pool().borrow();
    ASSERT_TRUE(session) << session.error().message();
    ASSERT_FALSE((*session)->isWorn()) << "after " << i << " redefinitions";
  }
  EXPECT_EQ(call("f"), 300);
}

TEST_F(LivingCompiles, ACompilerThroughWhichManyRefusedImagesPassedIsReplaced) {
  make(reclaiming());
  bool worn = false;
  for (int i = 0; i < 300; ++i) {
    const std::string text = returning("f", i);
    Result<Input> input = readSource(Source::memory(text, "refused.ll"), {});
    ASSERT_TRUE(input) << input.error().message();
    Result<OpenImage> refused = openImage(std::move(*input), engine->impl().pool());
    ASSERT_TRUE(refused) << refused.error().message();
    worn = worn || refused->session->isWorn();
  }
  EXPECT_TRUE(worn) << "the same one read 300 images, of which nothing came";
}

} // namespace
} // namespace tiercel
