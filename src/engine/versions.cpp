// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/versions.h"

#include <algorithm>

namespace tiercel {

Versions::~Versions() = default;

bool Versions::stillHold(const Assumptions& assumptions, bool note) {
  const auto body = [this](const BodyAssumption& taken) {
    const FunctionRecord& record = registry_.function(taken.function);
    return record.serial.load(std::memory_order_acquire) == taken.serial &&
           record.epoch.load(std::memory_order_acquire) == taken.epoch;
  };
  const auto claims = [this](const ClaimsAssumption& assumed) {
    const Claims* said = registry_.function(assumed.function).claims.load(std::memory_order_acquire);
    return !said || said->containsAll(*assumed.believed);
  };
  const auto data = [this](const DataAssumption& told) {
    const GlobalRecord& record = registry_.global(told.global);
    return record.serial.load(std::memory_order_acquire) == told.serial &&
           !(told.value && record.leadsOutside.load(std::memory_order_acquire));
  };
  const auto name = [this, note](const NameAssumption& found) {
    const bool defined = note ? registry_.assumeDefined(found.name) : registry_.isDefined(found.name);
    return defined == found.defined() &&
           (found.use != NameAssumption::Use::Absent || process_.serial() == found.processSerial);
  };
  return assumptions.cpu == cpu_ && std::all_of(assumptions.bodies.begin(), assumptions.bodies.end(), body) &&
         std::all_of(assumptions.claims.begin(), assumptions.claims.end(), claims) &&
         std::all_of(assumptions.data.begin(), assumptions.data.end(), data) &&
         std::all_of(assumptions.names.begin(), assumptions.names.end(), name);
}

bool Versions::isCurrent(const FunctionRecord& record, uint32_t epoch, const Assumptions& assumptions,
                         std::span<const ObjectId> objects) {
  for (ObjectId object : objects) {
    if (object.value < removedObjects_.size() && removedObjects_[object.value])
      return false;
  }
  // From here on changes of names are noted, so that they reach the code even if they come before that is
  // entered: objects and the host define names without this lock.
  return record.epoch.load(std::memory_order_acquire) == epoch && stillHold(assumptions, /*note=*/true);
}

void Versions::enter(CodeVersion& version) {
  for (const BodyAssumption& body : version.assumptions.bodies)
    byFunction_[body.function.value].insert(&version);
  for (const ClaimsAssumption& claims : version.assumptions.claims)
    byFunction_[claims.function.value].insert(&version);
  for (const NameAssumption& name : version.assumptions.names) {
    byName_[name.name].insert(&version);
    if (name.use == NameAssumption::Use::Absent)
      byAbsence_.insert(&version);
  }
  if (version.function.valid()) {
    for (ObjectId object : version.objects)
      objectUsers_[object.value].insert(&version);
  }
  registry_.useImages(version.images, 1);
}

void Versions::leave(CodeVersion& version) {
  const auto forget = [&version](auto& map, const auto& key) {
    const auto found = map.find(key);
    if (found != map.end() && found->second.erase(&version) != 0 && found->second.empty())
      map.erase(found);
  };
  for (const BodyAssumption& body : version.assumptions.bodies)
    forget(byFunction_, body.function.value);
  for (const ClaimsAssumption& claims : version.assumptions.claims)
    forget(byFunction_, claims.function.value);
  for (const NameAssumption& name : version.assumptions.names) {
    forget(byName_, name.name);
    if (!byName_.contains(name.name))
      registry_.forgetAssumed(name.name);
  }
  byAbsence_.erase(&version);
  holders_.erase(&version);
  for (ObjectId object : version.objects)
    forget(objectUsers_, object.value);
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
  std::vector<CodeVersion*> holders;
  if (const auto found = byFunction_.find(id.value); found != byFunction_.end()) {
    std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(holders),
                 [id](const CodeVersion* version) {
                   const std::vector<BodyAssumption>& bodies = version->assumptions.bodies;
                   return std::any_of(bodies.begin(), bodies.end(),
                                      [id](const BodyAssumption& body) { return body.function == id; });
                 });
  }
  return holders;
}

