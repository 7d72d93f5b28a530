// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks of stacks made by hand: what the kernel and handlers leave behind that no test can have on demand.
#include "platform/stack.h"
#include "platform/stack_walk.h"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <ucontext.h>

namespace tiercel {
namespace {

constexpr uintptr_t kReturn = 0x5555'0000'1234; ///< where handlers return to
constexpr greg_t kUserCode = 0x33;

/// As in stack_walk.cpp, in words: a signal frame whose handler runs on an alternate stack.
constexpr size_t kReturnWord = 0, kFlags = 1, kLink = 2, kAlternateBegin = 3, kAlternateFlags = 4,
                 kAlternateSize = 5, kRegisters = 6, kFloatingPoint = kRegisters + NGREG;
constexpr size_t kFrameBytes = 456, kStateBytes = 2696; ///< the frame, and the floating-point state above it

class StackWalkTest : public testing::Test {
protected:
  static constexpr size_t kWords = 8192;

  uintptr_t at(const uintptr_t& word) const { return reinterpret_cast<uintptr_t>(&word); }
  /// At the top of an alternate stack that begins at `alternate`.
  void putFrame(uintptr_t* frame, uintptr_t sp, uintptr_t alternate) {
    frame[kReturnWord] = kReturn;
    frame[kFlags] = 7;
    frame[kLink] = 0;
    frame[kAlternateBegin] = alternate;
    frame[kAlternateFlags] = 0;
    frame[kRegisters + REG_RSP] = sp;
    frame[kRegisters + REG_CSGSFS] = kUserCode;
    frame[kFloatingPoint] = at(*frame) + kFrameBytes;
    frame[kAlternateSize] = frame[kFloatingPoint] + kStateBytes - alternate;
  }
  /// Of a thread whose primary stack is `primary_` and that waits at `sp`.
  WalkResult walk(const uintptr_t& sp, Mapping alternate = {}) {
    const WalkStart start{at(sp), at(primary_.back()), false, alternate};
    return walkStack(search_, view_, start, buffer_);
  }
  Mapping whole(const std::array<uintptr_t, kWords>& words) const {
    return {at(words.front()), at(words.back()) + sizeof(uintptr_t)};
  }

  std::array<uintptr_t, kWords> primary_{}, other_{}; ///< in this order, or the other
  uintptr_t visited_ = 0;
  std::array<Mapping, 2> mappings_{whole(primary_), whole(other_)};
  const std::array<uintptr_t, 1> returns_{kReturn};
  const ProcessView view_{mappings_, returns_};
  static constexpr uintptr_t kWord = 0x6b6b'0000'0000;
  const WordSearch search_{
      kWord, kWord + 8,
      [](void* context, uintptr_t /*word*/) { ++static_cast<StackWalkTest*>(context)->visited_; }, this};
  std::array<uintptr_t, 64> buffer_{};
};

TEST_F(StackWalkTest, WhatAHandlerInterruptedIsLookedAt) {
  primary_[5000] = kWord;
  other_[7000] = kWord;
  putFrame(&other_[7500], at(primary_[4990]), at(other_[100]));
  const WalkResult result = walk(other_[6900], whole(other_));
  EXPECT_EQ(result.end, WalkEnd::Complete) << result.why;
  EXPECT_EQ(visited_, 2u) << "in the handler, and in what it interrupted";
}

TEST_F(StackWalkTest, AHandlerThatInterruptedACoroutineIsForeign) {
  putFrame(&other_[7500], at(other_[50]), at(other_[100]));
  EXPECT_EQ(walk(other_[6900], {at(other_[100]), whole(other_).end}).end, WalkEnd::Foreign);
}

TEST_F(StackWalkTest, AHandlerInsideThePrimaryStackThatInterruptedACoroutineIsForeign) {
  putFrame(&primary_[6000], at(other_[50]), at(primary_[5500]));
  EXPECT_EQ(walk(primary_[5600]).end, WalkEnd::Foreign);
}

TEST_F(StackWalkTest, AHandlerThatInterruptedACompileIsWaitedFor) {
  Result<Stack> stack = Stack::create();
  ASSERT_TRUE(stack) << stack.error().message();
  uintptr_t there = 0;
  stack->run([&] { there = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); });
  putFrame(&other_[7500], there, at(other_[100]));
  EXPECT_EQ(walk(other_[6900], whole(other_)).end, WalkEnd::Unsure);
}

TEST_F(StackWalkTest, AHandlerThatInterruptedWhatHasGrownSinceIsLookedAtAgain) {
  putFrame(&other_[7500], 8, at(other_[100]));
  EXPECT_EQ(walk(other_[6900], whole(other_)).end, WalkEnd::Unsure);
}

/// Coroutines that begin in a handler leave its frame at the top of their stacks.
TEST_F(StackWalkTest, AnotherStackIsForeignWhateverIsOnIt) {
  EXPECT_EQ(walk(other_[6900]).end, WalkEnd::Foreign);
  putFrame(&other_[7500], at(primary_[4990]), at(other_[100]));
  EXPECT_EQ(walk(other_[6900]).end, WalkEnd::Foreign);
}

/// A handler returned long ago; the rest of its frame lies in a hole of what was called later, which has put
/// something else where the frame told of the alternate stack.
TEST_F(StackWalkTest, WhatIsLeftOfFramesSaysNothing) {
  uintptr_t* frame = &primary_[6000];
  const auto expectNothing = [&](size_t word, uintptr_t value) {
    putFrame(frame, at(other_[50]), at(primary_[5500]));
    frame[word] = value;
    EXPECT_EQ(walk(primary_[5000]).end, WalkEnd::Complete) << "word " << word << ": " << value;
  };
  expectNothing(kReturnWord, kReturn + 1);
  expectNothing(kLink, 1);
  expectNothing(kAlternateBegin, 0);
  expectNothing(kAlternateBegin, at(primary_[6001]));
  expectNothing(kAlternateFlags, SS_DISABLE);
  expectNothing(kAlternateFlags, 0x30);
  expectNothing(kAlternateSize, 0);
  expectNothing(kAlternateSize, at(primary_[6000]));
  expectNothing(kRegisters + REG_CSGSFS, 0);
  expectNothing(kFloatingPoint, 0);
  expectNothing(kFloatingPoint, at(primary_[7000]));
}

} // namespace
} // namespace tiercel
