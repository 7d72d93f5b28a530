// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much processor time background compiles may take from a program that has none to spare. On one core
// every nanosecond of a compile is one that the program does not run, so compiles get a fixed share of what
// the program has used so far: a short run loses that share at most, a long one has everything optimised
// that is worth it. With a core to spare there is no limit. What a compile will take is the model's estimate
// (compile_model.h). Thread rule: the owner's lock.
#pragma once

#include <cstdint>

namespace tiercel {

class CompileBudget {
public:
  /// `share` of the program's processor time; 0: no limit.
  explicit CompileBudget(double share) : share_(share) {}

  bool limited() const { return share_ > 0; }
  /// Whether a compile may start now. `programNs`: processor time the program has used without compiles.
  bool allows(double estimateNs, uint64_t programNs) const {
    return !limited() ||
           static_cast<double>(spentNs_) + estimateNs <= share_ * static_cast<double>(programNs);
  }
  void spent(uint64_t nanoseconds) { spentNs_ += nanoseconds; }
  uint64_t spentNs() const { return spentNs_; }

private:
  const double share_;
  uint64_t spentNs_ = 0;
};

} // namespace tiercel
