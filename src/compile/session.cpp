// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compile/session.h"

#include "base/clock.h"
#include "base/glob.h"
#include "optimize/optimizer.h"
#include "unit/instrument.h"
#include "unit/mark.h"

#include "llvm/IR/Module.h"

namespace tiercel {

namespace {

constexpr std::array<llvm::CodeGenOptLevel, kTierCount> kCodeGenLevels = {
    llvm::CodeGenOptLevel::None, llvm::CodeGenOptLevel::Less, llvm::CodeGenOptLevel::Default,
    llvm::CodeGenOptLevel::Aggressive};

/// A function that must keep its first version gets a good one at once, unless a fixed tier was asked for.
constexpr unsigned kPinnedTier = 2;

/// clang -O0 puts optnone on everything, which demands noinline. Neither was meant for us. A noinline of its
/// own was written by somebody and stays.
void dropUnoptimisedMarks(llvm::Function& function) {
  if (!function.hasFnAttribute(llvm::Attribute::OptimizeNone))
    return;
  function.removeFnAttr(llvm::Attribute::OptimizeNone);
  function.removeFnAttr(llvm::Attribute::NoInline);
}

/// Nothing may be added to a body that is all assembly, without even a prologue.
bool isNaked(const llvm::Function& function) { return function.hasFnAttribute(llvm::Attribute::Naked); }

} // namespace

Result<std::unique_ptr<Session>> Session::create(const CompileEnvironment& environment) {
  Result<Stack> stack = Stack::create();
  if (!stack)
    return stack.takeError();
  return std::unique_ptr<Session>(new Session(environment, std::move(*stack)));
}

Session::Session(const CompileEnvironment& environment, Stack stack)
    : environment_(environment), stack_(std::move(stack)), attributes_(environment.cpu.features) {
  auto collector = std::make_unique<DiagnosticCollector>();
  diagnostics_ = collector.get();
  context_.setDiagnosticHandler(std::move(collector));
  context_.setDiscardValueNames(environment.options.dump.empty());
}

Result<ImageReader*> Session::reader(ImageId image) {
  if (readers_.size() <= image.value)
    readers_.resize(image.value + 1);
  std::unique_ptr<ImageReader>& slot = readers_[image.value];
  if (!slot) {
    Result<std::unique_ptr<ImageReader>> opened =
        ImageReader::open(environment_.registry.image(image), context_);
    if (!opened)
      return opened.takeError();
    slot = std::move(*opened);
  }
  return slot.get();
}

void Session::adopt(ImageId image, std::unique_ptr<ImageReader> reader) {
  if (readers_.size() <= image.value)
    readers_.resize(image.value + 1);
  readers_[image.value] = std::move(reader);
}

Result<CodeGenerator*> Session::generator(unsigned tier) {
  if (!generators_[tier]) {
    Result<std::unique_ptr<CodeGenerator>> made =
        CodeGenerator::create(environment_.cpu, tier > 0, kCodeGenLevels[tier]);
    if (!made)
      return made.takeError();
    generators_[tier] = std::move(*made);
  }
  return generators_[tier].get();
}

Result<Artifact> Session::compile(const CompileRequest& request) {
  const FunctionRecord& record = environment_.registry.function(request.function);
  Artifact artifact;
  artifact.function = request.function;
  artifact.image = record.definition.load().image;
  artifact.tier = request.tier;

  uint64_t mark = nowNs();
  const auto lap = [&mark](uint64_t& into) {
    const uint64_t now = nowNs();
    into += now - mark;
    mark = now;
  };

  Result<ImageReader*> source = reader(artifact.image);
  if (!source)
    return source.takeError();
  lap(artifact.times.read);

  Result<Unit> unit =
      extractUnit(environment_.registry, environment_.host, **source, record,
                  {.directSelfCalls = request.tier > 0, .verify = environment_.options.verify});
  if (!unit)
    return unit.takeError();
  dump(DumpStage::Input, record, *unit->module);
  artifact.data = std::move(unit->data);
  artifact.references = std::move(unit->references);
  artifact.mark = markOf(*unit->function);
  if (unit->blockAddressesEscape) {
    artifact.pinned = true;
    if (!environment_.options.fixedTier)
      artifact.tier = kPinnedTier;
  }
  for (llvm::Function& function : *unit->module) {
    if (function.isDeclaration())
      continue;
    dropUnoptimisedMarks(function);
    if (artifact.tier > 0)
      attributes_.raise(function);
  }

  Result<CodeGenerator*> code = generator(artifact.tier);
  if (!code)
    return code.takeError();
  if (artifact.tier == 0 && unit->needsLowering)
    optimizeModule(*unit->module, (*code)->target(), 0);
  if (request.instrument && !artifact.pinned && !isNaked(*unit->function))
    instrumentUnit(*unit, artifact.tier == 0 ? CountLoops::Yes : CountLoops::No);
  lap(artifact.times.extract);
  if (artifact.tier > 0) {
    optimizeModule(*unit->module, (*code)->target(), artifact.tier);
    lap(artifact.times.optimize);
  }
  dump(DumpStage::Lowered, record, *unit->module);
  artifact.object = (*code)->run(*unit->module);
  lap(artifact.times.codegen);
  if (std::string errors = diagnostics_->take(); !errors.empty())
    return Error(ErrorKind::BadInput, "function " + std::string(record.name), errors);
  dumpObject(record, artifact.object);
  return artifact;
}

Result<llvm::SmallVector<char, 0>> Session::assemble(ImageReader& reader) {
  const llvm::Module& source = reader.module();
  llvm::Module module(source.getModuleIdentifier(), context_);
  module.setDataLayout(source.getDataLayout());
  module.setTargetTriple(source.getTargetTriple());
  module.setModuleInlineAsm(source.getModuleInlineAsm());
  Result<CodeGenerator*> code = generator(0);
  if (!code)
    return code.takeError();
  llvm::SmallVector<char, 0> object = (*code)->run(module);
  if (std::string errors = diagnostics_->take(); !errors.empty())
    return Error(ErrorKind::BadInput, source.getModuleIdentifier(), "module-level assembly: " + errors);
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
