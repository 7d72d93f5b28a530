// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counting, promoting and what listeners hear of it. Promotion is synchronous wherever the moment matters.
#include "base/reasons.h"
#include "unit/support/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tiercel {
namespace {

using testing::ElementsAre;

constexpr const char* kProgram =
    "define i32 @square(i32 %x) { %r = mul i32 %x, %x  ret i32 %r }\n"
    "@table = global [1 x ptr] [ptr @square]\n"
    "define i32 @twice(i32 %x) { %a = call i32 @square(i32 %x)  %b = add i32 %a, %a  ret i32 %b }\n"
    "define i64 @sum(i64 %n) {\nentry:\n  br label %loop\nloop:\n  %i = phi i64 [ 0, %entry ], [ %j, %loop "
    "]\n"
    "  %s = phi i64 [ 0, %entry ], [ %t, %loop ]\n  %t = add i64 %s, %i\n  %j = add i64 %i, 1\n"
    "  %c = icmp ult i64 %j, %n\n  br i1 %c, label %loop, label %done\ndone:\n  ret i64 %t\n}\n";

Options synchronous(uint32_t calls = 3, uint32_t loops = 100) {
  Options options;
  options.sync = true;
  options.policy = Policy::Threshold;
  options.callThreshold = calls;
  options.loopThreshold = loops;
  return options;
}

/// An engine with listener and program.
std::unique_ptr<Engine> observed(Events& events, const Options& options, const std::string& text = kProgram) {
  auto engine = makeEngine(options);
  engine->addListener(&events);
  addText(*engine, text);
  return engine;
}

std::string text(Reason reason) { return std::string(reasonText(reason)); }

TEST(Promotion, AtTheThresholdAndNotBefore) {
  Events events;
  const auto engine = observed(events, synchronous(3));
  const auto square = function<int(int)>(*engine, "square");
  square(1);
  square(1);
  EXPECT_THAT(events.kindsOf("square"), ElementsAre(EventKind::CodePublished));
  EXPECT_EQ(square(5), 25); // the third call trips, in the old code
  const std::vector<Events::Entry> entries = events.of("square");
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].kind, EventKind::CodePublished);
  EXPECT_EQ(entries[0].tier, 0u);
  EXPECT_EQ(entries[1].kind, EventKind::CounterTripped);
  EXPECT_EQ(entries[2].kind, EventKind::PromotionDecided);
  EXPECT_EQ(entries[2].tier, 1u);
  EXPECT_EQ(entries[2].reason, text(Reason::CallsReachedThreshold));
  EXPECT_EQ(entries[3].kind, EventKind::CodeRetired);
  EXPECT_EQ(entries[3].tier, 0u);
  EXPECT_EQ(entries[4].kind, EventKind::CodePublished);
  EXPECT_EQ(entries[4].tier, 1u);
  EXPECT_NE(entries[4].code, entries[0].code);
}

TEST(Promotion, EachTierTakesEightTimesAsManyCalls) {
  Events events;
  const auto engine = observed(events, synchronous(3));
  const auto square = function<int(int)>(*engine, "square");
  std::vector<int> calls;
  size_t published = 1;
  for (int call = 1; call <= 1000; ++call) {
    ASSERT_EQ(square(call), call * call);
    const std::vector<EventKind> kinds = events.kindsOf("square");
    if (const auto now = size_t(std::count(kinds.begin(), kinds.end(), EventKind::CodePublished));
        now != published) {
      published = now;
      calls.push_back(call);
    }
  }
  EXPECT_THAT(calls, ElementsAre(3, 3 + 24, 3 + 24 + 192));
  EXPECT_EQ(events.of("square").back().tier, kTopTier) << "where nothing counts any more";
}

