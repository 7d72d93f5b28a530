// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bodies of other functions in the top tier's code: where they come from, who may say no, who can ask.
#include "unit/support/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

using testing::Contains;
using testing::Pair;

constexpr const char* kCaller =
    "declare i32 @near(i32)\ndeclare i32 @far(i32)\n"
    "define i32 @caller(i32 %x) { %a = call i32 @near(i32 %x)  %b = call i32 @far(i32 %a)  ret i32 %b }\n";
constexpr const char* kCallees = "define i32 @near(i32 %x) { %r = add i32 %x, 40  ret i32 %r }\n"
                                 "define i32 @far(i32 %x) { %r = mul i32 %x, 2  ret i32 %r }\n";

class Inlining : public testing::Test {
protected:
  /// An engine with a caller and, in another module, what it calls.
  void start(Options options) {
    options.fixedTier = kTopTier;
    engine = makeEngine(options);
    engine->addListener(&events);
    addText(*engine, kCaller, "caller.ll");
    addText(*engine, kCallees, "callees.ll");
  }
  /// What became of each call in @caller.
  std::vector<std::pair<std::string, bool>> decisions() {
    std::vector<std::pair<std::string, bool>> result;
    for (const InlineDecision& decision : engine->inlining("caller")) {
      EXPECT_EQ(decision.caller, "caller");
      EXPECT_NE(decision.reason, "");
      result.emplace_back(decision.callee, decision.inlined);
    }
    return result;
  }

  Events events;
  std::unique_ptr<Engine> engine;
};

TEST_F(Inlining, BodiesComeFromOtherModules) {
  start({});
  EXPECT_TRUE(engine->inlining("caller").empty()) << "not compiled yet";
  EXPECT_EQ(function<int(int)>(*engine, "caller")(2), 84);
  EXPECT_THAT(decisions(), testing::UnorderedElementsAre(Pair("near", true), Pair("far", true)));
  // Nobody called them, so nobody compiled them.
  EXPECT_TRUE(events.of("near").empty());
  EXPECT_TRUE(events.of("far").empty());
  EXPECT_EQ(function<int(int)>(*engine, "near")(2), 42) << "and they exist by themselves";
}

TEST_F(Inlining, TheHostMaySayNo) {
  std::mutex mutex;
  std::vector<std::pair<std::string, std::string>> asked;
  Options options;
  options.mayInline = [&](std::string_view caller, std::string_view callee) {
    const std::lock_guard lock(mutex);
    asked.emplace_back(caller, callee);
    return callee != "far";
  };
  start(options);
  EXPECT_EQ(function<int(int)>(*engine, "caller")(2), 84);
  EXPECT_THAT(asked, Contains(Pair("caller", "near")));
  EXPECT_THAT(asked, Contains(Pair("caller", "far")));
  EXPECT_THAT(decisions(), Contains(Pair("near", true)));
  EXPECT_THAT(decisions(), Contains(Pair("far", false)));
  EXPECT_THAT(decisions(), testing::Not(Contains(Pair("far", true))));
  EXPECT_TRUE(events.of("near").empty());
  EXPECT_EQ(events.count(EventKind::CodePublished), 2u) << "caller, and far, which was called";
}

TEST_F(Inlining, SwitchedOffEverythingIsCalled) {
  Options options;
  options.inlining = false;
  start(options);
  EXPECT_EQ(function<int(int)>(*engine, "caller")(2), 84);
  EXPECT_THAT(decisions(), testing::Not(Contains(Pair(testing::_, true))));
  EXPECT_EQ(events.count(EventKind::CodePublished), 3u);
}

TEST_F(Inlining, WhatWasDoneForAnotherFunctionIsNotListed) {
  Options options;
  options.sync = true;
  engine = makeEngine(options);
  addText(*engine, "define i32 @must(i32 %x) alwaysinline { %r = add i32 %x, 1  ret i32 %r }\n"
                   "define i32 @early(i32 %x) { %r = call i32 @must(i32 %x)  ret i32 %r }\n"
                   "define i32 @late(i32 %x) { ret i32 %x }\n");
  EXPECT_EQ(function<int(int)>(*engine, "early")(1), 2);
  ASSERT_TRUE(engine->prepare({"late"}));
  EXPECT_TRUE(engine->inlining("late").empty()) << "the compiler that it is done with has done @early before";
}

