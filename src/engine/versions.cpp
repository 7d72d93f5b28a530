// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/versions.h"

#include <algorithm>

namespace tiercel {

Versions::~Versions() = default;

bool Versions::isCurrent(const FunctionRecord& record, uint32_t epoch, std::span<const Dependency> inlined,
                         std::span<const ObjectId> objects) {
  for (ObjectId object : objects) {
    if (removedObjects_.contains(object.value))
      return false;
  }
  return record.epoch.load(std::memory_order_acquire) == epoch &&
         std::all_of(inlined.begin(), inlined.end(), [&](const Dependency& dependency) {
           const FunctionRecord& inlinedOne = registry_.function(dependency.function);
           return inlinedOne.serial.load(std::memory_order_acquire) == dependency.serial &&
                  inlinedOne.epoch.load(std::memory_order_acquire) == dependency.epoch;
         });
}

void Versions::enter(CodeVersion& version) {
  for (const Dependency& dependency : version.inlined)
    inlinedInto_[dependency.function.value].insert(&version);
  for (const std::string& hint : version.hints)
    hintedInto_[hint].insert(&version);
  registry_.useImages(version.images, 1);
}

void Versions::leave(CodeVersion& version) {
  const auto forget = [&version](auto& map, const auto& key) {
    const auto found = map.find(key);
    if (found != map.end() && found->second.erase(&version) != 0 && found->second.empty())
      map.erase(found);
  };
  for (const Dependency& dependency : version.inlined)
    forget(inlinedInto_, dependency.function.value);
  for (const std::string& hint : version.hints)
    forget(hintedInto_, hint);
  registry_.useImages(version.images, -1);
}

CodeVersion* Versions::adopt(std::unique_ptr<CodeVersion> version) {
  CodeVersion* raw = version.get();
  all_.emplace(raw, std::move(version));
  liveBytes_.fetch_add(raw->bytes, std::memory_order_relaxed);
  enter(*raw);
  return raw;
}

CodeVersion* Versions::publish(std::unique_ptr<CodeVersion> made) {
  CodeVersion* version = adopt(std::move(made));
  FunctionCode& code = functions_[version->function.value];
  if (version->osrHeader) {
    CodeVersion* old = std::exchange(code.continuations[*version->osrHeader], version);
    if (old)
      retire(*old);
    return old;
  }
  CodeVersion* old = std::exchange(code.current, version);
  if (version->tier == 0)
    code.first.push_back(version);
  if (old)
    retire(*old);
  return old;
}

void Versions::discard(std::unique_ptr<CodeVersion> version) {
  CodeVersion* const one[] = {version.get()};
  unlink(environment_, one);
}

const FunctionCode* Versions::find(FunctionId id) {
  const auto found = functions_.find(id.value);
  return found == functions_.end() ? nullptr : &found->second;
}

void Versions::retire(CodeVersion& version) {
  version.retired = true;
  version.retiredIn = collections_;
  retired_.insert(&version);
  liveBytes_.fetch_sub(version.bytes, std::memory_order_relaxed);
  retiredBytes_.fetch_add(version.bytes, std::memory_order_relaxed);
  everRetired_.fetch_add(1, std::memory_order_relaxed);
  if (version.function.valid())
    ++functions_[version.function.value].retired;
}

void Versions::withdraw(FunctionRecord& record) {
  if (OsrEntries* entries = record.osr.load(std::memory_order_relaxed))
    entries->clear();
  const auto found = functions_.find(record.id.value);
  if (found == functions_.end())
    return;
  FunctionCode& code = found->second;
  for (const auto& [header, continuation] : std::exchange(code.continuations, {}))
    retire(*continuation);
  code.first.clear(); // of another epoch from now on
  if (CodeVersion* current = std::exchange(code.current, nullptr))
    retire(*current);
}

void Versions::withdrawContinuation(FunctionRecord& record, uint32_t header) {
  if (OsrEntries* entries = record.osr.load(std::memory_order_relaxed))
    entries->withdraw(header);
  FunctionCode& code = functions_[record.id.value];
  const auto found = code.continuations.find(header);
  if (found == code.continuations.end())
    return;
  CodeVersion* continuation = found->second;
  code.continuations.erase(found);
  retire(*continuation);
}

CodeVersion* Versions::revive(FunctionRecord& record) {
  FunctionCode& code = functions_[record.id.value];
  const auto found = std::find_if(code.first.rbegin(), code.first.rend(),
                                  [](const CodeVersion* version) { return !version->outOfDate; });
  if (found == code.first.rend() || *found == code.current)
    return nullptr;
  CodeVersion* first = *found;
  first->retired = false;
  retired_.erase(first);
  retiredBytes_.fetch_sub(first->bytes, std::memory_order_relaxed);
  liveBytes_.fetch_add(first->bytes, std::memory_order_relaxed);
  everRetired_.fetch_sub(1, std::memory_order_relaxed);
  --code.retired;
  if (CodeVersion* old = std::exchange(code.current, first))
    retire(*old);
  return first;
}

std::vector<CodeVersion*> Versions::dependents(FunctionId id) {
  const auto found = inlinedInto_.find(id.value);
  return found == inlinedInto_.end() ? std::vector<CodeVersion*>()
                                     : std::vector<CodeVersion*>(found->second.begin(), found->second.end());
}

std::vector<CodeVersion*> Versions::dependents(const std::string& hint) {
  const auto found = hintedInto_.find(hint);
  return found == hintedInto_.end() ? std::vector<CodeVersion*>()
                                    : std::vector<CodeVersion*>(found->second.begin(), found->second.end());
}

std::vector<CodeVersion*> Versions::users(FunctionId id) {
  std::vector<CodeVersion*> users;
  for (const auto& [version, owner] : all_) {
    const auto mentions = [id](const std::vector<FunctionId>& list) {
      return std::find(list.begin(), list.end(), id) != list.end();
    };
    if (!version->retired && (mentions(version->references) || mentions(version->callees)))
      users.push_back(version);
  }
  return users;
}

std::vector<CodeVersion*> Versions::users(ObjectId id) {
  std::vector<CodeVersion*> users;
  for (const auto& [version, owner] : all_) {
    if (version->function.valid() &&
        std::find(version->objects.begin(), version->objects.end(), id) != version->objects.end())
      users.push_back(version);
  }
  return users;
}

std::vector<CodeVersion*> Versions::beginCollection() {
  ++collections_;
  std::vector<CodeVersion*> candidates;
  for (CodeVersion* version : retired_) {
    if (version->addressesEscape)
      continue;
    version->seen.store(false, std::memory_order_relaxed);
    candidates.push_back(version);
  }
  return candidates;
}

void Versions::holdForRetired(ImageId image) {
  for (CodeVersion* version : retired_) {
    version->images.push_back(image);
    registry_.useImages({&image, 1}, 1);
  }
}

uint64_t Versions::pinnedVersions() {
  return static_cast<uint64_t>(std::count_if(
      retired_.begin(), retired_.end(), [](const CodeVersion* version) { return version->addressesEscape; }));
}

Versions::Freed Versions::endCollection(std::span<CodeVersion* const> candidates) {
  std::vector<CodeVersion*> freed;
  for (CodeVersion* version : candidates) {
    if (version->retired && version->retiredIn < collections_ &&
        !version->seen.load(std::memory_order_relaxed))
      freed.push_back(version);
  }
  unlink(environment_, freed);
  Freed result;
  for (CodeVersion* version : freed) {
    leave(*version);
    ++result.versions;
    result.bytes += version->bytes;
    retired_.erase(version);
    if (version->function.valid()) {
      FunctionCode& code = functions_[version->function.value];
      --code.retired;
      if (std::erase(code.first, version) != 0 && code.first.empty()) {
        // No loop will ask for a continuation any more.
        FunctionRecord& record = registry_.function(version->function);
        while (!code.continuations.empty())
          withdrawContinuation(record, code.continuations.begin()->first);
      }
    }
    all_.erase(version);
  }
  retiredBytes_.fetch_sub(result.bytes, std::memory_order_relaxed);
  return result;
}

} // namespace tiercel
