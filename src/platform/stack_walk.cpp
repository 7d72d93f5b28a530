// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/stack_walk.h"

#include "platform/own_memory.h"

#include <algorithm>
#include <csignal>
#include <ucontext.h>

namespace tiercel {

namespace {

/// Below the stack pointer, for functions that call nothing (System V ABI, 3.2.2).
constexpr uintptr_t kRedZone = 128;
constexpr uintptr_t kNone = UINTPTR_MAX;

/// The head of what the kernel puts on the stack before it enters a handler (struct rt_sigframe): the
/// handler's return address and the ucontext up to its registers.
struct SignalFrame {
  uintptr_t returnAddress;
  unsigned long flags;
  void* link;
  stack_t alternate;
  gregset_t registers;
};

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
    if (!findPrimary())
      return {WalkEnd::Unsure, "its stack is not among the mappings"};
    uintptr_t from = start_.sp & ~uintptr_t(7);
    if (start_.alternate.contains(from)) {
      if (!scan(from, start_.alternate.end & ~uintptr_t(7)))
        return {WalkEnd::Unsure, "its alternate signal stack cannot be read"};
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
    if (foreign_)
      return {WalkEnd::Foreign, "a handler interrupted it on a stack that is not its own"};
    return {WalkEnd::Complete, nullptr};
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
    // Elsewhere than on an alternate stack the kernel puts the frame on the stack that it interrupts. One
    // that says otherwise is what is left of a handler that returned long ago, in a hole of a later frame
    // that has overwritten part of it.
    const auto alternate = reinterpret_cast<uintptr_t>(frame.alternate.ss_sp);
    const bool onAlternate =
        (frame.alternate.ss_flags & SS_DISABLE) == 0 && address - alternate < frame.alternate.ss_size;
    if (primary_.contains(sp))
      interrupted_ = std::min(interrupted_, sp);
    else if (onAlternate)
      foreign_ = true;
  }

  const WordSearch& search_;
  const ProcessView& view_;
  const WalkStart& start_;
  std::span<uintptr_t> buffer_;
  Mapping primary_;
  uintptr_t lowestReturn_ = kNone, highestReturn_ = kNone;
  uintptr_t interrupted_ = kNone; ///< lowest stack pointer on the primary stack in any frame found
  bool foreign_ = false;
};

} // namespace

WalkResult walkStack(const WordSearch& search, const ProcessView& view, const WalkStart& start,
                     std::span<uintptr_t> buffer) {
  return Walk(search, view, start, buffer).run();
}

} // namespace tiercel
