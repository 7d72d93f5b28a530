// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes everything that code can take for granted (docs/assumptions.md), in random order, while threads
// call the code that did. After each change every caller must return what it returns in an engine that has
// never known anything else; meanwhile, if it looks at one thing, what it returned before, or what it will
// return.
#include "unit/support/living.h"

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <thread>

namespace tiercel {
namespace {

/// What definitions say of themselves, and bodies that make use of it. Each list has definitions of one type;
/// any may take the place of any other.
const std::vector<std::vector<std::string>> kLeaves = {
    {// Memory: calls are joined, or not.
     "define i32 @leaf0(ptr %p) noinline nounwind memory(none) willreturn { ret i32 3 }",
     "define i32 @leaf0(ptr %p) noinline nounwind { %v = load i32, ptr %p %w = add i32 %v, 1 "
     "store i32 %w, ptr %p ret i32 %w }",
     "define i32 @leaf0(ptr readonly %p) noinline nounwind memory(argmem: read) willreturn "
     "{ %v = load i32, ptr %p ret i32 %v }"},
    {// Ranges of results: comparisons are folded.
     "define range(i32 0, 4) i32 @leaf1(ptr %p) noinline { ret i32 3 }",
     "define i32 @leaf1(ptr %p) noinline { ret i32 40 }",
     "define range(i32 0, 41) i32 @leaf1(ptr %p) noinline { ret i32 5 }"},
    {// A result that is an argument, or not null, or aligned.
     "define ptr @leaf2(ptr returned %p) noinline { ret ptr %p }",
     "define ptr @leaf2(ptr %p) noinline { ret ptr null }",
     "define nonnull align 64 ptr @leaf2(ptr %p) noinline { ret ptr @big }"},
    {// Bodies that are inlined.
     "define i32 @leaf3(ptr %p) { ret i32 11 }", "define i32 @leaf3(ptr %p) { ret i32 12 }",
     "define i32 @leaf3(ptr %p) alwaysinline { ret i32 13 }"}};

const std::string kCallers = R"(
@big = global [128 x i8] zeroinitializer, align 64
define i32 @call0() {
  %s = alloca i32
  store i32 0, ptr %s
  %a = call i32 @leaf0(ptr %s) nounwind memory(none) willreturn
  %b = call i32 @leaf0(ptr %s) nounwind memory(none) willreturn
  %c = call i32 @leaf0(ptr %s)
  %v = load i32, ptr %s
  %d = mul i32 %b, 10
  %e = mul i32 %c, 100
  %f = mul i32 %v, 1000
  %g = add i32 %a, %d
  %h = add i32 %g, %e
  %i = add i32 %h, %f
  ret i32 %i
}
define i32 @call1() {
  %s = alloca i32
  %a = call range(i32 0, 4) i32 @leaf1(ptr %s)
  %b = call i32 @leaf1(ptr %s)
  %small = icmp ult i32 %a, 4
  %medium = icmp ult i32 %b, 41
  %c = select i1 %small, i32 1, i32 0
  %d = select i1 %medium, i32 2, i32 0
  %e = add i32 %c, %d
  %f = mul i32 %b, 100
  %g = add i32 %e, %f
  ret i32 %g
}
define i32 @call2() {
  %s = alloca i32, align 4
  %a = call ptr @leaf2(ptr %s)
  %b = call nonnull ptr @leaf2(ptr returned %s)
  %same = icmp eq ptr %a, %s
  %null = icmp eq ptr %b, null
  %n = ptrtoint ptr %a to i64
  %low = and i64 %n, 63
  %aligned = icmp eq i64 %low, 0
  %i = select i1 %same, i32 1, i32 0
  %j = select i1 %null, i32 2, i32 0
  %k = select i1 %same, i1 false, i1 %aligned
  %l = select i1 %k, i32 4, i32 0
  %m = add i32 %i, %j
  %r = add i32 %m, %l
  ret i32 %r
}
define i32 @call3() {
  %a = call i32 @leaf3(ptr null)
  %b = call i32 @leaf3(ptr null)
  %c = mul i32 %a, 100
  %d = add i32 %b, %c
  ret i32 %d
}
)";

/// Callers in a module of their own, which know everything by declarations alone, some of which say too much.
const std::string kUsers = R"(
declare i32 @leaf0(ptr) nounwind memory(none) willreturn
declare range(i32 0, 4) i32 @leaf1(ptr)
declare extern_weak i32 @hook()
@switch = extern_weak global i32
@number = external constant i32
declare i32 @other(i32)
declare i32 @toupper(i32)
declare extern_weak i32 @tolower(i32)
define i32 @user0() {
  %s = alloca i32
  store i32 0, ptr %s
  %a = call i32 @leaf0(ptr %s)
  %b = call i32 @leaf0(ptr %s)
  %c = mul i32 %b, 10
  %d = add i32 %a, %c
  ret i32 %d
}
define i32 @user1() {
  %s = alloca i32
  %a = call i32 @leaf1(ptr %s)
  %small = icmp ult i32 %a, 4
  %r = select i1 %small, i32 1, i32 2
  ret i32 %r
}
define i32 @user2() {
  %there = icmp ne ptr @hook, null
  br i1 %there, label %yes, label %no
yes:
  %r = call i32 @hook()
  ret i32 %r
no:
  ret i32 -1
}
define i32 @user3() {
  %there = icmp ne ptr @switch, null
  br i1 %there, label %yes, label %no
yes:
  %r = load i32, ptr @switch
  ret i32 %r
no:
  ret i32 -1
}
define i32 @user4() {
  %a = load i32, ptr @number
  %b = call i32 @other(i32 %a)
  ret i32 %b
}
define i32 @user5() {
  %a = call i32 @toupper(i32 97)
  %there = icmp ne ptr @tolower, null
  br i1 %there, label %yes, label %no
yes:
  %b = call i32 @tolower(i32 65)
  %c = mul i32 %b, 10000
  %d = add i32 %a, %c
  ret i32 %d
no:
  ret i32 %a
}
)";