TEST_F(Inlining, WhatIsNotOfTheNewestTopTierCompileIsNotListed) {
  Options options;
  options.sync = true;
  options.policy = Policy::Threshold;
  options.callThreshold = 1000;
  options.loopThreshold = 50;
  engine = makeEngine(options);
  addText(*engine,
          "define i32 @must(i32 %x) alwaysinline { %r = add i32 %x, 1  ret i32 %r }\n"
          "define i32 @plain(i32 %x) { %r = add i32 %x, 1  ret i32 %r }\n"
          "define i32 @early(i32 %x) { %r = call i32 @must(i32 %x)  ret i32 %r }\n"
          "define i32 @loop(i32 %n) {\nentry:\n  br label %head\nhead:\n"
          "  %i = phi i32 [ 0, %entry ], [ %j, %head ]\n  %j = call i32 @plain(i32 %i)\n"
          "  %c = icmp slt i32 %j, %n\n  br i1 %c, label %head, label %done\ndone:\n  ret i32 %j\n}\n");
  EXPECT_EQ(function<int(int)>(*engine, "early")(1), 2);
  ASSERT_TRUE(engine->prepare({"early"}, 2));
  EXPECT_TRUE(engine->inlining("early").empty()) << "not compiled at the top tier";

  EXPECT_EQ(function<int(int)>(*engine, "loop")(100), 100);
  std::vector<InlineDecision> decisions = engine->inlining("loop");
  ASSERT_EQ(decisions.size(), 1u) << "nothing of how the loop is handed over";
  EXPECT_EQ(decisions[0].caller, "loop");
  EXPECT_EQ(decisions[0].callee, "plain");
  EXPECT_TRUE(decisions[0].inlined);
  EXPECT_TRUE(decisions[0].continuation);
  ASSERT_TRUE(engine->prepare({"loop"}));
  decisions = engine->inlining("loop");
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_FALSE(decisions[0].continuation);
  EXPECT_TRUE(decisions[1].continuation);
}

TEST_F(Inlining, WhoeverMayHoldABodyDependsOnIt) {
  start({});
  EXPECT_TRUE(engine->dependents("near").empty());
  EXPECT_EQ(function<int(int)>(*engine, "caller")(2), 84);
  EXPECT_THAT(engine->dependents("near"), testing::ElementsAre("caller"));
  EXPECT_THAT(engine->dependents("far"), testing::ElementsAre("caller"));
  EXPECT_TRUE(engine->dependents("caller").empty());
}

TEST_F(Inlining, CopiesAtAnyTierAreDependencies) {
  for (unsigned tier : {0u, 1u, 3u}) {
    Options options;
    options.fixedTier = tier;
    options.inlining = false;
    engine = makeEngine(options);
    addText(*engine, "define internal i32 @deep(i32 %x) alwaysinline { %r = add i32 %x, 1  ret i32 %r }\n"
                     "define i32 @must(i32 %x) alwaysinline { %r = call i32 @deep(i32 %x)  ret i32 %r }\n"
                     "define available_externally i32 @hint(i32 %x) { %r = add i32 %x, 2  ret i32 %r }\n"
                     "define i32 @user(i32 %x) { %a = call i32 @must(i32 %x)  %b = call i32 @hint(i32 %a)  "
                     "ret i32 %b }\n");
    EXPECT_EQ(function<int(int)>(*engine, "user")(1), 4);
    for (const char* name : {"must", "deep", "hint"})
      EXPECT_THAT(engine->dependents(name), testing::ElementsAre("user")) << name << " at tier " << tier;
  }
}

TEST_F(Inlining, InternalNamesMustBelongToOneModule) {
  Options options;
  options.fixedTier = 0;
  engine = makeEngine(options);
  const auto add = [&](const std::string& user) {
    addText(*engine,
            "define internal i32 @same() alwaysinline { ret i32 1 }\ndefine i32 @" + user +
                "() { %r = call i32 @same()  ret i32 %r }\n",
            user + ".ll");
    EXPECT_EQ(function<int()>(*engine, user)(), 1);
  };
  add("first");
  EXPECT_THAT(engine->dependents("same"), testing::ElementsAre("first"));
  add("second");
  EXPECT_TRUE(engine->dependents("same").empty()) << "of which?";
}

} // namespace
} // namespace tiercel
