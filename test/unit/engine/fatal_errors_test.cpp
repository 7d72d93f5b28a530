// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that LLVM cannot compile: at the top tier, where a loop becomes vectors of short pointers, or at
// all.
#include "tiercel/code_object.h"

#include "unit/support/engines.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHeader =
    "target datalayout = "
    "\"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\"\n"
    "target triple = \"x86_64-pc-linux-gnu\"\n";

/// `@NAME(ptr, n)` stores addresses in its room, in a loop that cannot be vectorised, and returns `n` and
/// `add`.
std::string shortPointers(const std::string& name, int add) {
  return "define i64 @" + name +
         "(ptr noalias %to, i64 %n) {\nentry:\n  br label %loop\nloop:\n"
         "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]\n  %from = getelementptr i64, ptr %to, i64 %i\n"
         "  %short = addrspacecast ptr %from to ptr addrspace(270)\n"
         "  %place = getelementptr ptr addrspace(270), ptr %to, i64 %i\n"
         "  store ptr addrspace(270) %short, ptr %place\n  %next = add i64 %i, 1\n"
         "  %more = icmp slt i64 %next, %n\n  br i1 %more, label %loop, label %done\ndone:\n"
         "  %r = add i64 %n, " +
         std::to_string(add) + "\n  ret i64 %r\n}\n";
}

std::string manyFunctions(int count) {
  std::string text(kHeader);
  for (int i = 0; i < count; ++i)
    text += shortPointers("f" + std::to_string(i), i);
  return text;
}

constexpr std::string_view kImpossible =
    "define <4 x ptr addrspace(270)> @impossible(<4 x ptr> %p) {\n"
    "  %r = addrspacecast <4 x ptr> %p to <4 x ptr addrspace(270)>\n  ret <4 x ptr addrspace(270)> %r\n}\n"
    "define i32 @tryIt(i32 %x) {\n  %r = call <4 x ptr addrspace(270)> @impossible(<4 x ptr> "
    "zeroinitializer)\n"
    "  ret i32 %x\n}\n"
    "define i32 @fine(i32 %x) {\n  %r = add i32 %x, 1\n  ret i32 %r\n}\n";

using Loop = long(void*, long);

void callAll(Engine& engine, int count, int times, void* room) {
  for (int i = 0; i < count; ++i) {
    auto* f = function<Loop>(engine, "f" + std::to_string(i));
    ASSERT_NE(f, nullptr);
    for (int k = 0; k < times; ++k)
      ASSERT_EQ(f(room, 100), 100 + i);
  }
}

TEST(FatalErrorsOfPromotions, LeaveThePromotedOnTheirCode) {
  Options options;
  options.sync = true;
  options.loopThreshold = 500;
  Events events;
  const std::unique_ptr<Engine> engine = makeEngine(options);
  engine->addListener(&events);
  addText(*engine, manyFunctions(2));
  std::vector<long> room(200);
  callAll(*engine, 2, 50, room.data());
  const auto all = events.of("f0");
  const auto failed = std::find_if(all.begin(), all.end(), [](const Events::Entry& entry) {
    return entry.kind == EventKind::CompileFailed;
  });
  ASSERT_NE(failed, all.end());
  EXPECT_EQ(failed->tier, kTopTier);
  EXPECT_THAT(failed->reason, HasSubstr("function f0: LLVM cannot compile it at tier 3: "));
  EXPECT_GE(engine->stats().functions.fatal, 2U);
  EXPECT_EQ(engine->stats().functions.promoted, 0U);
  EXPECT_TRUE(engine->describe("f0"));
}

