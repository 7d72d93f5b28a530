// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The threads of all engines of the process, taken together: workers, sampling threads and those for
// housekeeping. A program that restricts itself natively has only its own threads; what it gives up (rights,
// system calls, namespaces) these must give up, too, and calls that are for processes with one thread must
// not meet them. No thread can be restricted from another, but one is born with what its maker has. So they
// are ended, and made again by the thread that has restricted itself.
//
// Which sandbox that is in a program with several threads: that of the thread that made such a call last.
//
// Thread rule: thread-safe, but not on an engine's own thread, which would wait for itself. With all signals
// blocked. Takes the fork lock and the queue's, each for moments. Fork: forgetThreads.
#pragma once

#include <sys/types.h>

namespace tiercel {

/// For its extent the threads of the process's engines are this thread's to end and to start, and no engine
/// is destroyed. Waits for others that have them.
class EngineThreads {
public:
  EngineThreads();
  ~EngineThreads();
  EngineThreads(const EngineThreads&) = delete;
  EngineThreads& operator=(const EngineThreads&) = delete;

  /// Returns when the kernel knows none of them any more, after the compiles that they are in. What is queued
  /// stays. None is started until the end of this object's life.
  void end();
  /// When they are ended, and the engine is not to work any more: has functions compiled that may be called,
  /// as far as a second goes, and code ask for nothing better.
  void compileAhead();
  /// Code asks again after all.
  void askAgain();
  /// By the calling thread: those that end() has ended, where they may be.
  void startAgain();

  /// Threads are not to be started any more: it would be the end of the process, or of the thread that does.
  static void forbid();
  static void permit();
  /// False also while somebody has ended them.
  static bool mayStart();
  /// Whether the engines' threads are of the calling process, which may be a child that shares its memory.
  static bool areOfThisProcess();
  /// By an engine that is made.
  static void noteProcess();
  /// In a forked child, where there are none, and nobody who has them.
  static void forgetThreads();

private:
  bool ended_ = false;
};

} // namespace tiercel
