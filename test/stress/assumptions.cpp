// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes what code assumes of others (docs/assumptions.md), and calls the code that does.
#include "stress.h"

#include <fmt/format.h>

#include <array>

namespace tiercel::stress {

void Stress::changeAssumedOnce(Assumed which) {
  History& history = assumed_[static_cast<unsigned>(which)];
  const std::string name = assumedName(which);
  const bool there = which == Assumed::Claim ? history.oldest() > 0 : history.oldest() % 2 == 1;
  const uint64_t version = history.begin();
  const Source source = Source::memory(assumedText(which, version), "assumed.ll");
  if (!there)
    mustSucceed(engine_->add(name, source), "adding " + name);
  else if (which == Assumed::Claim)
    mustSucceed(engine_->redefine(name, source), "redefining " + name);
  else // a weak reference does not keep it; a strong one has another definition to go back to, which is not
       // asked
    mustSucceed(engine_->remove(name, {.force = which == Assumed::Library}), "removing " + name);
  history.done();
}

void Stress::changeAssumed(uint64_t seed) {
  Random random(seed);
  while (!stop_.load(std::memory_order_relaxed)) {
    changeAssumedOnce(static_cast<Assumed>(random.below(kAssumed)));
    changes_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Stress::callBeliever(Random& random) {
  switch (random.below(3)) {
  case 0:
    return checkBelieve();
  case 1:
    return checkWeakly(random.below(uint64_t(1) << 30));
  default:
    return checkCapital();
  }
}

/// Odd versions count in the variable that they are given, and say so; even ones do not look at it.
void Stress::checkBelieve() {
  const History& history = assumed_[static_cast<unsigned>(Assumed::Claim)];
  const uint64_t oldest = history.oldest();
  std::array<uint64_t, 3> out{};
  reinterpret_cast<void (*)(uint64_t*)>(believe_)(out.data());
  const uint64_t newest = history.newest();
  const uint64_t first = out[0] >> kBase, second = out[1] >> kBase;
  const uint64_t counted = first % 2, counts = counted + second % 2;
  const bool known = first >= oldest && second >= first && second <= newest;
  const bool counting =
      (out[0] & kMask) == counted && (out[1] & kMask) == (second % 2 == 1 ? counts : 0) && out[2] == counts;
  ledger_.check(Invariant::Assumption, known && counting, [&] {
    return fmt::format("believe showed {:#x}, {:#x}, {}; in force were versions {} to {}", out[0], out[1],
                       out[2], oldest, newest);
  });
}

void Stress::checkWeakly(uint64_t x) {
  const History& history = assumed_[static_cast<unsigned>(Assumed::Maybe)];
  const uint64_t oldest = history.oldest();
  const uint64_t value = reinterpret_cast<uint64_t (*)(uint64_t)>(weakly_)(x);
  const uint64_t newest = history.newest();
  const uint64_t version = value >> kBase;
  const bool holds = value == kNoMaybe ? oldest % 2 == 0 || newest > oldest
                     : value == kAbsent
                         ? newest > oldest // it went between the look and the call
                         : version % 2 == 1 && version >= oldest && version <= newest && (value & kMask) == x;
  ledger_.check(Invariant::Assumption, holds, [&] {
    return fmt::format("weakly of {:#x} returned {:#x} between events {} and {}", x, value, oldest, newest);
  });
}

void Stress::checkCapital() {
  const History& history = assumed_[static_cast<unsigned>(Assumed::Library)];
  const uint64_t oldest = history.oldest();
  const uint64_t value = reinterpret_cast<uint64_t (*)()>(capital_)();
  const uint64_t newest = history.newest();
  const uint64_t version = value - kCapitalOfModule;
  const bool holds = value == 'A' ? oldest % 2 == 0 || newest > oldest
                                  : version % 2 == 1 && version >= oldest && version <= newest;
  ledger_.check(Invariant::Assumption, holds, [&] {
    return fmt::format("capital returned {} between events {} and {}", value, oldest, newest);
  });
}

} // namespace tiercel::stress
