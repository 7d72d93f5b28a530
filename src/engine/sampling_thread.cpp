// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/sampling_thread.h"

#include "platform/futex.h"
#include "platform/sampler.h"

#include <algorithm>
#include <unistd.h>

namespace tiercel {

namespace {

/// A program that ends before this is not worth sampling.
constexpr long kDelayNs = 20'000'000;
/// The rings are read less and less often while the program sleeps. They are full after 0.15 s.
constexpr long kLongestNs = 80'000'000;
/// New threads are looked for every this many times.
constexpr unsigned kThreadsEvery = 5;

} // namespace

void SamplingThread::start() {
  stop_.store(0, std::memory_order_relaxed);
  id_.store(0, std::memory_order_relaxed);
  running_ = pthread_create(&thread_, nullptr, threadMain, this) == 0;
  if (!running_)
    source_.store(SamplingSource::Counters, std::memory_order_release);
}

pid_t SamplingThread::stop() {
  if (!running_)
    return 0;
  stop_.store(1, std::memory_order_release);
  futexWakeAll(stop_);
  pthread_join(thread_, nullptr);
  running_ = false;
  return id_.load(std::memory_order_relaxed);
}

void SamplingThread::forgetAfterFork() {
  source_.store(SamplingSource::Off, std::memory_order_release);
  running_ = false;
}

void* SamplingThread::threadMain(void* self) {
  pthread_setname_np(pthread_self(), "tiercel-sample");
  static_cast<SamplingThread*>(self)->run();
  return nullptr;
}

bool SamplingThread::sleep(long nanoseconds) {
  futexWaitFor(stop_, 0, nanoseconds);
  return stop_.load(std::memory_order_acquire) == 0;
}

void SamplingThread::run() {
  const pid_t self = gettid();
  id_.store(self, std::memory_order_relaxed); // read by who has joined it
  if (!sleep(kDelayNs))
    return;
  const auto watch = [&](Sampler& sampler) {
    std::vector<pid_t> others = others_();
    others.push_back(self);
    return sampler.watchThreads(others);
  };
  // In this thread's frame, so that a forked child, which does not have it, cannot touch it.
  Sampler sampler;
  if (!Sampler::isolateDescriptors() || !watch(sampler)) {
    source_.store(SamplingSource::Counters, std::memory_order_release);
    return;
  }
  source_.store(SamplingSource::Kernel, std::memory_order_release);
  std::vector<std::optional<CodeRange>> hits;
  long interval = intervalNs_;
  for (unsigned round = 1; sleep(interval); ++round) {
    hits.clear();
    sampler.drain([&](const void* address) { hits.push_back(map_.lookup(address)); });
    if (!hits.empty())
      deliver_(hits);
    interval = hits.empty() ? std::min(interval * 2, kLongestNs) : intervalNs_;
    if (round % kThreadsEvery == 0)
      watch(sampler);
  }
}

} // namespace tiercel
