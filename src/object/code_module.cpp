// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object/code_module.h"

#include "base/llvm_error.h"
#include "load/image_reader.h"
#include "object/constructed.h"
#include "registry/claims.h"
#include "unit/link_name.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Linker/IRMover.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <set>

namespace tiercel {

namespace {

Error refused(llvm::StringRef name, const std::string& why) {
  return Error(ErrorKind::Unsupported, "code object: '" + name.str() + "'", why);
}

llvm::StringRef plainName(llvm::StringRef name) { return llvm::GlobalValue::dropLLVMManglingEscape(name); }

class Gatherer {
public:
  Gatherer(Registry& registry, llvm::LLVMContext& context)
      : registry_(registry), context_(context),
        composite_(std::make_unique<llvm::Module>("code object", context)), mover_(*composite_) {
    composite_->setPICLevel(llvm::PICLevel::BigPIC);
    // Calls of memcpy and the like that the code generator makes may have far to go.
    composite_->setRtLibUseGOT();
  }

  Status addRoot(const std::string& name);
  Status run();
  Result<CodeModule> finish();

private:
  using Definitions = std::map<uint32_t, llvm::GlobalValue*>; ///< by ordinal
  using Values = llvm::SmallPtrSet<const llvm::GlobalValue*, 32>;

  /// What a link name stands for.
  struct Meaning {
    SymbolRef ref;
    std::string name; ///< the program's
  };

  Status moveFrom(ImageId image, const std::set<uint32_t>& ordinals);
  /// Gives the values of an image their names and reduces everything but its prevailing definitions to
  /// declarations. `hints`: bodies of what is defined outside the program, such as must be inlined.
  void rename(ImageReader& reader, ImageId image, Definitions& ours, Values& hints);
  void declareInstead(llvm::GlobalValue& value, const SymbolRef& ref, const std::string& linkName);
  Status findWanted();
  Status wantDeclared(llvm::GlobalValue& value);
  Status checkVariable(const GlobalRecord& record);
  void defineAtExit();
  void dropUnconfirmed();

  std::string linkName(const SymbolRef& ref);
  Definition definitionOf(const SymbolRef& ref) {
    return ref.kind == SymbolKind::Function ? registry_.function(FunctionId(ref.id)).definition.load()
                                            : registry_.global(GlobalId(ref.id)).definition.load();
  }

