// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the checks are held against: which version of each thing the program may show at this moment.
//
// Thread rule: a History is written by the one thread that changes the thing and read by all; a Ledger is
// used by all.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace tiercel::stress {

/// The versions of one thing. A change is begun, then made, then done. A call that begins after `done` shows
/// that version or a newer one, and never one that was not begun when it returned.
class History {
public:
  uint64_t begin() { return begun_.fetch_add(1, std::memory_order_seq_cst) + 1; }
  void done() { done_.store(begun_.load(std::memory_order_relaxed), std::memory_order_seq_cst); }
  uint64_t oldest() const { return done_.load(std::memory_order_seq_cst); }  ///< read before a call
  uint64_t newest() const { return begun_.load(std::memory_order_seq_cst); } ///< read after it

private:
  std::atomic<uint64_t> begun_{0}, done_{0};
};

/// What must hold; the names are in invariants.cpp.
enum class Invariant : unsigned {
  Version,     ///< a call shows a version that was in force while it ran
  Constant,    ///< a function and its constant are of one version
  Statics,     ///< a static counts every call, over all versions
  Address,     ///< addresses of functions and variables never change
  Exception,   ///< one thrown through retired code arrives, with its cleanups run
  Removed,     ///< a removed function is not called any more, one that is there is
  Change,      ///< a change that must succeed does
  Refusal,     ///< a change that must fail does, with the right kind of error
  Destructor,  ///< constructors and destructors of a module run once each
  Child,       ///< forked processes work
  Collection,  ///< collections succeed and free code
  Growth,      ///< memory does not grow without bound
  Assumption,  ///< callers follow what they assumed of others
  Sandbox,     ///< all threads of a process are in the sandbox that its program enters
  Sharer,      ///< processes on the same memory run the code that they are in
  SmallStack,  ///< threads with the smallest stack make first calls
  Handler,     ///< handlers that have interrupted the allocator call, and use thread-locals
  Constructor, ///< constructors of libraries make first calls
  Count
};

/// Counts checks and keeps the first failures. A failure says `what`.
class Ledger {
public:
  void check(Invariant invariant, bool holds, const auto& what) {
    of(invariant).checks.fetch_add(1, std::memory_order_relaxed);
    if (!holds)
      fail(invariant, what());
  }
  uint64_t failures(Invariant invariant) const { return entries_[static_cast<size_t>(invariant)].failures; }
  /// Of this run nothing is asked here. Before anything is checked, or by the one thread that checks it.
  void leaveOut(Invariant invariant) { of(invariant).leftOut = true; }
  /// Prints a line per invariant, and the line that scripts/run_tests.py reads. What was never checked has
  /// failed. True if all held.
  bool report();

private:
  struct Entry {
    std::atomic<uint64_t> checks{0}, failures{0};
    bool leftOut = false;
  };
  Entry& of(Invariant invariant) { return entries_[static_cast<size_t>(invariant)]; }
  void fail(Invariant invariant, const std::string& what);

  std::array<Entry, static_cast<size_t>(Invariant::Count)> entries_;
  std::mutex mutex_;
};

/// A generator of its own for every thread: splitmix64.
class Random {
public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t limit) { return next() % limit; }

private:
  uint64_t state_;
};

} // namespace tiercel::stress
