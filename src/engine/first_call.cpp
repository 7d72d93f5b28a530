// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where compiled code comes back into the engine.
#include "base/glob.h"
#include "base/mix.h"
#include "engine/engine_impl.h"
#include "platform/borrowed_memory.h"
#include "platform/lazy_entry.h"
#include "platform/program_state_guard.h"
#include "platform/stack.h"
#include "profile/target_table.h"
#include "tiering/policy.h"

#include <csignal>
#include <cstdlib>
#include <limits>
#include <optional>

extern "C" __attribute__((visibility("hidden"))) void*
tiercel_first_call(void* engine, uint32_t functionId, void* returnAddress, void* programStack) {
  const tiercel::SwitchedStack announced;
  return static_cast<tiercel::EngineImpl*>(engine)->firstCall(tiercel::FunctionId(functionId), returnAddress,
                                                              programStack);
}

extern "C" __attribute__((visibility("hidden"))) void*
tiercel_first_call_outside(void* engine, uint32_t functionId, void* returnAddress) {
  return static_cast<tiercel::EngineImpl*>(engine)->firstCallOutside(tiercel::FunctionId(functionId),
                                                                     returnAddress);
}

extern "C" __attribute__((visibility("hidden"))) void*
tiercel_counter_tripped(uint32_t idAndKind, uint32_t header, uint32_t epoch, void* engine) {
  const tiercel::SwitchedStack announced;
  return static_cast<tiercel::EngineImpl*>(engine)->counterTripped(
      tiercel::FunctionId(idAndKind >> 2), static_cast<tiercel::TripKind>(idAndKind & 3), header, epoch);
}

extern "C" __attribute__((visibility("hidden"))) void tiercel_record_target(void* table, void* target) {
  if (target)
    tiercel::recordTarget(*static_cast<tiercel::TargetTable*>(table), target);
}

