// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of the program and what they must show.
#include "stress.h"

#include <fmt/format.h>

namespace tiercel::stress {

namespace {

/// Of arguments: a loop adds its count to it, and the sum must stay below 2^kBase.
constexpr uint64_t kArguments = uint64_t(1) << 30;

constexpr unsigned flat(const Item& item) { return item.group * kSlots + item.slot; }
constexpr Item leafOf(const Item& item) { return {item.group, item.slot, Kind::Leaf}; }

struct Thrown {
  uint64_t leaf, own;
};

/// How often code and constant did not match in this thread's calls.
thread_local uint64_t mismatches = 0;
/// The last that a cleanup of this thread said, and how many did.
thread_local uint64_t lastUnwound = 0, unwoundCount = 0;
Stress* theOne = nullptr; ///< whom the program's calls are for
Ledger* theLedger = nullptr;

} // namespace

void Stress::mismatch(uint64_t expected, uint64_t constant) {
  ++mismatches;
  theLedger->check(Invariant::Constant, false, [&] {
    return fmt::format("code of version {} read a constant of version {}", expected >> kBase,
                       constant >> kBase);
  });
}
void Stress::throwValues(uint64_t leaf, uint64_t own) {
  // Others shall have time to replace, retire and free what this frame returns into.
  std::this_thread::sleep_for(std::chrono::microseconds(own % 512));
  throw Thrown{leaf, own};
}
void Stress::unwound(uint64_t own) {
  lastUnwound = own;
  ++unwoundCount;
}
void Stress::constructed(uint64_t) { ++theOne->constructed_; }
void Stress::destroyed(uint64_t) { ++theOne->destroyed_; }
uint64_t Stress::fallback(uint64_t) { return kAbsent; }

Stress::Stress(Configuration configuration) : configuration_(std::move(configuration)) {
  theOne = this;
  theLedger = &ledger_;
}
Stress::~Stress() {
  theOne = nullptr;
  theLedger = nullptr;
}

bool Stress::setUp() {
  Options options = configuration_.options;
  options.onUndefined = [this](std::string_view name) -> void* {
    // The helper: a function that was removed while it ran goes on, but what it calls is gone. So may be what
    // a caller has just found to be there.
    const bool mayBe = name.starts_with("temp") || name == "helper" || name == "maybe";
    ledger_.check(Invariant::Removed, mayBe, [&] { return fmt::format("'{}' is undefined", name); });
    return reinterpret_cast<void*>(&Stress::fallback);
  };
  options.onFatal = [](const Error& error) {
    fmt::print("FAILED fatal: {}\n0 passed, 1 failed\n", error.message());
    (void)fflush(stdout);
    abort();
  };
  Result<std::unique_ptr<Engine>> engine = Engine::create(std::move(options));
  if (!engine)
    return mustSucceed(engine.takeError(), "creating the engine");
  engine_ = std::move(*engine);

  const std::pair<const char*, void*> symbols[] = {
      {"stress_mismatch", reinterpret_cast<void*>(&Stress::mismatch)},
      {"stress_throw", reinterpret_cast<void*>(&Stress::throwValues)},
      {"stress_unwound", reinterpret_cast<void*>(&Stress::unwound)},
      {"stress_constructed", reinterpret_cast<void*>(&Stress::constructed)},
      {"stress_destroyed", reinterpret_cast<void*>(&Stress::destroyed)},
  };
  for (const auto& [name, place] : symbols) {
    if (!mustSucceed(engine_->defineSymbol(name, place), name))
      return false;
  }
  for (History& item : items_) {
    item.begin();
    item.done();
  }
  for (unsigned group = 0; group < kGroups; ++group) {
    if (!mustSucceed(engine_->add(moduleName(group), Source::memory(firstGroupText(group), "group.ll")),
                     moduleName(group)))
      return false;
  }
  if (!mustSucceed(engine_->add("fixed", Source::memory(fixedText(), "fixed.ll")), "fixed") ||
      !mustSucceed(engine_->runConstructors(), "constructors"))
    return false;

  const auto find = [&](const std::string& name) {
    Result<void*> found = engine_->lookupFunction(name);
    return mustSucceed(found ? Status() : Status(found.takeError()), name) ? *found : nullptr;
  };
  for (unsigned group = 0; group < kGroups; ++group) {
    for (unsigned slot = 0; slot < kSlots; ++slot) {
      for (unsigned kind = 0; kind < kKinds; ++kind) {
        const Item item{group, slot, static_cast<Kind>(kind)};
        functions_[item.index()] = find(item.name());
      }
      auto* where = reinterpret_cast<std::atomic<uint64_t>* (*)()>(find(staticsName(group, slot)));
      statics_[group * kSlots + slot] = where();
    }
  }
  for (unsigned which = 0; which < kAssumed; ++which)
    changeAssumedOnce(static_cast<Assumed>(which));
  if (!mustSucceed(engine_->add("believers", Source::memory(believersText(), "believers.ll")), "believers"))
    return false;
  believe_ = find("believe");
  if (!mustSucceed(engine_->add("steady", Source::memory(steadyText(), "steady.ll")), "steady"))
    return false;
  steady_ = find("steady");
  if (steady_)
    (void)reinterpret_cast<uint64_t (*)()>(steady_)(); // it has code from here on
  weakly_ = find("weakly");
  capital_ = find("capital");
  for (unsigned temp = 0; temp < kTemps; ++temp) {
    changeOnce(temp);
    tempFunctions_[temp] = find(tempName(temp));
    if (isUsedByName(temp))
      users_[temp] = find(fmt::format("user_{}", temp));
  }
  Result<void*> table = engine_->lookupData("table");
  table_ = table ? *table : nullptr;
  return true;
}

Item Stress::pick(Random& random, Kind kind) {
  return {static_cast<unsigned>(random.below(kGroups)), static_cast<unsigned>(random.below(kSlots)), kind};
}

void Stress::checkVersion(const Item& item, uint64_t version, uint64_t oldest) {
  const uint64_t newest = items_[item.index()].newest();
  ledger_.check(Invariant::Version, version >= oldest && version <= newest, [&] {
    return fmt::format("{} showed version {}, in force were {} to {}", item.name(), version, oldest, newest);
  });
}

void Stress::checkValue(const Item& item, uint64_t value, uint64_t argument, uint64_t oldest) {
  checkVersion(item, value >> kBase, oldest);
  ledger_.check(Invariant::Constant, mismatches == 0,
                [&] { return "seen before " + item.name() + " returned"; });
  ledger_.check(Invariant::Version, (value & kMask) == argument,
                [&] { return fmt::format("{} of {:#x} returned {:#x}", item.name(), argument, value); });
}

void Stress::callLeaf(Random& random, Calls& calls) {
  const Item item = pick(random, Kind::Leaf);
  const uint64_t x = random.below(kArguments);
  const uint64_t oldest = items_[item.index()].oldest();
  const uint64_t value = address<uint64_t(uint64_t)>(item)(x);
  checkValue(item, value, x, oldest);
  ++calls[flat(item)];
}

void Stress::callOuter(Random& random, Calls& calls) {
  const Item item = pick(random, Kind::Outer);
  const uint64_t x = random.below(kArguments);
  const std::array<Item, 4> shown = {leafOf(item), secondLeaf(item), tableLeaf(x), item};
  std::array<uint64_t, 4> oldest{}, out{};
  for (size_t i = 0; i < shown.size(); ++i)
    oldest[i] = items_[shown[i].index()].oldest();
  address<void(uint64_t, uint64_t*)>(item)(x, out.data());
  for (size_t i = 0; i < shown.size(); ++i) {
    checkValue(shown[i], out[i], x, oldest[i]);
    if (shown[i].kind == Kind::Leaf)
      ++calls[flat(shown[i])];
  }
}

void Stress::callLoop(Random& random, Calls& calls, uint64_t longest) {
  const Item item = pick(random, Kind::Loop);
  const Item first = leafOf(item), second = secondLeaf(item);
  const uint64_t x = random.below(kArguments);
  const uint64_t n = 1 + random.below(random.below(4) == 0 ? longest : 50);
  const uint64_t oldestFirst = items_[first.index()].oldest(), oldestSecond = items_[second.index()].oldest();
  const uint64_t oldest = items_[item.index()].oldest();
  std::array<uint64_t, 6> out{};
  address<void(uint64_t, uint64_t, uint64_t*)>(item)(x, n, out.data());
  checkVersion(first, out[0], oldestFirst);
  checkVersion(first, out[1], oldestFirst);
  checkVersion(second, out[2], oldestSecond);
  checkVersion(second, out[3], oldestSecond);
  ledger_.check(Invariant::Version, out[4] == 0,
                [&] { return fmt::format("{}: {} wrong values", item.name(), out[4]); });
  checkValue(item, out[5], x, oldest);
  calls[flat(first)] += n;
  calls[flat(second)] += n;
}

void Stress::callTemp(Random& random, Calls& calls) {
  const auto temp = static_cast<unsigned>(random.below(kTemps));
  const uint64_t x = random.below(kArguments);
  void* const function = users_[temp] && random.below(2) == 0 ? users_[temp] : tempFunctions_[temp];
  const uint64_t oldest = temps_[temp].oldest();
  const uint64_t value = reinterpret_cast<uint64_t (*)(uint64_t)>(function)(x);
  const uint64_t newest = temps_[temp].newest();
  const auto told = [&] {
    return fmt::format("temp{} of {:#x} returned {:#x} between events {} and {}", temp, x, value, oldest,
                       newest);
  };
  if (value == kAbsent) { // it was absent at an even event
    ledger_.check(Invariant::Removed, oldest % 2 == 0 || newest > oldest, told);
    return;
  }
  const uint64_t version = value >> kBase;
  ledger_.check(Invariant::Removed,
                version % 2 == 1 && version >= oldest && version <= newest && (value & kMask) == x, told);
  ++calls[(temp % kGroups) * kSlots + temp % kSlots];
}

void Stress::callThrower(Random& random, Calls& calls) {
  const Item item = pick(random, Kind::Thrower);
  const Item leaf = leafOf(item);
  const uint64_t x = random.below(kArguments);
  const uint64_t oldestLeaf = items_[leaf.index()].oldest(), oldest = items_[item.index()].oldest();
  const uint64_t before = unwoundCount;
  bool caught = false;
  try {
    address<void(uint64_t)>(item)(x);
  } catch (const Thrown& thrown) {
    caught = true;
    checkValue(leaf, thrown.leaf, x, oldestLeaf);
    checkValue(item, thrown.own, x, oldest);
    ledger_.check(Invariant::Exception, unwoundCount == before + 1 && lastUnwound == thrown.own, [&] {
      return fmt::format("{}: {} cleanups, the last with {:#x}, thrown was {:#x}", item.name(),
                         unwoundCount - before, lastUnwound, thrown.own);
    });
  }
  ledger_.check(Invariant::Exception, caught, [&] { return item.name() + " returned without throwing"; });
  ++calls[flat(leaf)];
  ++thrown_;
}

void Stress::callCatcher(Random& random, Calls& calls) {
  const Item item = pick(random, Kind::Catcher);
  const Item thrower{item.group, item.slot, Kind::Thrower};
  const uint64_t x = random.below(kArguments);
  const uint64_t oldest = items_[item.index()].oldest(), oldestThrower = items_[thrower.index()].oldest();
  const uint64_t before = unwoundCount;
  const uint64_t value = address<uint64_t(uint64_t)>(item)(x);
  checkValue(item, value, x, oldest);
  checkValue(thrower, lastUnwound, x, oldestThrower);
  ledger_.check(Invariant::Exception, unwoundCount == before + 1,
                [&] { return fmt::format("{}: {} cleanups", item.name(), unwoundCount - before); });
  ++calls[flat(leafOf(item))];
  ++thrown_;
}

void Stress::lookUp(Random& random) {
  const Item item = pick(random, static_cast<Kind>(random.below(kKinds)));
  const Result<void*> found = engine_->lookupFunction(item.name());
  ledger_.check(Invariant::Address, found && *found == functions_[item.index()], [&] {
    return fmt::format("{} was at {}: {}", item.name(), functions_[item.index()],
                       found ? fmt::format("now at {}", *found) : found.error().message());
  });
  const Result<void*> table = engine_->lookupData("table");
  ledger_.check(Invariant::Address, table && *table == table_, [] { return "the table moved"; });
  // There is an address as long as the module is there, and it is always the same.
  const auto temp = static_cast<unsigned>(random.below(kTemps));
  const uint64_t oldest = temps_[temp].oldest();
  const Result<void*> place = engine_->lookupFunction(tempName(temp));
  const uint64_t newest = temps_[temp].newest();
  ledger_.check(Invariant::Address,
                place ? *place == tempFunctions_[temp] : oldest % 2 == 0 || newest > oldest, [&] {
                  return fmt::format("temp{} was at {}: {}", temp, tempFunctions_[temp],
                                     place ? fmt::format("now at {}", *place) : place.error().message());
                });
}

void Stress::add(const Calls& calls) {
  for (size_t i = 0; i < calls.size(); ++i)
    leafCalls_[i].fetch_add(calls[i], std::memory_order_relaxed);
}

} // namespace tiercel::stress
