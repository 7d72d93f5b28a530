// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/closure.h"

#include <gtest/gtest.h>

#include <array>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace tiercel {
namespace {

using IntFunction = int (*)(int);

/// Lives exactly as long as a callable: `alive` says whether it does.
struct Witness {
  explicit Witness(int& count) : count_(&count) { ++count; }
  Witness(Witness&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  ~Witness() {
    if (count_)
      --*count_;
  }
  int* count_;
};

/// A closure that goes on the stack; the others here have theirs in a register.
using SevenInts = int(int, int, int, int, int, int, int);

TEST(ClosureLifetime, HandlesCountReferences) {
  int alive = 0;
  auto made = makeClosure<int(int)>([witness = Witness(alive)](int value) { return value + 1; });
  ASSERT_TRUE(made);
  Closure<int(int)> first = *made, second;
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_EQ(second.get(), nullptr);
  EXPECT_EQ(first.get(), made->get());
  *made = {};
  second = std::move(first);
  EXPECT_FALSE(first);            // NOLINT(bugprone-use-after-move): what it is left as is documented
  second = std::as_const(second); // must not free
  EXPECT_EQ(second.get()(1), 2);
  EXPECT_EQ(alive, 1);
  second = {};
  collectClosures();
  EXPECT_EQ(alive, 0);
}

TEST(ClosureLifetime, MoveOnlyAndLargeCallables) {
  auto small = makeClosure<int()>([owned = std::make_unique<int>(3)] { return *owned; });
  std::array<int, 100> numbers{};
  numbers[99] = 4;
  auto large =
      makeClosure<int()>([numbers, owned = std::make_unique<int>(3)] { return numbers[99] + *owned; });
  struct alignas(64) Aligned {
    int operator()() { return int(reinterpret_cast<uintptr_t>(this) % 64); }
  };
  auto aligned = makeClosure<int()>(Aligned());
  ASSERT_TRUE(small && large && aligned);
  EXPECT_EQ(small->get()(), 3);
  EXPECT_EQ(large->get()(), 7);
  EXPECT_EQ(aligned->get()(), 0);
}

TEST(ClosureLifetime, StateStaysBetweenCalls) {
  auto counter = makeClosure<int()>([count = 0]() mutable { return ++count; });
  ASSERT_TRUE(counter);
  counter->get()();
  EXPECT_EQ(counter->get()(), 2);
}

TEST(ClosureLifetime, ConstructorThatThrowsGivesTheSlotBack) {
  struct Throws {
    Throws() = default;
    Throws(const Throws&) { throw std::runtime_error("copied"); }
    int operator()(int value) const { return value; }
  };
  const size_t before = countClosures().live;
  const Throws callable;
  EXPECT_THROW((void)makeClosure<int(int)>(callable), std::runtime_error);
  EXPECT_EQ(countClosures().live, before);
}

TEST(ClosureLifetime, OneHundredAndFiftyThousandLive) {
  constexpr int kCount = 150'000;
  const size_t before = countClosures().live;
  int alive = 0;
  std::vector<Closure<int(int)>> closures;
  std::set<IntFunction> addresses;
  for (int i = 0; i < kCount; ++i) {
    auto closure = makeClosure<int(int)>([i, witness = Witness(alive)](int value) { return i * 2 + value; });
    ASSERT_TRUE(closure);
    addresses.insert(closure->get());
    closures.push_back(*closure);
  }
  EXPECT_EQ(addresses.size(), size_t(kCount));
  EXPECT_EQ(countClosures().live, before + kCount);
  for (int i = 0; i < kCount; ++i)
    ASSERT_EQ(closures[size_t(i)].get()(1), i * 2 + 1);
  closures.clear();
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(countClosures().live, before);
}

TEST(ClosureLifetime, SlotsAreUsedAgain) {
  std::set<IntFunction> addresses;
  for (int i = 0; i < 10'000; ++i) {
    auto closure = makeClosure<int(int)>([i](int value) { return i + value; });
    ASSERT_TRUE(closure);
    ASSERT_EQ(closure->get()(1), i + 1);
    addresses.insert(closure->get());
  }
  EXPECT_LT(addresses.size(), 1000u);
}

TEST(ClosureLifetime, FreesItselfWhileRunning) {
  int alive = 0;
  Closure<int(int)> self;
  int aliveInside = -1;
  auto made = makeClosure<int(int)>([&, witness = Witness(alive), text = std::string(100, 'x')](int value) {
    self = {};
    collectClosures();
    aliveInside = alive;
    return value + int(text.size());
  });
  ASSERT_TRUE(made);
  self = *made;
  *made = {};
  EXPECT_EQ(self.get()(1), 101);
  EXPECT_EQ(aliveInside, 1);
  collectClosures();
  EXPECT_EQ(alive, 0);
}

TEST(ClosureLifetime, RecursionKeepsTheOutermostAlive) {
  int alive = 0, aliveAtTheEnd = 0;
  Closure<int(int)> self;
  IntFunction function = nullptr;
  auto made = makeClosure<int(int)>([&, witness = Witness(alive)](int depth) -> int {
    if (depth == 0) {
      self = {};
      return 0;
    }
    const int below = function(depth - 1);
    collectClosures();
    aliveAtTheEnd = alive;
    return below + 1;
  });
  ASSERT_TRUE(made);
  self = std::move(*made);
  function = self.get();
  EXPECT_EQ(function(10), 10);
  EXPECT_EQ(aliveAtTheEnd, 1);
  collectClosures();
  EXPECT_EQ(alive, 0);
}

TEST(ClosureLifetime, DeepRecursionOfTwoClosures) {
  constexpr int kDepth = 10'000; // more than a chunk of marks holds
  SevenInts* odd = nullptr;
  auto even =
      makeClosure<int(int)>([&](int depth) { return depth == 0 ? 0 : 1 + odd(depth - 1, 1, 2, 3, 4, 5, 6); });
  auto other = makeClosure<SevenInts>([&](int depth, int, int, int, int, int, int last) {
    EXPECT_EQ(last, 6);
    return depth == 0 ? 0 : 1 + even->get()(depth - 1);
  });
  ASSERT_TRUE(even && other);
  odd = other->get();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(even->get()(kDepth), kDepth);
}

TEST(ClosureLifetime, MadeAndFreedInsideAnother) {
  int alive = 0;
  auto outer = makeClosure<int(int)>([&](int value) {
    auto inner = makeClosure<int(int)>([&, witness = Witness(alive)](int v) { return v * 2; });
    return inner ? inner->get()(value) + alive : -1;
  });
  ASSERT_TRUE(outer);
  for (int i = 0; i < 1000; ++i)
    ASSERT_GE(outer->get()(i), i * 2 + 1);
  collectClosures();
  EXPECT_EQ(alive, 0);
}

/// A callable that owns the next: freeing the first frees all, and must not recurse for each.
TEST(ClosureLifetime, DestructorsFreeOtherClosures) {
  int alive = 0;
  Closure<int(int)> head;
  for (int i = 0; i < 100'000; ++i) {
    auto made = makeClosure<int(int)>(
        [next = head, witness = Witness(alive)](int value) { return next ? value : -value; });
    ASSERT_TRUE(made);
    head = std::move(*made);
  }
  EXPECT_EQ(alive, 100'000);
  head = {};
  collectClosures();
  EXPECT_EQ(alive, 0);
}

TEST(ClosureLifetime, ExceptionsPassThroughTheThunk) {
  int alive = 0;
  {
    auto closure = makeClosure<int(int)>(
        [witness = Witness(alive)](int value) -> int { throw std::runtime_error(std::to_string(value)); });
    auto onStack = makeClosure<SevenInts>(
        [&](int a, int, int, int, int, int, int g) -> int { return closure->get()(a + g); });
    ASSERT_TRUE(closure && onStack);
    for (int i = 0; i < 10; ++i) {
      try {
        onStack->get()(i, 0, 0, 0, 0, 0, 100);
        ADD_FAILURE() << "did not throw";
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), std::to_string(i + 100));
      }
    }
  }
  EXPECT_EQ(collectClosures(), 0u); // nothing counts as running
  EXPECT_EQ(alive, 0);
}

TEST(ClosureLifetime, MarksAreRewoundAfterLongjmp) {
  static std::jmp_buf buffer;
  static int alive, jumps;
  alive = jumps = 0;
  auto stays = makeClosure<int()>([] { return int(collectClosures()); });
  ASSERT_TRUE(stays);
  EXPECT_EQ(stays->get()(), 0); // this thread has a record
  {
    auto closure = makeClosure<void()>([witness = Witness(alive)] { std::longjmp(buffer, 1); });
    ASSERT_TRUE(closure);
    const ClosureMark mark;
    if (setjmp(buffer) == 0)
      closure->get()();
    else
      ++jumps;
    *closure = {};
    EXPECT_EQ(collectClosures(), 1u); // counts as running, also while others come and go
    EXPECT_EQ(stays->get()(), 1);
    EXPECT_EQ(alive, 1);
    mark.rewind();
  }
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(jumps, 1);
}

detail::ClosureActivation::Place* enterForTest(const detail::ClosureSlot& slot) {
  auto* const place = detail::ClosureActivation::enter(slot);
  return place ? place : detail::ClosureActivation::enterSlowly(slot);
}

/// Left in the order of entering, as fibers may.
TEST(ClosureLifetime, ActivationsNeedNotNest) {
  int alive = 0;
  std::vector<std::unique_ptr<detail::ClosureActivation>> inside;
  std::vector<detail::ClosureSlot*> slots;
  // More than a chunk holds, in a sliding window, so that places in the middle have to be used again.
  auto keep = makeClosure<int(int)>([witness = Witness(alive)](int value) { return value; });
  ASSERT_TRUE(keep);
  auto slot = std::make_unique<detail::ClosureSlot>();
  for (int i = 0; i < 20'000; ++i) {
    inside.push_back(std::make_unique<detail::ClosureActivation>(enterForTest(*slot)));
    if (i >= 100)
      inside[size_t(i) - 100].reset();
  }
  inside.clear();
  EXPECT_EQ(keep->get()(5), 5);
  *keep = {};
  EXPECT_EQ(collectClosures(), 0u);
  EXPECT_EQ(alive, 0);
}

struct FreedCall {
  const void* function;
};

TEST(ClosureFreed, HandlerLearnsThePointerAndMayThrow) {
  const auto before = onFreedClosureCall([](const void* function) { throw FreedCall{function}; });
  auto closure = makeClosure<int(int, int)>([](int a, int b) { return a + b; });
  auto onStack = makeClosure<SevenInts>([](int a, int, int, int, int, int, int) { return a; });
  ASSERT_TRUE(closure && onStack);
  auto* const function = closure->get();
  auto* const stackFunction = onStack->get();
  *closure = {};
  *onStack = {};
  collectClosures();
  const auto called = [](auto* pointer, auto... arguments) -> const void* {
    try {
      pointer(arguments...);
    } catch (const FreedCall& call) {
      return call.function;
    }
    return nullptr;
  };
  EXPECT_EQ(called(function, 1, 2), reinterpret_cast<void*>(function));
  EXPECT_EQ(called(stackFunction, 1, 2, 3, 4, 5, 6, 7), reinterpret_cast<void*>(stackFunction));
  EXPECT_NE(onFreedClosureCall(before), nullptr);
}

/// A thread that has taken the thunk's jump to the entry of a closure that is freed then: its entry runs, and
/// finds out.
TEST(ClosureFreed, EntryOfAFreedSlotFindsOut) {
  const auto before = onFreedClosureCall([](const void* function) { throw FreedCall{function}; });
  using Entry = detail::ClosureEntry<int(int)>;
  auto callable = [](int value) { return value; };
  Result<detail::ClosureSlot*> slot = detail::takeClosureSlot(Entry::kKind);
  ASSERT_TRUE(slot);
  const auto late = reinterpret_cast<int (*)(int, detail::ClosureSlot*)>(
      const_cast<void*>(Entry::address<decltype(callable)>()));
  ASSERT_TRUE(detail::storeCallable<decltype(callable)>(**slot, callable));
  detail::UnusedClosureSlot(Entry::kKind, *slot).publish(Entry::address<decltype(callable)>());
  EXPECT_EQ(late(3, *slot), 3);
  detail::retireClosureSlot(Entry::kKind, *slot);
  EXPECT_THROW(late(3, *slot), FreedCall);
  // The slot of another closure by now, as far as the late thread can tell.
  auto next = makeClosure<int(int)>([](int value) { return value + 1; });
  ASSERT_TRUE(next);
  EXPECT_THROW(late(3, *slot), FreedCall);
  onFreedClosureCall(before);
}

TEST(ClosureFreed, AbortsWithoutAHandler) {
  EXPECT_EXIT(
      {
        auto closure = makeClosure<int(int)>([](int value) { return value; });
        const IntFunction function = closure->get();
        *closure = {};
        function(1);
      },
      testing::KilledBySignal(SIGABRT), "^$");
}

TEST(ClosureSort, AsComparatorOfQsort) {
  std::vector<int> keys{5, 1, 4, 2, 3}, order{0, 1, 2, 3, 4};
  auto byKey = makeClosure<int(const void*, const void*)>([&](const void* a, const void* b) {
    return keys[size_t(*static_cast<const int*>(a))] - keys[size_t(*static_cast<const int*>(b))];
  });
  ASSERT_TRUE(byKey);
  std::qsort(order.data(), order.size(), sizeof(int), byKey->get());
  EXPECT_EQ(order, (std::vector<int>{1, 3, 4, 2, 0}));
}

} // namespace
} // namespace tiercel
