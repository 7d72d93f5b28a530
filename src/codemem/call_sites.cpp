// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/call_sites.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>

namespace tiercel {

std::byte* CallSites::target(FunctionId function) const {
  void* code = functions_.cell(function).load(std::memory_order_relaxed);
  return arena_.isCode(code) && code != functions_.lazyAddress(function) ? static_cast<std::byte*>(code)
                                                                         : functions_.stub(function);
}

void CallSites::aim(const Site& site, const std::byte* target) {
  const intptr_t distance = target - (site.exec + 4);
  const auto operand = static_cast<int32_t>(distance);
  assert(distance == operand && isPatchable(reinterpret_cast<uintptr_t>(site.exec)));
  const size_t offset = reinterpret_cast<uintptr_t>(site.write) % sizeof(uint64_t);
  assert(offset == reinterpret_cast<uintptr_t>(site.exec) % sizeof(uint64_t));
  std::atomic_ref<uint64_t> word(*reinterpret_cast<uint64_t*>(site.write - offset));
  // Only this code writes to the word now, under the lock: its other bytes are final.
  uint64_t bytes = word.load(std::memory_order_relaxed);
  memcpy(reinterpret_cast<std::byte*>(&bytes) + offset, &operand, sizeof operand);
  word.store(bytes, std::memory_order_release);
}

size_t CallSites::publish(FunctionId function, void* code) {
  LockGuard lock(mutex_);
  functions_.setCell(function, code);
  const auto users = users_.find(function.value);
  if (users == users_.end())
    return 0;
  const std::byte* newTarget = target(function);
  for (const Site& site : users->second)
    aim(site, newTarget);
  return users->second.size();
}

void CallSites::add(std::span<const CallSite> sites) {
  LockGuard lock(mutex_);
  for (const CallSite& site : sites) {
    const Site place{site.exec, site.write};
    aim(place, target(site.callee));
    users_[site.callee.value].push_back(place);
  }
}

void CallSites::remove(std::span<const FunctionId> callees, std::span<const CodeBlock> blocks) {
  const auto freed = [blocks](const Site& site) {
    const auto after =
        std::upper_bound(blocks.begin(), blocks.end(), site.exec,
                         [](const std::byte* address, const CodeBlock& b) { return address < b.exec; });
    return after != blocks.begin() && site.exec < std::prev(after)->exec + std::prev(after)->size;
  };
  LockGuard lock(mutex_);
  for (FunctionId callee : callees) {
    const auto users = users_.find(callee.value);
    if (users == users_.end())
      continue;
    std::erase_if(users->second, freed);
    if (users->second.empty())
      users_.erase(users);
  }
}

std::vector<const std::byte*> CallSites::users(FunctionId callee) {
  LockGuard lock(mutex_);
  std::vector<const std::byte*> places;
  if (const auto users = users_.find(callee.value); users != users_.end()) {
    for (const Site& site : users->second)
      places.push_back(site.exec);
  }
  return places;
}

} // namespace tiercel
