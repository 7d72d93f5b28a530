// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one list of reasons that events, statistics, reports and tests share: why something was promoted, was
// not, or keeps one version. `terminal` reasons never change for a function; the others may be tried again.
#pragma once

#include <cstddef>
#include <string_view>

namespace tiercel {

// id, terminal, text
#define TIERCEL_REASONS(X)                                                                                   \
  X(CallsReachedThreshold, false, "calls reached the threshold")                                             \
  X(LoopsReachedThreshold, false, "loop iterations reached the threshold")                                   \
  X(ModePromoteAlways, false, "promoted at every opportunity (test mode)")                                   \
  X(ModeRandomTier, false, "tier picked at random (test mode)")                                              \
  X(AtTopTier, true, "already at the tier where the policy stops")                                           \
  X(ExcludedByOnly, true, "not in the set of functions allowed to be optimised")                             \
  X(PinnedBlockAddress, true, "addresses of its blocks may outlive one activation, so it keeps one version") \
  X(PromotionFailed, true, "its optimising compile failed; it stays on its working code")                    \
  X(TooManyFatal, true, "LLVM met too many fatal errors to be asked for better code")                        \
  X(AlreadyQueued, false, "already waiting for a compile")                                                   \
  X(OsrReturnsTwice, true, "no on-stack replacement: it calls setjmp or the like")                           \
  X(OsrMustTail, true, "no on-stack replacement: a musttail call needs the frame of its caller's arguments") \
  X(OsrAsmGoto, true, "no on-stack replacement: it has asm goto")                                            \
  X(OsrVarArgs, true, "no on-stack replacement: it takes up its variable arguments behind a loop header")    \
  X(OsrFrameAddress, true, "no on-stack replacement: it looks at its own frame")                             \
  X(OsrDynamicStack, true, "no on-stack replacement: it restores a stack pointer saved before a loop")       \
  X(OsrHandler, true, "no on-stack replacement: its loops begin where exceptions arrive")                    \
  X(OsrSpecialArguments, true, "no on-stack replacement: arguments or locals that cannot be handed over")    \
  X(OsrTokens, true, "no on-stack replacement: values that cannot be stored")                                \
  X(OsrLabelTable, true,                                                                                     \
    "no on-stack replacement: a variable holds something computed from addresses of its labels")             \
  X(OsrShape, true, "no on-stack replacement: the loop's frame could not be reproduced")                     \
  X(MarkedHot, false, "marked as hot")                                                                       \
  X(MarkedCold, true, "marked as cold")                                                                      \
  X(Prepared, false, "the host asked for it before it is needed")                                            \
  X(LoopOfFewCalls, false, "loop iterations reached the threshold in a function that is seldom entered")     \
  X(StuckInOldCode, false, "an activation still loops in old code")                                          \
  X(StuckForGood, false, "an activation still loops in old code that cannot be continued in newer code")     \
  X(MostSamples, false, "most of the last samples hit it")                                                   \
  X(FewSamples, false, "too few of the last samples hit it")                                                 \
  X(GainExceedsCost, false, "expected to save more time than its compile takes")                             \
  X(NotWorthYet, false, "not expected to save what its compile takes yet")                                   \
  X(Changed, false, "it was redefined or removed meanwhile")                                                 \
  X(DependencyChanged, false, "what was inlined into it was redefined")

enum class Reason {
#define X(id, terminal, text) id,
  TIERCEL_REASONS(X)
#undef X
};

struct ReasonFacts {
  bool terminal;
  std::string_view text;
};

constexpr ReasonFacts kReasonFacts[] = {
#define X(id, terminal, text) {terminal, text},
    TIERCEL_REASONS(X)
#undef X
};

constexpr std::string_view reasonText(Reason reason) {
  return kReasonFacts[static_cast<size_t>(reason)].text;
}
constexpr bool reasonIsTerminal(Reason reason) { return kReasonFacts[static_cast<size_t>(reason)].terminal; }

} // namespace tiercel