  Registry& registry_;
  llvm::LLVMContext& context_;
  std::unique_ptr<llvm::Module> composite_;
  llvm::IRMover mover_;
  std::map<uint32_t, std::set<uint32_t>> wanted_; ///< ordinals by image
  std::set<std::pair<uint32_t, uint32_t>> moved_; ///< image, ordinal
  llvm::StringMap<Meaning> meanings_;             ///< by link name
  llvm::StringSet<> visible_;                     ///< link names of variables that other modules can see
  llvm::StringMap<SymbolRef> objects_;            ///< names that native objects define
  llvm::StringMap<RelocatableCode::Function> roots_;
  std::map<uint32_t, llvm::DenseSet<uint32_t>> constructed_; ///< by image: variables, by ordinal
};

/// \01: some calling conventions decorate names.
std::string Gatherer::linkName(const SymbolRef& ref) {
  const bool function = ref.kind == SymbolKind::Function;
  const std::string_view name =
      function ? registry_.function(FunctionId(ref.id)).name : registry_.global(GlobalId(ref.id)).name;
  const llvm::StringRef plain = plainName({name.data(), name.size()});
  std::string text = makeLinkName({plain.data(), plain.size()},
                                  function                         ? LinkKind::Function
                                  : ref.kind == SymbolKind::Thread ? LinkKind::Thread
                                                                   : LinkKind::Data,
                                  ref.id);
  meanings_.try_emplace(text, Meaning{{ref.kind, ref.id, 0}, plain.str()});
  return "\01" + text;
}

Status Gatherer::addRoot(const std::string& name) {
  const SymbolRef ref = registry_.findAnywhere(name);
  const Definition where = ref.kind == SymbolKind::Function ? definitionOf(ref) : Definition();
  if (!where.exists())
    return Error(ErrorKind::MissingSymbol, name, "the program defines no such function in IR");
  if (registry_.function(FunctionId(ref.id)).isIfunc.load(std::memory_order_relaxed))
    return refused(name, "it is an ifunc");
  roots_[name] = {linkName(ref).substr(1), {}};
  wanted_[where.image.value].insert(where.ordinal);
  return {};
}

void Gatherer::declareInstead(llvm::GlobalValue& value, const SymbolRef& ref, const std::string& name) {
  llvm::Module& module = *value.getParent();
  llvm::GlobalValue* declared = module.getNamedValue(name);
  if (!declared && ref.kind == SymbolKind::Function) {
    auto* type = llvm::dyn_cast<llvm::FunctionType>(value.getValueType());
    declared = llvm::Function::Create(
        type ? type : llvm::FunctionType::get(llvm::Type::getVoidTy(context_), /*isVarArg=*/true),
        llvm::GlobalValue::ExternalLinkage, name, &module);
    if (auto* function = llvm::dyn_cast<llvm::Function>(&value)) {
      llvm::cast<llvm::Function>(declared)->setCallingConv(function->getCallingConv());
      llvm::cast<llvm::Function>(declared)->setAttributes(function->getAttributes());
    }
  } else if (!declared) {
    declared =
        new llvm::GlobalVariable(module, value.getValueType(), /*isConstant=*/false,
                                 llvm::GlobalValue::ExternalLinkage, nullptr, name, nullptr,
                                 ref.kind == SymbolKind::Thread ? llvm::GlobalValue::GeneralDynamicTLSModel
                                                                : llvm::GlobalValue::NotThreadLocal);
  }
  llvm::Constant* target = declared;
  if (ref.offset != 0)
    target = llvm::ConstantExpr::getGetElementPtr(
        llvm::Type::getInt8Ty(context_), declared,
        llvm::ConstantInt::get(llvm::Type::getInt64Ty(context_), static_cast<uint64_t>(ref.offset)));
  value.replaceAllUsesWith(target);
}

void Gatherer::rename(ImageReader& reader, ImageId image, Definitions& ours, Values& hints) {
  // Losers wait until every winner of this image has its name: they become mentions of those.
  std::vector<std::pair<llvm::GlobalValue*, SymbolRef>> others;
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    llvm::GlobalValue& value = *reader.value(ordinal);
    if (value.getName().starts_with("llvm."))
      continue;
    if (auto* object = llvm::dyn_cast<llvm::GlobalObject>(&value))
      object->setComdat(nullptr);
    const SymbolRef ref = registry_.resolve(image, ordinal, value.getName());
    if (ref.kind == SymbolKind::Object)
      objects_[plainName(value.getName())] = ref;
    const bool inProgram =
        ref.kind == SymbolKind::Function || ref.kind == SymbolKind::Data || ref.kind == SymbolKind::Thread;
    const Definition where = inProgram ? definitionOf(ref) : Definition();
    if (!where.exists()) { // outside the program, or refused when something mentions it
      if (value.hasAvailableExternallyLinkage())
        hints.insert(&value);
      continue;
    }
    if (where.image != image || where.ordinal != ordinal || ref.offset != 0) {
      others.emplace_back(&value, ref);
      continue;
    }
    const std::string name = linkName(ref);
    if (ref.kind == SymbolKind::Data && !value.hasLocalLinkage() && !value.hasLinkOnceLinkage())
      visible_.insert(plainName(name));
    llvm::GlobalValue* mine = &value;
    if (value.hasCommonLinkage()) {
      // Of several tentative definitions the largest counts.
      const GlobalRecord& record = registry_.global(GlobalId(ref.id));
      auto* bytes = llvm::ArrayType::get(llvm::Type::getInt8Ty(context_), record.size);
      auto* variable = llvm::cast<llvm::GlobalVariable>(&value);
      const bool grown = record.size > value.getDataLayout().getTypeAllocSize(value.getValueType());
      if (grown) {
        auto* larger =
            new llvm::GlobalVariable(reader.module(), bytes, /*isConstant=*/false,
                                     llvm::GlobalValue::ExternalLinkage, llvm::Constant::getNullValue(bytes));
        variable->replaceAllUsesWith(larger);
        variable = larger;
        mine = larger;
      }
      variable->setAlignment(llvm::Align(record.alignment));
    }
    mine->setName(name);
    mine->setLinkage(llvm::GlobalValue::ExternalLinkage);
    mine->setVisibility(llvm::GlobalValue::DefaultVisibility);
    if (ref.kind != SymbolKind::Thread && !llvm::isa<llvm::GlobalIFunc>(value))
      ours[ordinal] = mine; // else: declared only, and refused when something mentions it
  }
  for (auto& [value, ref] : others)
    declareInstead(*value, ref, linkName(ref));
}

Status Gatherer::moveFrom(ImageId image, const std::set<uint32_t>& ordinals) {
  const std::shared_ptr<const ProgramImage> held = registry_.image(image);
  if (!held)
    return Error(ErrorKind::Internal, "code object", "a module was removed");
  const ProgramImage& source = *held;
  Result<std::unique_ptr<ImageReader>> reader = ImageReader::open(held, context_);
  if (!reader)
    return reader.takeError();
  llvm::Module& module = (*reader)->module();
  if (llvm::Error error = module.materializeMetadata())
    return fromLlvm(std::move(error), ErrorKind::BadInput, source.name + ": its bitcode cannot be read");
  llvm::StripDebugInfo(module);
  while (!module.named_metadata_empty()) // flags of different modules may contradict each other
    module.eraseNamedMetadata(&*module.named_metadata_begin());
  module.setModuleInlineAsm(""); // its symbols belong to a native object

  Definitions ours;
  Values mine;
  rename(**reader, image, ours, mine);
  for (const auto& [ordinal, value] : ours)
    mine.insert(value);
  std::vector<llvm::GlobalValue*> values;
  for (uint32_t ordinal : ordinals) {
    const auto found = ours.find(ordinal);
    if (found == ours.end() || !moved_.insert({image.value, ordinal}).second)
      return Error(ErrorKind::Internal, "code object", "a definition of " + source.name + " is not there");
    values.push_back(found->second);
  }
  const auto addLazily = [&mine](llvm::GlobalValue& value, const llvm::IRMover::ValueAdder& add) {
    if (mine.contains(&value))
      add(value);
  };
  if (llvm::Error error =
          mover_.move((*reader)->takeModule(), values, addLazily, /*IsPerformingImport=*/false))
    return fromLlvm(std::move(error), ErrorKind::BadInput,
                    source.name + ": its definitions cannot be joined");
  return {};
}

/// Notes where the definition of something declared is, or why it cannot come along.
Status Gatherer::wantDeclared(llvm::GlobalValue& value) {
  const llvm::StringRef name = plainName(value.getName());
  if (const auto object = objects_.find(name); object != objects_.end())
    return refused(name,
                   "it is defined in a native object or by module-level assembly, which the engine owns");
  const auto found = meanings_.find(name);
  if (found == meanings_.end()) {
    if (value.isThreadLocal())
      return refused(name, "it is thread-local");
    // Outside the program, whatever its module believed about that.
    value.setVisibility(llvm::GlobalValue::DefaultVisibility);
    value.setDSOLocal(false);
    return {};
  }
  const Meaning& meaning = found->second;
  if (meaning.ref.kind == SymbolKind::Thread)
    return refused(meaning.name, "it is thread-local");
  if (meaning.ref.kind == SymbolKind::Function &&
      registry_.function(FunctionId(meaning.ref.id)).isIfunc.load(std::memory_order_relaxed))
    return refused(meaning.name, "it is an ifunc");
  const Definition where = definitionOf(meaning.ref);
  wanted_[where.image.value].insert(where.ordinal);
  return {};
}

Status Gatherer::findWanted() {
  for (llvm::GlobalValue& value : composite_->global_values()) {
    if (!value.isDeclarationForLinker() || value.getName().starts_with("llvm."))
      continue;
    if (Status status = wantDeclared(value); !status)
      return status;
  }
  return {};
}

Status Gatherer::run() {
  while (!wanted_.empty()) {
    const auto [image, ordinals] = *wanted_.begin();
    wanted_.erase(wanted_.begin());
    if (Status status = moveFrom(ImageId(image), ordinals); !status)
      return status;
    if (wanted_.empty()) {
      if (Status status = findWanted(); !status)
        return status;
    }
  }
  return {};
}

Status Gatherer::checkVariable(const GlobalRecord& record) {
  const Definition where = record.definition.load();
  auto known = constructed_.find(where.image.value);
  if (known == constructed_.end()) {
    Result<llvm::DenseSet<uint32_t>> found = findConstructed(registry_.image(where.image), context_);
    if (!found)
      return found.takeError();
    known = constructed_.emplace(where.image.value, std::move(*found)).first;
  }
  if (known->second.contains(where.ordinal))
    return refused({record.name.data(), record.name.size()},
                   "a static constructor initialises it, and code objects run none");
  return {};
}

/// atexit is no symbol of libc's: programs have it linked in, with their own __dso_handle.
void Gatherer::defineAtExit() {
  llvm::Function* function = composite_->getFunction("atexit");
  if (!function || !function->isDeclaration() || function->arg_size() != 1)
    return;
  llvm::Type* pointer = llvm::PointerType::getUnqual(context_);
  llvm::Type* integer = llvm::Type::getInt32Ty(context_);
  if (function->getReturnType() != integer || function->getArg(0)->getType() != pointer)
    return;
  llvm::FunctionCallee registration =
      composite_->getOrInsertFunction("__cxa_atexit", integer, pointer, pointer, pointer);
  llvm::Constant* handle = composite_->getOrInsertGlobal("__dso_handle", llvm::Type::getInt8Ty(context_));
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context_, "", function));
  // On x86-64 a function without parameters ignores the argument it is called with.
  builder.CreateRet(
      builder.CreateCall(registration, {function->getArg(0), llvm::Constant::getNullValue(pointer), handle}));
}

