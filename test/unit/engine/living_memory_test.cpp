// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules that come, are called and go, each with names of its own: what stays of them is the fixed part of
// their functions (docs/living-programs.md), in every configuration, whoever looks after memory there.
#include "engine/engine_impl.h"
#include "unit/support/arenas.h"
#include "unit/support/living.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <malloc.h>

namespace tiercel {
namespace {

struct Configuration {
  const char* name;
  Options options;
};

class LivingMemory : public testing::TestWithParam<Configuration> {
protected:
  static constexpr int kCycles = 2000, kWarm = 500;
  /// A failing test ends after so many: some ten seconds.
  static constexpr int kMostCycles = 20'000;
  /// Of heap, for each of the two functions of a module: the fixed part, some 400, and what tables grow to.
  static constexpr double kFixedPart = 700;

  void cycle(int i) {
    const std::string n = "module_" + std::to_string(i);
    // A variable, a constant and an internal function, that only this module has.
    const std::string text =
        "@v" + n + " = global i32 5\n@c" + n + " = private constant [4 x i8] c\"abc\\00\"\n" +
        "define internal i32 @h" + n + "(i32 %x) {\n  %y = add i32 %x, 3\n  ret i32 %y\n}\n" +
        "define i32 @" + n + "(i32 %x) {\n  %v = load i32, ptr @v" + n +
        "\n  %z = add i32 %x, %v\n  %y = call i32 @h" + n + "(i32 %z)\n  %c = load i8, ptr @c" + n +
        "\n  %w = zext i8 %c to i32\n  %s = add i32 %y, %w\n  ret i32 %s\n}\n";
    EXPECT_OK(engine_->add(n, Source::memory(text, n + ".ll")));
    EXPECT_EQ(function<int(int)>(*engine_, n)(1), 9 + 'a');
    EXPECT_OK(engine_->remove(n));
  }
  void collectAll() {
    EXPECT_TRUE(GetParam().options.reclaim == Reclaim::QuiescentPoints
                    ? engine_->quiescentPoint().complete
                    : collectCompletely(*engine_)->complete);
  }
  /// In use, without what waits for its time and what compilers keep.
  double heapBytes() {
    collectAll();
    engine_->impl().pool().trim();
    return static_cast<double>(mallinfo2().uordblks);
  }

  std::unique_ptr<Engine> engine_ = makeEngine(GetParam().options);
};

TEST_P(LivingMemory, StaysTheSameOverModulesThatComeAndGo) {
  double before = 0;
  uint64_t dataBefore = 0;
  for (int i = 0; i < kCycles; ++i) {
    if (i == kWarm) {
      before = heapBytes();
      dataBefore = engine_->stats().dataBytes;
    }
    cycle(i);
    if (i % 64 == 63)
      collectAll();
  }
  EXPECT_LT((heapBytes() - before) / (kCycles - kWarm), 2 * kFixedPart)
      << "bytes of heap for each module that is gone";
  // Of data the cell and the counters.
  EXPECT_LT(engine_->stats().dataBytes - dataBefore, (kCycles - kWarm) * 2 * 20 + 20480u);
  EXPECT_EQ(engine_->impl().registry().pendingBytes(), 0u);
}

/// Where the engine looks for itself what can be freed.
class LivingMemoryInTheBackground : public LivingMemory {};

TEST_P(LivingMemoryInTheBackground, IsFreedThoughNobodyCollects) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  const auto isFreed = [this] { return engine_->stats().functions.freed > 0; };
  for (int i = 0; !isFreed() && i < kMostCycles; ++i)
    cycle(i);
  EXPECT_TRUE(isFreed());
}

Configuration with(const char* name, Reclaim reclaim, std::optional<unsigned> fixedTier, bool sync) {
  Options options;
  options.reclaim = reclaim;
  options.fixedTier = fixedTier;
  options.sync = sync;
  return {name, options};
}

auto inTheBackground() {
  return testing::Values(
      with("Workers", Reclaim::Signals, {}, false), with("FixedTier0", Reclaim::Signals, 0, false),
      with("FixedTier1", Reclaim::Signals, 1, false), with("Sync", Reclaim::Signals, {}, true));
}
auto byTheHost() {
  return testing::Values(with("QuiescentPoints", Reclaim::QuiescentPoints, {}, false),
                         with("FixedTierAndQuiescentPoints", Reclaim::QuiescentPoints, 0, false));
}
constexpr auto kName = [](const auto& info) { return std::string(info.param.name); };

INSTANTIATE_TEST_SUITE_P(Collecting, LivingMemory, inTheBackground(), kName);
INSTANTIATE_TEST_SUITE_P(AtQuiescentPoints, LivingMemory, byTheHost(), kName);
INSTANTIATE_TEST_SUITE_P(Collecting, LivingMemoryInTheBackground, inTheBackground(), kName);

// --- who looks after it -----------------------------------------------------------------------------------

/// Of this process, threads that an engine has made.
std::vector<std::string> engineThreads() {
  std::vector<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name == "tiercel-compile" || name == "tiercel-house")
      names.push_back(name);
  }
  return names;
}