std::vector<CodeVersion*> Versions::dependents(const std::string& hint) {
  std::vector<CodeVersion*> holders;
  if (const auto found = byName_.find(hint); found != byName_.end()) {
    std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(holders),
                 [&](const CodeVersion* version) {
                   const std::vector<NameAssumption>& names = version->assumptions.names;
                   return std::any_of(names.begin(), names.end(), [&](const NameAssumption& name) {
                     return name.use == NameAssumption::Use::Hint && name.name == hint;
                   });
                 });
  }
  return holders;
}

template <typename Set> std::vector<CodeVersion*> Versions::disappointedOf(const Set* users) {
  std::vector<CodeVersion*> list;
  if (users) {
    std::copy_if(users->begin(), users->end(), std::back_inserter(list),
                 [this](const CodeVersion* version) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
                   return !version->outOfDate && !stillHold(version->assumptions);
                 });
  }
  return list;
}

std::vector<CodeVersion*> Versions::disappointed(FunctionId id) {
  const auto found = byFunction_.find(id.value);
  return disappointedOf(found == byFunction_.end() ? nullptr : &found->second);
}

std::vector<CodeVersion*> Versions::disappointed(const std::string& name) {
  const auto found = byName_.find(name);
  return disappointedOf(found == byName_.end() ? nullptr : &found->second);
}

std::vector<CodeVersion*> Versions::disappointedByProcess() { return disappointedOf(&byAbsence_); }

std::vector<CodeVersion*> Versions::believers(FunctionId id, const Claims& claims) {
  std::vector<CodeVersion*> believers;
  if (const auto found = byFunction_.find(id.value); found != byFunction_.end()) {
    std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(believers),
                 [&](const CodeVersion* version) {
                   const std::vector<ClaimsAssumption>& all = version->assumptions.claims;
                   return std::any_of(all.begin(), all.end(), [&](const ClaimsAssumption& assumed) {
                     return assumed.function == id && !claims.containsAll(*assumed.believed);
                   });
                 });
  }
  return believers;
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
  const auto found = objectUsers_.find(id.value);
  return found == objectUsers_.end() ? std::vector<CodeVersion*>()
                                     : std::vector<CodeVersion*>(found->second.begin(), found->second.end());
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

void Versions::keep(CodeVersion& holder, CodeVersion& kept) {
  holder.keeps.push_back(&kept);
  holders_.insert(&holder);
}

bool Versions::isToGo(const CodeVersion& version) const {
  return version.retired && version.retiredIn < collections_ && !version.addressesEscape &&
         !version.seen.load(std::memory_order_relaxed);
}

void Versions::seeKept() {
  std::vector<CodeVersion*> staying;
  std::copy_if(holders_.begin(), holders_.end(), std::back_inserter(staying),
               [this](const CodeVersion* holder)
                   TIERCEL_NO_THREAD_SAFETY_ANALYSIS { return !isToGo(*holder); });
  while (!staying.empty()) {
    const CodeVersion* holder = staying.back();
    staying.pop_back();
    for (CodeVersion* kept : holder->keeps) {
      if (isToGo(*kept)) {
        kept->seen.store(true, std::memory_order_relaxed);
        staying.push_back(kept);
      }
    }
  }
}

Versions::Freed Versions::endCollection(std::span<CodeVersion* const> candidates) {
  std::vector<CodeVersion*> freed;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(freed),
               [this](const CodeVersion* version)
                   TIERCEL_NO_THREAD_SAFETY_ANALYSIS { return isToGo(*version); });
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
      if (code.retired == 0 && !code.current && code.first.empty() && code.continuations.empty())
        functions_.erase(version->function.value);
    }
    all_.erase(version);
  }
  retiredBytes_.fetch_sub(result.bytes, std::memory_order_relaxed);
  return result;
}

} // namespace tiercel
