// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mutexes that Clang's thread-safety analysis understands: a member marked TIERCEL_GUARDED_BY that is touched
// without its lock fails to compile. See https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <atomic>
#include <mutex>
#include <pthread.h>

#define TIERCEL_CAPABILITY(x) __attribute__((capability(x)))
#define TIERCEL_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define TIERCEL_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define TIERCEL_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define TIERCEL_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define TIERCEL_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define TIERCEL_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define TIERCEL_RETURN_CAPABILITY(x) __attribute__((lock_returned(x)))
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

/// May be taken again by the thread that holds it. Unlike std::recursive_mutex, which remembers its owner by
/// kernel thread id, it can be taken before a fork and released in the child.
class TIERCEL_CAPABILITY("mutex") RecursiveMutex {
public:
  void lock() TIERCEL_ACQUIRE() {
    const pthread_t self = pthread_self();
    // Only this thread can have stored its own name here, so the answer cannot change under us.
    if (owner_.load(std::memory_order_relaxed) != self) {
      mutex_.lock();
      owner_.store(self, std::memory_order_relaxed);
    }
    ++depth_;
  }
  void unlock() TIERCEL_RELEASE() {
    if (--depth_ == 0) {
      owner_.store(pthread_t(), std::memory_order_relaxed);
      mutex_.unlock();
    }
  }

private:
  std::mutex mutex_;
  std::atomic<pthread_t> owner_{};
  unsigned depth_ = 0; ///< the owner's
};

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
