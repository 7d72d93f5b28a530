// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread that samples what the program runs (platform/sampler.h) and finds the code that each sample hit.
// It is not one of the workers because it may use no file descriptor of the process, not even to write a line
// of the log, and because samples are wanted most while the workers are busy.
//
// Thread rule: start, stop and forgetAfterFork never at the same time; the rest from any thread. Deliver and
// Others take the owner's lock, so stop must be called without it.
#pragma once

#include "tiercel/stats.h"

#include "codemem/code_map.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <pthread.h>
#include <span>
#include <sys/types.h>
#include <vector>

namespace tiercel {

class SamplingThread {
public:
  /// Called on the thread, with the code of each sample, if it hit any, once per interval while the program
  /// works.
  using Deliver = std::function<void(std::span<const std::optional<CodeRange>> hits)>;
  /// Threads that are not the program's.
  using Others = std::function<std::vector<pid_t>()>;

  SamplingThread(const CodeMap& map, long intervalNs, Deliver deliver, Others others)
      : map_(map), intervalNs_(intervalNs), deliver_(std::move(deliver)), others_(std::move(others)) {}

  /// Without a thread, the source is the counters.
  void start();
  /// Returns the thread's kernel id, or 0 if there was none.
  pid_t stop();
  /// In a forked child, which does not have the thread.
  void forgetAfterFork();
  SamplingSource source() const { return source_.load(std::memory_order_acquire); }

private:
  static void* threadMain(void* self);
  void run();
  /// False when it is time to stop.
  bool sleep(long nanoseconds);

  const CodeMap& map_;
  const long intervalNs_; ///< 80 ms at most
  const Deliver deliver_;
  const Others others_;
  std::atomic<SamplingSource> source_{SamplingSource::Off};
  std::atomic<uint32_t> stop_{0};
  std::atomic<pid_t> id_{0};
  bool running_ = false;
  pthread_t thread_{};
};

} // namespace tiercel
