// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a request to published code, and the protocol of first calls.
#include "base/clock.h"
#include "base/glob.h"
#include "engine/assumption_text.h"
#include "engine/engine_impl.h"
#include "optimize/known_profile.h"
#include "platform/futex.h"
#include "platform/program_state_guard.h"
#include "profile/target_table.h"
#include "tiering/policy.h"
#include "unit/link_name.h"

#include "llvm/IR/GlobalIFunc.h"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_set>

namespace tiercel {

namespace {

/// The linker's view of thread-locals, with the session at hand for their initial values.
class SessionThreadLocals : public ThreadLocalSource {
public:
  SessionThreadLocals(DataMaterializer& data, HostSymbols& host, NativeObjects& objects, Session& session)
      : data_(data), host_(host), objects_(objects), session_(session) {}

  Result<ThreadLocalPlace> programThreadLocal(GlobalId id) override {
    return data_.ensureThreadLocal(id, session_);
  }
  std::optional<ThreadLocalPlace> hostThreadLocal(llvm::StringRef name) override {
    return host_.findThreadLocalPlace(name);
  }
  Result<ThreadLocalPlace> objectThreadLocal(ObjectId id, int64_t symbol) override {
    return objects_.threadLocal(id, symbol);
  }

private:
  DataMaterializer& data_;
  HostSymbols& host_;
  NativeObjects& objects_;
  Session& session_;
};

/// Adds what passes call that no image mentions, such as puts for printf: only the linker has met it.
void addNames(Assumptions& assumptions, std::vector<NameAssumption>& met) {
  for (NameAssumption& name : met) {
    const auto isSame = [&](const NameAssumption& known) { return known.name == name.name; };
    if (std::none_of(assumptions.names.begin(), assumptions.names.end(), isSame))
      assumptions.names.push_back(std::move(name));
  }
  assumptions.tidy();
}

/// An object or a symbol of the host may be entered and its change not be told of yet.
constexpr unsigned kMostFutile = 1000;

void dumpAssumptions(const Options& options, Registry& registry, const FunctionRecord& record,
                     const Assumptions& assumptions) {
  for (const DumpRequest& dump : options.dump) {
    if (dump.stage == DumpStage::Assumptions && globMatches(dump.pattern, record.name))
      options.onDump(dump, std::string(record.name), assumptionText(assumptions, registry));
  }
}

} // namespace

struct EngineImpl::Made {
  Artifact artifact;
  LinkedFunction linked;
  double milliseconds = 0;
};

Result<EngineImpl::Made> EngineImpl::make(const CompileRequest& request, Session& session, bool background) {
  const uint64_t start = nowNs();
  Result<Artifact> artifact = session.compile(request);
  if (!artifact)
    return artifact.takeError();
  const uint64_t compiled = nowNs();
  if (Status status = data_.ensure(artifact->data, session); !status)
    return status.takeError();
  const uint64_t initialised = nowNs();
  SessionThreadLocals threads(data_, host_, objects_, session);
  Result<LinkedFunction> linked = linker_.link(*artifact, threads);
  if (!linked)
    return linked.takeError();
  const uint64_t end = nowNs();

  Statistics& s = statistics_;
  s.readNs.add(artifact->times.read);
  s.extractNs.add(artifact->times.extract);
  s.optimizeNs.add(artifact->times.optimize);
  s.codegenNs.add(artifact->times.codegen);
  s.dataNs.add(initialised - compiled);
  s.linkNs.add(end - initialised);
  (background ? s.backgroundNs : s.foregroundNs).add(end - start);
  s.tiers[artifact->tier].compileNs.add(end - start);

  CodeVersion& version = *linked->version;
  addNames(artifact->assumptions, version.assumptions.names);
  version.assumptions = std::move(artifact->assumptions);
  dumpAssumptions(options_, registry_, registry_.function(request.function), version.assumptions);
  version.function = request.function;
  version.tier = artifact->tier;
  version.osrHeader = request.osrHeader;
  version.images = std::move(artifact->images);
  version.addressesEscape = artifact->addressesEscape;
  version.references = std::move(artifact->references);
  std::sort(version.references.begin(), version.references.end());
  version.references.erase(std::unique(version.references.begin(), version.references.end()),
                           version.references.end());
  std::sort(version.images.begin(), version.images.end());
  version.images.erase(std::unique(version.images.begin(), version.images.end()), version.images.end());
  return Made{std::move(*artifact), std::move(*linked), static_cast<double>(end - start) / 1e6};
}

/// What first code begins with: where it can be left and where it counts. Under the lock of the versions.
void EngineImpl::beginEpoch(FunctionRecord& record, const Made& made) {
  const Artifact& artifact = made.artifact;
  OsrEntries* entries = record.osr.load(std::memory_order_relaxed);
  if (artifact.osr.headers > 0) {
    if (!entries || entries->capacity() < artifact.osr.headers) {
      const unsigned capacity = std::max(artifact.osr.headers, entries ? 2 * entries->capacity() : 0);
      record.osrStorage.push_back(std::make_unique<OsrEntries>(capacity));
      entries = record.osrStorage.back().get();
      record.osr.store(entries, std::memory_order_release);
    }
    entries->begin(record.epoch.load(std::memory_order_relaxed), artifact.osr.shape, artifact.osr.headers);
  }
  FunctionCounts counts;
  if (made.linked.counts || made.linked.targets) {
    counts = {made.linked.version->data,
              made.linked.counts,
              options_.wholeProfile,
              artifact.countSites,
              reinterpret_cast<TargetTable*>(made.linked.targets),
              artifact.targetTables,
              artifact.bodyHash};
    // The same body as before, whose code had to go: it goes on counting where it was.
    const FunctionCounts before = registry_.counts(record.id);
    if (before.owner && before.serial == record.serial.load(std::memory_order_relaxed) &&
        before.sites == counts.sites && before.calls == counts.calls && before.wide == counts.wide) {
      if (counts.counts)
        counts.copyFrom(before);
      for (unsigned call = 0; counts.targets && call < counts.calls; ++call)
        copyTargets(counts.targets[call], before.targets[call]);
    }
    counts.serial = record.serial.load(std::memory_order_relaxed);
  }
  registry_.setCounts(record.id, std::move(counts));
}

/// Whether what a compile was made from may have been gone before it ended: what went wrong then does not
/// matter. It may use more than its own function: bodies that it inlines, and what they use.
bool EngineImpl::isOvertaken(const CompileRequest& request, uint64_t releases) {
  const FunctionRecord& record = registry_.function(request.function);
  LockGuard lock(versions_.mutex()); // not in the middle of a change
  return record.epoch.load(std::memory_order_relaxed) != request.epoch || registry_.releases() != releases;
}

Result<void*> EngineImpl::install(const CompileRequest& request, Session& session, bool background) {
  FunctionRecord& record = registry_.function(request.function);
  const uint64_t releases = registry_.releases();
  Result<Made> made = make(request, session, background);
  Statistics& s = statistics_;
  if (!made) {
    if (isOvertaken(request, releases) || request.isGivenUp())
      return static_cast<void*>(nullptr);
    return made.takeError();
  }
  const Artifact& artifact = made->artifact;
  const unsigned tier = artifact.tier;
  std::byte* const entry = made->linked.version->entry;
  const size_t bytes = made->linked.version->bytes;
  unsigned oldTier = 0;
  size_t oldBytes = 0;
  bool current = false, replaced = false;
  Status room;
  {
    LockGuard lock(versions_.mutex());
    const auto state = static_cast<FirstCompile>(record.firstCompile.load(std::memory_order_acquire));
    current = versions_.isCurrent(record, request.epoch, made->linked.version->assumptions,
                                  made->linked.version->objects) &&
              state == (request.replaces ? FirstCompile::Ready : FirstCompile::Compiling);
    if (current)
      room = outdatedCallers_.prepare(versions_, record.id, entry);
    if (current && room) {
      if (!request.replaces)
        beginEpoch(record, *made);
      record.pinned.store(artifact.pinned, std::memory_order_relaxed);
      record.tier.store(static_cast<uint8_t>(tier), std::memory_order_release);
      record.codeBytes.store(static_cast<uint32_t>(bytes), std::memory_order_relaxed);
      if (!request.replaces) {
        record.mark.store(artifact.mark, std::memory_order_relaxed);
        record.continuable.store(artifact.osr.headers > 0, std::memory_order_release);
        promoter_.firstCode(record, static_cast<uint32_t>(bytes), request.instrument);
      }
      if (const CodeVersion* old = versions_.publish(std::move(made->linked.version))) {
        replaced = true;
        oldTier = old->tier;
        oldBytes = old->bytes;
      }
      publish(record.id, entry);
      if (!request.replaces)
        firstCompiles_.leave(record, FirstCompile::Ready);
    }
  }
  if (!current || !room) {
    versions_.discard(std::move(made->linked.version));
    if (!room)
      return room.takeError();
    s.superseded.add();
    return static_cast<void*>(nullptr);
  }
  noteInlining(request, artifact);
  s.published(tier, /*continuation=*/false, bytes, made->linked.directCalls);
  if (!request.replaces && tier == 0)
    s.firstAtTier0.add();
  if (request.replaces)
    s.promoted.add();
  if (replaced) {
    s.emit({EventKind::CodeRetired, record.name, oldTier, {}, nullptr, oldBytes});
  }
  if (artifact.pinned) {
    s.pinned.add();
    s.emit({EventKind::FunctionPinned, record.name, tier, reasonText(Reason::PinnedBlockAddress)});
  }
  if (artifact.noOsr) {
    s.osrExcluded.add();
    s.emit({EventKind::OsrExcluded, record.name, tier, reasonText(*artifact.noOsr)});
  }
  s.emit({EventKind::CodePublished, record.name, tier, {}, entry, bytes, made->milliseconds});
  return table_.cell(record.id).load(std::memory_order_acquire); // it may not be for every caller
}

std::vector<InlineDecision> EngineImpl::readable(const CompileRequest& request,
                                                 const std::vector<InlineRemark>& remarks) {
  // The part of a continuation that has the loop (osr/continuation.cpp); the rest of it only hands over.
  const std::string loop = makeLinkName("osr", LinkKind::Private, request.function.value);
  // As the program calls it; empty for what only the engine knows.
  const auto programName = [&](const std::string& name) -> std::string {
    const std::optional<LinkName> link = parseLinkName(name);
    if (!link)
      return name;
    if (request.osrHeader && name == loop)
      return std::string(registry_.function(request.function).name);
    switch (link->kind) {
    case LinkKind::Function:
    case LinkKind::Entry:
      return std::string(registry_.function(FunctionId(link->id)).name);
    case LinkKind::Private: // a copy of what must be inlined
      return name.substr(0, name.rfind('#'));
    default:
      return {};
    }
  };
  std::vector<InlineDecision> decisions;
  for (const InlineRemark& remark : remarks) {
    std::string caller = programName(remark.caller), callee = programName(remark.callee);
    const bool handover = request.osrHeader && remark.callee == loop;
    if (!caller.empty() && !callee.empty() && !handover)
      decisions.push_back({std::move(caller), std::move(callee), remark.inlined, remark.reason,
                           request.osrHeader.has_value()});
  }
  return decisions;
}

void EngineImpl::noteInlining(const CompileRequest& request, const Artifact& artifact) {
  if (artifact.tier != kTopTier)
    return;
  std::vector<InlineDecision> decisions = readable(request, artifact.inlining);
  const std::string_view name = registry_.function(request.function).name;
  for (const DumpRequest& dump : options_.dump) {
    if (dump.stage != DumpStage::Inlining || !globMatches(dump.pattern, name) || decisions.empty())
      continue;
    std::string text;
    for (const InlineDecision& decision : decisions)
      text += (decision.inlined ? "inlined " : "kept    ") + decision.callee + " in " + decision.caller +
              (decision.continuation ? ", continued: " : ": ") + decision.reason + "\n";
    options_.onDump(dump, std::string(name), text);
  }
  inlining_.store(request.function.value, request.osrHeader, std::move(decisions));
}

Status EngineImpl::writeProfile(const std::string& path) {
  if (!options_.wholeProfile)
    return Error(ErrorKind::BadInput, path, "the engine was not created to write a profile");
  Profile profile;
  for (uint32_t i = 0; i < registry_.functionCount(); ++i) {
    const FunctionRecord& record = registry_.function(FunctionId(i));
    if (record.state() != FirstCompile::Ready)
      continue;
    // Bodies that are the same in everything that is hashed fit each other.
    if (std::optional<FunctionProfile> counted = countedProfile(record, registry_))
      (void)profile.add(std::move(*counted));
  }
  return profile.write(path);
}

std::vector<std::string> EngineImpl::dependentsOf(std::string_view name) {
  const SymbolRef ref = registry_.findAnywhere({name.data(), name.size()});
  std::set<uint32_t> roots;
  {
    LockGuard lock(versions_.mutex());
    if (ref.kind == SymbolKind::Function) {
      for (const CodeVersion* version : versions_.dependents(FunctionId(ref.id)))
        roots.insert(version->function.value);
    }
    for (const CodeVersion* version : versions_.dependents(std::string(name)))
      roots.insert(version->function.value);
  }
  std::vector<std::string> names;
  names.reserve(roots.size());
  for (uint32_t root : roots)
    names.emplace_back(registry_.function(FunctionId(root)).name);
  return names;
}

std::vector<InlineDecision> EngineImpl::inliningOf(std::string_view name) {
  const SymbolRef ref = registry_.findAnywhere({name.data(), name.size()});
  return ref.kind == SymbolKind::Function ? inlining_.of(ref.id) : std::vector<InlineDecision>();
}

void EngineImpl::publish(FunctionId function, void* code) {
  statistics_.callPatches.add(calls_.publish(function, outdatedCallers_.entry(versions_, function, code)));
}

bool EngineImpl::hasContinuation(const FunctionRecord& record, uint32_t header) {
  const OsrEntries* osr = record.osr.load(std::memory_order_acquire);
  return osr && osr->find(record.epoch.load(std::memory_order_acquire), header);
}

void EngineImpl::openContinuations(const FunctionRecord& record) {
  // Whoever is in the loop asks at its next poll. A count that is stored over this asks later.
  Counters& counters = table_.counters(record.id);
  counters.loops.store(0, std::memory_order_relaxed);
  counters.poll.store(1, std::memory_order_seq_cst);
}

Outcome EngineImpl::compileContinuation(const CompileRequest& request, Session& session, bool background) {
  FunctionRecord& record = registry_.function(request.function);
  const uint64_t releases = registry_.releases();
  Result<Made> made = make(request, session, background);
  if (!made) {
    if (isOvertaken(request, releases) || request.isGivenUp())
      return Outcome::Superseded;
    statistics_.failed.add();
    statistics_.emit({EventKind::CompileFailed, record.name, request.tier, made.error().message()});
    return made.error().kind() == ErrorKind::Environment ? Outcome::NotStarted : Outcome::Failed;
  }
  std::byte* const entry = made->linked.version->entry;
  const size_t bytes = made->linked.version->bytes;
  bool current = false;
  {
    LockGuard lock(versions_.mutex());
    OsrEntries* entries = record.osrEntries(request.epoch);
    // Without first code there is nobody to enter it.
    const FunctionCode* code = versions_.find(record.id);
    current = versions_.isCurrent(record, request.epoch, made->linked.version->assumptions,
                                  made->linked.version->objects) &&
              entries && code && !code->first.empty();
    if (current) {
      versions_.publish(std::move(made->linked.version));
      entries->publish(*request.osrHeader, entry);
    }
  }
  if (!current) {
    versions_.discard(std::move(made->linked.version));
    statistics_.superseded.add();
    return Outcome::Superseded;
  }
  noteInlining(request, made->artifact);
  openContinuations(record);
  statistics_.published(made->artifact.tier, /*continuation=*/true, bytes, made->linked.directCalls);
  statistics_.emit(
      {EventKind::OsrPublished, record.name, made->artifact.tier, {}, entry, bytes, made->milliseconds});
  return Outcome::Published;
}

Status EngineImpl::withThreadLocals(const std::function<Status(ThreadLocalSource&)>& use) {
  Result<SessionPool::Lease> session = pool_.borrow();
  if (!session)
    return session.takeError();
  SessionThreadLocals threads(data_, host_, objects_, **session);
  return use(threads);
}

Result<void*> EngineImpl::compileFirst(FunctionRecord& record, bool background) {
  const uint32_t epoch = record.epoch.load(std::memory_order_acquire);
  CompileRequest request;
  request.function = record.id;
  request.epoch = epoch;
  request.tier = pool_.fatal().exhausted() ? 0 : firstTier(record.id.value, options_);
  request.lowest = pool_.fatal().exhausted();
  request.instrument =
      countsEvents(request.tier, 0, options_) || (options_.wholeProfile && request.tier == 0);
  unsigned tier = 0; // that was tried
  const auto attempt = [&]() -> Result<void*> {
    Result<SessionPool::Lease> session = pool_.borrow(/*announce=*/!background);
    if (!session)
      return session.takeError();
    std::optional<Result<void*>> result;
    (*session)->stack().run([&] { result = install(request, **session, background); });
    tier = (*session)->lastTier();
    return std::move(*result);
  };
  Result<void*> code = attempt();
  // The program cannot go on without this code: worth asking for space, or for the simplest there is. What is
  // retired may be too little, and other threads compile as well and may take what comes free.
  constexpr unsigned kMostFlushes = 3;
  for (unsigned flushes = 0;
       !code && !background && code.error().kind() == ErrorKind::Environment && flushes <= kMostFlushes;
       ++flushes) {
    if (collector_.makeRoom(/*all=*/flushes > 0))
      code = attempt();
    else if (flushes > 0)
      break;
  }
  if (!code && tier > 0 && code.error().kind() != ErrorKind::Environment &&
      code.error().kind() != ErrorKind::MissingSymbol) {
    statistics_.failed.add();
    statistics_.emit({EventKind::CompileFailed, record.name, tier, code.error().message()});
    request.tier = 0;
    request.lowest = true;
    request.instrument = false;
    code = attempt();
  }
  if (code && *code)
    return code; // install has left Compiling, in one step with the publication
  if (!code) {
    statistics_.failed.add();
    statistics_.emit({EventKind::CompileFailed, record.name, tier, code.error().message()});
  }
  LockGuard lock(versions_.mutex());
  if (!code && record.epoch.load(std::memory_order_relaxed) == epoch) {
    firstCompiles_.fail(record, code.error());
    return code;
  }
  firstCompiles_.leave(record, FirstCompile::Lazy);
  return static_cast<void*>(nullptr);
}

Result<void*> EngineImpl::ensureCompiled(FunctionRecord& record, bool background) {
  std::optional<uint64_t> failures; // as many as there were when we began to wait
  uint64_t changes = versions_.changes();
  unsigned futile = 0; // attempts that were thrown away while nothing changed
  for (;;) {
    const auto observed = static_cast<FirstCompile>(record.firstCompile.load(std::memory_order_acquire));
    switch (observed) {
    case FirstCompile::Ready:
      return table_.cell(record.id).load(std::memory_order_acquire);
    case FirstCompile::Failed:
      if (const std::optional<Error> error = firstCompiles_.lastFailure(record))
        return Error(ErrorKind::Internal, "function " + std::string(record.name),
                     "it could not be compiled before: " + error->message());
      break; // it was removed this moment
    case FirstCompile::Compiling:
      if (!failures)
        failures = firstCompiles_.failures(record);
      futexWait(record.firstCompile, static_cast<uint32_t>(FirstCompile::Compiling));
      break;
    case FirstCompile::Lazy: {
      if (!record.definition.load().exists())
        return Error(ErrorKind::MissingSymbol, std::string(record.name), "nothing defines it");
      if (background) { // what failed before is left to who calls it
        if (std::optional<Error> error = firstCompiles_.lastFailure(record))
          return std::move(*error);
      }
      if (failures && firstCompiles_.failures(record) > *failures) { // the attempt that we waited for
        if (std::optional<Error> error = firstCompiles_.lastFailure(record))
          return std::move(*error);
      }
      if (!firstCompiles_.claim(record))
        break;
      Result<void*> code = compileFirst(record, background);
      if (!code || *code)
        return code;
      // It was redefined meanwhile, or what it assumes. Signals are blocked here: this must end.
      if (const uint64_t now = versions_.changes(); now != changes) {
        changes = now;
        futile = 0;
      } else if (++futile == kMostFutile) {
        return Error(ErrorKind::Internal, "function " + std::string(record.name),
                     "what its code assumes of the program does not hold");
      }
      break;
    }
    }
  }
}

Result<FunctionId> EngineImpl::resolverOf(FunctionRecord& record, const Definition& where, Session& session) {
  Result<ImageReader*> reader = session.readerOf(record, where);
  if (!reader)
    return reader.takeError();
  auto* ifunc = *reader ? llvm::dyn_cast<llvm::GlobalIFunc>((*reader)->value(where.ordinal)) : nullptr;
  if (!ifunc)
    return Error(ErrorKind::Internal, "ifunc " + std::string(record.name), "it was changed meanwhile");
  // IR gives an ifunc's resolver as another function of the same image.
  llvm::Function* function = ifunc->getResolverFunction();
  const SymbolRef ref =
      function ? registry_.resolve(where.image, (*reader)->ordinalOf(function), function->getName())
               : SymbolRef{};
  if (ref.kind != SymbolKind::Function)
    return Error(ErrorKind::Unsupported, "ifunc " + std::string(record.name),
                 "its resolver is not a function");
  return FunctionId(ref.id);
}

Result<void*> EngineImpl::runIfunc(FunctionRecord& record) {
  const uint32_t serial = record.serial.load(std::memory_order_acquire); // before the definition
  const Definition where = record.definition.load();
  std::optional<Result<FunctionId>> resolver;
  {
    ProgramStateGuard guard;
    Result<SessionPool::Lease> session = pool_.borrow();
    if (!session)
      return session.takeError();
    (*session)->stack().run([&] { resolver = resolverOf(record, where, **session); });
  }
  if (!*resolver)
    return resolver->takeError();
  // Several threads may get here; resolvers give the same answer every time, as natively.
  void* target = reinterpret_cast<void* (*)()>(table_.stub(**resolver))();
  ProgramStateGuard guard;
  LockGuard lock(versions_.mutex());
  if (record.serial.load(std::memory_order_relaxed) == serial) // still this ifunc's
    publish(record.id, target);
  return target;
}

void EngineImpl::compileClosure(FunctionId root) {
  // Handlers call little; a bound keeps a handler that calls everything from compiling everything.
  constexpr size_t kLimit = 256;
  ProgramStateGuard guard;
  std::deque<FunctionId> work = {root};
  std::unordered_set<uint32_t> seen = {root.value};
  while (!work.empty()) {
    FunctionRecord& record = registry_.function(work.front());
    work.pop_front();
    if (!record.definition.load().exists() || record.isIfunc.load(std::memory_order_relaxed) ||
        !ensureCompiled(record))
      continue;
    std::vector<FunctionId> references;
    {
      LockGuard lock(versions_.mutex());
      if (const FunctionCode* code = versions_.find(record.id); code && code->current)
        references = code->current->references;
    }
    for (FunctionId next : references) {
      if (seen.size() < kLimit && seen.insert(next.value).second)
        work.push_back(next);
    }
  }
}

} // namespace tiercel
