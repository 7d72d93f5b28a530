// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the last samples of the program hit. Samples outside the program's functions (libraries, the kernel's
// side of the engine) count as hits of nobody. Thread rule: the owner's lock.
#pragma once

#include "base/ids.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tiercel {

class SampleWindow {
public:
  static constexpr unsigned kSize = 100;

  /// An invalid id: nobody.
  void add(FunctionId hit) {
    hits_[next_] = hit;
    next_ = (next_ + 1) % kSize;
    filled_ = std::min(filled_ + 1, kSize);
  }
  /// Samples in the window, kSize at most.
  unsigned size() const { return filled_; }
  unsigned hitsOf(FunctionId function) const {
    return static_cast<unsigned>(std::count(hits_.begin(), hits_.begin() + filled_, function));
  }

private:
  std::array<FunctionId, kSize> hits_;
  unsigned next_ = 0;
  unsigned filled_ = 0;
};

} // namespace tiercel
