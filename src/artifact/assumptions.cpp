// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "artifact/assumptions.h"

#include <algorithm>
#include <tuple>

namespace tiercel {

namespace {

template <typename Entry, typename Key> void dropDuplicates(std::vector<Entry>& list, Key key) {
  std::sort(list.begin(), list.end(), [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  list.erase(
      std::unique(list.begin(), list.end(), [&](const Entry& a, const Entry& b) { return key(a) == key(b); }),
      list.end());
}

} // namespace

void Assumptions::tidy() {
  dropDuplicates(claims, [](const ClaimsAssumption& a) { return std::tuple(a.function, a.believed); });
  dropDuplicates(names, [](const NameAssumption& a) { return std::tie(a.name, a.use, a.processSerial); });
}

} // namespace tiercel
