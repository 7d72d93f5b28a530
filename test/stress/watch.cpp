// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether memory stays within bounds while everything changes.
#include "stress.h"

#include <fmt/format.h>

#include <algorithm>
#include <malloc.h>
#include <span>

namespace tiercel::stress {

namespace {

struct Figures {
  double seconds;
  uint64_t liveCode, retiredCode, codeUsed, data, heap, resident, freed, replaced;
};

/// What malloc has given out; 0 where a sanitizer has its own.
uint64_t heapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

double mebibytes(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

using Samples = std::span<const Figures>;

uint64_t mean(Samples samples, uint64_t Figures::* value) {
  uint64_t sum = 0;
  for (const Figures& figures : samples)
    sum += figures.*value;
  return sum / samples.size();
}

uint64_t least(Samples samples, uint64_t Figures::* value) {
  return std::ranges::min(samples, {}, value).*value;
}

/// A quantity that must not grow: over the last third of the run it may exceed that over the third before by
/// an eighth and `slack`. The first third is for warming up. Resident memory goes up and down, by what the
/// heap's holes amount to before they are given back: only what is left then counts. The engine does that
/// every few seconds, which is too rarely for a third of a short run, so it is done here, too, with every
/// line. What grows by rule is counted apart: constants that redefinitions replaced, whose addresses the
/// program may hold.
struct Bounded {
  const char* name;
  uint64_t Figures::* value;
  uint64_t (*over)(Samples samples, uint64_t Figures::* value);
  uint64_t slack;
};
constexpr Bounded kBounded[] = {
    {"live code", &Figures::liveCode, mean, 256 << 10},
    {"retired code", &Figures::retiredCode, mean, 1 << 20},
    {"used code memory", &Figures::codeUsed, mean, 1 << 20},
    {"data", &Figures::data, mean, 1 << 20},
    {"heap", &Figures::heap, mean, 8 << 20},
    {"resident memory", &Figures::resident, least, 24 << 20},
};

/// Caches of the allocator and compile sessions fill first: shorter runs say nothing about growth.
constexpr double kWarmUpSeconds = 10;

} // namespace

/// Every redefinition of a leaf leaves its constant behind, at the most.
uint64_t Stress::replacedAtMost() const {
  uint64_t bytes = 0;
  for (unsigned group = 0; group < kGroups; ++group) {
    for (unsigned slot = 0; slot < kSlots; ++slot)
      bytes += items_[Item{group, slot, Kind::Leaf}.index()].newest() * kConstantBytes;
  }
  return bytes;
}

void Stress::watch() {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const double interval = std::clamp(configuration_.seconds / 120, 0.05, 1.0);
  const size_t perLine = 10;
  std::vector<Figures> samples;
  fmt::print("seconds     live  retired     used     data     heap resident replaced MiB    changes    "
             "freed\n");
  for (;;) {
    std::this_thread::sleep_for(std::chrono::duration<double>(interval));
    if (samples.size() % perLine == 0)
      malloc_trim(0);
    const Stats stats = engine_->stats();
    const Figures now{std::chrono::duration<double>(Clock::now() - begin).count(),
                      stats.codeBytes.live,
                      stats.codeBytes.retired,
                      stats.memory.codeUsed,
                      stats.dataBytes - stats.replacedConstantBytes,
                      heapBytes(),
                      stats.memory.resident - stats.replacedConstantBytes,
                      stats.functions.freed,
                      stats.replacedConstantBytes};
    samples.push_back(now);
    if (samples.size() % perLine == 0) {
      fmt::print("{:7.1f} {:8.2f} {:8.2f} {:8.2f} {:8.2f} {:8.1f} {:8.1f} {:8.2f}     {:10} {:8}\n",
                 now.seconds, mebibytes(now.liveCode), mebibytes(now.retiredCode), mebibytes(now.codeUsed),
                 mebibytes(now.data), mebibytes(now.heap), mebibytes(now.resident), mebibytes(now.replaced),
                 changes_.load(), now.freed);
      (void)fflush(stdout);
    }
    if (now.seconds >= configuration_.seconds && samples.size() >= 6)
      break;
  }
  if (configuration_.seconds < kWarmUpSeconds)
    ledger_.leaveOut(Invariant::Growth);
  const size_t third = samples.size() / 3;
  const Samples second = Samples(samples).subspan(third, third), last = Samples(samples).subspan(2 * third);
  for (const Bounded& bounded : kBounded) {
    const uint64_t before = bounded.over(second, bounded.value), after = bounded.over(last, bounded.value);
    ledger_.check(Invariant::Growth, after <= before + before / 8 + bounded.slack, [&] {
      return fmt::format("{}: {:.2f} MiB in the second third of the run, {:.2f} MiB in the last",
                         bounded.name, mebibytes(before), mebibytes(after));
    });
  }
  ledger_.check(Invariant::Growth, samples.back().replaced <= replacedAtMost(), [&] {
    return fmt::format("{} bytes of replaced constants, but redefinitions account for {}",
                       samples.back().replaced, replacedAtMost());
  });
  ledger_.check(Invariant::Collection, samples.back().freed > samples[2 * third].freed,
                [] { return "nothing was freed in the last third of the run"; });
}

} // namespace tiercel::stress
