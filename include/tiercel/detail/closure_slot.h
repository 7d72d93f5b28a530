// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A closure's data, and the marks that threads set while they are in one. Not for direct use:
// <tiercel/closure.h> is the interface.
//
// A call is marked in a list of the thread's for its duration. Marks are plain stores; whoever frees a
// closure makes them visible by a barrier on all threads. A mark says "slot", not "callable", and is made
// before the slot is examined: if the slot's target is still the entry that examines it then, whoever retires
// the slot later finds the mark. Thread rule: slots are shared, with the ownership that <tiercel/closure.h>
// describes; marks belong to their thread.
#pragma once

#include <tiercel/error.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#if !defined(__x86_64__) || !defined(__linux__) || defined(__ILP32__)
#error "closures are for x86-64 Linux with 64-bit pointers"
#endif

namespace tiercel::detail {

/// 0 to 5: the slot is the integer argument of this number (rdi, rsi, rdx, rcx, r8, r9).
using ClosureKind = unsigned;
inline constexpr ClosureKind kClosureOnStack = 6;
inline constexpr ClosureKind kClosureKinds = 7;

/// The data of one closure. Slots never move and are never unmapped; a freed one is used again.
struct alignas(64) ClosureSlot {
  static constexpr std::size_t kInlineBytes = 32;

  std::atomic<const void*>
      target; ///< where the thunk jumps: the entry of a live closure, or what handles freed ones
  void (*destroy)(ClosureSlot&); ///< of the callable
  const void* code;              ///< the thunk
  std::atomic<std::uintptr_t>
      count;                       ///< references; without any, the next slot of the list that this one is in
  std::byte storage[kInlineBytes]; ///< the callable, or a pointer to it
};
static_assert(sizeof(ClosureSlot) == 64);

// Defined in the library.
Result<ClosureSlot*> takeClosureSlot(ClosureKind kind);
void giveBackClosureSlot(ClosureKind kind, ClosureSlot* slot) noexcept;
void retireClosureSlot(ClosureKind kind, ClosureSlot* slot) noexcept;
[[noreturn]] void calledFreedClosure(const ClosureSlot& slot);

/// Marks that this thread is inside a closure, for the extent of the object.
class ClosureActivation {
public:
  using Place = std::atomic<const ClosureSlot*>;

  /// The part of a thread's record that calls use. Places are in chunks aligned to kChunkBytes.
  struct Thread {
    std::atomic<Place*> top; ///< first free place; a multiple of kChunkBytes if there is none
  };
  static constexpr std::size_t kChunkBytes = 32768;

  // The order of the two stores, and that of the load and the stores when leaving, allow signal handlers to
  // enter and leave closures between them. Releases cost nothing on x86-64; they order what the callable did
  // before its being left.
  explicit ClosureActivation(const ClosureSlot& slot) {
    Thread* const thread = current;
    Place* const top = thread->top.load(std::memory_order_relaxed);
    if (reinterpret_cast<std::uintptr_t>(top) % kChunkBytes == 0) [[unlikely]] {
      place_ = enterSlowly(slot);
      return;
    }
    thread->top.store(top + 1, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    top->store(&slot, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst); // the slot is examined after this
    place_ = top;
  }
  ~ClosureActivation() {
    Thread* const thread = current;
    if (thread->top.load(std::memory_order_relaxed) == place_ + 1) [[likely]]
      thread->top.store(place_, std::memory_order_release);
    else
      leaveSlowly(place_);
  }
  ClosureActivation(const ClosureActivation&) = delete;
  ClosureActivation& operator=(const ClosureActivation&) = delete;

  /// This thread's. Initial-exec, so that it is one load also in shared libraries.
  static __thread Thread* current __attribute__((tls_model("initial-exec")));

private:
  static Place* enterSlowly(const ClosureSlot& slot) noexcept;
  static void leaveSlowly(Place* place) noexcept;

  Place* place_;
};

// ---- the callable
// -----------------------------------------------------------------------------------------------------

template <typename F>
inline constexpr bool kStoredInline =
    sizeof(F) <= ClosureSlot::kInlineBytes && alignof(F) <= ClosureSlot::kInlineBytes;

template <typename F> F& storedCallable(ClosureSlot& slot) {
  if constexpr (kStoredInline<F>)
    return *std::launder(reinterpret_cast<F*>(slot.storage));
  else
    return **std::launder(reinterpret_cast<F**>(slot.storage));
}

template <typename F, typename Source> bool storeCallable(ClosureSlot& slot, Source&& source) {
  if constexpr (kStoredInline<F>) {
    ::new (static_cast<void*>(slot.storage)) F(std::forward<Source>(source));
  } else {
    F* const callable = new (std::nothrow) F(std::forward<Source>(source));
    if (!callable)
      return false;
    ::new (static_cast<void*>(slot.storage)) F*(callable);
  }
  slot.destroy = [](ClosureSlot& dying) {
    if constexpr (kStoredInline<F>)
      storedCallable<F>(dying).~F();
    else
      delete &storedCallable<F>(dying);
  };
  return true;
}

/// A slot that is not a closure yet, and goes back unless it becomes one.
class UnusedClosureSlot {
public:
  UnusedClosureSlot(ClosureKind kind, ClosureSlot* slot) : kind_(kind), slot_(slot) {}
  ~UnusedClosureSlot() {
    if (slot_)
      giveBackClosureSlot(kind_, slot_);
  }
  UnusedClosureSlot(const UnusedClosureSlot&) = delete;
  UnusedClosureSlot& operator=(const UnusedClosureSlot&) = delete;

  ClosureSlot* get() const { return slot_; }
  /// With one reference.
  ClosureSlot* publish(const void* entry) {
    slot_->count.store(1, std::memory_order_relaxed);
    slot_->target.store(entry, std::memory_order_release);
    return std::exchange(slot_, nullptr);
  }

private:
  ClosureKind kind_;
  ClosureSlot* slot_;
};

} // namespace tiercel::detail
