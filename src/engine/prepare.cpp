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
      if (!record.promotionFailed && record.tier.load(std::memory_order_relaxed) < goal)
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

std::vector<std::string> Promoter::findFailed(std::vector<Wanted>& wanted, unsigned tier) {
  std::vector<std::string> failed;
  for (Wanted& item : wanted) {
    const FunctionRecord& record = *item.function;
    // What was changed meanwhile is not what was to be prepared.
    if (record.tier.load(std::memory_order_acquire) < tier &&
        record.epoch.load(std::memory_order_relaxed) == item.epoch) {
      failed.emplace_back(record.name);
      item.asked = false;
    }
  }
  return failed;
}

Status Promoter::prepare(std::span<FunctionRecord* const> functions, unsigned tier) {
  std::vector<Wanted> wanted;
  for (FunctionRecord* function : functions)
    wanted.push_back({function, function->epoch.load(std::memory_order_acquire)});
  ensureWorkers();
  std::vector<std::string> failed;
  // Changes of the program may overtake compiles: then they are asked for again, but not for ever.
  for (unsigned attempts = 3;;) {
    const uint32_t seen = doneSignal_.load(std::memory_order_acquire);
    QueuedCompile item;
    bool left = false, taken = false;
    {
      LockGuard lock(mutex_);
      left = ask(wanted, tier);
      taken = takeWanted(wanted, item);
      if (!left)
        failed = findFailed(wanted, tier);
    }
    if (!left && (failed.empty() || --attempts == 0))
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
    return Error(ErrorKind::Internal, "prepare",
                 "could not be compiled at tier " + std::to_string(tier) +
                     " and stay on working code: " + llvm::join(failed, ", "));
  return {};
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
  for (FunctionRecord* record : *functions) {
    if (Result<void*> code = ensureCompiled(*record); !code)
      return code.takeError();
  }
  std::erase_if(*functions,
                [](const FunctionRecord* r) { return r->pinned.load(std::memory_order_relaxed); });
  return options_.fixedTier ? Status() : promoter_.prepare(*functions, tier);
}

} // namespace tiercel