namespace tiercel {

namespace {

/// Iterations until a loop that cannot be left yet asks again, when another one of its function can be.
constexpr int32_t kAskAgain = 100'000;

void* continuationAt(const FunctionRecord& record, TripKind kind, uint32_t header, uint32_t epoch) {
  const OsrEntries* osr = kind == TripKind::Loops ? record.osr.load(std::memory_order_acquire) : nullptr;
  return osr ? osr->find(epoch, header) : nullptr;
}

} // namespace

// The function may be added, redefined or removed at any moment. What goes wrong counts only if it did so
// with the definition that is still in force; else the call begins again.

void* EngineImpl::firstCall(FunctionId id, const void* returnAddress, const void* programStack) {
  FunctionRecord& record = registry_.function(id);
  const uint32_t serial = record.serial.load(std::memory_order_acquire);
  if (runsInBorrowedMemory() && promoter_.answersGuests() && record.definition.load().exists() &&
      !record.isIfunc.load(std::memory_order_relaxed)) {
    Result<void*> code = promoter_.compileForGuest(record, serial);
    if (!code)
      fatal(code.error());
    return *code;
  }
  ProgramStateGuard guard;
  collector_.noteStack(programStack);
  std::optional<Error> error;
  if (!record.definition.load().exists()) {
    if (objects_.resolverOf(id))
      return nullptr;
    // Else the loader or the host may know it, which are asked outside.
    return findLate(record, /*ask=*/false);
  } else {
    if (record.isIfunc.load(std::memory_order_relaxed))
      return nullptr;
    Result<void*> code = ensureCompiled(record);
    if (code)
      return *code;
    error = code.takeError();
  }
  if (!isChangedSince(record, serial))
    fatal(error ? *error : undefinedCall(record, returnAddress));
  return table_.lazyAddress(id);
}

void* EngineImpl::firstCallOutside(FunctionId id, const void* returnAddress) {
  FunctionRecord& record = registry_.function(id);
  const uint32_t serial = record.serial.load(std::memory_order_acquire);
  std::optional<Error> error;
  if (record.definition.load().exists()) {
    if (!record.isIfunc.load(std::memory_order_relaxed))
      return table_.lazyAddress(id); // added this moment
    Result<void*> code = runIfunc(record);
    if (code)
      return *code;
    error = code.takeError();
  } else {
    std::byte* resolver = nullptr;
    {
      ProgramStateGuard guard;
      resolver = objects_.resolverOf(id);
    }
    if (resolver) {
      // Who calls while the object is removed calls what goes, as natively after dlclose.
      void* target = reinterpret_cast<void* (*)()>(resolver)();
      ProgramStateGuard guard;
      LockGuard lock(versions_.mutex());
      publish(record.id, target);
      return target;
    }
    {
      ProgramStateGuard guard;
      if (void* late = findLate(record, /*ask=*/true))
        return late;
    }
    // The host's answer is for this call; it may also have added the function. Without the whole guard: it
    // may take its time, and run code of the program.
    CallOnceGuard guard;
    if (void* elsewhere = options_.onUndefined ? options_.onUndefined(record.name) : nullptr)
      return elsewhere;
  }
  ProgramStateGuard guard;
  if (!isChangedSince(record, serial))
    fatal(error ? *error : undefinedCall(record, returnAddress));
  return table_.lazyAddress(id);
}

/// Serials are compared between changes, not in the middle of one.
bool EngineImpl::isChangedSince(const FunctionRecord& record, uint32_t serial) {
  LockGuard lock(versions_.mutex());
  return record.serial.load(std::memory_order_relaxed) != serial;
}

void* EngineImpl::findLate(FunctionRecord& record, bool ask) {
  if (record.internal) // others of its name have nothing to do with it
    return nullptr;
  const llvm::StringRef name(record.name.data(), record.name.size());
  const SymbolRef ref = registry_.find(name);
  void* address = nullptr;
  if (ref.kind != SymbolKind::None && (ref.kind != SymbolKind::Function || ref.id != record.id.value)) {
    Result<void*> found = addressOf(ref);
    address = found ? *found : nullptr;
  }
  if (!address && ask)
    host_.learn(name, /*isData=*/false, /*load=*/true);
  if (!address)
    address = host(name, /*weak=*/false).value_or(nullptr);
  if (!address)
    return nullptr;
  LockGuard lock(versions_.mutex());
  if (record.definition.load().exists())
    return table_.lazyAddress(record.id); // added this moment: the call comes again
  publish(record.id, address);
  boundLate_.push_back(record.id);
  return address;
}

void* EngineImpl::counterTripped(FunctionId id, TripKind kind, uint32_t header, uint32_t epoch) {
  FunctionRecord& record = registry_.function(id);
  // An activation of before a change finishes where it is; the counters are the new code's. A child of vfork,
  // which may be killed, must not compile, as these modes would have it do.
  const bool compilesHere = options_.sync || options_.modes.osrAlways;
  if (record.epoch.load(std::memory_order_acquire) != epoch || (compilesHere && runsInBorrowedMemory())) {
    Counters& counters = table_.counters(id);
    (kind == TripKind::Loops ? counters.loops : counters.calls).store(kAskAgain, std::memory_order_relaxed);
    return nullptr;
  }
  if (options_.fixedTier) { // counts for a profile only, and goes on
    Counters& counters = table_.counters(id);
    counters.calls.store(std::numeric_limits<int32_t>::max(), std::memory_order_relaxed);
    counters.loops.store(std::numeric_limits<int32_t>::max(), std::memory_order_relaxed);
    return nullptr;
  }
  if (kind == TripKind::Loops && options_.modes.osrAlways)
    return osrAtRandom(record, header, epoch);
  void* continuation = continuationAt(record, kind, header, epoch);
  if (!continuation) {
    if (kind == TripKind::Loops)
      record.loopHeader.store(header, std::memory_order_relaxed);
    Counters& counters = table_.counters(id);
    const OsrEntries* osr = record.osrEntries(epoch);
    // Nothing is counted until the policy has decided, but loops that others are to leave go on asking.
    if (osr && osr->any()) {
      if (kind == TripKind::Loops)
        counters.loops.store(kAskAgain, std::memory_order_relaxed);
    } else {
      counters.poll.store(0, std::memory_order_seq_cst);
      // One may have been published meanwhile. Its publisher sets `any` before `poll`, and we look after we
      // cleared: one of the two leaves it set.
      if (osr && osr->any())
        counters.poll.store(1, std::memory_order_seq_cst);
    }
    promoter_.tripped(record, kind);
    continuation = continuationAt(record, kind, header, epoch); // with Options::sync it is there now
  }
  if (continuation)
    statistics_.osrEntries.add();
  return continuation;
}

/// What holds in every mode: who bisects with --only wants the rest left alone.
bool EngineImpl::mayBeOptimised(const FunctionRecord& record) const {
  return (options_.only.empty() || globMatches(options_.only, record.name)) &&
         effectiveMark(record.name, record.mark.load(std::memory_order_relaxed), options_) != Mark::Cold;
}

void* EngineImpl::osrAtRandom(FunctionRecord& record, uint32_t header, uint32_t epoch) {
  // Asked again at the next poll.
  table_.counters(record.id).loops.store(0, std::memory_order_relaxed);
  const uint64_t chance = mixBits(options_.modes.seed + osrChances_.fetch_add(1, std::memory_order_relaxed));
  OsrEntries* osr = record.osrEntries(epoch);
  if (!osr || chance % 2 == 0)
    return nullptr;
  if (!continuationAt(record, TripKind::Loops, header, epoch)) {
    if (!mayBeOptimised(record) || osr->failed(header) || pool_.fatal().exhausted())
      return nullptr;
    ProgramStateGuard guard;
    CompileRequest request;
    request.function = record.id;
    request.epoch = epoch;
    request.tier = static_cast<unsigned>(chance >> 8) % kTierCount;
    request.osrHeader = header;
    Result<SessionPool::Lease> session = pool_.borrow();
    if (!session)
      return nullptr;
    (*session)->stack().run([&] {
      if (compileContinuation(request, **session, /*background=*/false) == Outcome::Failed)
        osr->setFailed(header);
    });
  }
  void* continuation = continuationAt(record, TripKind::Loops, header, epoch);
  if (continuation)
    statistics_.osrEntries.add();
  return continuation;
}

void EngineImpl::fatal(const Error& error) {
  if (options_.onFatal)
    options_.onFatal(error);
  abort();
}

} // namespace tiercel
