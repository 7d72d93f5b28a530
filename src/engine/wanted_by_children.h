// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What forked children had to compile that their parent had no code for. The parent compiles it too, in the
// background, so that the children after them find it: without that each of a shell's subshells, or of a
// server's processes for one connection, would compile the same functions.
//
// A child tells in a page of memory that it shares with its parent. It may have given up its rights, and may
// be hostile, so the page holds nothing but numbers of functions, and those are hints: each is read once,
// and taken if it is a function of the program that has no code. The worst that a child can do is to have the
// parent compile functions of the program that it does not need, each at most once. One that fails, where an
// honest child would have named none, ends the listening.
//
// Every fork makes a page, which later children do not get (MADV_DONTFORK): they see nothing of each other.
// The children of a child share its page, because what they learn would be lost with their parent, which
// often ends before it forks again. (Of a pipeline in a subshell, say.) A process whose parent has ended
// gives its page up, and its own children get one each.
//
// At a fork and in `note` it uses no heap: a handler that interrupted the allocator may do either.
//
// Thread rule: thread-safe. `note` takes no lock.
#pragma once

#include "base/ids.h"
#include "base/thread_annotations.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <sys/types.h>

namespace tiercel {

class WantedByChildren {
public:
  /// `enabled`: there will be workers to do what children want.
  explicit WantedByChildren(bool enabled) : enabled_(enabled) {}
  ~WantedByChildren();
  WantedByChildren(const WantedByChildren&) = delete;
  WantedByChildren& operator=(const WantedByChildren&) = delete;

  /// This process has made the first code of a function: its parents may want it, too.
  void note(FunctionId function);

  /// The next function that a child has named and that `isWanted`, for the caller to compile and then to call
  /// `finished`.
  std::optional<FunctionId> next(const std::function<bool(FunctionId)>& isWanted) TIERCEL_EXCLUDES(mutex_);
  void finished() TIERCEL_EXCLUDES(mutex_);
  /// Nobody is listened to any more.
  void stopListening() TIERCEL_EXCLUDES(mutex_);
  /// Something is left for `next` to look at, or is being compiled.
  bool hasWork() TIERCEL_EXCLUDES(mutex_);

  Mutex& forkMutex() TIERCEL_RETURN_CAPABILITY(mutex_) { return mutex_; }
  void beforeFork() TIERCEL_REQUIRES(mutex_);
  /// Whether there is something for `next` to look at.
  bool afterForkInParent() TIERCEL_REQUIRES(mutex_);
  void afterForkInChild() TIERCEL_REQUIRES(mutex_);

private:
  static constexpr size_t kSlots = 1023;
  /// A set of functions, as a hash table with open addressing. Anything may stand in it.
  struct Page {
    std::atomic<uint32_t> changes;
    std::array<std::atomic<uint32_t>, kSlots> slots; ///< number of a function, plus one; 0: free
  };
  static_assert(sizeof(Page) == 4096 && std::atomic<uint32_t>::is_always_lock_free);
  /// A page that this process reads. It is read once through after a fork that finds it changed: whoever
  /// changes it all the time has no reader turn in circles.
  struct Reading {
    Page* page = nullptr;
    uint32_t seenChanges = 0; ///< when the reading began
    size_t slot = kSlots;     ///< the next to read
  };
  /// So many children are listened to: the youngest.
  static constexpr size_t kChildren = 16;

  bool isReading() const TIERCEL_REQUIRES(mutex_);
  void becomeRoot() TIERCEL_REQUIRES(mutex_);

  const bool enabled_;
  Mutex mutex_;
  std::atomic<Page*> own_{nullptr}; ///< where this process tells its parents
  pid_t parent_ TIERCEL_GUARDED_BY(mutex_) = 0;
  Page* forNextChild_ TIERCEL_GUARDED_BY(mutex_) = nullptr;
  /// Of children; in a process with `own_` that one alone, which its children use as well.
  std::array<Reading, kChildren> readings_ TIERCEL_GUARDED_BY(mutex_);
  size_t eldest_ TIERCEL_GUARDED_BY(mutex_) = 0; ///< whose place the next child gets
  /// Whose pages these are: not those of a child of a raw fork, where nothing is mapped there.
  pid_t reader_ TIERCEL_GUARDED_BY(mutex_) = 0;
  unsigned compiling_ TIERCEL_GUARDED_BY(mutex_) = 0;
  bool listening_ TIERCEL_GUARDED_BY(mutex_) = true;
};

} // namespace tiercel