class LivingHousekeeper : public LivingTest {
protected:
  LivingHousekeeper() { EXPECT_EQ(engineThreads(), std::vector<std::string>()); }
  static Options fixedTier() {
    Options options = reclaiming();
    options.fixedTier = 0;
    return options;
  }
  /// Redefines and calls until there was another collection; false if that never happens.
  bool changeUntilCollected() {
    const uint64_t before = engine->stats().living.collections;
    for (int i = 1; i <= 20'000 && engine->stats().living.collections == before; ++i) {
      redefine("module", ir(returning("f", i)));
      if (call("f") != i)
        return false;
    }
    return engine->stats().living.collections > before;
  }
};

TEST_F(LivingHousekeeper, IsAThreadOfItsOwnWhereNothingIsPromotedOnceTheProgramChanges) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  engine = makeEngine(fixedTier());
  add("module", ir(returning("f", 0)));
  EXPECT_EQ(call("f"), 0);
  EXPECT_EQ(engineThreads(), std::vector<std::string>());
  EXPECT_TRUE(changeUntilCollected());
  EXPECT_EQ(engineThreads(), std::vector<std::string>{"tiercel-house"});
  engine.reset();
  EXPECT_EQ(engineThreads(), std::vector<std::string>());
}

TEST_F(LivingHousekeeper, IsStartedAgainInAForkedChild) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  engine = makeEngine(fixedTier());
  add("module", ir(returning("f", 0)));
  EXPECT_EQ(call("f"), 0);
  ASSERT_TRUE(changeUntilCollected());
  EXPECT_EQ(statusOfChild([this] {
              if (!engineThreads().empty())
                return 1;
              return changeUntilCollected() && !HasFailure() ? 0 : 2;
            }),
            0);
  EXPECT_TRUE(changeUntilCollected());
}

TEST_F(LivingHousekeeper, IsWhoeverChangesTheProgramWithSync) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  Options options = reclaiming();
  options.sync = true;
  engine = makeEngine(options);
  add("module", ir(returning("f", 0)));
  EXPECT_EQ(call("f"), 0);
  EXPECT_TRUE(changeUntilCollected());
  EXPECT_EQ(engineThreads(), std::vector<std::string>());
}