/// Bodies of several images repeat at calls what theirs knew of the callee, which may be another one here
/// (docs/assumptions.md).
void Gatherer::dropUnconfirmed() {
  for (llvm::Function& function : *composite_) {
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      const auto* callee = call ? llvm::dyn_cast<llvm::Function>(call->getCalledOperand()) : nullptr;
      if (callee && !callee->isDeclaration() &&
          hasOtherClaims(call->getAttributes(), callee->getAttributes()))
        call->setAttributes(withConfirmedClaims(context_, call->getAttributes(),
                                                Claims{claimTexts(callee->getAttributes()), {}}));
    }
  }
}

Result<CodeModule> Gatherer::finish() {
  defineAtExit();
  dropUnconfirmed();
  CodeModule result;
  for (auto& root : roots_) {
    RelocatableCode::Function& function = root.second;
    const llvm::Function* defined = composite_->getFunction("\01" + function.symbol);
    if (!defined || defined->isDeclaration())
      return Error(ErrorKind::Internal, root.first().str(), "it was not gathered");
    llvm::raw_string_ostream(function.type) << *defined->getFunctionType();
  }
  llvm::StringSet<> rootSymbols;
  for (const auto& root : roots_)
    rootSymbols.insert(root.second.symbol);
  for (llvm::GlobalValue& value : composite_->global_values()) {
    if (value.isDeclarationForLinker())
      continue;
    const llvm::StringRef symbol = plainName(value.getName());
    const auto meaning = meanings_.find(symbol);
    if (auto* function = llvm::dyn_cast<llvm::Function>(&value)) {
      if (function->hasGC())
        return refused(meaning == meanings_.end() ? symbol : llvm::StringRef(meaning->second.name),
                       "it has a garbage collection strategy ('gc \"" + function->getGC() + "\"')");
      // Loops of a function must not become calls of the library's function of that name.
      if (meaning != meanings_.end())
        function->addFnAttr("no-builtin-" + meaning->second.name);
    }
    const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
    if (variable && meaning != meanings_.end() && !variable->isConstant()) {
      if (Status status = checkVariable(registry_.global(GlobalId(meaning->second.ref.id))); !status)
        return status.takeError();
    }
    if (variable && visible_.contains(symbol))
      result.variables[meaning->second.name] = symbol.str();
    if (rootSymbols.contains(symbol) || (variable && visible_.contains(symbol))) {
      value.setDSOLocal(true);
    } else {
      value.setLinkage(llvm::GlobalValue::InternalLinkage);
    }
  }
  result.functions = std::move(roots_);
  result.module = std::move(composite_);
  return result;
}

} // namespace

Result<CodeModule> gatherCode(Registry& registry, const std::vector<std::string>& roots,
                              llvm::LLVMContext& context) {
  if (roots.empty())
    return Error(ErrorKind::BadInput, "code object", "no functions were asked for");
  Gatherer gatherer(registry, context);
  for (const std::string& root : roots) {
    if (Status status = gatherer.addRoot(root); !status)
      return status.takeError();
  }
  if (Status status = gatherer.run(); !status)
    return status.takeError();
  return gatherer.finish();
}

} // namespace tiercel
