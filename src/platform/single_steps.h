// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that runs in single steps (the trap flag, as a profiler or a test sets it) gets a SIGTRAP after
// each instruction; the kernel kills it if that is blocked. So steps stop before the engine blocks signals on
// a thread of the program's, and go on when it has let them in again. The entries from compiled code do the
// same (lazy_entry.S). Thread rule: the extent of an object lies in one thread.
#pragma once

extern "C" {
bool tiercel_stop_steps();
void tiercel_resume_steps();
}

namespace tiercel {

class SingleStepPause {
public:
  SingleStepPause() = default;
  ~SingleStepPause() {
    if (stepping_)
      tiercel_resume_steps();
  }
  SingleStepPause(const SingleStepPause&) = delete;
  SingleStepPause& operator=(const SingleStepPause&) = delete;

private:
  const bool stepping_ = tiercel_stop_steps();
};

} // namespace tiercel
