// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds words in a range of values on one thread's stack. It knows no frames: every aligned word between the
// stack pointer and the top is looked at. What can go wrong is a word not looked at, so the extent of a stack
// is never guessed:
//
//  - The primary stack of a thread ends below its thread block (what pthread_self() points to), with which it
//    shares a mapping; that of the main thread ends with the mapping [stack].
//  - A handler on the alternate signal stack has interrupted something on the primary one. The kernel's
//  signal
//    frame says where: its first word, the handler's return address, is one of a few known ones.
//  - Such a frame also tells of an alternate stack that lies inside the primary one, where the interrupted
//    frames can be below the handler's.
//  - Whoever is on a stack of the engine's (stack.h), or in a handler that interrupted it there, compiles.
//  - Any other stack belongs to a coroutine library or the like: Foreign. So does an alternate stack that is
//    not given, though there is a frame at its top: libraries begin coroutines in handlers, too.
//
// Thread rule: async-signal-safe and reentrant; runs on the thread in question or, while that sleeps, on
// another. Reads memory by process_vm_readv, so that nothing faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tiercel {

struct Mapping {
  uintptr_t begin = 0, end = 0;
  bool isMainStack = false;
  bool contains(uintptr_t address) const { return address >= begin && address < end; }
};

/// What is looked for, and who is told.
struct WordSearch {
  uintptr_t begin, end;
  void (*visit)(void* context, uintptr_t word);
  void* context;
  void look(uintptr_t word) const {
    if (word - begin < end - begin)
      visit(context, word);
  }
};

/// What a walk has to know of the process.
struct ProcessView {
  std::span<const Mapping> mappings;          ///< ascending
  std::span<const uintptr_t> handlersReturns; ///< where handlers return to: the restorers of rt_sigaction
};

struct WalkStart {
  uintptr_t sp;
  uintptr_t threadBlock; ///< an address in it; not used if `onMainStack`
  bool onMainStack;      ///< the thread's primary stack is the process's [stack]
  Mapping alternate{};   ///< the thread's alternate signal stack, if known; else empty
};

enum class WalkEnd : uint8_t {
  Complete,
  Unsure,  ///< something did not fit; it may the next time, with fresh mappings
  Foreign, ///< on a stack that is neither primary nor alternate
};
struct WalkResult {
  WalkEnd end;
  const char* why; ///< a literal, unless Complete
};

/// `buffer` is for reading; as large as convenient, a whole number of words.
WalkResult walkStack(const WordSearch& search, const ProcessView& view, const WalkStart& start,
                     std::span<uintptr_t> buffer);

} // namespace tiercel
