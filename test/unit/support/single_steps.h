// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs code in single steps and looks at each of them.
// Thread rule: one user at a time.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <ucontext.h>

namespace tiercel {

/// Calls the function given before each instruction, until it is destroyed. What is called must not use much.
class SingleSteps {
public:
  explicit SingleSteps(std::function<void(const ucontext_t&)> look) {
    current() = this;
    look_ = std::move(look);
    struct sigaction action = {};
    action.sa_sigaction = trap;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, &before_);
    wanted_ = true;
    raise(SIGTRAP);
  }
  ~SingleSteps() {
    wanted_ = false;
    raise(SIGTRAP);
    sigaction(SIGTRAP, &before_, nullptr);
  }
  SingleSteps(const SingleSteps&) = delete;
  SingleSteps& operator=(const SingleSteps&) = delete;

private:
  static SingleSteps*& current() {
    static SingleSteps* only = nullptr;
    return only;
  }
  static void trap(int, siginfo_t* info, void* raw) {
    constexpr greg_t kTrapFlag = 0x100;
    auto& context = *static_cast<ucontext_t*>(raw);
    SingleSteps& self = *current();
    if (info->si_code == SI_TKILL && self.wanted_)
      context.uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
    else if (!self.wanted_)
      context.uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
    else
      self.look_(context);
  }

  std::function<void(const ucontext_t&)> look_;
  struct sigaction before_ = {};
  volatile bool wanted_ = false;
};

} // namespace tiercel
