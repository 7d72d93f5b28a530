// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where compiled code comes back into the engine.
#include "engine/engine_impl.h"
#include "platform/lazy_entry.h"
#include "platform/program_state_guard.h"

#include <csignal>
#include <cstdlib>

extern "C" void* tiercel_first_call(void* engine, uint32_t functionId, void* returnAddress) {
  return static_cast<tiercel::EngineImpl*>(engine)->firstCall(tiercel::FunctionId(functionId), returnAddress);
}

extern "C" __attribute__((visibility("hidden"))) void tiercel_counter_tripped(uint32_t idAndKind,
                                                                              void* engine) {
  static_cast<tiercel::EngineImpl*>(engine)->counterTripped(tiercel::FunctionId(idAndKind >> 2),
                                                            static_cast<tiercel::TripKind>(idAndKind & 3));
}

namespace tiercel {

void* EngineImpl::firstCall(FunctionId id, const void* returnAddress) {
  FunctionRecord& record = registry_.function(id);
  {
    ProgramStateGuard guard;
    promoter_.ensureWorkers();
    if (!record.definition.load().exists()) {
      if (void* late = findLate(record))
        return late;
      fatal(undefinedCall(record, returnAddress));
    }
    if (!record.isIfunc.load(std::memory_order_relaxed)) {
      Result<void*> code = ensureCompiled(record);
      if (!code)
        fatal(code.error());
      return *code;
    }
  }
  // The resolver is the program's code: it runs on the program's stack, with its signals.
  Result<void*> code = runIfunc(record);
  if (!code)
    fatal(code.error());
  return *code;
}

void* EngineImpl::findLate(FunctionRecord& record) {
  const llvm::StringRef name(record.name.data(), record.name.size());
  const SymbolRef ref = registry_.find(name);
  void* address = nullptr;
  if (ref.kind != SymbolKind::Function || ref.id != record.id.value) {
    Result<void*> found = addressOf(ref);
    address = found ? *found : nullptr;
  }
  if (!address)
    address = host(name, /*weak=*/false).value_or(nullptr);
  if (address)
    publish(record.id, address);
  return address;
}

void EngineImpl::counterTripped(FunctionId id, TripKind kind) {
  promoter_.tripped(registry_.function(id), kind);
}

void EngineImpl::fatal(const Error& error) {
  if (options_.onFatal)
    options_.onFatal(error);
  abort();
}

} // namespace tiercel
