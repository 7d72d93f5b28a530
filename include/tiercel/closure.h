// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C function pointers out of C++ callables, for C interfaces that take a function and no data with it:
//
//     auto closure = tiercel::makeClosure<int(const void*, const void*)>([&](const void* a, const void* b) {
//     ... }); if (closure)
//       qsort(base, count, size, closure->get());
//
// Thread rule: everything here may be called by any thread at any time, except from signal handlers. The
// function pointers themselves may be called from signal handlers, too, as far as the callable permits; calls
// do not exclude each other. Ownership: a Closure is a counted reference. When the last one goes, the pointer
// must not be called any more; the callable is destroyed once no thread is inside it, which may be at once or
// when other closures are freed or made later. No Engine is needed: closures belong to the process.
// docs/closures.md has the rest.
#pragma once

#include <tiercel/detail/closure_entry.h>
#include <tiercel/error.h>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tiercel {

/// A reference to a callable with a C function pointer of type `Sig*`, where Sig is R(Args...) or R(Args...)
/// noexcept. Copies refer to the same callable. A default-constructed or moved-from Closure refers to none.
template <typename Sig> class Closure {
public:
  using Function = Sig*;

  Closure() = default;
  Closure(const Closure& other) noexcept : slot_(other.slot_) {
    if (slot_)
      slot_->count.fetch_add(1, std::memory_order_relaxed);
  }
  Closure(Closure&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  Closure& operator=(Closure other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Closure() {
    if (slot_ && slot_->count.fetch_sub(1, std::memory_order_acq_rel) == 1)
      detail::retireClosureSlot(detail::ClosureEntry<Sig>::kKind, slot_);
  }

  /// The function pointer: valid, and the same, as long as there is a reference. Null if this refers to
  /// nothing.
  Function get() const noexcept {
    return slot_ ? reinterpret_cast<Function>(reinterpret_cast<std::uintptr_t>(slot_->code)) : nullptr;
  }
  explicit operator bool() const noexcept { return slot_ != nullptr; }

private:
  explicit Closure(detail::ClosureSlot* slot) noexcept : slot_(slot) {}

  detail::ClosureSlot* slot_ = nullptr;

  template <typename S, typename F> friend Result<Closure<S>> makeClosure(F&& callable);
};

/// Moves or copies the callable into a new closure; it need not be copyable. Callables of up to 32 bytes need
/// no memory of their own. Fails (Environment) when the system gives no memory, or none that may be executed.
template <typename Sig, typename F> Result<Closure<Sig>> makeClosure(F&& callable) {
  using Entry = detail::ClosureEntry<Sig>;
  using Callable = std::decay_t<F>;
  static_assert(std::is_constructible_v<Callable, F>,
                "the callable can neither be moved nor copied into the closure");
  static_assert(std::is_nothrow_destructible_v<Callable>, "the destructor of the callable may throw");
  Entry::template check<Callable>();

  Result<detail::ClosureSlot*> taken = detail::takeClosureSlot(Entry::kKind);
  if (!taken)
    return taken.takeError();
  detail::UnusedClosureSlot slot(Entry::kKind,
                                 *taken); // gives it back if the constructor of the callable throws
  if (!detail::storeCallable<Callable>(*slot.get(), std::forward<F>(callable)))
    return Error(ErrorKind::Environment, "closure", "no memory for the callable");
  return Closure<Sig>(slot.publish(Entry::template address<Callable>()));
}

/// Destroys the callables of all freed closures that no thread is inside. Returns how many freed closures
/// still wait. Does nothing when called by a callable's destructor.
std::size_t collectClosures() noexcept;

struct ClosureCounts {
  std::size_t live;    ///< with references
  std::size_t waiting; ///< without, but not destroyed yet
};
ClosureCounts countClosures() noexcept;

/// Called when somebody calls the pointer of a closure that was freed, as far as that can be known: once the
/// pointer has been given to a new closure, it is that closure's. There is nothing to return to the caller,
/// so the handler should not return: it may throw, jump or end the process. If it returns, or if there is
/// none, abort() is called.
using FreedClosureHandler = void (*)(const void* function);
/// Sets the handler of the process, or none (null), and returns the one before.
FreedClosureHandler onFreedClosureCall(FreedClosureHandler handler) noexcept;

/// For longjmp out of closures, which skips what marks them as left: until the thread ends, they would count
/// as running, and would not be destroyed when freed. Take the mark where setjmp is called, rewind to it
/// after a jump:
///
///     tiercel::ClosureMark mark;
///     if (setjmp(buffer) != 0)
///       mark.rewind();
///
/// Only for the thread that made it, and only if no fiber of the thread has entered a closure since and is
/// still in it. Beyond about 500 nested calls of closures the marks are in more than one piece of memory: if
/// the jump skipped the border of two, rewind does nothing, and they stay until the thread ends.
class ClosureMark {
public:
  ClosureMark() noexcept;
  void rewind() const noexcept;

private:
  detail::ClosureActivation::Place* top_;
};

} // namespace tiercel