// The caller is promoted first, so its direct call leads to counting code and has to be turned.
TEST(Promotion, DirectCallsReachTheNewCode) {
  for (const bool direct : {true, false}) {
    Options options = synchronous(3);
    options.directCalls = direct;
    // Three calls, as not every place in code can hold a direct one.
    const auto engine = engineWith("define i32 @callee(i32 %x) { %r = add i32 %x, 1  ret i32 %r }\n"
                                   "define i32 @caller(i32 %n, i32 %x) {\n  %skip = icmp eq i32 %n, 0\n"
                                   "  br i1 %skip, label %no, label %yes\nno:\n  ret i32 %x\nyes:\n"
                                   "  %a = call i32 @callee(i32 %x)  %b = add i32 %a, 1\n"
                                   "  %c = call i32 @callee(i32 %b)  %d = add i32 %c, 1\n"
                                   "  %e = call i32 @callee(i32 %d)  ret i32 %e\n}\n",
                                   options);
    const auto caller = function<int(int, int)>(*engine, "caller");
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(caller(0, i), i);
    EXPECT_EQ(engine->stats().functions.promoted, 1u);
    const uint64_t sites = engine->stats().calls.direct;
    EXPECT_EQ(sites > 0, direct);
    EXPECT_EQ(engine->stats().calls.patches, 0u);
    EXPECT_EQ(caller(1, 5), 10); // compiles the callee and has it promoted
    EXPECT_EQ(engine->stats().functions.promoted, 2u);
    EXPECT_EQ(engine->stats().calls.patches, 2 * sites);
    EXPECT_EQ(caller(1, 7), 12);
  }
}

TEST(Promotion, StatisticsAddUp) {
  const auto engine = engineWith(kProgram, synchronous(3));
  for (int i = 0; i < 5; ++i)
    function<int(int)>(*engine, "twice")(i);
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.functions.total, 3u);
  EXPECT_EQ(stats.functions.compiledTier0, 2u);
  EXPECT_EQ(stats.functions.promoted, 2u);
  EXPECT_EQ(stats.functions.retired, 2u);
  EXPECT_EQ(stats.functions.failed, 0u);
  EXPECT_EQ(stats.tiers[0].functions, 2u);
  EXPECT_EQ(stats.tiers[1].functions, 2u);
  EXPECT_EQ(stats.tiers[0].bytes, stats.codeBytes.retired);
  EXPECT_EQ(stats.tiers[1].bytes, stats.codeBytes.live);
  EXPECT_GT(stats.codeBytes.live, 0u);
  EXPECT_GT(stats.compileMs.foreground, 0);
  EXPECT_EQ(stats.compileMs.background, 0) << "synchronous";
  EXPECT_GE(stats.compileMs.foreground, stats.phaseMs.codegen + stats.phaseMs.optimize);
  EXPECT_EQ(stats.queue.maxDepth, 1u);
}

TEST(Promotion, AddressesStay) {
  const auto engine = engineWith(kProgram, synchronous(2));
  const auto square = function<int(int)>(*engine, "square");
  auto* const* table = variable<void*>(*engine, "table");
  EXPECT_EQ(*table, reinterpret_cast<void*>(square));
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(square(i), i * i);
  ASSERT_EQ(engine->stats().functions.promoted, 1u);
  EXPECT_EQ(function<int(int)>(*engine, "square"), square);
  EXPECT_EQ(*table, reinterpret_cast<void*>(square));
}

TEST(Promotion, CallersReachTheNewCode) {
  // The caller was compiled first and is not promoted itself; counters tell which code of the callee runs.
  Events events;
  Options options = synchronous(50);
  options.hot = {"square"}; // straight to where nothing counts
  options.only = "square";
  const auto engine = observed(events, options);
  const auto twice = function<int(int)>(*engine, "twice");
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(twice(i), 2 * i * i);
  const std::vector<EventKind> whole = {EventKind::CodePublished, EventKind::CounterTripped,
                                        EventKind::PromotionDecided, EventKind::CodeRetired,
                                        EventKind::CodePublished};
  EXPECT_EQ(events.kindsOf("square"), whole);
}