constexpr std::array kNames = {"call0", "call1", "call2", "call3", "user0",
                               "user1", "user2", "user3", "user4", "user5"};
using Results = std::array<int, kNames.size()>;

/// Modules that come and go, and what they say now; no text: they are gone.
struct Program {
  std::array<unsigned, 4> leaves{};
  int number = 1, other = 1;
  std::map<std::string, std::string> modules = {{"hook", ""}, {"switch", ""}, {"upper", ""}, {"lower", ""}};

  std::string leavesText() const {
    std::string text;
    for (size_t leaf = 0; leaf < leaves.size(); ++leaf)
      text += kLeaves[leaf][leaves[leaf]] + "\n";
    return text + kCallers;
  }
  std::string numberText() const { return "@number = constant i32 " + std::to_string(number) + "\n"; }
  std::string otherText() const {
    return "define internal i32 @plus(i32 %x) { %r = add i32 %x, 5 ret i32 %r }\n"
           "define internal i32 @times(i32 %x) { %r = mul i32 %x, 7 ret i32 %r }\n"
           "@other = alias i32 (i32), ptr " +
           std::string(other ? "@plus" : "@times") + "\n";
  }
};

std::unique_ptr<Engine> load(const Program& program, Options options) {
  options.onUndefined = [](std::string_view) { return reinterpret_cast<void*>(+[](int) { return 99; }); };
  std::unique_ptr<Engine> engine = makeEngine(options);
  EXPECT_OK(engine->add("leaves", ir(program.leavesText())));
  EXPECT_OK(engine->add("number", ir(program.numberText())));
  EXPECT_OK(engine->add("other", ir(program.otherText())));
  EXPECT_OK(engine->add("users", ir(kUsers)));
  for (const auto& [name, text] : program.modules) {
    if (!text.empty())
      EXPECT_OK(engine->add(name, ir(text)));
  }
  return engine;
}

Results resultsOf(Engine& engine) {
  Results results{};
  for (size_t i = 0; i < kNames.size(); ++i)
    results[i] = function<int()>(engine, kNames[i])();
  return results;
}

