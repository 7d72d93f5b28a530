// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/outdated_callers.h"

#include "codemem/caller_thunk.h"
#include "registry/claims.h"
#include "registry/values.h"

#include <algorithm>
#include <utility>

namespace tiercel {

std::vector<FunctionId> OutdatedCallers::withoutCode(Versions& versions, const std::string& module,
                                                     ImageReader& reader,
                                                     std::span<const Likeness> likeness) {
  std::vector<FunctionId> functions;
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const auto* function = llvm::dyn_cast<llvm::Function>(reader.value(ordinal));
    if (!function || function->isDeclaration() || likeness[ordinal] != Likeness::Different)
      continue;
    const SymbolRef ref =
        versions.environment()
            .registry.findInModule(module, nameInModule(*function), function->hasLocalLinkage())
            .ref;
    if (ref.kind != SymbolKind::Function || codeOf(versions, FunctionId(ref.id)))
      continue;
    const FunctionRecord& record = versions.environment().registry.function(FunctionId(ref.id));
    if (!record.definition.load().exists() || record.isIfunc.load(std::memory_order_relaxed))
      continue;
    const Claims* claims = versions.environment().registry.keepClaims(claimTexts(function->getAttributes()));
    if (!versions.believers(record.id, *claims).empty())
      functions.push_back(record.id);
  }
  return functions;
}

void* OutdatedCallers::codeOf(Versions& versions, FunctionId function) const {
  if (const auto led = led_.find(function.value); led != led_.end())
    return led->second.code;
  void* code = versions.environment().functions.cell(function).load(std::memory_order_relaxed);
  return code == versions.environment().functions.lazyAddress(function) ? nullptr : code;
}

std::vector<OutdatedCallers::Reached> OutdatedCallers::reached(Versions& versions,
                                                               std::span<const FunctionId> functions) {
  std::vector<Reached> all;
  for (FunctionId function : functions) {
    void* code = codeOf(versions, function);
    if (!code)
      continue;
    const FunctionCode* own = versions.find(function);
    CodeVersion* current = own ? own->current : nullptr;
    all.push_back({function, code, current && current->entry == code ? current : nullptr});
  }
  return all;
}

void OutdatedCallers::changed(Versions& versions, std::span<const Reached> before) {
  for (const auto& [function, code, version] : before) {
    const Claims* claims =
        versions.environment().registry.function(function).claims.load(std::memory_order_acquire);
    if (!claims)
      continue; // nothing to reach, or nothing that says something of itself
    for (CodeVersion* believer : versions.believers(function, *claims)) {
      std::vector<Caller>& callers = led_[function.value].callers;
      const auto isKnown = [&](const Caller& caller) { return caller.code == believer; };
      if (std::any_of(callers.begin(), callers.end(), isKnown))
        continue; // since a change before this one
      callers.push_back({believer, code});
      if (version && version != believer)
        versions.keep(*believer, *version);
    }
  }
}

Status OutdatedCallers::prepare(Versions& versions, FunctionId function, void* code) {
  const auto found = led_.find(function.value);
  return found == led_.end() ? Status() : makeThunk(versions, found->second, code);
}

void* OutdatedCallers::entry(Versions& versions, FunctionId function, void* code) {
  const auto found = led_.find(function.value);
  if (found == led_.end())
    return code;
  Led& led = found->second;
  if (code == versions.environment().functions.lazyAddress(function) || !makeThunk(versions, led, code)) {
    dropThunk(versions, led);
    return versions.environment().functions.lazyAddress(function);
  }
  // A thread may be about to jump on from the thunk when that is replaced.
  if (const FunctionCode* own = versions.find(function); own && own->current && own->current->entry == code)
    versions.keep(*led.thunk, *own->current);
  return led.thunk->entry;
}

Status OutdatedCallers::makeThunk(Versions& versions, Led& led, void* code) {
  if (led.thunk && led.code == code)
    return {};
  std::vector<CallerRoute> routes;
  for (const Caller& caller : led.callers)
    routes.push_back(
        {caller.code->code.exec, caller.code->code.exec + caller.code->code.size, caller.target});
  std::sort(routes.begin(), routes.end(),
            [](const CallerRoute& a, const CallerRoute& b) { return a.begin < b.begin; });
  Result<CodeBlock> block =
      makeCallerThunk(versions.environment().arena, versions.environment().map, routes, code);
  if (!block)
    return block.takeError();
  auto made = std::make_unique<CodeVersion>();
  made->code = *block;
  made->entry = block->exec;
  made->bytes = block->size;
  dropThunk(versions, led);
  led.code = code;
  led.thunk = versions.adopt(std::move(made));
  return {};
}

void OutdatedCallers::dropThunk(Versions& versions, Led& led) {
  led.code = nullptr;
  if (CodeVersion* thunk = std::exchange(led.thunk, nullptr))
    versions.retire(*thunk);
}

std::vector<OutdatedCallers::Reached> OutdatedCallers::forgetFreed(Versions& versions) {
  std::vector<Reached> changed;
  for (auto led = led_.begin(); led != led_.end();) {
    const size_t gone =
        std::erase_if(led->second.callers, [&](const Caller& caller) TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
          return versions.isToGo(*caller.code);
        });
    if (gone > 0 && led->second.code) {
      changed.push_back({FunctionId(led->first), led->second.code});
      dropThunk(versions, led->second);
    }
    led = led->second.callers.empty() ? led_.erase(led) : std::next(led);
  }
  return changed;
}

} // namespace tiercel
