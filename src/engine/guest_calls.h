// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First calls by processes that run in this one's memory (platform/borrowed_memory.h). They take no lock and
// keep no state, because they may be killed in the middle: a worker of this process compiles for them.
//
// Its process may be killed while they wait. One of the threads that answer therefore holds a robust mutex:
// the kernel marks it when a thread ends with it, also by SIGKILL (set_robust_list(2)).
//
// Thread rule: thread-safe. A call lies on a stack of the engine's that is never used for anything else, so
// the worker may write to it when its process is gone.
#pragma once

#include "tiercel/error.h"

#include "platform/futex.h"
#include "registry/records.h"

#include <atomic>
#include <linux/futex.h>
#include <optional>
#include <pthread.h>
#include <utility>

namespace tiercel {

class GuestCalls {
public:
  struct Call {
    Call(FunctionRecord& record, uint32_t definition) : function(record), serial(definition) {}
    FunctionRecord& function;
    const uint32_t serial;             ///< of its definition when the call began
    std::optional<Result<void*>> code; ///< before `answered`
    std::atomic<uint32_t> answered{0};
    Call* next = nullptr;
  };

  GuestCalls() { makeMutex(); }
  ~GuestCalls() { pthread_mutex_destroy(&answering_); }
  GuestCalls(const GuestCalls&) = delete;
  GuestCalls& operator=(const GuestCalls&) = delete;

  /// A thread that answers, for its extent.
  class Answerer {
  public:
    explicit Answerer(GuestCalls& calls)
        : calls_(calls), isFirst_(pthread_mutex_trylock(&calls.answering_) == 0) {}
    ~Answerer() {
      if (isFirst_)
        pthread_mutex_unlock(&calls_.answering_);
    }
    Answerer(const Answerer&) = delete;
    Answerer& operator=(const Answerer&) = delete;

  private:
    GuestCalls& calls_;
    const bool isFirst_;
  };

  /// One step: who is killed has either called or not.
  void push(Call& call) {
    Call* head = head_.load(std::memory_order_relaxed);
    do
      call.next = head;
    while (!head_.compare_exchange_weak(head, &call, std::memory_order_seq_cst, std::memory_order_relaxed));
  }
  /// Has `compile` give the code for each.
  template <typename Compile> void answer(Compile compile) {
    for (Call* call = head_.exchange(nullptr, std::memory_order_seq_cst); call;) {
      Call& answered = *std::exchange(call, call->next);
      answered.code.emplace(compile(answered.function, answered.serial));
      answered.answered.store(1, std::memory_order_release); // from here on it may be gone
      futexWakeAll(answered.answered);
    }
  }
  /// Whether the call is answered, for which this waits until it is or so many nanoseconds are over.
  static bool waitFor(Call& call, long nanoseconds) {
    if (call.answered.load(std::memory_order_acquire) == 0)
      futexWaitFor(call.answered, 0, nanoseconds);
    return call.answered.load(std::memory_order_acquire) != 0;
  }
  /// Whether the threads that answered have gone with their process.
  bool areDeserted() {
    return (std::atomic_ref(answering_.__data.__lock).load(std::memory_order_acquire) & FUTEX_OWNER_DIED) !=
           0;
  }
  /// In a forked child: guests and threads are its parent's.
  void forget() {
    head_.store(nullptr, std::memory_order_relaxed);
    makeMutex();
  }

private:
  void makeMutex() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&answering_, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }

  pthread_mutex_t answering_; ///< held by a thread that answers, as long as there is one
  std::atomic<Call*> head_{nullptr};
};

} // namespace tiercel
