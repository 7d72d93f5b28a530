// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long threads that run are held up: by a collection, with a thousand frames of compiled code on their
// stacks, and by redefinitions of what they call and of what they do not. The threads themselves measure it,
// as the longest time between two looks at the clock.
#include "living.h"

#include <atomic>
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
/// The longest gap since it was last taken, in clock ticks; of one thread, the one that measures.
std::atomic<uint64_t> longestGap{0};

double ticksPerUs() {
  const double start = nowUs();
  const uint64_t first = __rdtsc();
  while (nowUs() - start < 50'000) {
  }
  return static_cast<double>(__rdtsc() - first) / (nowUs() - start);
}

/// How often that thread looked.
std::atomic<uint64_t> looks{0};

/// The longest gap since the last call, in microseconds. The thread may be in one: that counts, too.
double takeLongestGap(double perUs) {
  for (const uint64_t before = looks; looks < before + 2;) {
  }
  return static_cast<double>(longestGap.exchange(0)) / perUs;
}

/// Looks at the clock and does `work`, until told to stop.
template <typename Work> void watchGaps(Work work) {
  ++arrived;
  uint64_t last = __rdtsc();
  while (!stop.load(std::memory_order_relaxed)) {
    work();
    const uint64_t now = __rdtsc();
    if (now - last > longestGap.load(std::memory_order_relaxed))
      longestGap.store(now - last, std::memory_order_relaxed);
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
  const std::string suffix = ", " + std::to_string(threadCount) + " threads, us";
  const auto label = [&suffix](const char* what) { return what + suffix; };
  for (int round = 1; round <= rounds; ++round) {
    replacePulse(*engine, pulse, round);
    engine->waitIdle();
    if (watched)
      takeLongestGap(perUs);
    const double start = nowUs();
    const tiercel::CollectReport report = orFail(engine->collect());
    const double length = nowUs() - start;
    if (watched) {
      print(label("seen by the thread").c_str(), takeLongestGap(perUs));
      // What the machine does to a thread in the same time without us.
      while (nowUs() - start < 2 * length) {
      }
      print(label("the same without a collection").c_str(), takeLongestGap(perUs));
      print(label("longest pause reported").c_str(), report.longestPauseUs);
      continue;
    }
    print(label("collect()").c_str(), length);
    print(label("incomplete").c_str(), report.complete ? 0 : 1);
    print(label("longest pause reported").c_str(), report.longestPauseUs);
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
  const char* label = ofCallee ? "calling what is redefined, us" : "calling something else, us";
  for (int round = 1; round <= rounds; ++round) {
    takeLongestGap(perUs);
    replacePulse(*engine, pulse, round);
    print(label, takeLongestGap(perUs));
  }
  finish(threads);
}

} // namespace

void measurePauses(int rounds) {
  const double perUs = ticksPerUs();
  measureCollections(1, /*watched=*/true, rounds, perUs);
  measureCollections(1, /*watched=*/false, rounds, perUs);
  measureCollections(8, /*watched=*/false, rounds, perUs);
  measurePublications(/*ofCallee=*/true, rounds, perUs);
  measurePublications(/*ofCallee=*/false, rounds, perUs);
}
