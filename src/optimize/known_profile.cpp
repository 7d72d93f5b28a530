// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "optimize/known_profile.h"

#include "profile/target_table.h"
#include "unit/content_hash.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace tiercel {

namespace {

/// Between an image's name and that of a function that only it sees.
constexpr char kImageMark = ';';

std::string profileName(const FunctionRecord& record, Registry& registry) {
  // External names as the linker spells them, the names of an image's own functions as that image does.
  const llvm::StringRef linkerName = llvm::GlobalValue::dropLLVMManglingEscape(record.name);
  const SymbolRef ref = registry.find(linkerName);
  if (ref.kind == SymbolKind::Function && ref.id == record.id.value)
    return linkerName.str();
  const Definition where = record.definition.load();
  return (where.exists() ? registry.imageName(where.image) : std::string()) + kImageMark +
         std::string(record.name);
}

FunctionId functionNamed(const std::string& name, Registry& registry) {
  SymbolRef ref;
  if (const size_t mark = name.find(kImageMark); mark == std::string::npos) {
    ref = registry.find(name);
  } else {
    for (uint32_t i = 0; i < registry.imageCount() && ref.kind == SymbolKind::None; ++i) {
      if (registry.imageName(ImageId(i)) == name.substr(0, mark))
        ref = registry.findFrom(ImageId(i), name.substr(mark + 1));
    }
  }
  return ref.kind == SymbolKind::Function ? FunctionId(ref.id) : FunctionId();
}

KnownProfile counted(const FunctionRecord& record, Registry& registry) {
  KnownProfile known;
  // While the first compile goes on, on any thread, the counters are being set up.
  const FunctionCounts counters =
      record.state() == FirstCompile::Ready ? registry.counts(record.id) : FunctionCounts();
  if (!counters.owner)
    return known;
  bool ran = false;
  for (unsigned i = 0; i < counters.sites; ++i) {
    known.counts.push_back(counters.count(i));
    ran |= known.counts.back() != 0;
  }
  if (!ran)
    known.counts.clear();
  for (unsigned i = 0; i < counters.calls; ++i) {
    KnownCall& call = known.calls.emplace_back();
    const TargetHistogram histogram = decodeTargets(counters.targets[i]);
    call.total = histogram.total;
    for (const TargetCount& target : histogram.targets) {
      if (const FunctionId id = registry.functionAt(target.target); id.valid())
        call.targets.push_back({id, target.count});
    }
  }
  return known;
}

void add(KnownCall& to, const IndirectCallProfile& from, Registry& registry) {
  to.total = llvm::SaturatingAdd(to.total, from.total);
  for (const CallTarget& target : from.targets) {
    const FunctionId id = functionNamed(target.name, registry);
    if (!id.valid())
      continue;
    const auto same = std::find_if(to.targets.begin(), to.targets.end(),
                                   [id](const KnownTarget& t) { return t.function.value == id.value; });
    if (same != to.targets.end())
      same->count = llvm::SaturatingAdd(same->count, target.count);
    else
      to.targets.push_back({id, target.count});
  }
  std::stable_sort(to.targets.begin(), to.targets.end(),
                   [](const KnownTarget& a, const KnownTarget& b) { return a.count > b.count; });
}

} // namespace

KnownProfile knownProfile(const FunctionRecord& record, const llvm::Function& function, Registry& registry,
                          const Profile* earlier, size_t sites) {
  KnownProfile known = counted(record, registry);
  if (known.counts.size() != sites)
    known.counts.clear();
  const FunctionProfile* before =
      earlier && !earlier->empty() ? earlier->find(contentHash(function), record.name) : nullptr;
  if (!before || before->counts.size() != sites)
    return known;
  known.counts.resize(sites);
  for (size_t i = 0; i < sites; ++i)
    known.counts[i] = llvm::SaturatingAdd(known.counts[i], before->counts[i]);
  known.calls.resize(before->calls.size());
  for (size_t i = 0; i < before->calls.size(); ++i)
    add(known.calls[i], before->calls[i], registry);
  return known;
}

std::optional<FunctionProfile> countedProfile(const FunctionRecord& record, Registry& registry) {
  const KnownProfile known = counted(record, registry);
  if (known.counts.empty())
    return {};
  FunctionProfile profile;
  profile.hash = registry.counts(record.id).hash;
  profile.name = record.name;
  profile.counts = known.counts;
  for (const KnownCall& call : known.calls) {
    IndirectCallProfile& entry = profile.calls.emplace_back();
    entry.total = call.total;
    for (const KnownTarget& target : call.targets)
      entry.targets.push_back({profileName(registry.function(target.function), registry), target.count});
  }
  return profile;
}

} // namespace tiercel
