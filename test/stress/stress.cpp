// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stress.h"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

namespace tiercel::stress {

namespace {

/// One in this many redefinitions is followed by changes that must fail.
constexpr uint64_t kFailures = 16;
/// Far beyond what a child takes: it stops a hang, it does not measure.
constexpr unsigned kChildSeconds = 120;
constexpr unsigned kCallsInChild = 300;
constexpr uint64_t kCallsInARow = 256;

/// Messages name threads; without their ids, those of one kind are equal.
std::string withoutNumbers(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

} // namespace

bool Stress::mustSucceed(const Status& status, const std::string& what) {
  ledger_.check(Invariant::Change, static_cast<bool>(status),
                [&] { return what + ": " + status.error().message(); });
  return static_cast<bool>(status);
}

void Stress::mustBeRefused(const Status& status, ErrorKind kind, const std::string& what) {
  ledger_.check(Invariant::Refusal, !status && status.error().kind() == kind, [&] {
    return what + (status ? " was not refused"
                          : " was refused with another kind of error: " + status.error().message());
  });
}

// --- threads ----------------------------------------------------------------------------------------------

void Stress::call(uint64_t seed) {
  Random random(seed);
  Calls calls{};
  uint64_t made = 0;
  for (; !stop_.load(std::memory_order_relaxed); ++made) {
    // Changes are slow and calls are cheap: without a pause the callers would leave the others no processor.
    if (made % kCallsInARow == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    const uint64_t choice = random.below(64);
    if (choice == 0)
      callLoop(random, calls, 20'000);
    else if (choice < 16)
      callLoop(random, calls, 50);
    else if (choice < 40)
      callOuter(random, calls);
    else if (choice < 52)
      callLeaf(random, calls);
    else if (choice < 59)
      callTemp(random, calls);
    else if (choice < 63)
      callBeliever(random);
    else
      lookUp(random);
  }
  add(calls);
  callsMade_ += made;
}

void Stress::throwAndCatch(uint64_t seed) {
  Random random(seed);
  Calls calls{};
  while (!stop_.load(std::memory_order_relaxed)) {
    if (random.below(2) == 0)
      callThrower(random, calls);
    else
      callCatcher(random, calls);
  }
  add(calls);
}

void Stress::redefineOnce(unsigned group, unsigned number, unsigned step, Random& random) {
  std::vector<NewVersion> definitions;
  while (definitions.empty()) {
    for (unsigned slot = number; slot < kSlots; slot += step) {
      for (unsigned kind = 0; kind < kKinds; ++kind) {
        if (random.below(4) == 0)
          definitions.push_back({{group, slot, static_cast<Kind>(kind)}, 0});
      }
    }
  }
  for (NewVersion& made : definitions)
    made.version = items_[made.item.index()].begin();
  mustSucceed(engine_->redefine(moduleName(group), Source::memory(groupText(definitions), "redefinition.ll")),
              "redefining " + definitions.front().item.name());
  for (const NewVersion& made : definitions)
    items_[made.item.index()].done();
  changes_.fetch_add(1, std::memory_order_relaxed);
}

void Stress::tryWhatFails(unsigned group, Random& random) {
  const Item leaf = pick(random, Kind::Leaf);
  mustBeRefused(engine_->redefine(moduleName(leaf.group), Source::memory(wrongLeafText(leaf), "wrong.ll")),
                ErrorKind::BadInput, "another type");
  mustBeRefused(engine_->redefine(assumedName(Assumed::Claim), Source::memory(wrongClaimText(), "wrong.ll")),
                ErrorKind::BadInput, "another calling convention");
  mustBeRefused(engine_->redefine("nothing", Source::memory(wrongLeafText(leaf), "nothing.ll")),
                ErrorKind::MissingSymbol, "redefining a module that is not there");
  mustBeRefused(engine_->add("second", Source::memory(wrongLeafText(leaf), "second.ll")),
                ErrorKind::DuplicateSymbol, "a second definition");
  mustBeRefused(engine_->remove(moduleName(group)), ErrorKind::BadInput, "removing what others use");
}

void Stress::redefine(unsigned number, uint64_t seed) {
  Random random(seed);
  while (!stop_.load(std::memory_order_relaxed)) {
    const auto group = static_cast<unsigned>(random.below(kGroups));
    redefineOnce(group, number, configuration_.redefiners, random);
    if (random.below(kFailures) == 0)
      tryWhatFails(group, random);
  }
}

/// Adds a temporary module that is not there, removes one that is.
void Stress::changeOnce(unsigned temp) {
  History& history = temps_[temp];
  const std::string name = tempName(temp);
  if (history.oldest() % 2 == 0) {
    const uint64_t version = history.begin();
    mustSucceed(engine_->add(name, Source::memory(tempText(temp, version), "temp.ll")), "adding " + name);
    history.done();
    ++added_;
    mustSucceed(engine_->runConstructors(), "constructors of " + name);
    return;
  }
  if (isUsedByName(temp))
    mustBeRefused(engine_->remove(name), ErrorKind::BadInput, "removing " + name);
  history.begin();
  mustSucceed(engine_->remove(name, {.force = isUsedByName(temp)}), "removing " + name);
  history.done();
  ++removed_;
}

void Stress::change(unsigned number, uint64_t seed) {
  Random random(seed);
  const unsigned step = configuration_.changers;
  while (!stop_.load(std::memory_order_relaxed)) {
    changeOnce(number + step * static_cast<unsigned>(random.below((kTemps - number + step - 1) / step)));
    changes_.fetch_add(1, std::memory_order_relaxed);
  }
}

/// Not with ThreadSanitizer, which delays signals: stacks cannot be looked at.
#if __has_feature(thread_sanitizer)
constexpr bool kCollects = false;
#else
constexpr bool kCollects = true;
#endif

void Stress::collect() {
  while (!stop_.load(std::memory_order_relaxed)) {
    const Result<CollectReport> report = engine_->collect();
    ledger_.check(Invariant::Collection, static_cast<bool>(report), [&] { return report.error().message(); });
    if (!report)
      return;
    if (report->complete)
      complete_.fetch_add(1, std::memory_order_relaxed);
    else
      ++incomplete_[withoutNumbers(report->why)];
    if (report->longestPauseUs > longestPauseUs_)
      longestPauseUs_ = report->longestPauseUs;
  }
}

void Stress::observe(uint64_t seed) {
  Random random(seed);
  while (!stop_.load(std::memory_order_relaxed)) {
    const Item item = pick(random, static_cast<Kind>(random.below(kKinds)));
    const Result<FunctionInfo> info = engine_->describe(item.name());
    ledger_.check(Invariant::Address, info && info->address == functions_[item.index()],
                  [&] { return item.name() + (info ? " moved" : ": " + info.error().message()); });
    (void)engine_->dependents(item.name());
    (void)engine_->inlining(item.name());
    (void)engine_->modules();
    if (random.below(4) == 0)
      mustSucceed(engine_->discardCode({pick(random, item.kind).name()}), "discarding code");
    // Asking takes the locks that changes need; without a pause those would wait for this thread only.
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + random.below(20)));
  }
}

/// What a child does with the engine that it inherited: calls, a redefinition, calls of the new code.
bool Stress::inChild(uint64_t seed) {
  alarm(kChildSeconds);
  Random random(seed);
  Calls calls{};
  for (unsigned i = 0; i < kCallsInChild; ++i) {
    callOuter(random, calls);
    callLoop(random, calls, 500);
    callTemp(random, calls);
    callBeliever(random);
    if (i % 16 == 0)
      callThrower(random, calls);
    if (i % 100 == 50)
      redefineOnce(static_cast<unsigned>(random.below(kGroups)), 0, 1, random);
    if (i % 100 == 90)
      (void)engine_->collect();
    if (i == 150)
      enterSandbox(random);
  }
  for (const Invariant invariant :
       {Invariant::Version, Invariant::Constant, Invariant::Exception, Invariant::Removed, Invariant::Change,
        Invariant::Assumption, Invariant::Sandbox}) {
    if (ledger_.failures(invariant) > 0)
      return false;
  }
  return true;
}

void Stress::fork(uint64_t seed) {
  Random random(seed);
  while (!stop_.load(std::memory_order_relaxed)) {
    (void)fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0)
      _exit(inChild(random.next()) ? 0 : 1);
    int status = 0;
    const bool waited = child > 0 && waitpid(child, &status, 0) == child;
    ledger_.check(Invariant::Child, waited && status == 0,
                  [&] { return fmt::format("process {} ended with status {:#x}", child, status); });
    ++children_;
    // A fork stops all changes and copies the page tables: a few a second are enough.
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random.below(400)));
  }
}

