// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Holds what a function's definition says about itself and callers may rely on, beyond its type: that it
// returns, that it does not unwind, that it leaves memory alone, that a result is not null. In LLVM's IR
// these are attributes; here they are texts, so that they mean the same in every context and every process.
// Thread rule: constant. Ownership: the registry's (registry/claims.h).
#pragma once

#include "base/strong_hash.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tiercel {

struct Claims {
  /// Sorted, each once: "function nounwind", "result nonnull", "argument 0 dereferenceable(8)".
  std::vector<std::string> texts;
  StrongHash content;

  bool contains(std::string_view text) const { return std::binary_search(texts.begin(), texts.end(), text); }
  bool containsAll(const Claims& others) const {
    return &others == this ||
           std::includes(texts.begin(), texts.end(), others.texts.begin(), others.texts.end());
  }
};

} // namespace tiercel
