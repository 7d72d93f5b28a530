// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the process's threads execute: instruction addresses, one per millisecond of processor time that a
// thread spends in user mode, written by the kernel into a ring per thread (perf_event_open(2), task clock).
// No signal is sent, no handler installed, and the program's threads do nothing for it.
//
// The kernel wants file descriptors for this, and reading /proc another. They must not appear among the
// program's, not even for a moment: a program that closes descriptor 0 and opens a file expects to get 0. So
// the sampler belongs to one thread, which has a descriptor table of its own (isolateDescriptors).
//
// Thread rule: belongs to the thread that made it and has called isolateDescriptors. Fork: a child has
// neither that thread nor the rings, which a fork does not copy; it must leave the object alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <sys/types.h>
#include <vector>

namespace tiercel {

class Sampler {
public:
  static constexpr uint64_t kPeriodNs = 1'000'000;
  /// Threads watched at once; of a process with more, the first this many that are found.
  static constexpr size_t kMostThreads = 128;

  Sampler() = default;
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// Gives the calling thread an empty descriptor table of its own, for ever: it can use no file of the
  /// process afterwards. False if the system cannot (Linux before 5.9, a seccomp filter).
  static bool isolateDescriptors();

  /// Begins to watch the threads of the process that are not watched yet, except `others`, and forgets those
  /// that ended. False if the system refuses to let any be watched.
  bool watchThreads(std::span<const pid_t> others);
  /// Hands over the address of each sample since the last call; returns how many there were. A ring holds
  /// about 0.15 s of a thread that never sleeps; what does not fit is lost.
  size_t drain(const std::function<void(const void* address)>& sample);

private:
  struct Ring {
    std::byte* memory; ///< kernel's page, then the data
    bool seen;         ///< in the latest list of threads
  };
  static std::byte* open(pid_t thread);
  static void close(const Ring& ring);
  size_t drain(Ring& ring, const std::function<void(const void* address)>& sample);

  std::map<pid_t, Ring> rings_;
};

} // namespace tiercel
