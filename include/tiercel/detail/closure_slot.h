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

/// A mark that this thread is inside a closure, for the extent of the object.
class ClosureActivation {
public:
  /// Of a mark: the slot, or null. Each is written by one thread and read by those that free closures.
  using Place = std::atomic<const ClosureSlot*>;
  /// Chunks of places are aligned to this and end where the next one would begin.
  static constexpr std::size_t kChunkBytes = 4096;

  // The order of the stores, here and when leaving, allows signal handlers to enter and leave closures
  // between any two. Releases cost nothing on x86-64; they order what the callable did before its being left.

  /// Marks the slot and returns where; null if that needs enterSlowly.
  static Place* enter(const ClosureSlot& slot) {
    Place* const place = top.load(std::memory_order_relaxed);
    if (reinterpret_cast<std::uintptr_t>(place) % kChunkBytes == 0) [[unlikely]]
      return nullptr;
    top.store(place + 1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    place->store(&slot, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst); // the slot is examined after this
    return place;
  }
  /// The same where the thread has no list yet, or no room in it.
  static Place* enterSlowly(const ClosureSlot& slot) noexcept;
  static void leave(Place* place) {
    place->store(nullptr, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (top.load(std::memory_order_relaxed) == place + 1)
        [[likely]] // else a fiber leaves before one that entered later
      top.store(place, std::memory_order_relaxed);
  }

  explicit ClosureActivation(Place* place) : place_(place) {}
  ~ClosureActivation() { leave(place_); }
  ClosureActivation(const ClosureActivation&) = delete;
  ClosureActivation& operator=(const ClosureActivation&) = delete;

  /// This thread's first free place; a multiple of kChunkBytes if it has none. Initial-exec, so that it is
  /// one access also in shared libraries.
  static __thread std::atomic<Place*> top __attribute__((tls_model("initial-exec")));

private:
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
