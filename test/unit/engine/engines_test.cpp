// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Engines that come and go, and several in one process.
#include "unit/support/living.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

/// What a process has of the system.
struct Holdings {
  long pages = 0; ///< resident
  long mappings = 0;
  long descriptors = 0;

  static Holdings now() {
    Holdings result;
    long total = 0;
    std::ifstream("/proc/self/statm") >> total >> result.pages;
    std::ifstream maps("/proc/self/maps");
    result.mappings = std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
    const std::filesystem::directory_iterator open("/proc/self/fd");
    result.descriptors = std::distance(begin(open), end(open));
    return result;
  }
};

constexpr const char* kProgram = R"(
  @total = global i64 0
  define i64 @add(i64 %x) {
    %old = load i64, ptr @total
    %new = add i64 %old, %x
    store i64 %new, ptr @total
    ret i64 %new
  }
  define i64 @sum(i64 %n) {
  entry:
    br label %loop
  loop:
    %i = phi i64 [ 0, %entry ], [ %next, %loop ]
    %r = call i64 @add(i64 %i)
    %next = add i64 %i, 1
    %more = icmp ult i64 %next, %n
    br i1 %more, label %loop, label %done
  done:
    ret i64 %r
  })";

/// One life: every `period`th engine runs a program, with everything that an engine starts for one.
void createAndDestroy(int number, int period) {
  Options options;
  if (number % period == 0) {
    options.reclaim = Reclaim::Signals;
    options.callThreshold = 10;
    options.loopThreshold = 100;
    options.compileThreads = 1;
  }
  const auto engine = makeEngine(options);
  ASSERT_TRUE(engine);
  if (number % period != 0)
    return;
  addText(*engine, kProgram);
  ASSERT_EQ(function<int64_t(int64_t)>(*engine, "sum")(1000), 999 * 1000 / 2);
  engine->waitIdle();
  ASSERT_TRUE(
      engine->redefine("module.ll", Source::memory("define i64 @add(i64 %x) {\n  ret i64 7\n}", "new.ll")));
  ASSERT_EQ(function<int64_t(int64_t)>(*engine, "sum")(1000), 7);
  ASSERT_TRUE(collect(*engine));
}

// The allocator's and the C library's caches settle; one mapping or page per engine would be thousands.
#if __has_feature(address_sanitizer)
constexpr long kMoreMappings = 64, kMorePages = (256 << 20) / 4096; // it keeps so much of what was freed
#else
constexpr long kMoreMappings = 20, kMorePages = (8 << 20) / 4096;
#endif

TEST(Engines, TenThousandLeaveNothingBehind) {
  constexpr int kPeriod = 100, kWarmUp = 1000, kAll = 10'000;
  for (int i = 0; i < kWarmUp; ++i)
    ASSERT_NO_FATAL_FAILURE(createAndDestroy(i, kPeriod));
  const Holdings before = Holdings::now();
  for (int i = 0; i < kAll; ++i)
    ASSERT_NO_FATAL_FAILURE(createAndDestroy(i, kPeriod));
  const Holdings after = Holdings::now();
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_LE(after.mappings, before.mappings + kMoreMappings);
  EXPECT_LE(after.pages, before.pages + kMorePages);
}

TEST(Engines, SeveralAtOnceDoNotMeet) {
  constexpr int kEngines = 4, kThreads = 2, kRounds = 30;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<Engine>> engines;
  for (int number = 0; number < kEngines; ++number) {
    Options options;
    options.reclaim = Reclaim::Signals;
    options.callThreshold = 10;
    options.compileThreads = 1;
    engines.push_back(makeEngine(options));
    Engine& engine = *engines.back();
    const auto text = [number](int version) {
      return fmt::format("define i64 @who(i64 %x) {{\n  %r = add i64 %x, {}\n  ret i64 %r\n}}",
                         number * 1000 + version);
    };
    addText(engine, text(0));
    const auto who = function<int64_t(int64_t)>(engine, "who");
    threads.emplace_back([&wrong, &engine, text, number, who] {
      for (int version = 1; version <= kRounds; ++version) {
        wrong += !engine.redefine("module.ll", Source::memory(text(version), "new.ll"));
        wrong += who(0) != number * 1000 + version;
        wrong += kLooksAtStacks && !engine.collect();
      }
    });
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&wrong, number, who] {
        // Versions only grow, and are this engine's.
        const int64_t first = 1000 * int64_t(number);
        for (int64_t last = first; last < first + kRounds;) {
          const int64_t now = who(0);
          if (now < last || now > first + kRounds) {
            ++wrong;
            return;
          }
          last = now;
        }
      });
    }
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  for (const auto& engine : engines) {
    const Result<CollectReport> report = collectCompletely(*engine);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(report->complete) << report->why;
    EXPECT_EQ(report->held, 0u);
    EXPECT_GT(engine->stats().functions.freed, 0u);
  }
}

} // namespace
} // namespace tiercel
