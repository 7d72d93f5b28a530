// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stacks of the engine's own. A program may make a first call with a few hundred bytes of stack left (a small
// thread, a coroutine, deep recursion); the compiler needs megabytes. So engine work on a program's thread
// runs on a stack of the engine's.
#pragma once

#include "tiercel/error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace tiercel {

/// Owns one mapped stack with a guard page below it. Memory is committed as it is touched and given back at
/// the end; the addresses are kept for later stacks.
/// Thread rule: used by one thread at a time.
class Stack {
public:
  static constexpr size_t kSize = size_t(64) << 20;

  static Result<Stack> create();
  /// In a forked child: those of entries that other threads were in are nobody's.
  static void forgetThreads();
  ~Stack();
  Stack(Stack&& other) noexcept;
  Stack& operator=(Stack&&) = delete;

  /// Whether `address` is on a stack of this kind, anybody's, or was: nothing else ever is where one has
  /// been. Async-signal-safe.
  static bool contains(uintptr_t address) { return at(address).has_value(); }

  /// Where a stack ends, and for one that somebody runs on the stack pointer before the switch to it.
  struct At {
    uintptr_t top;
    uintptr_t cameFrom() const { return reinterpret_cast<const uintptr_t*>(top)[-1]; }
  };
  /// The stack that contains `address`. Async-signal-safe.
  static std::optional<At> at(uintptr_t address);

  /// Where a thread of its own begins on it, 16-byte aligned.
  void* top() const { return reinterpret_cast<void*>(at(reinterpret_cast<uintptr_t>(base_))->top); }

  /// Calls `body` on this stack and returns when it has. `body` must not throw or leave by longjmp. It may
  /// move this object, but not end it.
  template <typename Body> void run(Body&& body) {
    call([](void* argument) { (*static_cast<std::remove_reference_t<Body>*>(argument))(); },
         const_cast<void*>(static_cast<const void*>(&body)));
  }

private:
  explicit Stack(std::byte* base) : base_(base) {}
  void call(void (*function)(void*), void* argument);

  std::byte* base_; ///< lowest address, the guard page; null when moved from
};

/// In functions that an entry in assembly calls on a stack of its own (lazy_entry.S): tells the sanitizers,
/// which do not see the switch, for its extent.
class [[maybe_unused]] SwitchedStack {
public:
  /// Written before ThreadSanitizer knows that the stack was handed over by whoever had it before.
  [[clang::no_sanitize("thread")]] SwitchedStack();
  ~SwitchedStack();
  SwitchedStack(const SwitchedStack&) = delete;
  SwitchedStack& operator=(const SwitchedStack&) = delete;

private:
  [[maybe_unused]] const void* bottom_ = nullptr; ///< of the stack that was left
  [[maybe_unused]] size_t size_ = 0;
  [[maybe_unused]] void* place_ = nullptr; ///< null: the entry has found no stack
};

} // namespace tiercel