TEST(FatalErrorsOfPromotions, AThousandLetTheProgramGoOn) {
  Options options;
  options.sync = true;
  options.loopThreshold = 500;
  options.callThreshold = 5;
  Events events;
  const std::unique_ptr<Engine> engine = makeEngine(options);
  engine->addListener(&events);
  addText(*engine, manyFunctions(1000) + "define i64 @good(i64 %x) {\n  ret i64 %x\n}\n");
  std::vector<long> room(200);
  callAll(*engine, 1000, 20, room.data());
  // What they cost is bounded: no further ones are risked, with a reason.
  const uint64_t fatal = engine->stats().functions.fatal;
  EXPECT_EQ(fatal, 32U);
  EXPECT_EQ(engine->stats().functions.failed, events.count(EventKind::CompileFailed));
  EXPECT_GE(engine->stats().queue.dropped, 900U);
  EXPECT_EQ(events.of("f999").back().kind, EventKind::PromotionDropped);
  EXPECT_EQ(events.of("f999").back().reason, "LLVM met too many fatal errors to be asked for better code");
  const Status prepared = engine->prepare({"f500"}, 2);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind(), ErrorKind::Unsupported);
  EXPECT_THAT(prepared.error().message(), HasSubstr("to be asked for better code"));
  // First compiles go on.
  EXPECT_EQ(function<long(long)>(*engine, "good")(7), 7);
  addText(*engine, "define i32 @later() {\n  ret i32 5\n}\n", "later.ll");
  EXPECT_EQ(function<int()>(*engine, "later")(), 5);
}

TEST(FatalErrorsOfPromotions, OfSeveralWorkersUnderRunningThreads) {
  Options options;
  options.loopThreshold = 500;
  options.compileThreads = 4;
  const std::unique_ptr<Engine> engine = engineWith(manyFunctions(60), options);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&engine] {
      std::vector<long> room(200);
      for (int round = 0; round < 5; ++round)
        callAll(*engine, 60, 10, room.data());
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  engine->waitIdle();
  EXPECT_GE(engine->stats().functions.fatal, 30U);
  EXPECT_EQ(engine->stats().functions.promoted, 0U);
}

TEST(FatalErrorsOfFirstCompiles, FallBackToTierZero) {
  Options options;
  options.fixedTier = kTopTier;
  const std::unique_ptr<Engine> engine = engineWith(manyFunctions(50), options);
  std::vector<long> room(200);
  callAll(*engine, 50, 3, room.data());
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.functions.fatal, 32U) << "then tier 0 at once";
  EXPECT_EQ(stats.tiers[0].functions, 50U);
}

TEST(FatalErrorsOfFirstCompiles, AreErrorsOfWhoAsked) {
  const std::unique_ptr<Engine> engine = engineWith(std::string(kHeader) + std::string(kImpossible));
  const Status prepared = engine->prepare({"impossible"}, 0);
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message(),
              HasSubstr("function impossible: LLVM cannot compile it at tier 0: "));
  EXPECT_EQ(function<int(int)>(*engine, "fine")(1), 2);
  // It is not tried again.
  const uint64_t fatal = engine->stats().functions.fatal;
  EXPECT_FALSE(engine->prepare({"impossible"}, 0));
  EXPECT_EQ(engine->stats().functions.fatal, fatal);
}

TEST(FatalErrorsOfPromotions, AreNotMetTwice) {
  const std::unique_ptr<Engine> engine = engineWith(manyFunctions(2));
  for (int i = 0; i < 40; ++i) {
    const Status prepared = engine->prepare({"f0"}, kTopTier);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().kind(), ErrorKind::Unsupported);
    EXPECT_THAT(
        prepared.error().message(),
        HasSubstr("could not be compiled at tier 3 and stay on working code: f0; the last: function f0: "
                  "LLVM cannot compile it at tier 3: "));
    ASSERT_TRUE(engine->discardCode({"f0"}));
  }
  EXPECT_EQ(engine->stats().functions.fatal, 1U);
  EXPECT_GE(engine->stats().functions.failed, 40U);
  EXPECT_TRUE(engine->prepare({"f0"}, 0));
}

/// As many functions as nothing can be made of, and what can be made better.
std::string manyImpossible(int count) {
  std::string text(kHeader);
  for (int i = 0; i < count; ++i)
    text += "define <4 x ptr addrspace(270)> @bad" + std::to_string(i) +
            "(<4 x ptr> %p) {\n  %r = addrspacecast <4 x ptr> %p to <4 x ptr addrspace(270)>\n"
            "  ret <4 x ptr addrspace(270)> %r\n}\n";
  return text + "define i32 @fine(i32 %x) {\n  %r = add i32 %x, 1\n  ret i32 %r\n}\n";
}

