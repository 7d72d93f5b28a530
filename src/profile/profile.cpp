// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/profile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace tiercel {

namespace {

/// A call that reaches more functions than this is not worth more lines.
constexpr size_t kMaxTargets = 16;

void addTargets(IndirectCallProfile& into, const IndirectCallProfile& from) {
  into.total = llvm::SaturatingAdd(into.total, from.total);
  for (const CallTarget& target : from.targets) {
    auto same = std::ranges::find(into.targets, target.name, &CallTarget::name);
    if (same == into.targets.end())
      into.targets.push_back(target);
    else
      same->count = llvm::SaturatingAdd(same->count, target.count);
  }
  std::ranges::sort(into.targets, [](const CallTarget& a, const CallTarget& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  if (into.targets.size() > kMaxTargets)
    into.targets.resize(kMaxTargets);
}

} // namespace

bool Profile::add(FunctionProfile function) {
  const auto [first, last] = byHash_.equal_range(function.hash);
  auto same = std::find_if(first, last,
                           [&](const auto& entry) { return functions_[entry.second].name == function.name; });
  if (same == last) {
    byHash_.emplace(function.hash, functions_.size());
    functions_.push_back(std::move(function));
    return true;
  }
  FunctionProfile& into = functions_[same->second];
  if (into.counts.size() != function.counts.size() || into.calls.size() != function.calls.size())
    return false;
  for (size_t i = 0; i < into.counts.size(); ++i)
    into.counts[i] = llvm::SaturatingAdd(into.counts[i], function.counts[i]);
  for (size_t i = 0; i < into.calls.size(); ++i)
    addTargets(into.calls[i], function.calls[i]);
  return true;
}

std::vector<std::string> Profile::merge(const Profile& other) {
  std::vector<std::string> notes;
  for (const FunctionProfile& function : other.functions_) {
    if (!add(function))
      notes.push_back(
          llvm::formatv("function {0} (hash {1:x-16}): left out, because it has {2} counts and {3} "
                        "indirect calls, unlike the one that is there",
                        function.name, function.hash, function.counts.size(), function.calls.size())
              .str());
  }
  return notes;
}

const FunctionProfile* Profile::find(uint64_t hash, std::string_view name) const {
  const FunctionProfile* best = nullptr;
  const auto [first, last] = byHash_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const FunctionProfile& candidate = functions_[entry->second];
    if (candidate.name == name)
      return &candidate;
    // Of equal ones the first by name, so that the answer does not depend on the order in the table.
    if (!best || candidate.entryCount() > best->entryCount() ||
        (candidate.entryCount() == best->entryCount() && candidate.name < best->name))
      best = &candidate;
  }
  return best;
}

} // namespace tiercel
