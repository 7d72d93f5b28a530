// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs that change while they run: what callers see, what is kept, what is refused, what is given back.
#include "tiercel/engine.h"

#include "unit/support/living.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace tiercel {
namespace {

using testing::HasSubstr;

class Living : public LivingTest {};

TEST_F(Living, EveryCallerReachesTheNewCode) {
  add("m", ir(returning("f", 1) + "define i32 @g() { %r = call i32 @f() ret i32 %r }\n"
                                  "@table = global ptr @f"));
  auto* f = function<int()>(*engine, "f");
  auto* g = function<int()>(*engine, "g");
  int (**table)() = reinterpret_cast<int (**)()>(variable<void*>(*engine, "table"));
  EXPECT_EQ(f() + g() + (*table)(), 3);
  redefine("m", ir(returning("f", 10)));
  EXPECT_EQ(f() + g() + (*table)(), 30);
  EXPECT_EQ(function<int()>(*engine, "f"), f) << "one address for its whole life";
  EXPECT_EQ(*table, f);
}

TEST_F(Living, CodeThatInlinedTheOldBodyIsLeft) {
  Options options = reclaiming();
  options.sync = true;
  make(options);
  add("m", ir(returning("f", 1) + "define i32 @g() { %r = call i32 @f() ret i32 %r }\n"));
  EXPECT_EQ(call("g"), 1);
  EXPECT_OK(engine->prepare({"g"}));
  ASSERT_THAT(engine->dependents("f"), testing::ElementsAre("g"));
  EXPECT_EQ(call("g"), 1);
  redefine("m", ir(returning("f", 2)));
  EXPECT_EQ(call("g"), 2);
  EXPECT_EQ(engine->describe("g")->tier, 0u) << "back on its first code, which was still there";
  EXPECT_OK(engine->prepare({"g"}));
  EXPECT_EQ(call("g"), 2);
}

TEST_F(Living, CodeThatInlinedIsCompiledAgainInTheBackground) {
  add("m", ir(returning("f", 1) + "define i32 @g() { %r = call i32 @f() ret i32 %r }\n"));
  EXPECT_EQ(call("g"), 1);
  EXPECT_OK(engine->prepare({"g"}));
  redefine("m", ir(returning("f", 2)));
  engine->waitIdle();
  EXPECT_EQ(engine->describe("g")->tier, kTopTier);
  EXPECT_EQ(call("g"), 2);
}

TEST_F(Living, WhatMustBeInlinedIsCalledOnceItWasRedefined) {
  add("m", ir("define i32 @f() alwaysinline { ret i32 1 }\n"
              "define i32 @g() { %r = call i32 @f() ret i32 %r }\n"));
  EXPECT_EQ(call("g"), 1);
  redefine("m", ir(returning("f", 2)));
  EXPECT_EQ(call("g"), 2);
  EXPECT_OK(engine->prepare({"g"}));
  EXPECT_EQ(call("g"), 2);
}

TEST_F(Living, SeveralFunctionsChangeAtOnce) {
  add("m", ir(returning("f", 1) + returning("g", 1)));
  EXPECT_EQ(call("f") + call("g"), 2);
  redefine("m", ir(returning("f", 2) + returning("g", 2) + returning("h", 2)));
  EXPECT_EQ(call("f") + call("g") + call("h"), 6);
}

TEST_F(Living, UnchangedFunctionsKeepTheirCode) {
  const std::string rest = "static int used; int twice(int x) { used++; return 2 * x; }\n"
                           "const char* text(void) { return \"the same\"; }\n";
  add("m", c(rest + "int f(void) { return twice(1); }"));
  EXPECT_EQ(call("f"), 2);
  EXPECT_STREQ(function<const char*()>(*engine, "text")(), "the same");
  const void* twice = engine->describe("twice")->code;
  const void* text = engine->describe("text")->code;
  ASSERT_NE(twice, nullptr);
  redefine("m", c("int puts(const char*); int unrelated(void) { puts(\"first\"); return 0; }\n" + rest +
                  "int f(void) { return twice(21); }"));
  EXPECT_EQ(engine->describe("twice")->code, twice);
  EXPECT_EQ(engine->describe("text")->code, text) << "its string has another number, and the same content";
  EXPECT_EQ(call("f"), 42);
}

TEST_F(Living, StaticsAndVariablesKeepTheirValues) {
  add("m", c("static int n = 5; int shared = 7; int next(void) { return ++n + shared; }"));
  EXPECT_EQ(call("next"), 13);
  int* shared = variable<int>(*engine, "shared");
  *shared = 100;
  redefine("m", c("static int n = 50; int shared = 70; int next(void) { n += 10; return n + shared; }"));
  EXPECT_EQ(call("next"), 116);
  EXPECT_EQ(variable<int>(*engine, "shared"), shared);
}

TEST_F(Living, ConstantsAreThoseOfTheNewSource) {
  add("m", ir("@limit = constant i32 5  define i32 @get() { %v = load i32, ptr @limit ret i32 %v }"));
  add("user",
      ir("@limit = external constant i32  define i32 @copy() { %v = load i32, ptr @limit ret i32 %v }"));
  EXPECT_EQ(call("get") + call("copy"), 10);
  EXPECT_OK(engine->prepare({"copy"}));
  redefine("m", ir("@limit = constant i32 6"));
  EXPECT_EQ(call("get"), 6);
  EXPECT_EQ(call("copy"), 6);
}

TEST_F(Living, AnotherTypeIsRefusedWithBoth) {
  add("m", ir(returning("f", 1) + "@v = global i32 3\n"));
  EXPECT_EQ(call("f"), 1);
  const std::string function = messageOf(engine->redefine("m", ir("define i64 @f() { ret i64 2 }")));
  EXPECT_THAT(function, HasSubstr("'i32 ()'"));
  EXPECT_THAT(function, HasSubstr("'i64 ()'"));
  const std::string variable = messageOf(engine->redefine("m", ir("@v = global [4 x i32] zeroinitializer")));
  EXPECT_THAT(variable, HasSubstr("'i32'"));
  EXPECT_THAT(variable, HasSubstr("'[4 x i32]'"));
  EXPECT_EQ(call("f"), 1);
  redefine("m", ir("define i64 @f() { ret i64 2 } @v = global i64 4"), {.changeTypes = true});
  EXPECT_EQ(tiercel::function<int64_t()>(*engine, "f")(), 2);
  EXPECT_EQ(*tiercel::variable<int64_t>(*engine, "v"), 4);
}

TEST_F(Living, ARedefinitionThatFailsChangesNothing) {
  add("m", ir(returning("f", 1) + returning("g", 1)));
  EXPECT_EQ(call("f") + call("g"), 2);
  EXPECT_FALSE(engine->redefine("m", ir("define i32 @f() { nonsense }")));
  EXPECT_THAT(messageOf(engine->redefine("m", ir(returning("f", 2) + "@x = external global i32\n"
                                                                     "define i32 @g() { %v = load i32, ptr "
                                                                     "@x ret i32 %v }"))),
              HasSubstr("'x', which nothing defines"));
  EXPECT_THAT(messageOf(engine->redefine("other", ir(returning("f", 2)))), HasSubstr("add it first"));
  EXPECT_EQ(call("f") + call("g"), 2);
  EXPECT_EQ(engine->describe("f")->version, 1u);
}

TEST_F(Living, OneModuleDoesNotRedefineAnother) {
  add("a", ir(returning("f", 1)));
  add("b", ir(returning("g", 1)));
  EXPECT_THAT(messageOf(engine->redefine("b", ir(returning("f", 2)))), HasSubstr("already defined"));
  EXPECT_THAT(messageOf(engine->add("a", ir(returning("h", 2)))), HasSubstr("there is one of this name"));
}

TEST_F(Living, RemovedFunctionsReachTheHost) {
  Options options = reclaiming();
  options.onUndefined = [](std::string_view name) {
    return name == "f" ? reinterpret_cast<void*>(+[] { return 99; }) : nullptr;
  };
  make(options);
  add("m", ir(returning("f", 1)));
  add("user", ir("declare i32 @f()  define i32 @g() { %r = call i32 @f() ret i32 %r }"));
  auto* f = function<int()>(*engine, "f");
  EXPECT_EQ(f() + call("g"), 2);
  EXPECT_THAT(messageOf(engine->remove("m")), HasSubstr("'f' (used by 'g')"));
  EXPECT_EQ(f(), 1) << "refused: nothing has changed";
  EXPECT_OK(engine->remove("m", {.force = true}));
  EXPECT_EQ(f(), 99);
  EXPECT_EQ(call("g"), 99);
  EXPECT_EQ(engine->describe("f")->state, FunctionState::Removed);
  add("again", ir(returning("f", 5)));
  EXPECT_EQ(f(), 5);
  EXPECT_EQ(call("g"), 5);
  EXPECT_EQ(function<int()>(*engine, "f"), f);
}

TEST_F(Living, TheHostMayAddWhatIsMissing) {
  Options options = reclaiming();
  Engine* self = nullptr;
  options.onUndefined = [&self](std::string_view name) -> void* {
    EXPECT_OK(self->add("late", ir(returning(std::string(name), 8))));
    return nullptr;
  };
  make(options);
  self = engine.get();
  add("user", ir("declare i32 @missing()  define i32 @g() { %r = call i32 @missing() ret i32 %r }"));
  EXPECT_EQ(call("g"), 8);
}

TEST_F(Living, AFunctionAloneCanBeRemoved) {
  add("m", ir(returning("f", 1) + returning("g", 2) + "define i32 @h() { %r = call i32 @f() ret i32 %r }"));
  EXPECT_THAT(messageOf(engine->removeFunction("f")), HasSubstr("'f' (used by 'h')"));
  EXPECT_OK(engine->removeFunction("g"));
  EXPECT_THAT(engine->lookup<int()>("g").error().message(), HasSubstr("it was removed"));
  EXPECT_EQ(call("h"), 1);
}

TEST_F(Living, AWeakDefinitionElsewhereTakesThePlace) {
  add("a", ir("define linkonce_odr i32 @f() { ret i32 1 }"));
  add("b",
      ir("define linkonce_odr i32 @f() { ret i32 2 }  define i32 @g() { %r = call i32 @f() ret i32 %r }"));
  EXPECT_EQ(call("f") + call("g"), 2);
  EXPECT_OK(engine->remove("a"));
  EXPECT_EQ(call("f") + call("g"), 4);
}

TEST_F(Living, StaticDestructorsRunOnce) {
  add("log", c("int count; void note(void) { count++; } int get(void) { return count; }"));
  add("m", Source::memory("extern \"C\" void note(); struct S { ~S() { note(); } }; static S s;\n"
                          "extern \"C\" int touch() { return 1; }",
                          "test.cpp"));
  EXPECT_OK(engine->runConstructors());
  EXPECT_EQ(call("touch"), 1);
  EXPECT_EQ(call("get"), 0);
  EXPECT_OK(engine->remove("m"));
  EXPECT_EQ(call("get"), 1);
}

TEST_F(Living, ExitHandlersRunBeforeTheirModuleGoes) {
  add("log", c("int count; void note(void) { count++; } int get(void) { return count; }"));
  add("m", c("#include <stdlib.h>\nvoid note(void); int enter(void) { return atexit(note) + atexit(note); }\n"
             "static void leave(void) { note(); } int enterOwn(void) { return atexit(leave); }"));
  EXPECT_EQ(call("enter") + call("enterOwn"), 0);
  EXPECT_OK(engine->remove("m"));
  EXPECT_EQ(call("get"), 1) << "the others are another module's functions";
}

TEST_F(Living, DataLivesAsLongAsAnyModuleMentionsIt) {
  add("a", c("int shared[100000] = {1};"));
  add("b", c("extern int shared[]; int get(void) { return shared[0]; } void set(int x) { shared[0] = x; }"));
  function<void(int)>(*engine, "set")(7);
  const uint64_t before = engine->stats().dataBytes;
  EXPECT_OK(engine->remove("a", {.force = true}));
  EXPECT_OK(collectCompletely(*engine));
  EXPECT_EQ(call("get"), 7);
  EXPECT_GE(engine->stats().dataBytes, before);
  EXPECT_OK(engine->remove("b"));
  EXPECT_OK(collectCompletely(*engine));
  EXPECT_LE(engine->stats().dataBytes, before - 400000);
}

TEST_F(Living, NativeObjectsCanBeRemoved) {
  add("object", Source::file(compiled("living.o", "int native(void) { return 4; }")));
  add("user", c("int native(void); int get(void) { return native(); }"));
  EXPECT_EQ(call("get"), 4);
  EXPECT_THAT(messageOf(engine->remove("object")), HasSubstr("'native' (used by 'get')"));
  EXPECT_OK(engine->remove("object", {.force = true}));
  add("other", c("int native(void) { return 5; }"));
  EXPECT_EQ(call("get"), 5);
  const Result<CollectReport> report = collectCompletely(*engine);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_GE(report->freed, 2u);
}

TEST_F(Living, SupersededCodeIsFreed) {
  add("m", ir(returning("f", 0)));
  for (int i = 1; i <= 50; ++i) {
    redefine("m", ir(returning("f", i)));
    ASSERT_EQ(call("f"), i);
  }
  const Result<CollectReport> report = collectCompletely(*engine);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->complete) << report->why;
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.functions.freed, 49u) << "all but the newest";
  EXPECT_EQ(stats.codeBytes.retired, 0u);
}

