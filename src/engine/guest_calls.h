// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First calls by processes that run in this one's memory (platform/borrowed_memory.h). They take no lock and
// keep no state, because they may be killed in the middle: a worker of this process compiles for them.
//
// Thread rule: thread-safe. A call lies on a stack of the engine's that is never used for anything else, so
// the worker may write to it when its process is gone.
#pragma once

#include "tiercel/error.h"

#include "platform/futex.h"
#include "registry/records.h"

#include <atomic>
#include <optional>
#include <utility>

namespace tiercel {

class GuestCalls {
public:
  struct Call {
    explicit Call(FunctionRecord& record) : function(record) {}
    FunctionRecord& function;
    std::optional<Result<void*>> code; ///< before `answered`
    std::atomic<uint32_t> answered{0};
    Call* next = nullptr;
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
      answered.code.emplace(compile(answered.function));
      answered.answered.store(1, std::memory_order_release); // from here on it may be gone
      futexWakeAll(answered.answered);
    }
  }
  static void wait(Call& call) {
    while (call.answered.load(std::memory_order_acquire) == 0)
      futexWait(call.answered, 0);
  }
  /// In a forked child: the guests are its parent's.
  void forget() { head_.store(nullptr, std::memory_order_relaxed); }

private:
  std::atomic<Call*> head_{nullptr};
};

} // namespace tiercel
