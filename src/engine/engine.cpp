// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/engine.h"

#include "tiercel/llvm.h"

#include "base/fatal_errors.h"
#include "engine/engine_impl.h"
#include "engine/engine_threads.h"
#include "engine/linker_symbols.h"
#include "engine/process_hooks.h"
#include "engine/runtime_functions.h"
#include "link/library_reservation.h"
#include "load/language.h"
#include "platform/lazy_entry.h"
#include "platform/own_stack.h"
#include "platform/resident.h"
#include "platform/thread_stacks.h"

#include <algorithm>
#include <sched.h>

extern "C" void __cxa_finalize(void* dso);

namespace tiercel {

namespace {

Status checkOptions(const Options& options) {
  if (options.fixedTier && *options.fixedTier > kTopTier)
    return Error(ErrorKind::BadInput, "tier " + std::to_string(*options.fixedTier), "tiers are 0 to 3");
  if (options.callThreshold == 0 || options.loopThreshold == 0)
    return Error(ErrorKind::BadInput, "threshold", "must be at least 1");
  if (options.policy != Policy::Threshold && options.policy != Policy::Window &&
      options.policy != Policy::Cost)
    return Error(ErrorKind::BadInput, "policy", "is none of Policy's values");
  if (options.reclaim != Reclaim::QuiescentPoints && options.reclaim != Reclaim::Signals)
    return Error(ErrorKind::BadInput, "reclaim", "is none of Reclaim's values");
  if (options.compileThreads > kMostCompileThreads)
    return Error(ErrorKind::BadInput, std::to_string(options.compileThreads) + " compile threads",
                 "there can be up to " + std::to_string(kMostCompileThreads));
  if (options.wholeProfile && !options.profile)
    return Error(ErrorKind::BadInput, "wholeProfile", "asks for counts that Options::profile has turned off");
  if (const std::string& language = options.frontend.language; !language.empty() && !isLanguage(language))
    return Error(ErrorKind::BadInput, "language '" + language + "'", "sources cannot be in it");
  if (!options.dump.empty() && !options.onDump)
    return Error(ErrorKind::BadInput, "dump", "asked for without a receiver (Options::onDump)");
  return options.reclaimSignal == 0 ? Status() : ThreadStacks::checkSignal(options.reclaimSignal);
}

/// Cores this process may run on.
unsigned usableCores() {
  cpu_set_t usable;
  return sched_getaffinity(0, sizeof usable, &usable) == 0 ? static_cast<unsigned>(CPU_COUNT(&usable)) : 1;
}

unsigned workerCount(const Options& options) {
  if (options.sync || options.fixedTier)
    return 0;
  return options.compileThreads > 0 ? options.compileThreads : std::max(2u, usableCores()) - 1;
}

bool hasSpareCore() { return usableCores() > 1; }

/// Of the program's processor time, for compiles on a single core; see docs/tiering.md for how it was chosen.
constexpr double kSingleCoreShare = 0.03;

/// The test modes want their compiles whatever they cost.
double compileShare(const Options& options) {
  const bool forced = options.modes.promoteAlways || options.modes.randomTier;
  return hasSpareCore() || forced || options.sync ? 0 : kSingleCoreShare;
}

/// Of the mode tiny-arena: small programs run, and soon fill it.
constexpr size_t kTinyCodeLimit = size_t(256) << 10;

ArenaOptions arenaOptions(const Options& options) {
  ArenaOptions arena;
  if (options.codeLimit > 0)
    arena.codeLimit = options.codeLimit;
  else if (options.modes.tinyArena)
    arena.codeLimit = kTinyCodeLimit;
  arena.hugePages = options.hugePages;
  arena.singleMapping = options.modes.singleMapping;
  arena.poisonFreed = options.modes.poisonFreed;
  return arena;
}

} // namespace

Result<std::unique_ptr<EngineImpl>> EngineImpl::create(Options options) {
  if (Status status = checkOptions(options); !status)
    return status.takeError();
  if (Status status = prepareLazyEntry(); !status)
    return status.takeError();
  if (options.reclaim == Reclaim::Signals)
    prepareOwnStack();
  Result<HostCpu> cpu = HostCpu::find(options.cpu);
  if (!cpu)
    return cpu.takeError();
  Profile profileIn;
  for (const std::string& path : options.profileIn) {
    Result<Profile> read = Profile::read(path);
    if (!read)
      return read.takeError();
    profileIn.merge(*read);
  }
  // Without a library the program works all the same; collectors do not see its variables. (Before the lock:
  // it waits for the loader's.)
  Result<std::unique_ptr<Reservation>> library = reserveInLibrary(Arena::kReservedBytes);
  std::unique_ptr<EngineImpl> engine;
  {
    LockGuard lock(forkDelay());
    Result<std::unique_ptr<Arena>> arena =
        Arena::create(arenaOptions(options), library ? std::move(*library) : nullptr);
    if (!arena)
      return arena.takeError();
    engine.reset(
        new EngineImpl(std::move(options), std::move(*cpu), std::move(*arena), std::move(profileIn)));
    if (Status status = registerForFork(*engine); !status)
      return status.takeError();
  }
  // Entry 0 always exists: compiled code shares its pads.
  if (Status status = engine->table_.growTo(1); !status)
    return status.takeError();
  if (Status status = supplyRuntimeFunctions(*engine, *engine->arena_, engine->map_, engine->host_); !status)
    return status.takeError();
  engine->host_.onLoaded(
      [raw = engine.get()](std::span<const GlobalId> waiting) { return raw->libraryCame(waiting); });
  if (Status status = supplyLinkerSymbols(*engine->arena_, engine->host_); !status)
    return status.takeError();
  engine->host_.onLoad(
      [raw = engine.get()](const std::string& path) { return raw->exportToLibrary(path, /*opened=*/false); });
  return engine;
}

EngineImpl::EngineImpl(Options options, HostCpu cpu, std::unique_ptr<Arena> arena, Profile profileIn)
    : options_(std::move(options)), profileIn_(std::move(profileIn)), cpu_(std::move(cpu)),
      arena_(std::move(arena)), map_(*arena_), table_(*arena_, map_, this), calls_(*arena_, table_),
      unwind_(map_), registry_(table_),
      versions_(LinkEnvironment{*arena_, table_, calls_, registry_, map_, *this}, registry_, host_,
                cpu_.content),
      environment_{options_, cpu_, registry_, host_, profileIn_.empty() ? nullptr : &profileIn_},
      pool_(environment_, [this] { housekeeper_.notice(); }),
      data_(registry_, *arena_, *this, materialiseMutex_),
      linker_(LinkEnvironment{*arena_, table_, calls_, registry_, map_, *this}),
      objects_(
          linker_, [this](const auto& use) { return withThreadLocals(use); }, materialiseMutex_),
      collector_(*this), promoter_(*this, workerCount(options_), compileShare(options_), hasSpareCore()) {
  registerSerialisation();
}

EngineImpl::~EngineImpl() {
  // What the program left for its exit: handlers of atexit and destructors of its objects.
  for (const std::string& module : dsoHandles_.modules())
    finaliseModule(module);
  __cxa_finalize(&dsoHandle_);
  runDestructors();
  ProgramStateGuard guard;
  const EngineThreads threads; // nobody else is ending this engine's
  LockGuard lock(forkDelay());
  unregisterForFork(*this);
  arena_->hideFromChildren();
}

Result<std::byte*> EngineImpl::data(GlobalId id) {
  Result<SessionPool::Lease> session = pool_.borrow();
  if (!session)
    return session.takeError();
  const GlobalId one[] = {id};
  if (Status status = data_.ensure(one, **session); !status)
    return status.takeError();
  return registry_.global(id).address.load(std::memory_order_acquire);
}

Result<std::byte*> EngineImpl::object(ObjectId id, int64_t symbol, const ObjectUser& user) {
  return objects_.address(id, symbol, user);
}

FunctionRecord* EngineImpl::functionAt(const void* address) {
  const FunctionId id = table_.idOfStub(address);
  return id.valid() && id.value < registry_.functionCount() ? &registry_.function(id) : nullptr;
}

Stats EngineImpl::stats() const {
  const Statistics& s = statistics_;
  Stats stats;
  stats.functions.total = registry_.definedFunctions();
  stats.functions.compiledTier0 = s.firstAtTier0.get();
  stats.functions.promoted = s.promoted.get();
  stats.functions.failed = s.failed.get();
  stats.functions.fatal = pool_.fatal().count();
  stats.functions.retired = versions_.everRetired();
  stats.functions.pinned = s.pinned.get();
  stats.functions.continuations = s.continuations.get();
  stats.functions.osrEntries = s.osrEntries.get();
  stats.functions.osrExcluded = s.osrExcluded.get();
  stats.compileMs.foreground = s.foregroundNs.milliseconds();
  stats.compileMs.background = s.backgroundNs.milliseconds();
  stats.phaseMs.read = s.readNs.milliseconds();
  stats.phaseMs.extract = s.extractNs.milliseconds();
  stats.phaseMs.optimize = s.optimizeNs.milliseconds();
  stats.phaseMs.codegen = s.codegenNs.milliseconds();
  stats.phaseMs.data = s.dataNs.milliseconds();
  stats.phaseMs.link = s.linkNs.milliseconds();
  stats.functions.freed = s.freed.get();
  stats.functions.superseded = s.superseded.get();
  stats.living.redefinitions = s.redefinitions.get();
  stats.living.removals = s.removals.get();
  stats.living.collections = s.collections.get();
  stats.living.incomplete = s.incompleteCollections.get();
  stats.living.flushes = s.flushes.get();
  stats.living.longestPauseUs = static_cast<double>(s.longestPauseNs.get()) / 1e3;
  stats.codeBytes.retired = versions_.retiredBytes();
  stats.codeBytes.freed = s.freedBytes.get();
  stats.codeBytes.live = versions_.liveBytes();
  stats.dataBytes = arena_->dataBytesUsed();
  stats.replacedConstantBytes = registry_.replacedConstantBytes();
  const MemoryUsage code = arena_->codeUsage();
  stats.memory = {arena_->mapping(), code.committed,       code.used,
                  code.free,         code.fragmentation(), residentBytes()};
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    stats.tiers[tier].functions = s.tiers[tier].functions.get();
    stats.tiers[tier].continuations = s.tiers[tier].continuations.get();
    stats.tiers[tier].compileMs = s.tiers[tier].compileNs.milliseconds();
    stats.tiers[tier].bytes = s.tiers[tier].bytes.get();
  }
  stats.calls.direct = s.directCalls.get();
  stats.calls.patches = s.callPatches.get();
  auto& promoter = const_cast<Promoter&>(promoter_);
  stats.queue.maxDepth = promoter.maxDepth();
  stats.queue.dropped = s.dropped.get();
  stats.sampling.source = promoter.samplingSource();
  stats.sampling.samples = promoter.samples();
  return stats;
}

