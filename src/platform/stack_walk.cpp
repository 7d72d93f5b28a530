// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack_walk.h"

#include "platform/own_memory.h"
#include "platform/stack.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <ucontext.h>

namespace tiercel {

namespace {

/// Below the stack pointer, for functions that call nothing (System V ABI, 3.2.2).
constexpr uintptr_t kRedZone = 128;
constexpr uintptr_t kNone = UINTPTR_MAX;

/// The head of what the kernel puts on the stack before it enters a handler (struct rt_sigframe): the
/// handler's return address and the ucontext up to its pointer to the floating-point state, which lies above.
struct SignalFrame {
  uintptr_t returnAddress;
  unsigned long flags;
  uintptr_t link; ///< 0
  stack_t alternate;
  gregset_t registers;
  uintptr_t state;
};

/// Whether the kernel put the frame, at `address`, on the alternate stack that it names, and not on another
/// handler's frames. Stacks are full of what is left of frames whose handlers returned long ago, in holes of
/// later frames that have overwritten parts. If all is left, things are where the kernel puts them: it goes
/// from the end of the alternate stack down to the state, and from there to the frame.
bool isAtTopOfAlternate(const SignalFrame& frame, uintptr_t address) {
  constexpr uintptr_t kMostFrame = 1024;                                  // 440 bytes, and to align them
  constexpr uintptr_t kLeastState = 512, kMostState = uintptr_t(1) << 14; // FXSAVE; 11 KiB with AMX
  constexpr unsigned kAutoDisarm = 1u << 31; // SS_AUTODISARM of Linux, which libc does not have
  const auto begin = reinterpret_cast<uintptr_t>(frame.alternate.ss_sp);
  const uintptr_t aboveFrame = frame.state - address;
  const uintptr_t aboveState = begin + frame.alternate.ss_size - frame.state;
  const unsigned mode = static_cast<unsigned>(frame.alternate.ss_flags) & ~kAutoDisarm;
  return frame.link == 0 && (mode == 0 || mode == SS_ONSTACK) && begin <= address &&
         aboveFrame >= sizeof frame && aboveFrame < kMostFrame && aboveState >= kLeastState &&
         aboveState < kMostState;
}

const Mapping* findMapping(std::span<const Mapping> mappings, uintptr_t address) {
  const auto after =
      std::upper_bound(mappings.begin(), mappings.end(), address,
                       [](uintptr_t wanted, const Mapping& one) { return wanted < one.begin; });
  return after != mappings.begin() && (after - 1)->contains(address) ? &*(after - 1) : nullptr;
}

class Walk {
public:
  Walk(const WordSearch& search, const ProcessView& view, const WalkStart& start, std::span<uintptr_t> buffer)
      : search_(search), view_(view), start_(start), buffer_(buffer) {
    const auto [lowest, highest] =
        std::minmax_element(view.handlersReturns.begin(), view.handlersReturns.end());
    if (lowest != view.handlersReturns.end()) {
      lowestReturn_ = *lowest;
      highestReturn_ = *highest;
    }
  }

  WalkResult run() {
    if (Stack::contains(start_.sp))
      return {WalkEnd::Unsure, "it compiles"};
    if (!findPrimary())
      return {WalkEnd::Unsure, "its stack is not among the mappings"};
    uintptr_t from = start_.sp & ~uintptr_t(7);
    if (start_.alternate.contains(from)) {
      if (!scan(from, start_.alternate.end & ~uintptr_t(7)))
        return {WalkEnd::Unsure, "its alternate signal stack cannot be read"};
      if (elsewhere_)
        return *elsewhere_;
      if (interrupted_ == kNone)
        return {WalkEnd::Unsure, "its alternate signal stack does not say what the handler interrupted"};
      from = interrupted_;
    } else if (findMapping(view_.mappings, from) == nullptr) {
      return {WalkEnd::Unsure, "its stack is not among the mappings"}; // it may have grown
    } else if (!primary_.contains(from)) {
      return {WalkEnd::Foreign, "it runs on a stack that is not its own"};
    }
    if (!scan(from, primary_.end))
      return {WalkEnd::Unsure, "its stack cannot be read"};
    // A frame that was found may say that more of the stack, further down, is in use.
    while (interrupted_ < from) {
      const uintptr_t end = from;
      from = interrupted_;
      if (!scan(from, end))
        return {WalkEnd::Unsure, "its stack cannot be read"};
    }
    return elsewhere_.value_or(WalkResult{WalkEnd::Complete, nullptr});
  }

private:
  bool findPrimary() {
    if (start_.onMainStack) {
      const auto found = std::find_if(view_.mappings.begin(), view_.mappings.end(),
                                      [](const Mapping& one) { return one.isMainStack; });
      if (found == view_.mappings.end())
        return false;
      primary_ = *found;
      return true;
    }
    const Mapping* found = findMapping(view_.mappings, start_.threadBlock);
    if (found == nullptr)
      return false;
    primary_ = {found->begin, start_.threadBlock & ~uintptr_t(7), false};
    return true;
  }

