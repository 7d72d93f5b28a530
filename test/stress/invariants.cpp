// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "book.h"

#include <fmt/format.h>

namespace tiercel::stress {

namespace {

constexpr std::array<const char*, static_cast<size_t>(Invariant::Count)> kNames = {
    "version",    "constant", "statics",    "address",     "exception",  "removed",
    "change",     "refusal",  "destructor", "child",       "collection", "growth",
    "assumption", "sandbox",  "sharer",     "small stack", "handler",    "constructor"};
constexpr uint64_t kPrinted = 10; ///< failures of one kind; the rest is counted

} // namespace

void Ledger::fail(Invariant invariant, const std::string& what) {
  if (of(invariant).leftOut)
    return;
  const uint64_t number = of(invariant).failures.fetch_add(1, std::memory_order_relaxed);
  if (number >= kPrinted)
    return;
  const std::lock_guard lock(mutex_);
  fmt::print("FAILED {}: {}\n", kNames[static_cast<size_t>(invariant)], what);
  (void)fflush(stdout);
}

bool Ledger::report() {
  unsigned passed = 0, failed = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const uint64_t checks = entries_[i].checks, failures = entries_[i].failures;
    if (entries_[i].leftOut)
      continue;
    const bool good = checks > 0 && failures == 0;
    (good ? passed : failed) += 1;
    fmt::print("  {:<11}{:>12} checks{}\n", kNames[i], checks,
               failures > 0  ? fmt::format(", {} FAILED", failures)
               : checks == 0 ? ": FAILED, it was never checked"
                             : "");
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0;
}

} // namespace tiercel::stress
