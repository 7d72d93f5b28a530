// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "optimize/cluster.h"

#include "optimize/known_profile.h"
#include "profile/annotate.h"
#include "profile/edge_plan.h"
#include "profile/promote_indirect.h"
#include "profile/reconstruct.h"
#include "unit/content_hash.h"
#include "unit/link_name.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

#include <algorithm>

namespace tiercel {

namespace {

// Sizes in instructions as front ends write them; about half of them are left once locals are registers.

/// A body that is added is optimised like any other, whether it is inlined in the end or not. So as much is
/// added as the function itself has, between these limits, and the compile takes twice as long at most.
constexpr size_t kLeastAdded = 300;
constexpr size_t kMostAdded = 1500;
/// Of a body: at call sites that carry much of the cluster's time, at others that ran, and without a profile.
/// The inliner takes hardly anything larger.
constexpr size_t kLargestHot = 300;
constexpr size_t kLargestWarm = 60;
constexpr size_t kLargestUnknown = 80;
/// A call site is hot if it runs at least this fraction of what the hottest block does.
constexpr uint64_t kHotFraction = 20;

size_t sizeOf(const llvm::Function& function) { return function.getInstructionCount(); }

FunctionId calledFunction(const llvm::CallBase& call) {
  const auto* callee = llvm::dyn_cast<llvm::Function>(call.getCalledOperand());
  const std::optional<LinkName> name = callee ? parseLinkName(callee->getName()) : std::nullopt;
  return name && name->kind == LinkKind::Function ? FunctionId(name->id) : FunctionId();
}

/// Inlined, it would find another frame than its own.
bool looksAtItsFrame(const llvm::Function& function) {
  return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    return call && (call->getIntrinsicID() == llvm::Intrinsic::frameaddress ||
                    call->getIntrinsicID() == llvm::Intrinsic::returnaddress ||
                    call->getIntrinsicID() == llvm::Intrinsic::addressofreturnaddress);
  });
}

} // namespace

Cluster::Cluster(Unit& unit, const ClusterEnvironment& environment)
    : unit_(unit), environment_(environment) {}

void Cluster::annotateRoot() {
  // It has run, or it would not be compiled here: what it calls is not what never ran.
  rootCalls_ = annotate(*unit_.function, environment_.registry.function(unit_.id), 1);
}

Status Cluster::promoteRootCalls() { return promoteCalls(rootCalls_); }

Cluster::IndirectCalls Cluster::annotate(llvm::Function& function, const FunctionRecord& record,
                                         uint64_t called) {
  IndirectCalls indirect;
  if (!environment_.options.profile)
    return indirect;
  const EdgePlan plan(function);
  KnownProfile known =
      knownProfile(record, function, environment_.registry, environment_.profileIn, plan.sites.size());
  const std::vector<llvm::CallBase*> calls = indirectCalls(function);
  if (environment_.options.promoteIndirect && calls.size() == known.calls.size()) {
    indirect.calls.assign(calls.begin(), calls.end());
    indirect.known = std::move(known.calls);
  }
  if (known.counts.empty()) {
    // All that can be said of its blocks is that they run as often as it is called, or less.
    for (const llvm::BasicBlock& block : function)
      blockCounts_[&block] = called;
    return indirect;
  }
  const Frequencies frequencies = reconstruct(plan, known.counts);
  tiercel::annotate(function, frequencies);
  profiled_ = true;
  allCounts_.insert(allCounts_.end(), frequencies.blocks.begin(), frequencies.blocks.end());
  size_t index = 0;
  for (const llvm::BasicBlock& block : function) {
    blockCounts_[&block] = frequencies.blocks[index];
    hottest_ = std::max(hottest_, frequencies.blocks[index]);
    ++index;
  }
  return indirect;
}

Status Cluster::promoteCalls(const IndirectCalls& indirect) {
  for (size_t i = 0; i < indirect.calls.size(); ++i) {
    auto* call = llvm::cast_or_null<llvm::CallBase>(static_cast<llvm::Value*>(indirect.calls[i]));
    if (!call)
      continue;
    std::vector<PromotionCandidate> candidates;
    for (const KnownTarget& target : indirect.known[i].targets) {
      const FunctionRecord& callee = environment_.registry.function(target.function);
      const Definition where = callee.definition.load();
      if (!where.exists() || callee.isIfunc.load(std::memory_order_relaxed))
        continue;
      Result<ImageReader*> reader = environment_.reader(callee, where);
      if (!reader)
        return reader.takeError();
      if (!*reader)
        continue;
      if (llvm::Function* declared = declareInUnit(environment_.registry, environment_.host, **reader, callee,
                                                   where, environment_.extract, unit_))
        candidates.push_back({declared, target.count});
    }
    const uint64_t around = blockCounts_.lookup(call->getParent());
    for (llvm::CallBase* direct : promoteIndirectCall(*call, candidates, indirect.known[i].total))
      blockCounts_.try_emplace(direct->getParent(), around);
  }
  return {};
}