// --- the public face --------------------------------------------------------------------------------------

/// What follows a change of the program, when the calling thread holds no lock any more.
static Status changed(EngineImpl& engine, Status status) {
  if (status)
    engine.readiness().afterChange();
  engine.housekeeper().afterChange();
  engine.collector().closeLibraries();
  return status;
}

Engine::Engine(std::unique_ptr<EngineImpl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(Options options) {
  if (options.handleLlvmErrors)
    handleFatalErrors();
  Result<std::unique_ptr<EngineImpl>> impl = EngineImpl::create(std::move(options));
  if (!impl)
    return impl.takeError();
  return std::unique_ptr<Engine>(new Engine(std::move(*impl)));
}

Status Engine::addFile(const std::string& path) {
  return changed(*impl_, impl_->addSource(Source::file(path)));
}
Status Engine::addBytes(std::string_view bytes, const std::string& name) {
  return changed(*impl_, impl_->addSource(Source::memory(std::string(bytes), name)));
}
Status Engine::addLibrary(const std::string& name, const std::vector<std::string>& directories) {
  return impl_->addLibrary(name, directories);
}
Status Engine::defineSymbol(const std::string& name, void* address) {
  return impl_->defineSymbol(name, address);
}
Result<void*> Engine::lookupFunction(std::string_view name, std::string_view signature) {
  return impl_->lookupFunction(name, signature);
}
Result<void*> Engine::lookupData(std::string_view name) { return impl_->lookupData(name); }
std::vector<std::string> Engine::functionNames() { return impl_->functionNames(); }
Status Engine::runConstructors() { return impl_->runConstructors(); }
Result<int> Engine::runMain(const std::vector<std::string>& args, const std::string& entry) {
  return impl_->runMain(args, entry);
}
Status Engine::writeProfile(const std::string& path) { return impl_->writeProfile(path); }
std::vector<InlineDecision> Engine::inlining(std::string_view function) {
  return impl_->inliningOf(function);
}
std::vector<std::string> Engine::dependents(std::string_view function) {
  return impl_->dependentsOf(function);
}
Status Engine::prepare(const std::vector<std::string>& names, unsigned tier) {
  return impl_->prepare(names, tier);
}
void Engine::waitIdle() { impl_->waitIdle(); }
Stats Engine::stats() const { return impl_->stats(); }
void Engine::addListener(EventListener* listener) { impl_->addListener(listener); }

Status Engine::add(const std::string& module, const Source& source) {
  return changed(*impl_, impl_->add(module, source));
}
Status Engine::redefine(const std::string& module, const Source& source, const RedefineOptions& options) {
  return changed(*impl_, impl_->redefine(module, source, options));
}
Status Engine::remove(const std::string& module, const RemoveOptions& options) {
  return changed(*impl_, impl_->remove(module, options));
}
Status Engine::removeFunction(const std::string& name, const RemoveOptions& options) {
  return changed(*impl_, impl_->removeFunction(name, options));
}
Status Engine::discardCode(const std::vector<std::string>& names) {
  return changed(*impl_, impl_->discardCode(names));
}
Result<CollectReport> Engine::collect() {
  Result<CollectReport> report = impl_->collector().collect();
  impl_->collector().closeLibraries();
  return report;
}
CollectReport Engine::quiescentPoint() {
  const CollectReport report = impl_->collector().quiescentPoint();
  impl_->collector().closeLibraries();
  return report;
}
Result<FunctionInfo> Engine::describe(std::string_view function) { return impl_->describe(function); }
std::vector<ModuleInfo> Engine::modules() { return impl_->modules(); }

Status addModule(Engine& engine, const llvm::Module& module) {
  Result<Input> input = inputFromModule(module, module.getModuleIdentifier());
  return input ? changed(engine.impl(), engine.impl().addInput(std::move(*input)))
               : Status(input.takeError());
}

} // namespace tiercel
