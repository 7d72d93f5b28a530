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
/// handler's return address and the ucontext up to its pointer to the rest, which lies right behind.
struct SignalFrame {
  uintptr_t returnAddress;
  unsigned long flags;
  uintptr_t link; ///< 0
  stack_t alternate;
  gregset_t registers;
  uintptr_t floatingPoint;

  uintptr_t stackPointer() const { return static_cast<uintptr_t>(registers[REG_RSP]) & ~uintptr_t(7); }
  /// The alternate stack that the handler runs on, if `address` is the frame's; else empty. Stacks are full
  /// of what is left of frames whose handlers returned long ago, in holes of later frames that have
  /// overwritten parts. A frame says where it is, by which those that are whole can be told from them.
  Mapping alternateAround(uintptr_t address) const {
    constexpr uintptr_t kMostBytes = 1024; // before what the pointer points to; 440 today
    const auto begin = reinterpret_cast<uintptr_t>(alternate.ss_sp);
    const bool whole = link == 0 && floatingPoint - address >= sizeof *this &&
                       floatingPoint - address < kMostBytes && (alternate.ss_flags & SS_DISABLE) == 0 &&
                       begin + alternate.ss_size > begin && address - begin < alternate.ss_size;
    return whole ? Mapping{begin, begin + alternate.ss_size} : Mapping{};
  }
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
      : search_(search), view_(view), start_(start), buffer_(buffer), alternate_(start.alternate) {
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
    if (!alternate_.contains(from) && !primary_.contains(from)) {
      const Mapping* around = findMapping(view_.mappings, from);
      if (around == nullptr)
        return {WalkEnd::Unsure, "its stack is not among the mappings"}; // it may have grown
      alternate_ = findAlternate(from, around->end);
      if (!alternate_.contains(from))
        return {WalkEnd::Foreign, "it runs on a stack that is not its own"};
    }
    if (alternate_.contains(from)) {
      if (!scan(from, alternate_.end & ~uintptr_t(7)))
        return {WalkEnd::Unsure, "its alternate signal stack cannot be read"};
      if (const std::optional<WalkResult> elsewhere = interruptedElsewhere())
        return *elsewhere;
      if (interrupted_ == kNone)
        return {WalkEnd::Unsure, "its alternate signal stack does not say what the handler interrupted"};
      from = interrupted_;
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
    return interruptedElsewhere().value_or(WalkResult{WalkEnd::Complete, nullptr});
  }

private:
  std::optional<WalkResult> interruptedElsewhere() const {
    if (compiles_)
      return WalkResult{WalkEnd::Unsure, "a handler interrupted its compile"};
    if (foreign_)
      return WalkResult{WalkEnd::Foreign, "a handler interrupted it on a stack that is not its own"};
    return std::nullopt;
  }

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

  /// Calls `each` with every word from `from` to below `to`, and its address, until it returns false. False
  /// if they cannot all be read.
  template <typename Each> bool forWords(uintptr_t from, uintptr_t to, const Each& each) {
    while (from < to) {
      const size_t words = std::min(buffer_.size(), (to - from) / sizeof(uintptr_t));
      if (!readOwnMemory(from, buffer_.data(), words * sizeof(uintptr_t)))
        return false;
      for (size_t i = 0; i < words; ++i)
        if (!each(buffer_[i], from + i * sizeof(uintptr_t)))
          return true;
      from += words * sizeof(uintptr_t);
    }
    return true;
  }

  /// Looks at every word from the red zone below `from` to `to`.
  bool scan(uintptr_t from, uintptr_t to) {
    const bool inPrimary = primary_.contains(from);
    from = std::max(from - kRedZone, inPrimary ? primary_.begin : alternate_.begin);
    return forWords((from + 7) & ~uintptr_t(7), to, [&](uintptr_t word, uintptr_t address) {
      search_.look(word);
      if (SignalFrame frame; readFrame(word, address, frame))
        take(frame, address);
      return true;
    });
  }

  /// Of a thread that waits nobody knows the alternate stack, but the frame at its top tells.
  Mapping findAlternate(uintptr_t from, uintptr_t end) {
    constexpr uintptr_t kMostBytes = 1 << 20; // a mapping may be a whole heap
    Mapping found;
    forWords(from, end - from > kMostBytes ? from + kMostBytes : end, [&](uintptr_t word, uintptr_t address) {
      if (SignalFrame frame; readFrame(word, address, frame))
        found = frame.alternateAround(address);
      return !found.contains(from);
    });
    return found;
  }

  /// Whether `word`, at `address`, is where handlers return to, and what follows looks like a signal frame.
  bool readFrame(uintptr_t word, uintptr_t address, SignalFrame& frame) const {
    constexpr uintptr_t kUserCode = 0x33; // cs of 64-bit user code
    const auto& returns = view_.handlersReturns;
    return word - lowestReturn_ <= highestReturn_ - lowestReturn_ &&
           std::find(returns.begin(), returns.end(), word) != returns.end() &&
           readOwnMemory(address, &frame, sizeof frame) &&
           (static_cast<uint64_t>(frame.registers[REG_CSGSFS]) & 0xffff) == kUserCode;
  }

  /// Notes which stack a handler interrupted and where.
  void take(const SignalFrame& frame, uintptr_t address) {
    const uintptr_t sp = frame.stackPointer();
    if (alternate_.contains(address) && alternate_.contains(sp))
      return; // a handler that another interrupted, both on the alternate stack
    if (primary_.contains(sp))
      interrupted_ = std::min(interrupted_, sp);
    // Elsewhere than on an alternate stack the kernel puts the frame on the stack that it interrupts.
    else if (frame.alternateAround(address).contains(address))
      (Stack::contains(sp) ? compiles_ : foreign_) = true;
  }

  const WordSearch& search_;
  const ProcessView& view_;
  const WalkStart& start_;
  std::span<uintptr_t> buffer_;
  Mapping primary_, alternate_;
  uintptr_t lowestReturn_ = kNone, highestReturn_ = kNone;
  uintptr_t interrupted_ = kNone; ///< lowest stack pointer on the primary stack in any frame found
  bool foreign_ = false, compiles_ = false;
};

} // namespace

WalkResult walkStack(const WordSearch& search, const ProcessView& view, const WalkStart& start,
                     std::span<uintptr_t> buffer) {
  return Walk(search, view, start, buffer).run();
}

} // namespace tiercel