// --- the run ----------------------------------------------------------------------------------------------

/// What must be so when nobody calls and changes any more.
void Stress::settle() {
  for (unsigned temp = 0; temp < kTemps; ++temp) {
    if (temps_[temp].oldest() % 2 == 1)
      changeOnce(temp);
  }
  for (size_t i = 0; i < statics_.size(); ++i) {
    const uint64_t counted = *statics_[i], called = leafCalls_[i];
    ledger_.check(Invariant::Statics, counted == called, [&] {
      return fmt::format("leaf_{}_{} was called {} times, its static says {}", i / kSlots, i % kSlots, called,
                         counted);
    });
  }
  ledger_.check(Invariant::Destructor, constructed_ == added_ && destroyed_ == removed_ && added_ == removed_,
                [&] {
                  return fmt::format("{} modules were added, {} constructed, {} removed, {} destroyed",
                                     added_.load(), constructed_.load(), removed_.load(), destroyed_.load());
                });
  engine_->waitIdle();
}

bool Stress::run() {
  if (!setUp())
    return ledger_.report();
  running_ = this;
  Random seeds(configuration_.seed);
  std::vector<std::thread> threads;
  const auto start = [&](auto body) { threads.emplace_back(std::move(body)); };
  for (unsigned i = 0; i < configuration_.callers; ++i)
    start([this, seed = seeds.next()] { call(seed); });
  for (unsigned i = 0; i < configuration_.redefiners; ++i)
    start([this, i, seed = seeds.next()] { redefine(i, seed); });
  for (unsigned i = 0; i < configuration_.changers; ++i)
    start([this, i, seed = seeds.next()] { change(i, seed); });
  start([this, seed = seeds.next()] { changeAssumed(seed); });
  start([this, seed = seeds.next()] { throwAndCatch(seed); });
  start([this, seed = seeds.next()] { observe(seed); });
  if (kCollects) {
    start([this] { collect(); });
  } else {
    ledger_.leaveOut(Invariant::Collection);
    ledger_.leaveOut(Invariant::Growth);
  }
  start([this, seed = seeds.next()] { restrict(seed); });
  if (!configuration_.forks || !kCollects) // ThreadSanitizer knows of no second process on its memory
    ledger_.leaveOut(Invariant::Sharer);
  else
    start([this, seed = seeds.next()] { share(seed); });
  start([this, seed = seeds.next()] { useSmallStacks(seed); });
  start([this, seed = seeds.next()] { interruptMalloc(seed); });
  start([this, seed = seeds.next()] { loadLibraries(seed); });
  if (!configuration_.forks)
    ledger_.leaveOut(Invariant::Child);
  else
    start([this, seed = seeds.next()] { fork(seed); });
  watch();
  stop_ = true;
  for (std::thread& thread : threads)
    thread.join();
  settle();
  const Stats stats = engine_->stats();
  fmt::print("{} calls, {} exceptions, {} changes, {} children; {} promotions, {} continuations, {} entered; "
             "{} versions freed; {} collections, longest pause {:.0f} us\n",
             callsMade_.load(), thrown_.load(), changes_.load(), children_.load(), stats.functions.promoted,
             stats.functions.continuations, stats.functions.osrEntries, stats.functions.freed,
             complete_.load(), longestPauseUs_.load());
  for (const auto& [why, count] : incomplete_)
    fmt::print("{} collections were incomplete: {}\n", count, why);
  engine_.reset();
  return ledger_.report();
}

} // namespace tiercel::stress