TEST_F(Living, MemoryStaysTheSame) {
  const auto round = [&](int i) {
    redefine("m", ir("@s = private constant [64 x i8] zeroinitializer\n"
                     "define i32 @f() { %v = load i8, ptr @s %w = zext i8 %v to i32 %r = add i32 %w, " +
                     std::to_string(i) + " ret i32 %r }"));
    ASSERT_EQ(call("f"), i);
    EXPECT_OK(engine->add("extra", ir("@v = global [1000 x i32] zeroinitializer\n"
                                      "define internal i32 @helper() { %r = load i32, ptr @v ret i32 %r }\n"
                                      "define i32 @g() { %r = call i32 @helper() ret i32 %r }")));
    ASSERT_EQ(call("g"), 0);
    EXPECT_OK(engine->remove("extra"));
    EXPECT_OK(collectCompletely(*engine));
  };
  add("m", ir(returning("f", 0)));
  for (int i = 0; i < 20; ++i)
    round(i);
  const Stats before = engine->stats();
  for (int i = 20; i < 200; ++i)
    round(i);
  const Stats after = engine->stats();
  EXPECT_EQ(after.dataBytes, before.dataBytes);
  EXPECT_EQ(after.memory.codeUsed, before.memory.codeUsed);
  EXPECT_EQ(after.functions.total, before.functions.total);
}