TEST(Promotion, LoopsCount) {
  Events events;
  const auto engine = observed(events, synchronous(1000, 100));
  const auto sum = function<long(long)>(*engine, "sum");
  EXPECT_EQ(sum(60), 1770);
  EXPECT_EQ(events.kindsOf("sum").size(), 1u);
  EXPECT_EQ(sum(60), 1770);
  const std::vector<Events::Entry> entries = events.of("sum");
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[2].reason, text(Reason::LoopOfFewCalls)) << "the running activation comes first";
  EXPECT_EQ(entries[2].tier, kTopTier) << "a loop could not leave a middle tier";
  EXPECT_EQ(entries[3].kind, EventKind::OsrPublished);
  EXPECT_EQ(engine->stats().functions.osrEntries, 1u);
  EXPECT_EQ(engine->stats().tiers[kTopTier].functions, 0u) << "no whole function";
  EXPECT_EQ(engine->stats().tiers[kTopTier].continuations, 1u);
  EXPECT_EQ(engine->stats().queue.dropped, 0u);
  EXPECT_EQ(sum(1000), 499500);
}

TEST(Promotion, OnlyNamesWhatMayBePromoted) {
  Events events;
  Options options = synchronous(2);
  options.only = "tw?ce";
  const auto engine = observed(events, options);
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(function<int(int)>(*engine, "twice")(i), 2 * i * i);
  EXPECT_EQ(engine->stats().functions.promoted, 1u);
  const std::vector<Events::Entry> dropped = events.of("square");
  ASSERT_EQ(dropped.size(), 3u);
  EXPECT_EQ(dropped[2].kind, EventKind::PromotionDropped);
  EXPECT_EQ(dropped[2].reason, text(Reason::ExcludedByOnly));
  EXPECT_EQ(engine->stats().queue.dropped, events.count(EventKind::PromotionDropped));
}

TEST(Promotion, AFixedTierCompilesOnce) {
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    Options options = synchronous(1, 1);
    options.fixedTier = tier;
    options.inlining = false; // so that every function is called
    Events events;
    const auto engine = observed(events, options);
    for (int i = 0; i < 10; ++i)
      ASSERT_EQ(function<int(int)>(*engine, "twice")(i), 2 * i * i);
    EXPECT_EQ(function<long(long)>(*engine, "sum")(100), 4950);
    const Stats stats = engine->stats();
    for (unsigned other = 0; other < kTierCount; ++other)
      EXPECT_EQ(stats.tiers[other].functions, other == tier ? 3u : 0u);
    EXPECT_EQ(events.count(EventKind::PromotionDecided), 0u);
  }
}

TEST(Promotion, PromoteAlwaysGoesThroughEveryTier) {
  Events events;
  Options options;
  options.sync = true;
  options.modes.promoteAlways = true;
  const auto engine = observed(events, options);
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(function<int(int)>(*engine, "square")(i), i * i);
  std::vector<unsigned> tiers;
  for (const Events::Entry& entry : events.of("square")) {
    if (entry.kind == EventKind::CodePublished)
      tiers.push_back(entry.tier);
  }
  EXPECT_THAT(tiers, ElementsAre(0, 1, 2, 3));
}

std::vector<std::pair<std::string, unsigned>> publishedUnderRandomTier(uint64_t seed) {
  Events events;
  Options options;
  options.sync = true;
  options.modes.randomTier = true;
  options.modes.seed = seed;
  const auto engine = observed(events, options);
  std::vector<std::pair<std::string, unsigned>> published;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(function<int(int)>(*engine, "twice")(i), 2 * i * i);
  for (const char* name : {"twice", "square"}) {
    for (const Events::Entry& entry : events.of(name)) {
      if (entry.kind == EventKind::CodePublished)
        published.emplace_back(name, entry.tier);
    }
  }
  return published;
}

TEST(Promotion, RandomTierRepeatsWithItsSeed) {
  const auto first = publishedUnderRandomTier(1);
  EXPECT_GT(first.size(), 4u);
  EXPECT_EQ(publishedUnderRandomTier(1), first);
  EXPECT_NE(publishedUnderRandomTier(2), first);
}

