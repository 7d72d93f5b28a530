// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Engine::prepare: hot before traffic.
#include "base/glob.h"
#include "engine/engine_impl.h"
#include "engine/promoter.h"
#include "platform/futex.h"
#include "platform/program_state_guard.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <optional>
#include <string>

namespace tiercel {

namespace {

/// Before everything that policies can want, and in order among themselves.
constexpr int64_t kPreparedPriority = int64_t(1) << 40;

Decision decisionFor(const FunctionRecord& record, unsigned tier, const Options& options) {
  Decision decision;
  decision.promote = true;
  decision.tier = tier;
  decision.instrument = tier < kTopTier;
  decision.rearmCalls = decision.instrument ? options.callThreshold : 0;
  if (record.continuable.load(std::memory_order_relaxed)) // whoever is in a loop now should not stay there
    decision.rearmLoops = options.loopThreshold;
  decision.priority = kPreparedPriority;
  decision.reason = Reason::Prepared;
  return decision;
}

} // namespace

bool Promoter::Wanted::isChanged() const {
  // The code of the epoch may have been dropped already when the epoch was read.
  return function->epoch.load(std::memory_order_acquire) != epoch || function->state() != FirstCompile::Ready;
}

bool Promoter::ask(std::vector<Wanted>& wanted, unsigned tier) {
  bool left = false;
  for (Wanted& item : wanted) {
    FunctionRecord& record = *item.function;
    if (!item.asked) {
      unsigned goal = tier;
      if (record.queued) {
        const Decision* waiting = queue_.find(record);
        // Being compiled for somebody else, or about to be for a loop that waits: asked again after that.
        if (!waiting || waiting->make == Make::Continuation) {
          left = true;
          continue;
        }
        goal = std::max(goal, waiting->tier);
        queue_.pop([&](const QueuedCompile& other) { return other.function == &record; });
        record.queued = false;
      }
      item.asked = true;
      item.overtaken = record.overtaken;
      if (!item.isChanged() && !record.promotionFailed && record.tier.load(std::memory_order_relaxed) < goal)
        queue_.push(record, decisionFor(record, goal, engine_.options()));
    }
    left |= record.queued;
  }
  return left;
}

bool Promoter::takeWanted(const std::vector<Wanted>& wanted, QueuedCompile& item) {
  std::optional<QueuedCompile> taken = queue_.pop([&](const QueuedCompile& waiting) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const Wanted& w) { return w.function == waiting.function; });
  });
  if (!taken)
    return false;
  item = *taken;
  active_.push_back(item);
  return true;
}

std::vector<const FunctionRecord*> Promoter::findFailed(std::vector<Wanted>& wanted, unsigned tier,
                                                        bool& again) {
  std::vector<const FunctionRecord*> failed;
  for (Wanted& item : wanted) {
    const FunctionRecord& record = *item.function;
    // What was changed meanwhile is not what was to be prepared.
    if (record.tier.load(std::memory_order_acquire) >= tier || item.isChanged())
      continue;
    // Each overtaken attempt is one change of the program: who goes on changing it is waited for.
    if (record.overtaken == item.overtaken && --item.attempts == 0) {
      failed.push_back(&record);
      continue;
    }
    item.asked = false;
    again = true;
  }
  return failed;
}

Result<std::vector<FunctionRecord*>> Promoter::prepare(std::span<FunctionRecord* const> functions,
                                                       unsigned tier) {
  std::vector<Wanted> wanted;
  for (FunctionRecord* function : functions)
    wanted.push_back({function, function->epoch.load(std::memory_order_acquire)});
  ensureWorkers();
  std::vector<std::string> failed;
  std::optional<Error> last;
  for (;;) {
    const uint32_t seen = doneSignal_.load(std::memory_order_acquire);
    QueuedCompile item;
    bool left = false, taken = false, again = false;
    {
      LockGuard lock(mutex_);
      left = ask(wanted, tier);
      taken = takeWanted(wanted, item);
      if (!left) {
        for (const FunctionRecord* record : findFailed(wanted, tier, again)) {
          failed.emplace_back(record->name);
          if (const auto found = failures_.find(record->id.value); found != failures_.end())
            last = found->second;
        }
      }
    }
    if (!left && (!again || !failed.empty()))
      break;
    if (!left)
      continue;
    if (taken) {
      wake(); // there may be more, for the workers
      run(item, /*background=*/false);
    } else {
      futexWait(doneSignal_, seen);
    }
  }
  if (!failed.empty())
    return Error(last ? last->kind() : ErrorKind::Internal, "prepare",
                 "could not be compiled at tier " + std::to_string(tier) + " and stay on working code: " +
                     llvm::join(failed, ", ") + (last ? "; the last: " + last->message() : ""));
  std::vector<FunctionRecord*> changed;
  for (const Wanted& item : wanted) {
    if (item.isChanged())
      changed.push_back(item.function);
  }
  return changed;
}

Status EngineImpl::prepare(const std::vector<std::string>& patterns, unsigned tier) {
  if (tier > kTopTier)
    return Error(ErrorKind::BadInput, "tier " + std::to_string(tier), "tiers are 0 to 3");
  if (options_.fixedTier && *options_.fixedTier != tier)
    return Error(ErrorKind::BadInput, "tier " + std::to_string(tier),
                 "the engine compiles everything at tier " + std::to_string(*options_.fixedTier) +
                     " (Options::fixedTier)");
  Result<std::vector<FunctionRecord*>> functions = definedFunctions(patterns);
  if (!functions)
    return functions.takeError();
  // An ifunc has no code of its own. Options::only counts here too: it is for finding a bad compile.
  std::erase_if(*functions, [&](const FunctionRecord* record) {
    return record->isIfunc.load(std::memory_order_relaxed) ||
           (!options_.only.empty() && !globMatches(options_.only, record->name));
  });

  ProgramStateGuard guard;
  // What is changed while it is prepared is prepared anew: calls are to reach the newest code, and that is to
  // be at the tier. Each round is for functions that were changed in the one before.
  while (!functions->empty()) {
    for (FunctionRecord* record : *functions) {
      for (bool compiled = false; !compiled;) {
        const uint32_t serial = record->serial.load(std::memory_order_acquire);
        Result<void*> code = ensureCompiled(*record);
        compiled = code || !record->definition.load().exists();
        if (!compiled && !isChangedSince(*record, serial)) // it was this definition that failed
          return code.takeError();
      }
    }
    std::vector<std::string> gone;
    std::erase_if(*functions, [&](const FunctionRecord* record) {
      if (record->definition.load().exists())
        return record->pinned.load(std::memory_order_relaxed);
      if (llvm::is_contained(patterns, record->name)) // not only one of those that a pattern matches
        gone.emplace_back(record->name);
      return true;
    });
    if (!gone.empty())
      return Error(ErrorKind::MissingSymbol, llvm::join(gone, ", "),
                   "removed from the program while it was being prepared");
    if (options_.fixedTier)
      return {};
    Result<std::vector<FunctionRecord*>> changed = promoter_.prepare(*functions, tier);
    if (!changed)
      return changed.takeError();
    *functions = std::move(*changed);
  }
  return {};
}

} // namespace tiercel
