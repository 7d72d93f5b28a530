// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mutexes that Clang's thread-safety analysis understands: a member marked TIERCEL_GUARDED_BY that is touched
// without its lock fails to compile. See https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <mutex>

#define TIERCEL_CAPABILITY(x) __attribute__((capability(x)))
#define TIERCEL_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define TIERCEL_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define TIERCEL_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define TIERCEL_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define TIERCEL_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define TIERCEL_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define TIERCEL_NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

namespace tiercel {

template <typename M> class TIERCEL_CAPABILITY("mutex") BasicMutex {
public:
  void lock() TIERCEL_ACQUIRE() { mutex_.lock(); }
  void unlock() TIERCEL_RELEASE() { mutex_.unlock(); }

private:
  M mutex_;
};

using Mutex = BasicMutex<std::mutex>;
using RecursiveMutex = BasicMutex<std::recursive_mutex>;

template <typename M> class TIERCEL_SCOPED_CAPABILITY LockGuard {
public:
  explicit LockGuard(M& mutex) TIERCEL_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~LockGuard() TIERCEL_RELEASE() { mutex_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

private:
  M& mutex_;
};

} // namespace tiercel
