// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether memory stays within bounds while everything changes.
#include "stress.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <unistd.h>

namespace tiercel::stress {

namespace {

struct Figures {
  double seconds;
  uint64_t liveCode, retiredCode, codeUsed, data, resident, freed;
};

uint64_t residentBytes() {
  uint64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

double mebibytes(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

/// A quantity that must not grow: its mean over the last third of the run may exceed that over the third
/// before by an eighth and `slack`. The first third is for warming up.
struct Bounded {
  const char* name;
  uint64_t Figures::* value;
  uint64_t slack;
};
constexpr Bounded kBounded[] = {
    {"live code", &Figures::liveCode, 256 << 10},      {"retired code", &Figures::retiredCode, 1 << 20},
    {"used code memory", &Figures::codeUsed, 1 << 20}, {"data", &Figures::data, 1 << 20},
    {"resident memory", &Figures::resident, 8 << 20},
};

/// Caches of the allocator and compile sessions fill first: shorter runs say nothing about growth.
constexpr double kWarmUpSeconds = 10;

uint64_t meanOf(const std::vector<Figures>& samples, size_t begin, size_t end, uint64_t Figures::* value) {
  uint64_t sum = 0;
  for (size_t i = begin; i < end; ++i)
    sum += samples[i].*value;
  return sum / (end - begin);
}

} // namespace

void Stress::watch() {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const double interval = std::clamp(configuration_.seconds / 120, 0.05, 1.0);
  const size_t perLine = 10;
  std::vector<Figures> samples;
  fmt::print("seconds     live  retired     used     data resident MiB    changes    freed\n");
  for (;;) {
    std::this_thread::sleep_for(std::chrono::duration<double>(interval));
    const Stats stats = engine_->stats();
    const Figures now{std::chrono::duration<double>(Clock::now() - begin).count(),
                      stats.codeBytes.live,
                      stats.codeBytes.retired,
                      stats.memory.codeUsed,
                      stats.dataBytes,
                      residentBytes(),
                      stats.functions.freed};
    samples.push_back(now);
    if (samples.size() % perLine == 0) {
      fmt::print("{:7.1f} {:8.2f} {:8.2f} {:8.2f} {:8.2f} {:8.1f}     {:10} {:8}\n", now.seconds,
                 mebibytes(now.liveCode), mebibytes(now.retiredCode), mebibytes(now.codeUsed),
                 mebibytes(now.data), mebibytes(now.resident), changes_.load(), now.freed);
      (void)fflush(stdout);
    }
    if (now.seconds >= configuration_.seconds && samples.size() >= 6)
      break;
  }
  if (configuration_.seconds < kWarmUpSeconds)
    ledger_.leaveOut(Invariant::Growth);
  const size_t third = samples.size() / 3;
  for (const Bounded& bounded : kBounded) {
    const uint64_t before = meanOf(samples, third, 2 * third, bounded.value);
    const uint64_t after = meanOf(samples, 2 * third, samples.size(), bounded.value);
    ledger_.check(Invariant::Growth, after <= before + before / 8 + bounded.slack, [&] {
      return fmt::format("{}: {:.2f} MiB in the second third of the run, {:.2f} MiB in the last",
                         bounded.name, mebibytes(before), mebibytes(after));
    });
  }
  ledger_.check(Invariant::Collection, samples.back().freed > samples[2 * third].freed,
                [] { return "nothing was freed in the last third of the run"; });
}

} // namespace tiercel::stress