TEST(Promotion, FunctionsWhoseBlockAddressesEscapeKeepOneVersion) {
  Events events;
  const auto engine =
      observed(events, synchronous(2, 2),
               "@kept = global ptr null\n"
               "define i32 @f(i32 %n) {\n  store ptr blockaddress(@f, %one), ptr @kept\n"
               "  %c = icmp eq i32 %n, 0\n  %to = load ptr, ptr @kept\n"
               "  %t = select i1 %c, ptr %to, ptr blockaddress(@f, %two)\n"
               "  indirectbr ptr %t, [label %one, label %two]\none:\n  ret i32 1\ntwo:\n  ret i32 2\n}");
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(function<int(int)>(*engine, "f")(i), i == 0 ? 1 : 2);
  EXPECT_THAT(events.kindsOf("f"), ElementsAre(EventKind::FunctionPinned, EventKind::CodePublished));
  EXPECT_EQ(events.of("f")[0].reason, text(Reason::PinnedBlockAddress));
  EXPECT_GT(events.of("f")[1].tier, 0u) << "a good one at once, as it will be the last";
  EXPECT_EQ(engine->stats().functions.pinned, 1u);
}

TEST(Promotion, ModulesAreAnnounced) {
  Events events;
  const auto engine = makeEngine();
  engine->addListener(&events);
  addText(*engine, kProgram, "first.ll");
  EXPECT_FALSE(engine->addBytes(kProgram, "second.ll")); // duplicates
  EXPECT_THAT(events.kindsOf("first.ll"), ElementsAre(EventKind::ModuleLoaded));
  EXPECT_TRUE(events.of("second.ll").empty());
}

TEST(Promotion, EveryListenerHearsEverything) {
  Events first, second;
  const auto engine = observed(first, synchronous(2));
  engine->addListener(&second);
  for (int i = 0; i < 3; ++i)
    function<int(int)>(*engine, "square")(i);
  EXPECT_EQ(first.of("square"), second.of("square"));
  EXPECT_EQ(first.of("square").size(), 5u);
}

TEST(Promotion, DumpsAreWhatWasAskedFor) {
  std::vector<std::string> dumps;
  Options options = synchronous(2);
  options.dump = {{DumpStage::Input, "squ*"}, {DumpStage::Lowered, "square"}, {DumpStage::Object, "none"}};
  options.onDump = [&](const DumpRequest& request, const std::string& name, const std::string& content) {
    dumps.push_back(std::to_string(static_cast<int>(request.stage)) + " " + name);
    EXPECT_NE(content.find("define i32 @\"square#e"), std::string::npos);
    EXPECT_EQ(content.find("#c") != std::string::npos, request.stage == DumpStage::Lowered) << "counters";
  };
  const auto engine = engineWith(kProgram, options);
  for (int i = 0; i < 3; ++i)
    function<int(int)>(*engine, "twice")(i);
  EXPECT_THAT(dumps, ElementsAre("0 square", "1 square", "0 square", "1 square"));
}

TEST(Promotion, InTheBackground) {
  Events events;
  Options options;
  options.policy = Policy::Threshold;
  options.callThreshold = 10;
  options.compileThreads = 1;
  const auto engine = observed(events, options);
  const auto twice = function<int(int)>(*engine, "twice");
  engine->waitIdle(); // nothing to wait for yet
  EXPECT_EQ(engine->stats().functions.promoted, 0u);
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(twice(i), 2 * i * i);
  engine->waitIdle();
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.functions.promoted, 2u);
  EXPECT_GT(stats.compileMs.background, 0);
  EXPECT_EQ(twice(11), 242);
}

TEST(Promotion, DestroyingTheEngineWaitsForCompiles) {
  for (int round = 0; round < 10; ++round) {
    Options options;
    options.policy = round % 2 ? Policy::Threshold : Policy::Window;
    options.callThreshold = 1;
    options.loopThreshold = 1;
    options.compileThreads = 2;
    const auto engine = engineWith(kProgram, options);
    function<int(int)>(*engine, "twice")(2);
    function<long(long)>(*engine, "sum")(10);
  } // sanitizers say whether a worker still used it
}

} // namespace
} // namespace tiercel