TEST_F(Living, CodeOnAStackIsHeld) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  add("m", ir("declare void @wait()  define i32 @f() { call void @wait() ret i32 1 }"));
  static std::atomic<int> inside{0};
  static std::atomic<bool> go{false};
  inside = 0;
  go = false;
  EXPECT_OK(engine->defineSymbol("wait", reinterpret_cast<void*>(+[] {
                                   inside = 1;
                                   while (!go)
                                     std::this_thread::yield();
                                 })));
  int result = 0;
  std::thread thread([&] { result = call("f"); });
  while (!inside)
    std::this_thread::yield();
  redefine("m", ir(returning("f", 2)));
  EXPECT_EQ(call("f"), 2);
  Result<CollectReport> report = collectCompletely(*engine);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_TRUE(report->complete) << report->why;
  EXPECT_EQ(report->held, 1u);
  EXPECT_EQ(report->freed, 0u);
  go = true;
  thread.join();
  EXPECT_EQ(result, 1) << "it finished in the old code";
  report = collectCompletely(*engine);
  ASSERT_TRUE(report && report->complete);
  EXPECT_EQ(report->freed, 1u);
}

TEST_F(Living, ExceptionsUnwindThroughRetiredCode) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  add("m",
      Source::memory("extern \"C\" void change(); struct E { int v; };\n"
                     "extern \"C\" int thrower() { change(); throw E{7}; }\n"
                     "extern \"C\" int catcher() { try { return thrower(); } catch (E& e) { return e.v; } }",
                     "test.cpp"));
  static Engine* self;
  self = engine.get();
  EXPECT_OK(engine->defineSymbol("change", reinterpret_cast<void*>(+[] {
                                   EXPECT_OK(
                                       self->redefine("m", Source::memory("extern \"C\" int thrower() { "
                                                                          "return 1; }",
                                                                          "test.cpp")));
                                   EXPECT_OK(self->collect());
                                 })));
  EXPECT_EQ(call("catcher"), 7);
  EXPECT_EQ(call("catcher"), 1);
}