void Cluster::collectSites(llvm::Function& function) {
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    // The call's own mark: that of the callee may be one of unoptimised code (bodySize looks at it).
    if (!call || call->getAttributes().hasFnAttr(llvm::Attribute::NoInline))
      continue;
    const FunctionId callee = calledFunction(*call);
    if (callee.valid() && callee.value != unit_.id.value)
      sites_.push_back({callee, blockCounts_.lookup(call->getParent())});
  }
}

bool Cluster::mayReplaceLater(const FunctionRecord& callee) const {
  // Until it is compiled, a weak definition may still lose to a stronger one.
  return callee.state() != FirstCompile::Ready && !environment_.registry.isFinal(callee.id);
}

bool Cluster::wants(uint64_t count, size_t instructions) const {
  if (!profiled_)
    return instructions <= kLargestUnknown;
  if (count == 0)
    return false;
  return instructions <= (count >= hottest_ / kHotFraction ? kLargestHot : kLargestWarm);
}

Status Cluster::grow() {
  if (!environment_.options.inlining)
    return {};
  const size_t begin = sizeOf(*unit_.function);
  const size_t limit = begin + std::clamp(begin, kLeastAdded, kMostAdded);
  size_t size = 0;
  for (llvm::Function& function : *unit_.module) {
    if (!function.isDeclaration()) {
      collectSites(function);
      size += sizeOf(function);
    }
  }
  std::vector<bool> seen;
  const std::string_view root = environment_.registry.function(unit_.id).name;
  while (!sites_.empty() && size < limit) {
    // The hottest first; among equals the first that was found.
    const auto best = std::max_element(sites_.begin(), sites_.end(),
                                       [](const Site& a, const Site& b) { return a.count < b.count; });
    const Site site = *best;
    sites_.erase(best);
    if (seen.size() <= site.callee.value)
      seen.resize(site.callee.value + 1);
    if (seen[site.callee.value])
      continue;
    const FunctionRecord& callee = environment_.registry.function(site.callee);
    if (profiled_ && site.count == 0)
      break; // as are all that follow
    // First, so that the definition found afterwards is the one that stays.
    if (mayReplaceLater(callee))
      continue;
    const uint32_t epoch = callee.epoch.load(std::memory_order_acquire);
    const uint32_t serial = callee.serial.load(std::memory_order_acquire);
    const Definition where = callee.definition.load();
    if (!where.exists() || callee.isIfunc.load(std::memory_order_relaxed) ||
        callee.pinned.load(std::memory_order_relaxed))
      continue;
    Result<ImageReader*> reader = environment_.reader(callee, where);
    if (!reader)
      return reader.takeError();
    if (!*reader)
      continue;
    Result<size_t> instructions = bodySize(**reader, where);
    if (!instructions)
      return instructions.takeError();
    if (*instructions == 0 || size + *instructions > limit || !wants(site.count, *instructions))
      continue;
    seen[site.callee.value] = true;
    if (environment_.options.mayInline && !environment_.options.mayInline(root, callee.name))
      continue;
    const StrongHash content = bodyHash(llvm::cast<llvm::Function>(*(*reader)->value(where.ordinal)));
    Result<llvm::Function*> body = importBody(environment_.registry, environment_.host, **reader, callee,
                                              where, environment_.extract, unit_);
    if (!body)
      return body.takeError();
    if (!*body)
      continue;
    dropUnoptimisedMarks(**body);
    environment_.attributes.raise(**body);
    if (Status status = promoteCalls(annotate(**body, callee, site.count)); !status)
      return status;
    size += *instructions;
    members_.push_back({callee.id, serial, epoch, content});
    images_.push_back(where.image);
    collectSites(**body);
  }
  return {};
}

Result<size_t> Cluster::bodySize(ImageReader& reader, Definition where) {
  auto* function = llvm::dyn_cast<llvm::Function>(reader.value(where.ordinal));
  // A coroutine is split within its own unit: two of them in one, not split yet, are more than LLVM takes.
  if (!function || function->isVarArg() || function->isPresplitCoroutine() ||
      (function->hasFnAttribute(llvm::Attribute::NoInline) &&
       !function->hasFnAttribute(llvm::Attribute::OptimizeNone)) ||
      function->hasFnAttribute(llvm::Attribute::Naked))
    return size_t(0);
  if (Status status = reader.readBody(*function); !status)
    return status.takeError();
  // Unoptimised code is all marked as not to be inlined, so it does not say who relies on it.
  if (function->hasFnAttribute(llvm::Attribute::OptimizeNone) && looksAtItsFrame(*function))
    return size_t(0);
  return sizeOf(*function);
}

void Cluster::summarise() {
  if (!profiled_)
    return;
  SummaryBuilder summary;
  summary.add(allCounts_);
  summary.apply(*unit_.module);
}

} // namespace tiercel
