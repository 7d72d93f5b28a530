// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a call of a closure's pointer reaches its callable. Not for direct use: <tiercel/closure.h> is the
// interface.
//
// The pointer is the address of a thunk, which loads the address of the closure's slot into a register and
// jumps to slot->target, an instance of ClosureEntry. How the slot becomes a parameter depends on the
// signature (ClosureKind):
//
//  - As one more integer argument, the last, where the psABI (3.2.3) still has a register for one. Arguments
//    of other classes and those in memory are not touched by it. Which register that is must be certain, so
//    this is for scalars only.
//  - Else in front of the arguments in memory, as a struct that goes to memory whatever surrounds it. Code of
//    the library pushes it and calls the entry. This is right for every signature, whatever its arguments are
//    and wherever they go, as long as they do not mind being shifted by the size of the struct.
#pragma once

#include <tiercel/detail/closure_slot.h>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace tiercel::detail {

inline constexpr unsigned kManyRegisters = 100;

/// How many integer registers an argument takes; kManyRegisters where the type alone does not tell for
/// certain (classes, vectors, wide integers, types of one compiler).
template <typename T> constexpr unsigned integerRegisters() {
  if constexpr (std::is_same_v<std::remove_cv_t<T>, float> || std::is_same_v<std::remove_cv_t<T>, double> ||
                std::is_same_v<std::remove_cv_t<T>, long double>)
    return 0;
  else if constexpr (std::is_reference_v<T>)
    return 1;
  else if constexpr (std::is_integral_v<T> || std::is_enum_v<T> || std::is_pointer_v<T> ||
                     std::is_null_pointer_v<T>)
    return sizeof(T) <= 8 ? 1 : kManyRegisters;
  else
    return kManyRegisters;
}

template <typename R, typename... Args> constexpr ClosureKind closureKind() {
  unsigned used = (0 + ... + integerRegisters<Args>());
  if constexpr (!std::is_void_v<R>)
    used += integerRegisters<R>() == kManyRegisters ? kManyRegisters
                                                    : 0; // perhaps a hidden pointer to the result
  return used < kClosureOnStack ? used : kClosureOnStack;
}

/// What src/closure/stack_entry.S pushes: class MEMORY by its size, and a multiple of 16 bytes, so that what
/// lies above it keeps its alignment.
struct ClosureFrame {
  ClosureSlot* slot;
  const void* unused[2];
  const void* returnAddress; ///< the caller's; not to be touched
};

/// Parameters in memory belong to the function that has them: where a call is the last thing it does, gcc
/// makes a jump of it and writes the arguments of that call over them. This reads the frame when all calls
/// are over, which takes no instruction, so that there is always something left to do, and the frame is what
/// it was.
class KeptFrame {
public:
  explicit KeptFrame(const ClosureFrame& frame) : frame_(frame) {}
  ~KeptFrame() { asm volatile("" : : "m"(frame_)); }
  KeptFrame(const KeptFrame&) = delete;
  KeptFrame& operator=(const KeptFrame&) = delete;

private:
  const ClosureFrame& frame_;
};

/// The frame shifts what lies above it by 32 bytes.
inline constexpr std::size_t kMostClosureAlignment = 32;
static_assert(sizeof(ClosureFrame) == kMostClosureAlignment);

/// Whether arguments of this type keep their alignment where it decides about their place in memory.
template <typename T> constexpr bool keepsAlignment() {
  if constexpr (std::is_reference_v<T>)
    return true;
  else
    return alignof(T) <= kMostClosureAlignment;
}

template <bool kNoexcept, typename R, typename... Args> struct ClosureEntryOf {
  static constexpr ClosureKind kKind = closureKind<R, Args...>();

  template <typename F> static void check() {
    static_assert(
        (keepsAlignment<Args>() && ... && true),
        "a closure cannot take arguments by value that are aligned to more than 32 bytes, like "
        "alignas(64) classes and __m512: it finds its own data in front of the arguments in memory, "
        "which then lie elsewhere than the callable would look for them; pass a pointer or reference");
    static_assert(
        std::is_invocable_r_v<R, F&, Args...>,
        "the callable cannot be called with the arguments of the signature, or its result does not convert");
  }
  template <typename F> static const void* address() {
    if constexpr (kKind == kClosureOnStack)
      return reinterpret_cast<const void*>(&onStack<F>);
    else
      return reinterpret_cast<const void*>(&inRegister<F>);
  }

private:
  template <typename F> static R inRegister(Args... args, ClosureSlot* slot) noexcept(kNoexcept) {
    return run<F>(*slot, std::forward<Args>(args)...);
  }
  template <typename F> static R onStack(const ClosureFrame frame, Args... args) noexcept(kNoexcept) {
    const KeptFrame kept(frame);
    return run<F>(*frame.slot, std::forward<Args>(args)...);
  }
  template <typename F> static R run(ClosureSlot& slot, Args&&... args) {
    ClosureActivation::Place* const place = ClosureActivation::enter(slot);
    if (!place) [[unlikely]]
      return runSlowly<F>(slot, static_cast<Passed<Args>>(args)...);
    return runEntered<F>(place, slot, std::forward<Args>(args)...);
  }

  /// Out of line, and with arguments that need no address, so that this costs the usual way no registers.
  template <typename T>
  using Passed = std::conditional_t<std::is_reference_v<T> || std::is_trivially_copyable_v<T>, T, T&&>;
  template <typename F>
  [[gnu::noinline, gnu::cold]] static R runSlowly(ClosureSlot& slot, Passed<Args>... args) {
    return runEntered<F>(ClosureActivation::enterSlowly(slot), slot, std::forward<Args>(args)...);
  }

  template <typename F>
  static R runEntered(ClosureActivation::Place* place, ClosureSlot& slot, Args&&... args) {
    if (slot.target.load(std::memory_order_acquire) != address<F>()) [[unlikely]] {
      ClosureActivation::leave(place);
      calledFreedClosure(slot); // freed between the thunk's jump and the mark
    }
    const ClosureActivation active(place);
    if constexpr (std::is_void_v<R>)
      std::invoke(storedCallable<F>(slot), std::forward<Args>(args)...);
    else
      return std::invoke(storedCallable<F>(slot), std::forward<Args>(args)...);
  }
};

template <typename> inline constexpr bool kNever = false;

template <typename Sig> struct ClosureEntry {
  static_assert(
      kNever<Sig>,
      "a closure's signature is a plain function type, like int(const char*, double): no pointer to "
      "it, no const, & or other calling convention");
};
template <typename R, typename... Args>
struct ClosureEntry<R(Args...)> : ClosureEntryOf<false, R, Args...> {};
template <typename R, typename... Args>
struct ClosureEntry<R(Args...) noexcept> : ClosureEntryOf<true, R, Args...> {};
template <typename R, typename... Args> struct ClosureEntry<R(Args..., ...)> {
  static_assert(kNever<R>, "a closure cannot have variable arguments: a callable has no way to read them");
};
template <typename R, typename... Args>
struct ClosureEntry<R(Args..., ...) noexcept> : ClosureEntry<R(Args..., ...)> {};

} // namespace tiercel::detail
