// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compile/session.h"

#include "base/clock.h"
#include "base/fatal_errors.h"
#include "base/glob.h"
#include "optimize/cluster.h"
#include "optimize/optimizer.h"
#include "osr/continuation.h"
#include "osr/instrument.h"
#include "unit/content_hash.h"
#include "unit/mark.h"

#include "llvm/IR/Module.h"

#include <fmt/format.h>

namespace tiercel {

namespace {

constexpr std::array<llvm::CodeGenOptLevel, kTierCount> kCodeGenLevels = {
    llvm::CodeGenOptLevel::None, llvm::CodeGenOptLevel::Less, llvm::CodeGenOptLevel::Default,
    llvm::CodeGenOptLevel::Aggressive};

/// A function that must keep its first version gets a good one at once, unless a fixed tier was asked for.
constexpr unsigned kPinnedTier = 2;

/// Whether the code may store addresses inside itself where nobody can find them: those of parts of a
/// coroutine, in its frame; and of labels, if they leave the function. The function itself goes by its stub.
bool addressesEscape(const Unit& unit) {
  return unit.blockAddressesEscape || llvm::any_of(*unit.module, [](const llvm::Function& function) {
           return !function.isDeclaration() && !function.hasAvailableExternallyLinkage() &&
                  function.hasAddressTaken(nullptr, /*IgnoreCallbackUses=*/false,
                                           /*IgnoreAssumeLikeCalls=*/true, /*IgnoreLLVMUsed=*/true);
         });
}

/// Nothing may be added to a body that is all assembly, without even a prologue.
bool isNaked(const llvm::Function& function) { return function.hasFnAttribute(llvm::Attribute::Naked); }

} // namespace

Result<std::unique_ptr<Session>> Session::create(const CompileEnvironment& environment,
                                                 FatalCompiles& fatal) {
  Result<Stack> stack = Stack::create();
  if (!stack)
    return stack.takeError();
  std::unique_ptr<Session> session;
  stack->run([&] { session.reset(new Session(environment, fatal, std::move(*stack))); });
  return session;
}

Session::Session(const CompileEnvironment& environment, FatalCompiles& fatal, Stack stack)
    : environment_(environment), fatal_(fatal), stack_(std::move(stack)), context_(std::in_place),
      attributes_(environment.cpu.features), pins_(environment.registry) {
  auto collector = std::make_unique<DiagnosticCollector>();
  diagnostics_ = collector.get();
  context_->setDiagnosticHandler(std::move(collector));
  context_->setDiscardValueNames(environment_.options.dump.empty());
}

Session::~Session() {
  stack_.run([this] {
    generators_ = {};
    retiredReaders_.clear();
    readers_.clear();
    context_.reset();
  });
}

Result<ImageReader*> Session::readerOf(const FunctionRecord& record, const Definition& where) {
  if (!where.exists())
    return static_cast<ImageReader*>(nullptr);
  if (!pins_.pin(record, where))
    return static_cast<ImageReader*>(nullptr);
  return reader(where.image);
}

void Session::forgetReleased() {
  const uint64_t releases = environment_.registry.releases();
  if (releases == releasesSeen_)
    return;
  // What is here for images that are gone would keep their bytes, and stand for others.
  releasesSeen_ = releases;
  for (auto open = readers_.begin(); open != readers_.end();) {
    const auto next = std::next(open);
    if (environment_.registry.image(open->image).get() != &open->reader->image()) {
      retiredReaders_.push_back(std::move(open->reader));
      places_.erase(open->image.value);
      readers_.erase(open);
      ++gone_;
    }
    open = next;
  }
}

Result<ImageReader*> Session::reader(ImageId image) {
  forgetReleased();
  if (const auto found = places_.find(image.value); found != places_.end()) {
    readers_.splice(readers_.begin(), readers_, found->second);
    return found->second->reader.get();
  }
  std::shared_ptr<const ProgramImage> bytes = environment_.registry.image(image);
  if (!bytes)
    return Error(ErrorKind::Internal, "module", "it was removed");
  Result<std::unique_ptr<ImageReader>> opened = ImageReader::open(std::move(bytes), *context_);
  if (!opened)
    return opened.takeError();
  enter(image, std::move(*opened));
  return readers_.front().reader.get();
}

void Session::enter(ImageId image, std::unique_ptr<ImageReader> reader) {
  readers_.push_front({image, std::move(reader)});
  places_[image.value] = readers_.begin();
}

void Session::rest() {
  pins_.clear();
  if (retiredReaders_.empty() && readers_.size() <= kMostReaders)
    return;
  stack_.run([this] {
    retiredReaders_.clear();
    for (; readers_.size() > kMostReaders; ++gone_) {
      places_.erase(readers_.back().image.value);
      readers_.pop_back();
    }
  });
}

Result<std::unique_ptr<ImageReader>> Session::open(std::shared_ptr<const ProgramImage> image) {
  // Many are refused. What came of them stays in the context like what came of images that were removed.
  ++gone_;
  return ImageReader::open(std::move(image), *context_);
}

void Session::adopt(ImageId image, std::unique_ptr<ImageReader> reader) {
  --gone_;
  if (const auto former = places_.find(image.value); former != places_.end()) { // of a released image
    retiredReaders_.push_back(std::move(former->second->reader));
    readers_.erase(former->second);
    ++gone_;
  }
  enter(image, std::move(reader));
}

Result<CodeGenerator*> Session::generator(unsigned tier) {
  if (!generators_[tier]) {
    Result<std::unique_ptr<CodeGenerator>> made =
        CodeGenerator::create(environment_.cpu, tier > 0, directCalls(tier), kCodeGenLevels[tier]);
    if (!made)
      return made.takeError();
    generators_[tier] = std::move(*made);
  }
  return generators_[tier].get();
}

void Session::abandon(std::unique_ptr<Session> session) {
  Session* const kept = session.release();
  kept->pins_.clear();
  const Stack free = std::move(kept->stack_);
}

Result<Artifact> Session::compile(const CompileRequest& request) {
  const FunctionRecord& record = environment_.registry.function(request.function);
  // Once: until somebody compiles it, a stronger definition may take its place.
  const Definition where = record.definition.load();
  const std::shared_ptr<const ProgramImage> image =
      where.exists() ? environment_.registry.image(where.image) : nullptr;
  const llvm::StringRef from = image ? image->bytes->getBuffer() : "";
  const std::string what =
      fmt::format("function {} at tier {}{}{}", where.ordinal, request.tier, request.lowest ? " or none" : "",
                  request.osrHeader ? fmt::format(", loop {}", *request.osrHeader) : "");
  const auto failure = [&](const std::string& said) {
    return Error(ErrorKind::Unsupported, "function " + std::string(record.name),
                 fmt::format("LLVM cannot compile it at tier {}: {}", lastTier_, said));
  };
  lastTier_ = request.tier;
  if (const std::optional<FatalCompile> before = fatal_.find(what, from)) {
    lastTier_ = before->tier;
    return failure(before->said);
  }
  std::optional<Result<Artifact>> artifact;
  const std::optional<std::string> said =
      recoverFromFatalErrors([&] { artifact = compileUnit(request, where); });
  if (!said)
    return std::move(*artifact);
  abandoned_ = true;
  fatal_.add(what, from, {lastTier_, *said}, lastTier_ > 0 || request.replaces || request.osrHeader);
  return failure(*said);
}

Result<Artifact> Session::compileUnit(const CompileRequest& request, Definition where) {
  const FunctionRecord& record = environment_.registry.function(request.function);
  diagnostics_->clear(); // the last function's, which may have failed
  retiredReaders_.clear();
  pins_.clear();
  Artifact artifact;
  artifact.function = request.function;
  artifact.image = where.image;
  artifact.tier = request.tier;

  uint64_t mark = nowNs();
  const auto lap = [&mark](uint64_t& into) {
    const uint64_t now = nowNs();
    into += now - mark;
    mark = now;
  };

  Result<ImageReader*> source = readerOf(record, where);
  if (!source)
    return source.takeError();
  if (!*source)
    return Error(ErrorKind::MissingSymbol, "function " + std::string(record.name),
                 "it was changed meanwhile");
  lap(artifact.times.read);

  Result<Unit> unit = prepare(request, where, **source, artifact);
  if (!unit)
    return unit.takeError();
  lastTier_ = artifact.tier;
  Result<CodeGenerator*> code = generator(artifact.tier);
  if (!code)
    return code.takeError();
  lap(artifact.times.extract);
  if (artifact.tier > 0) {
    optimizeModule(*unit->module, (*code)->target(), artifact.tier, request.givesUp);
    artifact.inlining = diagnostics_->takeRemarks();
    lap(artifact.times.optimize);
    if (request.isGivenUp())
      return Error(ErrorKind::Environment, "function " + std::string(record.name),
                   "its compile was given up");
  }
  artifact.addressesEscape = addressesEscape(*unit);
  dump(DumpStage::Lowered, record, *unit->module);
  artifact.directCalls = directCalls(artifact.tier);
  artifact.object = (*code)->run(*unit->module);
  lap(artifact.times.codegen);
  if (std::string errors = diagnostics_->take(); !errors.empty()) {
    (*code)->forget();
    return Error(ErrorKind::BadInput, "function " + std::string(record.name), whyNotGenerated(errors));
  }
  dumpObject(record, artifact.object);
  return artifact;
}

Result<Unit> Session::prepare(const CompileRequest& request, Definition where, ImageReader& source,
                              Artifact& artifact) {
  const FunctionRecord& record = environment_.registry.function(request.function);
  const bool continuation = request.osrHeader.has_value();
  const ExtractOptions extract{.directSelfCalls = request.tier > 0 && !continuation,
                               .directCalls = directCalls(request.tier),
                               .verify = environment_.options.verify,
                               .forPasses = request.tier > 0,
                               .attributes = &declared_};
  Result<Unit> unit = extractUnit(environment_.registry, environment_.host, source, record, where, extract);
  if (!unit)
    return unit;
  dump(DumpStage::Input, record, *unit->module);
  artifact.mark = markOf(*unit->function);
  if (unit->blockAddressesEscape) {
    artifact.pinned = true;
    if (!environment_.options.fixedTier && !request.lowest)
      artifact.tier = kPinnedTier;
  }
  for (llvm::Function& function : *unit->module) {
    if (!function.isDeclaration())
      dropUnoptimisedMarks(function);
  }
  const bool cluster = artifact.tier == kTopTier && !artifact.pinned;
  // What tier 0 counted, and the loops that it left, are those of the IR that it was given.
  if (unit->needsLowering &&
      (artifact.tier == 0 || continuation ||
       (cluster && (environment_.registry.counts(record.id).owner || environment_.profileIn)))) {
    Result<CodeGenerator*> code = generator(artifact.tier);
    if (!code)
      return code.takeError();
    optimizeModule(*unit->module, (*code)->target(), 0);
  }
  const ClusterEnvironment around{
      environment_.options,
      environment_.registry,
      environment_.host,
      attributes_,
      [this](const FunctionRecord& callee, const Definition& body) { return readerOf(callee, body); },
      extract,
      environment_.profileIn};
  Cluster members(*unit, around);
  if (cluster)
    members.annotateRoot();
  if (continuation) {
    // If the function changes meanwhile, what is made here is thrown away.
    const OsrEntries* entries = record.osrEntries(request.epoch);
    const uint64_t shape = entries ? entries->shape() : 0;
    if (std::optional<Reason> reason = makeContinuation(*unit, *request.osrHeader, shape))
      return Error(ErrorKind::Unsupported, "function " + std::string(record.name),
                   std::string(reasonText(*reason)));
  }
  if (artifact.tier > 0) {
    for (llvm::Function& function : *unit->module) {
      if (!function.isDeclaration())
        attributes_.raise(function);
    }
  }
  if (cluster) {
    if (Status status = members.promoteRootCalls(); !status)
      return status.takeError();
    if (Status status = members.grow(); !status)
      return status.takeError();
    members.summarise();
    unit->assumptions.add(members.members());
  }
  if (request.instrument && !artifact.pinned && !isNaked(*unit->function))
    instrument(*unit, request.epoch, artifact);
  artifact.data = std::move(unit->data);
  artifact.references = std::move(unit->references);
  artifact.assumptions = std::move(unit->assumptions);
  artifact.assumptions.cpu = environment_.cpu.content;
  artifact.images = {artifact.image};
  artifact.images.insert(artifact.images.end(), members.images().begin(), members.images().end());
  return unit;
}

void Session::instrument(Unit& unit, uint32_t epoch, Artifact& artifact) {
  const Options& options = environment_.options;
  InstrumentOptions instrument;
  instrument.loops = artifact.tier == 0;
  instrument.epoch = epoch;
  std::optional<EdgePlan> plan;
  std::vector<llvm::CallBase*> calls;
  const bool hasLoops = instrument.loops && !findLoopHeaders(*unit.function).empty();
  if (instrument.loops && options.profile) {
    if (options.wholeProfile)
      artifact.bodyHash = contentHash(*unit.function);
    // Time is spent in loops and in what they call. Of a function without any it is enough to know how often
    // it runs: counting its branches as well would make first code larger by a sixth.
    if (hasLoops || options.wholeProfile) {
      plan.emplace(*unit.function);
      artifact.countSites = static_cast<unsigned>(plan->sites.size());
      instrument.wideCounts = options.wholeProfile;
      instrument.plan = &*plan;
    }
    calls = indirectCalls(*unit.function);
    artifact.targetTables = static_cast<unsigned>(calls.size());
    instrument.calls = calls;
  }
  std::optional<OsrFrame> frame;
  if (hasLoops && options.osr && !options.fixedTier) {
    artifact.noOsr = whyNoOsr(*unit.function);
    if (!artifact.noOsr) {
      OsrFrameResult made = makeOsrFrame(*unit.function);
      artifact.noOsr = made.refused;
      if (!made.refused) {
        artifact.osr = {made.frame.shape, static_cast<unsigned>(made.frame.headers.size())};
        frame = std::move(made.frame);
        instrument.frame = &*frame;
      }
    }
  }
  instrumentUnit(unit, instrument);
}

Result<llvm::SmallVector<char, 0>> Session::assemble(ImageReader& reader) {
  constexpr const char* kWhat = "assembly";
  const std::string text = reader.module().getModuleInlineAsm();
  const auto failure = [&](const std::string& said) {
    return Error(ErrorKind::Unsupported, reader.image().name,
                 "LLVM cannot assemble its module-level assembly: " + said);
  };
  if (const std::optional<FatalCompile> before = fatal_.find(kWhat, text))
    return failure(before->said);
  std::optional<Result<llvm::SmallVector<char, 0>>> object;
  const std::optional<std::string> said = recoverFromFatalErrors([&] { object = assembleModule(reader); });
  if (!said)
    return std::move(*object);
  abandoned_ = true;
  fatal_.add(kWhat, text, {0, *said}, /*dispensable=*/false);
  return failure(*said);
}

Result<llvm::SmallVector<char, 0>> Session::assembleModule(ImageReader& reader) {
  const llvm::Module& source = reader.module();
  llvm::Module module(source.getModuleIdentifier(), *context_);
  module.setDataLayout(source.getDataLayout());
  module.setTargetTriple(source.getTargetTriple());
  module.setModuleInlineAsm(source.getModuleInlineAsm());
  Result<CodeGenerator*> code = generator(0);
  if (!code)
    return code.takeError();
  llvm::SmallVector<char, 0> object = (*code)->run(module);
  if (std::string errors = diagnostics_->take(); !errors.empty()) {
    (*code)->forget();
    return Error(ErrorKind::BadInput, source.getModuleIdentifier(),
                 "its module-level assembly cannot be assembled: " + llvm::StringRef(errors).rtrim().str());
  }
  return object;
}

void Session::dump(DumpStage stage, const FunctionRecord& record, const llvm::Module& module) {
  for (const DumpRequest& request : environment_.options.dump) {
    if (request.stage != stage || !globMatches(request.pattern, record.name))
      continue;
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, nullptr);
    environment_.options.onDump(request, std::string(record.name), text);
  }
}

void Session::dumpObject(const FunctionRecord& record, const llvm::SmallVectorImpl<char>& object) {
  for (const DumpRequest& request : environment_.options.dump) {
    if (request.stage == DumpStage::Object && globMatches(request.pattern, record.name))
      environment_.options.onDump(request, std::string(record.name),
                                  std::string(object.begin(), object.end()));
  }
}

} // namespace tiercel