/// One change of `program`, and how to make it in a live engine.
std::function<void(Engine&)> change(Program& program, std::mt19937& random) {
  const auto pick = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
  switch (pick(8)) {
  case 0:
  case 1:
  case 2: {
    const unsigned leaf = pick(4);
    program.leaves[leaf] = (program.leaves[leaf] + 1 + pick(2)) % 3;
    const std::string text = "@big = external global [128 x i8]\n" + kLeaves[leaf][program.leaves[leaf]];
    return [text](Engine& engine) { EXPECT_OK(engine.redefine("leaves", ir(text))); };
  }
  case 3:
    program.number = static_cast<int>(pick(1000));
    return [text = program.numberText()](Engine& engine) { EXPECT_OK(engine.redefine("number", ir(text))); };
  case 4:
    program.other = !program.other;
    return [text = program.otherText()](Engine& engine) {
      EXPECT_OK(engine.remove("other", {.force = true}));
      EXPECT_OK(engine.add("other", ir(text)));
    };
  default: {
    static const std::map<std::string, std::string> kTexts = {
        {"hook", "define i32 @hook() { ret i32 "},
        {"switch", "@switch = global i32 "},
        {"upper", "define i32 @toupper(i32 %c) { ret i32 "},
        {"lower", "define weak i32 @tolower(i32 %c) { ret i32 "}};
    auto module = program.modules.begin();
    std::advance(module, pick(4));
    const std::string name = module->first;
    if (!module->second.empty()) {
      module->second.clear();
      return [name](Engine& engine) { EXPECT_OK(engine.remove(name, {.force = true})); };
    }
    // What is in a variable stays for whoever may look at it, so it is always the same.
    const std::string value = name == "switch" ? "7" : std::to_string(pick(1000));
    module->second = kTexts.at(name) + value + (name == "switch" ? "" : " }") + "\n";
    return [name, text = module->second](Engine& engine) { EXPECT_OK(engine.add(name, ir(text))); };
  }
  }
}

struct Case {
  const char* name;
  unsigned steps;
  Options options;
};

Options withModes(bool promote, bool random) {
  Options options = reclaiming();
  options.callThreshold = 3;
  options.modes.promoteAlways = promote;
  options.modes.randomTier = random;
  return options;
}

Options atTier(unsigned tier) {
  Options options = reclaiming();
  options.fixedTier = tier;
  return options;
}

class RandomAssumptions : public testing::TestWithParam<Case> {};

TEST_P(RandomAssumptions, CallersFollowEveryChange) {
  std::mt19937 random(20261);
  Program program;
  const std::unique_ptr<Engine> live = load(program, GetParam().options);
  // What callers may return at the moment: before the change in progress, and after it.
  std::array<std::array<std::atomic<int>, 2>, kNames.size()> allowed{};
  const auto allow = [&](size_t which, const Results& results) {
    for (size_t i = 0; i < results.size(); ++i)
      allowed[i][which].store(results[i]);
  };
  Results now = resultsOf(*live);
  allow(0, now);
  allow(1, now);

  std::atomic<bool> stop{false};
  std::atomic<uint64_t> calls{0}, wrong{0};
  std::vector<std::thread> callers;
  for (unsigned thread = 0; thread < 2; ++thread) {
    callers.emplace_back([&, thread] {
      std::mt19937 choice(thread);
      while (!stop.load()) {
        const size_t i = choice() % kNames.size();
        const int before[] = {allowed[i][0].load(), allowed[i][1].load()};
        const int result = function<int()>(*live, kNames[i])();
        const int after[] = {allowed[i][0].load(), allowed[i][1].load()};
        // The others look more than once: a change may come between.
        const bool looksOnce =
            kNames[i] == std::string_view("user1") || kNames[i] == std::string_view("user3");
        if (looksOnce && result != before[0] && result != before[1] && result != after[0] &&
            result != after[1])
          wrong.fetch_add(1);
        calls.fetch_add(1);
      }
    });
  }
  for (unsigned step = 0; step < GetParam().steps && !HasFailure(); ++step) {
    const std::function<void(Engine&)> apply = change(program, random);
    Options fresh = atTier(0);
    const Results next = resultsOf(*load(program, fresh));
    allow(1, next);
    apply(*live);
    for (unsigned round = 0; round < 3; ++round) // what is promoted in between must be right, too
      EXPECT_EQ(resultsOf(*live), next) << "step " << step << ", round " << round;
    live->waitIdle();
    EXPECT_EQ(resultsOf(*live), next) << "step " << step << ", optimised";
    allow(0, next);
  }
  stop.store(true);
  for (std::thread& caller : callers)
    caller.join();
  EXPECT_EQ(wrong.load(), 0u) << "of " << calls.load() << " calls meanwhile";
  EXPECT_GT(calls.load(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Modes, RandomAssumptions,
                         testing::Values(Case{"adaptive", 60, withModes(false, false)},
                                         Case{"promoteAlways", 60, withModes(true, false)},
                                         Case{"randomTier", 60, withModes(true, true)},
                                         Case{"tier0", 40, atTier(0)}, Case{"tier3", 40, atTier(3)}),
                         [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace tiercel
