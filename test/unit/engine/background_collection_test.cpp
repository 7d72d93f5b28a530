// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program leaves behind that changes all the time, in which nothing gets hot and where nobody
// collects.
#include "unit/support/living.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <thread>

namespace tiercel {
namespace {

/// A failing test ends after so many: some ten seconds.
constexpr int kMostChanges = 20'000;

class BackgroundCollection : public LivingTest {
protected:
  /// Redefines and calls until `done`; false if that never happens.
  template <typename Done> bool changeUntil(Done done) {
    add("module", ir(returning("f", 0)));
    EXPECT_EQ(call("f"), 0);
    for (int i = 1; i <= kMostChanges; ++i) {
      redefine("module", ir(returning("f", i)));
      EXPECT_EQ(call("f"), i);
      if (done())
        return true;
    }
    return false;
  }
};

TEST_F(BackgroundCollection, FreesWhatChangesLeave) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  // Several: all but the first have to wait for their time.
  EXPECT_TRUE(changeUntil([this] { return engine->stats().living.collections >= 5; }));
  EXPECT_GT(engine->stats().functions.freed, 0u);
}

class Flag {
public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool isRaisedSoon() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return raised_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

struct WhenFreed : EventListener {
  void onEvent(const Event& event) override {
    if (event.kind == EventKind::CodeFreed)
      freed.raise();
  }
  Flag freed;
};

TEST_F(BackgroundCollection, TriesAgainWhatItCouldNotLookAt) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  Flag runs;
  std::atomic<bool> stop{false};
  std::thread inTheWay([&runs, &stop] { // does not take the signal
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    runs.raise();
    while (!stop) {
    }
  });
  EXPECT_TRUE(runs.isRaisedSoon());
  EXPECT_TRUE(changeUntil([this] { return engine->stats().living.incomplete > 0; }));
  EXPECT_EQ(engine->stats().functions.freed, 0u);
  WhenFreed listener;
  engine->addListener(&listener);
  stop = true;
  inTheWay.join();
  EXPECT_TRUE(listener.freed.isRaisedSoon()) << "without another change";
  engine.reset(); // tells the listener until then
}

TEST_F(BackgroundCollection, EndsSessionsOfAProgramInWhichNothingGetsHot) {
  Flag first, second;
  std::atomic<int> times{0};
  Options options;
  options.giveBackHeap = [&] { (times++ == 0 ? first : second).raise(); };
  make(options);
  add("module", ir(returning("f", 1)));
  EXPECT_EQ(call("f"), 1);
  EXPECT_TRUE(first.isRaisedSoon());
  add("another", ir(returning("g", 1)));
  EXPECT_TRUE(second.isRaisedSoon()) << "one that has only read a module";
  engine.reset(); // a worker uses the flags until then
}

TEST_F(BackgroundCollection, GivesTheHeapsHolesBackUnderChange) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  std::atomic<int> given{0};
  Options options = reclaiming();
  options.giveBackHeap = [&given] { ++given; };
  make(options);
  EXPECT_TRUE(changeUntil([&given] { return given > 0; }));
  engine.reset(); // the worker uses the counter
}

TEST_F(BackgroundCollection, GivesTheHeapsHolesBackToHostsWithQuiescentPoints) {
  std::atomic<int> given{0};
  Options options;
  options.giveBackHeap = [&given] { ++given; };
  make(options);
  EXPECT_TRUE(changeUntil([this, &given] {
    engine->quiescentPoint();
    return given > 0;
  }));
  engine.reset();
}

} // namespace
} // namespace tiercel
