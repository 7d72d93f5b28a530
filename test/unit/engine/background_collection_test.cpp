// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program leaves behind that changes all the time, in which nothing gets hot and where nobody
// collects.
#include "unit/support/living.h"

#include <atomic>

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
  EXPECT_TRUE(changeUntil([this] { return engine->stats().functions.freed > 0; }));
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
