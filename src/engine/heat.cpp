// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Promoter's account of how hot functions are: counters and samples.
#include "engine/engine_impl.h"
#include "engine/promoter.h"
#include "platform/sampler.h"

#include <algorithm>
#include <limits>

namespace tiercel {

namespace {

constexpr uint32_t kNever = std::numeric_limits<int32_t>::max();
/// Fewer samples than this are chance.
constexpr uint32_t kTelling = 3;
/// How much work may escape the samples, at one per millisecond.
constexpr double kUnsampledNs = 2 * Sampler::kPeriodNs;

/// What a counter that stands at `value` has counted since it was set. It may have gone below zero.
uint64_t countedSince(uint32_t armed, int32_t value) {
  return armed - std::min(armed, static_cast<uint32_t>(std::max(value, 0)));
}

} // namespace

void Promoter::firstCode(FunctionRecord& record, uint32_t codeBytes, bool counts) {
  wanted_.note(record.id);
  LockGuard lock(mutex_);
  record.heat.firstBytes = codeBytes;
  if (!counts)
    return;
  const Options& options = engine_.options();
  // A fixed tier counts for a profile only.
  const CounterLimits limits =
      options.fixedTier
          ? CounterLimits{kNever, kNever}
          : firstLimits(effectiveMark(record.name, record.mark.load(std::memory_order_relaxed), options),
                        options);
  record.heat.armedCalls = limits.calls;
  record.heat.armedLoops = limits.loops;
  record.heat.sampledFromStart = sampling_.source() == SamplingSource::Kernel;
  Counters& counters = engine_.table().counters(record.id);
  counters.calls.store(limits.calls, std::memory_order_relaxed);
  counters.loops.store(options.modes.osrAlways ? 0 : limits.loops, std::memory_order_relaxed);
  counters.poll.store(1, std::memory_order_relaxed);
}

void Promoter::rearm(FunctionRecord& record, uint32_t calls, uint32_t loops) {
  Counters& counters = engine_.table().counters(record.id);
  Heat& heat = record.heat;
  if (calls != 0) {
    heat.calls = callsOf(record);
    heat.armedCalls = calls;
    heat.samplesAtArm = heat.samples[record.tier.load(std::memory_order_relaxed)];
    counters.calls.store(calls, std::memory_order_relaxed);
  }
  if (loops != 0) {
    heat.loops = loopsOf(record);
    heat.armedLoops = loops;
    counters.loops.store(loops, std::memory_order_relaxed);
  }
  if (calls != 0 || loops != 0)
    counters.poll.store(1, std::memory_order_relaxed);
}

uint64_t Promoter::callsOf(const FunctionRecord& record) const {
  return record.heat.calls +
         countedSince(record.heat.armedCalls,
                      engine_.table().counters(record.id).calls.load(std::memory_order_relaxed));
}

uint64_t Promoter::loopsOf(const FunctionRecord& record) const {
  return record.heat.loops +
         countedSince(record.heat.armedLoops,
                      engine_.table().counters(record.id).loops.load(std::memory_order_relaxed));
}

double Promoter::workOf(const FunctionRecord& record) const {
  const Heat& heat = record.heat;
  const double counted = static_cast<double>(callsOf(record)) * model_.callWork(heat.firstBytes) +
                         static_cast<double>(loopsOf(record)) * model_.loopWork(heat.firstBytes);
  if (sampling_.source() != SamplingSource::Kernel)
    return counted;
  double sampled = 0;
  uint32_t samples = 0;
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    sampled += heat.samples[tier] * double(Sampler::kPeriodNs) / model_.relativeTime(tier);
    samples += heat.samples[tier];
  }
  // Samples say what the counters cannot: what an event costs, and what ran after the counters ended. But few
  // samples say little, and what ran before sampling began has none.
  const double least = samples < kTelling ? sampled / 2 : sampled;
  const double most =
      heat.sampledFromStart ? sampled + kUnsampledNs : std::max(sampled + kUnsampledNs, counted);
  return std::clamp(counted, least, most);
}

void Promoter::learn(FunctionRecord& record, uint32_t trips) {
  Heat& heat = record.heat;
  const SamplingSource source = samplingSource();
  if (source == SamplingSource::Counters) {
    window_.add(record.id);
    ++samples_;
  }
  if (source != SamplingSource::Kernel)
    return;
  const unsigned tier = record.tier.load(std::memory_order_relaxed);
  if (trips & tripBit(TripKind::Calls) && heat.armedCalls > 0) {
    const uint32_t samples = heat.samples[tier] - std::min(heat.samples[tier], heat.samplesAtArm);
    if (samples >= kTelling) {
      heat.callNs[tier] =
          static_cast<float>(samples * Sampler::kPeriodNs) / static_cast<float>(heat.armedCalls);
      if (tier > 0 && heat.callNs[0] > 0)
        model_.ran(tier, heat.callNs[tier] / heat.callNs[0], samples);
    }
  }
  if (tier == 0 && heat.sampledFromStart) {
    // Counters may go up: threads lose each other's updates, and loops that are to be left start anew.
    heat.learnedCalls = std::min(heat.learnedCalls, callsOf(record));
    heat.learnedLoops = std::min(heat.learnedLoops, loopsOf(record));
    const double foretold =
        static_cast<double>(callsOf(record) - heat.learnedCalls) * model_.callWork(heat.firstBytes) +
        static_cast<double>(loopsOf(record) - heat.learnedLoops) * model_.loopWork(heat.firstBytes);
    model_.sampled(foretold, double(heat.samples[0] - heat.learnedSamples) * Sampler::kPeriodNs);
    heat.learnedCalls = callsOf(record);
    heat.learnedLoops = loopsOf(record);
    heat.learnedSamples = heat.samples[0];
  }
}

void Promoter::sampled(std::span<const std::optional<CodeRange>> hits) {
  bool considerable = false;
  {
    LockGuard lock(mutex_);
    samples_ += hits.size();
    for (const std::optional<CodeRange>& range : hits) {
      const FunctionId id = range ? range->function : FunctionId();
      window_.add(id);
      if (!id.valid())
        continue;
      FunctionRecord& record = engine_.registry().function(id);
      ++record.heat.samples[range->tier];
      // Samples of old code that newer code has replaced lead nowhere: its loops speak for themselves.
      if (range->tier == kTopTier || range->tier != record.tier.load(std::memory_order_relaxed) ||
          record.pinned.load(std::memory_order_relaxed) || record.promotionFailed)
        continue;
      if (std::find(hit_.begin(), hit_.end(), &record) == hit_.end())
        hit_.push_back(&record);
      considerable = true;
    }
  }
  if (considerable)
    wake();
}

std::vector<pid_t> Promoter::workerIds() {
  LockGuard lock(mutex_);
  return workerIds_;
}

SamplingSource Promoter::samplingSource() const {
  const Options& options = engine_.options();
  if (!usesSamples(options))
    return SamplingSource::Off;
  return options.sync ? SamplingSource::Counters : sampling_.source();
}

} // namespace tiercel