  /// Looks at every word from the red zone below `from` to `to`.
  bool scan(uintptr_t from, uintptr_t to) {
    const bool inPrimary = primary_.contains(from);
    from = std::max(from - kRedZone, inPrimary ? primary_.begin : start_.alternate.begin);
    from = (from + 7) & ~uintptr_t(7);
    while (from < to) {
      const size_t words = std::min(buffer_.size(), (to - from) / sizeof(uintptr_t));
      if (!readOwnMemory(from, buffer_.data(), words * sizeof(uintptr_t)))
        return false;
      for (size_t i = 0; i < words; ++i) {
        const uintptr_t word = buffer_[i];
        search_.look(word);
        if (word - lowestReturn_ <= highestReturn_ - lowestReturn_)
          lookAtFrame(from + i * sizeof(uintptr_t));
      }
      from += words * sizeof(uintptr_t);
    }
    return true;
  }

  /// If there is a signal frame at `address`, notes which stack it interrupted and where.
  void lookAtFrame(uintptr_t address) {
    constexpr uintptr_t kUserCode = 0x33; // cs of 64-bit user code
    SignalFrame frame;
    if (!readOwnMemory(address, &frame, sizeof frame))
      return;
    const auto& returns = view_.handlersReturns;
    if (std::find(returns.begin(), returns.end(), frame.returnAddress) == returns.end() ||
        (static_cast<uint64_t>(frame.registers[REG_CSGSFS]) & 0xffff) != kUserCode)
      return;
    const auto sp = static_cast<uintptr_t>(frame.registers[REG_RSP]) & ~uintptr_t(7);
    if (start_.alternate.contains(address) && start_.alternate.contains(sp))
      return; // a handler that another interrupted, both on the alternate stack
    if (primary_.contains(sp))
      interrupted_ = std::min(interrupted_, sp);
    // Elsewhere than on an alternate stack the kernel puts the frame on the stack that it interrupts.
    else if (isAtTopOfAlternate(frame, address))
      noteElsewhere(sp);
  }

  void noteElsewhere(uintptr_t sp) {
    if (elsewhere_ && elsewhere_->end == WalkEnd::Foreign)
      return;
    if (Stack::contains(sp))
      elsewhere_ = {WalkEnd::Unsure, "a handler interrupted its compile"};
    else if (findMapping(view_.mappings, sp) == nullptr) // it may have grown
      elsewhere_ = {WalkEnd::Unsure, "a handler interrupted it on a stack that is not among the mappings"};
    else
      elsewhere_ = {WalkEnd::Foreign, "a handler interrupted it on a stack that is not its own"};
  }

  const WordSearch& search_;
  const ProcessView& view_;
  const WalkStart& start_;
  std::span<uintptr_t> buffer_;
  Mapping primary_;
  uintptr_t lowestReturn_ = kNone, highestReturn_ = kNone;
  uintptr_t interrupted_ = kNone;       ///< lowest stack pointer on the primary stack in any frame found
  std::optional<WalkResult> elsewhere_; ///< if a frame found says that what it interrupted is on neither
};

} // namespace

WalkResult walkStack(const WordSearch& search, const ProcessView& view, const WalkStart& start,
                     std::span<uintptr_t> buffer) {
  return Walk(search, view, start, buffer).run();
}

} // namespace tiercel
