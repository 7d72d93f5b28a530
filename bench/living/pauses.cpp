// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long threads that run are held up: by a collection, with a thousand frames of compiled code on their
// stacks, and by redefinitions of what they call and of what they do not. The threads themselves measure it,
// as the longest time between two looks at the clock; those in which the scheduler gave the core to somebody
// else say nothing about us and are also left out.
#include "living.h"

#include <algorithm>
#include <atomic>
#include <sys/resource.h>
#include <thread>
#include <vector>
#include <x86intrin.h>

using tiercel::Engine;
using tiercel::Source;

namespace {

constexpr int kFrames = 1000;

/// The recursion is of the program; at its end it calls back.
constexpr char kProgram[] = R"(
declare void @bottom()
define i64 @deep(i64 %n) {
entry:
  %last = icmp eq i64 %n, 0
  br i1 %last, label %end, label %down
down:
  %m = sub i64 %n, 1
  %below = call i64 @deep(i64 %m)
  %sum = add i64 %below, %n
  ret i64 %sum
end:
  call void @bottom()
  ret i64 0
}
define i64 @other(i64 %x) {
  %y = add i64 %x, 1
  ret i64 %y
}
)";

std::atomic<bool> stop{false};
std::atomic<int> arrived{0};
/// Since they were last taken, in clock ticks; of one thread, the one that measures.
std::atomic<uint64_t> longestGap{0};
std::atomic<uint64_t> longestOwnGap{0}; ///< without those in which the thread was preempted

double ticksPerUs() {
  const double start = nowUs();
  const uint64_t first = __rdtsc();
  while (nowUs() - start < 50'000) {
  }
  return static_cast<double>(__rdtsc() - first) / (nowUs() - start);
}

/// How often that thread looked.
std::atomic<uint64_t> looks{0};

struct Gaps {
  double all, own; ///< the longest, in microseconds
};

/// Since the last call. The thread may be in a gap: that counts, too.
Gaps takeGaps(double perUs) {
  for (const uint64_t before = looks; looks < before + 2;) {
  }
  return {static_cast<double>(longestGap.exchange(0)) / perUs,
          static_cast<double>(longestOwnGap.exchange(0)) / perUs};
}

void printGaps(const std::string& label, const Gaps& gaps) {
  print((label + ", us").c_str(), gaps.all);
  print((label + ", not preempted, us").c_str(), gaps.own);
}

/// How often the scheduler took the core from this thread. Waiting of its own accord does not count.
long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

void raise(std::atomic<uint64_t>& longest, uint64_t gap) {
  if (gap > longest.load(std::memory_order_relaxed))
    longest.store(gap, std::memory_order_relaxed);
}

/// Looks at the clock and does `work`, until told to stop.
template <typename Work> void watchGaps(Work work) {
  constexpr uint64_t kShort = 2000; // ticks: no preemption is
  ++arrived;
  long preempted = preemptions();
  uint64_t last = __rdtsc();
  while (!stop.load(std::memory_order_relaxed)) {
    work();
    uint64_t now = __rdtsc();
    if (now - last > kShort) {
      raise(longestGap, now - last);
      const long before = std::exchange(preempted, preemptions());
      if (preempted == before)
        raise(longestOwnGap, now - last);
      now = __rdtsc();
    }
    last = now;
    looks.fetch_add(1, std::memory_order_release);
  }
}

void bottomThatWatches() {
  watchGaps([] {});
}
void bottomThatRuns() {
  ++arrived;
  while (!stop.load(std::memory_order_relaxed)) {
  }
}

std::unique_ptr<Engine> makeEngine(void (*bottom)()) {
  tiercel::Options options;
  options.reclaim = tiercel::Reclaim::Signals;
  auto engine = orFail(Engine::create(std::move(options)));
  orFail(engine->defineSymbol("bottom", reinterpret_cast<void*>(bottom)));
  orFail(engine->add("program", Source::memory(kProgram, "program.ll")));
  orFail(engine->add("pulse", Source::memory(pulseIr(0), "pulse.ll")));
  return engine;
}

void await(int threads) {
  while (arrived < threads)
    std::this_thread::yield();
}

void finish(std::vector<std::thread>& threads) {
  stop = true;
  for (std::thread& thread : threads)
    thread.join();
  threads.clear();
  stop = false;
  arrived = 0;
}

/// Gives a collection something to free.
void replacePulse(Engine& engine, int64_t (*pulse)(int64_t), long version) {
  orFail(engine.redefine("pulse", Source::memory(pulseIr(version), "pulse.ll")));
  if (pulse(0) != 'a' + version % 26 + version)
    fail("the new version is not reached");
}

void measureCollections(int threadCount, bool watched, int rounds, double perUs) {
  auto engine = makeEngine(watched ? bottomThatWatches : bottomThatRuns);
  auto* deep = orFail(engine->lookup<int64_t(int64_t)>("deep"));
  auto* pulse = orFail(engine->lookup<int64_t(int64_t)>("pulse"));
  std::vector<std::thread> threads;
  for (int i = 0; i < threadCount; ++i)
    threads.emplace_back([deep] { deep(kFrames); });
  await(threadCount);
  const std::string suffix =
      threadCount == 1 ? ", a thread" : ", " + std::to_string(threadCount) + " threads";
  const auto label = [&suffix](const char* what) { return what + suffix; };
  for (int round = 1; round <= rounds; ++round) {
    replacePulse(*engine, pulse, round);
    engine->waitIdle();
    if (watched)
      takeGaps(perUs);
    const double start = nowUs();
    const tiercel::CollectReport report = orFail(engine->collect());
    const double length = nowUs() - start;
    if (watched) {
      printGaps("seen by the thread", takeGaps(perUs));
      // What the machine does to a thread in the same time without us.
      while (nowUs() - start < 2 * length) {
      }
      printGaps("the same without a collection", takeGaps(perUs));
      continue;
    }
    print(label("collect()").append(", us").c_str(), length);
    print(label("longest pause reported").append(", us").c_str(), report.longestPauseUs);
    print(label("incomplete").c_str(), report.complete ? 0 : 1);
  }
  finish(threads);
}

void measurePublications(bool ofCallee, int rounds, double perUs) {
  auto engine = makeEngine(bottomThatRuns);
  auto* pulse = orFail(engine->lookup<int64_t(int64_t)>("pulse"));
  auto* other = orFail(engine->lookup<int64_t(int64_t)>("other"));
  other(0);
  pulse(0);
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    int64_t value = 0;
    watchGaps([&] { value = (ofCallee ? pulse : other)(value & 63); });
  });
  await(1);
  const char* label = ofCallee ? "calling what is redefined" : "calling something else";
  for (int round = 1; round <= rounds; ++round) {
    takeGaps(perUs);
    replacePulse(*engine, pulse, round);
    printGaps(label, takeGaps(perUs));
  }
  finish(threads);
}

} // namespace

void measurePauses(int rounds) {
  const double perUs = ticksPerUs();
  measureCollections(1, /*watched=*/true, rounds, perUs);
  measureCollections(1, /*watched=*/false, rounds, perUs);
  measureCollections(8, /*watched=*/false, std::max(rounds / 10, 10), perUs); // as slow as the scheduler
  measurePublications(/*ofCallee=*/true, 2 * rounds, perUs);
  measurePublications(/*ofCallee=*/false, 2 * rounds, perUs);
}
