// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sessions for threads that come and go. A program thread that makes a first call borrows one; when all are
// out, another is made, so no caller ever waits for somebody else's compile.
// Thread rule: thread-safe.
#pragma once

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "compile/fatal_compiles.h"
#include "compile/session.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace tiercel {

class SessionPool {
public:
  /// `onReturn` is called after a session has come back, by whoever brought it, if that was to be announced.
  SessionPool(const CompileEnvironment& environment, std::function<void()> onReturn)
      : environment_(environment), onReturn_(std::move(onReturn)) {}

  /// A borrowed session; goes back when destroyed.
  class Lease {
  public:
    Lease(SessionPool& pool, std::unique_ptr<Session> session, bool announce)
        : pool_(&pool), session_(std::move(session)), announce_(announce) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (session_)
        pool_->giveBack(std::move(session_), announce_);
    }
    Session& operator*() { return *session_; }
    Session* operator->() { return session_.get(); }

  private:
    SessionPool* pool_;
    std::unique_ptr<Session> session_;
    bool announce_;
  };

  Result<Lease> borrow(bool announce = true) TIERCEL_EXCLUDES(mutex_) {
    {
      LockGuard lock(mutex_);
      if (!idle_.empty()) {
        // The most recently used one: its memory is warm, and rarely needed ones can be dropped.
        std::unique_ptr<Session> session = std::move(idle_.back());
        idle_.pop_back();
        return Lease(*this, std::move(session), announce);
      }
    }
    Result<std::unique_ptr<Session>> session = Session::create(environment_, fatal_);
    if (!session)
      return session.takeError();
    return Lease(*this, std::move(*session), announce);
  }

  /// Compiles that LLVM ended in the middle, of all sessions and of others who compile for the engine.
  FatalCompiles& fatal() { return fatal_; }
  const FatalCompiles& fatal() const { return fatal_; }

  /// Since when no session has come back, if any are idle, holding memory.
  std::optional<uint64_t> idleSinceNs() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    return idle_.empty() ? std::nullopt : std::optional(lastReturnNs_);
  }
  /// Ends idle sessions: all that LLVM keeps for them is freed. The next borrower waits for a new one.
  void trim() TIERCEL_EXCLUDES(mutex_) {
    std::vector<std::unique_ptr<Session>> ended;
    LockGuard lock(mutex_);
    ended.swap(idle_); // destroyed after the lock is released
  }

  Mutex& forkMutex() { return mutex_; }

private:
  void giveBack(std::unique_ptr<Session> session, bool announce) TIERCEL_EXCLUDES(mutex_) {
    if (session->isAbandoned()) {
      Session::abandon(std::move(session));
      return;
    }
    session->rest();
    if (session->isWorn())
      return;
    {
      LockGuard lock(mutex_);
      idle_.push_back(std::move(session));
      lastReturnNs_ = nowNs();
    }
    if (announce)
      onReturn_();
  }

  const CompileEnvironment& environment_;
  FatalCompiles fatal_;
  const std::function<void()> onReturn_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_ TIERCEL_GUARDED_BY(mutex_);
  uint64_t lastReturnNs_ TIERCEL_GUARDED_BY(mutex_) = 0;
};

} // namespace tiercel