TEST_F(Living, WithoutSignalsOnlyQuiescentPointsFree) {
  make({});
  add("m", ir(returning("f", 1)));
  EXPECT_EQ(call("f"), 1);
  redefine("m", ir(returning("f", 2)));
  EXPECT_EQ(call("f"), 2);
  EXPECT_FALSE(engine->collect());
  EXPECT_EQ(engine->quiescentPoint().freed, 1u);
}

TEST_F(Living, DiscardedCodeComesBackOnTheNextCall) {
  add("m", ir(returning("f", 1)));
  EXPECT_EQ(call("f"), 1);
  EXPECT_OK(engine->discardCode({"f"}));
  EXPECT_EQ(engine->describe("f")->state, FunctionState::Lazy);
  EXPECT_EQ(call("f"), 1);
  EXPECT_THAT(messageOf(engine->discardCode({"nothing*"})), HasSubstr("no function"));
}

TEST_F(Living, TheFunctionMapNamesUsers) {
  Options options = reclaiming();
  options.mayInline = [](std::string_view, std::string_view) { return false; };
  make(options);
  add("m", ir(returning("f", 1) + "define i32 @g() { %r = call i32 @f() ret i32 %r }\n"
                                  "define ptr @h() { ret ptr @f }"));
  EXPECT_EQ(call("g"), 1);
  function<void*()>(*engine, "h")();
  EXPECT_OK(engine->prepare({"g"}));
  const Result<FunctionInfo> info = engine->describe("f");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->type, "i32 ()");
  EXPECT_EQ(info->linkage, "external");
  EXPECT_EQ(info->module, "m");
  EXPECT_EQ(info->version, 1u);
  ASSERT_EQ(info->users.size(), 2u);
  EXPECT_EQ(info->users[0].function, "g");
  EXPECT_EQ(info->users[0].directCalls, 1u);
  EXPECT_EQ(info->users[1].function, "h");
  EXPECT_TRUE(info->users[1].mentions);
}

TEST_F(Living, LoopsInOldCodeFinishThere) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  Options options = reclaiming();
  options.loopThreshold = 100;
  make(options);
  static std::atomic<bool> stop{false};
  static std::atomic<int> rounds{0};
  stop = false;
  rounds = 0;
  EXPECT_OK(engine->defineSymbol("stop", &stop));
  EXPECT_OK(engine->defineSymbol("tick", reinterpret_cast<void*>(+[] { ++rounds; })));
  add("m", c("extern volatile char stop; void tick(void); int step(void) { return 1; }\n"
             "int loop(void) { int last = 0; while (!stop) { last = step(); tick(); } return last; }"));
  int result = 0;
  std::thread thread([&] { result = call("loop"); });
  while (rounds < 1000)
    std::this_thread::yield();
  redefine("m", c("int loop(void) { return -1; }"));
  EXPECT_EQ(call("loop"), -1);
  const int then = rounds;
  while (rounds < then + 1000) // with counters that are the new code's
    std::this_thread::yield();
  EXPECT_OK(collectCompletely(*engine));
  stop = true;
  thread.join();
  EXPECT_EQ(result, 1);
}

} // namespace
} // namespace tiercel
