// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What workers do besides compiling: they collect retired code, end compile sessions that are not used any
// more, and have the heap give back the holes that changes of the program leave in it.
//
// When something will be due, a worker must know: it sleeps until then, or, if none does, one is woken.
// Where there are no workers, because the tier is fixed, a thread is started for it when a change of the
// program makes something due: a program that does not change needs none. With Options::sync, whose decisions
// must not depend on time, whoever changes the program does it right afterwards, by the number of changes and
// the bytes that wait.
//
// Thread rule: thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace tiercel {

class EngineImpl;

class Housekeeper {
public:
  explicit Housekeeper(EngineImpl& engine) : engine_(engine) {}

  /// After a change of the program.
  void programChanged();
  /// The same by the thread that made it, when it holds no lock any more: does what is due with
  /// Options::sync.
  void afterChange();
  /// After something that may be the reason for work: makes sure that a worker comes when it is due.
  void notice();

  /// By workers: does what is due. `busy`: there is code to compile, so that only a lot of retired code is
  /// reason enough to collect. Returns when it is to be called again; kNothingDue if not before somebody
  /// calls notice().
  uint64_t work(bool busy);
  static constexpr uint64_t kNothingDue = ~uint64_t(0);
  /// By a worker that compiles now rather than come back when it was to.
  void workerLeaves() { workerComesNs_.store(kNothingDue, std::memory_order_release); }

  /// In a forked child: nobody else is here.
  void forgetThreads();

private:
  // When there is something to do, which may have been some time ago.
  uint64_t collectionDueNs(uint64_t worthwhileBytes) const;
  uint64_t heapDueNs() const;
  uint64_t sessionsDueNs() const;
  uint64_t nextDueNs() const;
  /// Whether it freed anything.
  bool collect();
  void giveBackHeap();

  EngineImpl& engine_;
  std::atomic<uint64_t> collectAfterNs_{0}, heapAfterNs_{0};
  std::atomic<uint64_t> retiredBefore_{0}; ///< versions that had been retired at the last look
  std::atomic<uint64_t> changes_{0};       ///< of the program since the heap gave back
  std::atomic<uint64_t> allChanges_{0};
  std::atomic<uint64_t> workerComesNs_{kNothingDue}; ///< without being woken
  std::atomic<bool> working_{false};                 ///< a worker is at it: it owns the next
  uint64_t intervalNs_ = 0;
  // With Options::sync: when a collection is worth trying, and how many changes after the last.
  uint64_t collectAfterChange_ = 0, intervalChanges_ = 0;
};

} // namespace tiercel