TEST_F(LivingHousekeeper, GivesTheHeapBackWithoutWorkers) {
  for (const bool sync : {false, true}) {
    std::atomic<int> given{0};
    Options options;
    options.sync = sync;
    if (!sync)
      options.fixedTier = 1;
    options.giveBackHeap = [&given] { ++given; };
    engine = makeEngine(options);
    add("module", ir(returning("f", 0)));
    for (int i = 1; i <= 20'000 && given == 0; ++i)
      redefine("module", ir(returning("f", i)));
    EXPECT_GT(given, 0) << (sync ? "sync" : "fixed tier");
    engine.reset();
  }
}

// --- what modules have ------------------------------------------------------------------------------------

struct Kind {
  const char* name;
  double bytes; ///< of heap that stay of one module: the fixed part of its functions, and what is said below
  const char* text; ///< of a module with `i32 @get_#(i32)`; '#' is its own number
};

class LivingMemoryOf : public testing::TestWithParam<Kind> {};

TEST_P(LivingMemoryOf, ModulesThatComeAndGo) {
  constexpr int kCycles = 1000, kWarm = 300;
  const auto engine = makeEngine();
  const auto settled = [&] {
    engine->quiescentPoint();
    engine->impl().pool().trim();
    return static_cast<double>(mallinfo2().uordblks);
  };
  double before = 0;
  uint64_t codeBefore = 0, dataBefore = 0;
  for (int i = 0; i < kCycles; ++i) {
    if (i == kWarm) {
      before = settled();
      codeBefore = engine->stats().memory.codeUsed;
      dataBefore = engine->stats().dataBytes;
    }
    const std::string number = std::to_string(i);
    std::string text;
    for (const char* at = GetParam().text; *at; ++at)
      text += *at == '#' ? number : std::string(1, *at);
    EXPECT_OK(engine->add("module" + number, Source::memory(text, number + ".ll")));
    EXPECT_OK(engine->runConstructors());
    EXPECT_EQ(function<int(int)>(*engine, "get_" + number)(1), 5);
    EXPECT_OK(engine->remove("module" + number));
    if (i % 32 == 31)
      engine->quiescentPoint();
  }
  const double stayed = (settled() - before) / (kCycles - kWarm);
  RecordProperty("bytes", std::to_string(stayed));
  EXPECT_LT(stayed, GetParam().bytes);
  EXPECT_LT(static_cast<double>(engine->stats().memory.codeUsed - codeBefore) / (kCycles - kWarm), 100);
  EXPECT_LT(static_cast<double>(engine->stats().dataBytes - dataBefore) / (kCycles - kWarm), 100);
}

INSTANTIATE_TEST_SUITE_P(
    EachKind, LivingMemoryOf,
    testing::Values(
        Kind{"Function", 600, "define i32 @get_#(i32 %x) { %y = add i32 %x, 4  ret i32 %y }"},
        Kind{"Internal", 1000, // two functions
             "define internal i32 @h_#(i32 %x) { %y = add i32 %x, 4  ret i32 %y }\n"
             "define i32 @get_#(i32 %x) { %y = call i32 @h_#(i32 %x)  ret i32 %y }"},
        Kind{"Loop", 800,
             "define i32 @get_#(i32 %x) {\nentry:\n  br label %loop\nloop:\n"
             "  %i = phi i32 [ %x, %entry ], [ %n, %loop ]\n  %n = add i32 %i, 1\n  %c = icmp slt i32 %n, 5\n"
             "  br i1 %c, label %loop, label %end\nend:\n  ret i32 %n\n}"},
        Kind{"ThreadLocal", 700,
             "@t_# = thread_local global i32 4\ndefine i32 @get_#(i32 %x) {\n  %v = load i32, ptr @t_#\n"
             "  %y = add i32 %x, %v\n  ret i32 %y\n}"},
        Kind{"Alias", 700,
             "@v_# = global i32 4\n@a_# = alias i32, ptr @v_#\ndefine i32 @get_#(i32 %x) {\n"
             "  %v = load i32, ptr @a_#\n  %y = add i32 %x, %v\n  ret i32 %y\n}"},
        Kind{"Mention", 700,
             "@absent_# = external global i32\ndeclare void @absent_f_#()\ndefine i32 @get_#(i32 %x) {\n"
             "  %y = add i32 %x, 4\n  ret i32 %y\n}"},
        Kind{
            "Constructors", 1800, // three functions
            "@v_# = global i32 0\n"
            "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, "
            "ptr "
            "@begin_#, ptr null }]\n"
            "@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, "
            "ptr "
            "@end_#, ptr null }]\n"
            "define internal void @begin_#() {\n  store i32 4, ptr @v_#\n  ret void\n}\n"
            "define internal void @end_#() {\n  store i32 0, ptr @v_#\n  ret void\n}\n"
            "define i32 @get_#(i32 %x) {\n  %v = load i32, ptr @v_#\n  %y = add i32 %x, %v\n  ret i32 %y\n}"},
        Kind{"ExitHandler", 1800, // three functions, and the module's __dso_handle
             "@__dso_handle = external hidden global i8\ndeclare i32 @__cxa_atexit(ptr, ptr, ptr)\n"
             "define internal void @end_#(ptr %p) {\n  ret void\n}\n"
             "define i32 @get_#(i32 %x) {\n  %r = call i32 @__cxa_atexit(ptr @end_#, ptr null, ptr "
             "@__dso_handle)\n  %y = add i32 %x, 4\n  ret i32 %y\n}"},
        Kind{"NativeCode", 1200, // and the native function's name
             "module asm \".globl native_#\"\nmodule asm \".type native_#,@function\"\n"
             "module asm \"native_#: lea 4(%rdi), %eax\"\nmodule asm \"ret\"\n"
             "module asm \".size native_#, .-native_#\"\ndeclare i32 @native_#(i32)\n"
             "define i32 @get_#(i32 %x) {\n  %y = call i32 @native_#(i32 %x)\n  ret i32 %y\n}"}),
    [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace tiercel