TEST(FatalErrorsOfFirstCompiles, DoNotKeepOthersFromBeingPromoted) {
  const std::unique_ptr<Engine> engine = engineWith(manyImpossible(40));
  for (int i = 0; i < 40; ++i)
    EXPECT_FALSE(engine->prepare({"bad" + std::to_string(i)}, 0));
  EXPECT_EQ(engine->stats().functions.fatal, 40U);
  EXPECT_EQ(engine->stats().functions.failed, 40U);
  const Status prepared = engine->prepare({"fine"}, kTopTier);
  EXPECT_TRUE(prepared) << prepared.error().message();
  EXPECT_EQ(engine->stats().functions.promoted, 1U);
}

TEST(FatalErrorsOfFirstCompiles, AreRememberedByWhatTheyWereMadeFrom) {
  const std::unique_ptr<Engine> engine = engineWith("define i32 @other() {\n  ret i32 3\n}\n");
  const std::string bad = std::string(kHeader) + std::string(kImpossible);
  std::string said;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(engine->add("m", Source::memory(bad, "bad.ll")));
    const Status prepared = engine->prepare({"impossible"}, 0);
    ASSERT_FALSE(prepared);
    if (i == 0)
      said = prepared.error().message();
    EXPECT_EQ(prepared.error().message(), said);
    EXPECT_EQ(function<int(int)>(*engine, "fine")(i), i + 1);
    ASSERT_TRUE(engine->remove("m"));
  }
  EXPECT_EQ(engine->stats().functions.fatal, 1U);
  EXPECT_EQ(engine->stats().functions.failed, 20U);
  // Another body is another matter.
  ASSERT_TRUE(engine->add("m", Source::memory("define i32 @impossible() {\n  ret i32 4\n}\n", "good.ll")));
  EXPECT_EQ(function<int()>(*engine, "impossible")(), 4);
}

TEST(FatalErrorsOfFirstCompiles, OfAssemblyAreRememberedByItsText) {
  const std::unique_ptr<Engine> engine = engineWith("define i32 @other() {\n  ret i32 3\n}\n");
  const auto module = [](const std::string& symbol) {
    return "module asm \".type " + symbol + ",@function\"\nmodule asm \".size " + symbol +
           ", nobody - noone\"\ndefine i32 @f() {\n  ret i32 1\n}\n";
  };
  for (int i = 0; i < 40; ++i) {
    const Status added = engine->add("m", Source::memory(module("a"), "bad.ll"));
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind(), ErrorKind::Unsupported);
    EXPECT_THAT(added.error().message(),
                HasSubstr("bad.ll: LLVM cannot assemble its module-level assembly: "));
  }
  EXPECT_EQ(engine->stats().functions.fatal, 1U);
  EXPECT_EQ(engine->stats().functions.failed, 40U);
  EXPECT_FALSE(engine->add("m", Source::memory(module("b"), "bad.ll")));
  EXPECT_EQ(engine->stats().functions.fatal, 2U);
  EXPECT_TRUE(engine->prepare({"other"}, kTopTier));
}

TEST(FatalErrorsOfFirstCompiles, AreErrorsOfCodeObjects) {
  const std::unique_ptr<Engine> engine = engineWith(std::string(kHeader) + std::string(kImpossible));
  CodeObjectOptions options;
  options.tier = 2;
  Result<CodeObject> made = engine->makeCodeObject({"impossible"}, options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind(), ErrorKind::Unsupported);
  EXPECT_THAT(made.error().message(), HasSubstr("code object: LLVM cannot compile it at tier 2: "));
  EXPECT_EQ(engine->stats().functions.fatal, 1U);
  Result<CodeObject> again = engine->makeCodeObject({"impossible"}, options);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message(), made.error().message());
  EXPECT_EQ(engine->stats().functions.fatal, 1U) << "it is not tried again";
  EXPECT_EQ(engine->stats().functions.failed, 2U);
  EXPECT_TRUE(engine->makeCodeObject({"fine"}, options));
}

TEST(FatalErrorsOfFirstCompilesDeathTest, EndAProgramByItsHost) {
  Options options;
  options.onFatal = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    _exit(error.kind() == ErrorKind::Unsupported ? 3 : 4);
  };
  const std::unique_ptr<Engine> engine = engineWith(std::string(kHeader) + std::string(kImpossible), options);
  EXPECT_EXIT(function<int(int)>(*engine, "tryIt")(1), testing::ExitedWithCode(3),
              "function impossible: LLVM cannot compile it at tier 0: ");
}

} // namespace
} // namespace tiercel
