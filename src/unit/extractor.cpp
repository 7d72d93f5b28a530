// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/extractor.h"

#include "load/verify.h"
#include "registry/claims.h"
#include "unit/block_addresses.h"
#include "unit/content_hash.h"
#include "unit/link_name.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/Cloning.h"

namespace tiercel {

namespace {

/// Some calling conventions of Windows decorate names, on every system; \01 says not to.
std::string unitName(const llvm::GlobalValue& value, const std::string& linkName) {
  const auto* function = llvm::dyn_cast<llvm::Function>(&value);
  const auto convention = function ? function->getCallingConv() : llvm::CallingConv::C;
  const bool decorates = convention == llvm::CallingConv::X86_StdCall ||
                         convention == llvm::CallingConv::X86_FastCall ||
                         convention == llvm::CallingConv::X86_VectorCall;
  return decorates && !linkName.starts_with("\01") ? "\01" + linkName : linkName;
}

class Extractor {
public:
  Extractor(Registry& registry, HostSymbolSource& host, ImageReader& reader, const FunctionRecord& record,
            Definition where, const ExtractOptions& options, Unit& unit)
      : registry_(registry), host_(host), reader_(reader), record_(record), options_(options), unit_(unit),
        ordinal_(where.ordinal), image_(where.image) {}

  /// Makes the unit's module and function.
  Status run();
  Result<llvm::Function*> importInto();
  llvm::Function* declare() {
    auto& source = llvm::cast<llvm::Function>(*reader_.value(ordinal_));
    return llvm::dyn_cast<llvm::Function>(mapGlobal(source));
  }

private:
  void makeModule(llvm::Module& source);
  void moveBody(llvm::Function& from, llvm::Function& to);
  void cloneBody(llvm::Function& from, llvm::Function& to);
  void cloneTables(const BlockAddressUse& use);
  void remapOperands(llvm::Function& function);
  llvm::Function* import(llvm::Function& source);
  /// The body of `source` is about to be taken.
  void noteCopied(llvm::Function& source);
  void noteName(llvm::StringRef name, NameAssumption::Use use, uint64_t processSerial = 0) {
    unit_.assumptions.names.push_back({linkerName(name).str(), use, processSerial});
  }
  void dropUnconfirmed(llvm::CallBase& call);
  void directSelfCalls();

  llvm::Constant* map(llvm::Constant* constant);
  llvm::Constant* mapGlobal(llvm::GlobalValue& value);
  llvm::Constant* mapWeak(llvm::GlobalValue& value);
  void callThroughCell(llvm::Function& declaration);
  /// `record`: null for what is outside the program, and intrinsics.
  llvm::Constant* declareFunction(llvm::GlobalValue& value, const std::string& linkName,
                                  const FunctionRecord* record = nullptr, bool direct = false);
  llvm::AttributeList believedOf(const llvm::GlobalValue& value, const FunctionRecord& record,
                                 const Claims* said);
  llvm::AttributeList confirmed(const llvm::AttributeList& list, const Claims& said);
  void believe(FunctionId function, const Claims& claims);
  /// `record`: null for what is outside the program.
  llvm::Constant* declareData(llvm::GlobalValue& value, const std::string& name, const GlobalRecord* record);
  bool meansAnother(const llvm::Function& callee);
  llvm::Constant* declareHost(llvm::GlobalValue& value);
  bool hasKnownValue(const llvm::GlobalVariable& variable) const;
  bool mentionsFixedOnly(const llvm::Constant& constant) const;
  static llvm::FunctionType* functionTypeOf(const llvm::GlobalValue& value) {
    return llvm::dyn_cast<llvm::FunctionType>(value.getValueType());
  }

  Registry& registry_;
  HostSymbolSource& host_;
  ImageReader& reader_;
  const FunctionRecord& record_;
  const ExtractOptions& options_;
  Unit& unit_;
  const uint32_t ordinal_; ///< of the function, in
  const ImageId image_;
  Status status_;
  llvm::DenseMap<llvm::Constant*, llvm::Constant*> mapped_;
  llvm::DenseMap<llvm::Function*, llvm::Function*> imported_;
  /// What definitions say of functions that the unit declares: calls are to claim no more. Null as long as
  /// there is no definition.
  struct Declared {
    FunctionId function;
    const Claims* said;
  };
  llvm::DenseMap<const llvm::Value*, Declared> declared_;
  llvm::SmallVector<llvm::Function*, 8> toRemap_; ///< bodies whose operands still belong to the image
};

/// Coroutines and matrices are lowered by passes, whatever the optimisation level.
bool usesWhatPassesLower(const llvm::Module& module) {
  return llvm::any_of(module.functions(), [](const llvm::Function& function) {
    return function.getName().starts_with("llvm.coro.") || function.getName().starts_with("llvm.matrix.");
  });
}

void dropAliasFacts(llvm::Function& function) {
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    instruction.eraseMetadataIf([](unsigned kind, const llvm::MDNode* /*node*/) {
      return kind == llvm::LLVMContext::MD_tbaa || kind == llvm::LLVMContext::MD_tbaa_struct ||
             kind == llvm::LLVMContext::MD_alias_scope || kind == llvm::LLVMContext::MD_noalias;
    });
  }
}

Status Extractor::run() {
  auto& source = llvm::cast<llvm::Function>(*reader_.value(ordinal_));
  if (Status status = reader_.readBody(source); !status)
    return status.takeError();
  if (source.hasGC())
    return Error(ErrorKind::Unsupported, "function " + std::string(record_.name),
                 "garbage collection strategies ('gc \"" + source.getGC() + "\"') are not supported");
  const bool moves = !hasAddressTakenBlocks(source);   // else the image keeps the body
  const bool forPasses = options_.forPasses || !moves; // such a function may be pinned to a higher tier
  if (!forPasses)
    dropAliasFacts(source);
  if (options_.verify) {
    if (Status status = verify(source, registry_.imageName(image_)); !status)
      return status;
  }
  makeModule(*source.getParent());
  unit_.id = record_.id;
  unit_.image = image_;
  unit_.function = llvm::Function::Create(
      source.getFunctionType(), llvm::GlobalValue::ExternalLinkage, source.getAddressSpace(),
      unitName(source, makeLinkName(record_.name, LinkKind::Entry, record_.id.value)), unit_.module.get());
  unit_.function->setCallingConv(source.getCallingConv());
  unit_.function->setAttributes(source.getAttributes());
  // Optimisers turn loops into calls of memset and such, but not inside a function of that name; the link
  // name hides it from them.
  if (forPasses)
    unit_.function->addFnAttr("no-builtin-" + std::string(record_.name));

  if (moves) {
    moveBody(source, *unit_.function);
  } else {
    const BlockAddressUse use = findBlockAddressUse(source);
    unit_.blockAddressesEscape = use.escapes;
    cloneBody(source, *unit_.function);
    cloneTables(use);
  }
  // Kept out of units: line tables come with the debugger support (docs/unsupported.md).
  if (source.getParent()->getNamedMetadata("llvm.dbg.cu"))
    llvm::stripDebugInfo(*unit_.function);
  toRemap_.push_back(unit_.function);
  while (!toRemap_.empty())
    remapOperands(*toRemap_.pop_back_val());
  unit_.needsLowering = !imported_.empty() || usesWhatPassesLower(*unit_.module);
  if (source.hasPersonalityFn())
    unit_.function->setPersonalityFn(map(source.getPersonalityFn()));
  if (options_.directSelfCalls)
    directSelfCalls();
  return std::move(status_);
}

Result<llvm::Function*> Extractor::importInto() {
  auto& source = llvm::cast<llvm::Function>(*reader_.value(ordinal_));
  llvm::Function* to = unit_.module->getFunction(
      unitName(source, makeLinkName(record_.name, LinkKind::Function, record_.id.value)));
  if (!to || !to->isDeclaration() || to->getFunctionType() != source.getFunctionType() ||
      to->getCallingConv() != source.getCallingConv())
    return nullptr;
  if (Status status = reader_.readBody(source); !status)
    return status.takeError();
  if (source.hasGC() || hasAddressTakenBlocks(source) || source.isPresplitCoroutine())
    return nullptr; // the body stays where it is, for whoever reads it next
  const bool throughCell = to->hasFnAttribute(llvm::Attribute::NonLazyBind);
  to->setAttributes(source.getAttributes());
  if (throughCell)
    to->addFnAttr(llvm::Attribute::NonLazyBind);
  moveBody(source, *to);
  to->setLinkage(llvm::GlobalValue::AvailableExternallyLinkage);
  if (source.getParent()->getNamedMetadata("llvm.dbg.cu"))
    llvm::stripDebugInfo(*to);
  toRemap_.push_back(to);
  while (!toRemap_.empty())
    remapOperands(*toRemap_.pop_back_val());
  unit_.needsLowering |= !imported_.empty();
  if (source.hasPersonalityFn())
    to->setPersonalityFn(map(source.getPersonalityFn()));
  if (!status_)
    return status_.takeError();
  return to;
}

void Extractor::makeModule(llvm::Module& source) {
  unit_.module = std::make_unique<llvm::Module>(record_.name, source.getContext());
  unit_.module->setDataLayout(source.getDataLayout());
  unit_.module->setTargetTriple(source.getTargetTriple());
  unit_.module->setPICLevel(llvm::PICLevel::BigPIC);
  // Calls of memcpy and the like that the code generator makes go through the GOT as the others do.
  unit_.module->setRtLibUseGOT();
}

void Extractor::moveBody(llvm::Function& from, llvm::Function& to) {
  to.splice(to.begin(), &from);
  for (auto [oldArgument, newArgument] : llvm::zip_equal(from.args(), to.args()))
    oldArgument.replaceAllUsesWith(&newArgument);
  to.copyMetadata(&from, 0);
  from.clearMetadata();
  reader_.forgetBody(from);
}

void Extractor::cloneBody(llvm::Function& from, llvm::Function& to) {
  llvm::ValueToValueMapTy map;
  // So that block addresses become those of the clone's blocks. Other mentions of the function are put right
  // by remapOperands, which sees the clone only as the operand it must not be.
  map[&from] = &to;
  for (auto [oldArgument, newArgument] : llvm::zip_equal(from.args(), to.args()))
    map[&oldArgument] = &newArgument;
  llvm::SmallVector<llvm::ReturnInst*, 8> returns;
  llvm::CloneFunctionInto(&to, &from, map, llvm::CloneFunctionChangeType::LocalChangesOnly, returns);
  to.setLinkage(llvm::GlobalValue::ExternalLinkage);
  to.setVisibility(llvm::GlobalValue::DefaultVisibility);
  to.setComdat(nullptr);
  to.setPersonalityFn(nullptr);
  llvm::Constant* outside = mapGlobal(from);
  to.replaceUsesWithIf(outside, [](llvm::Use& use) { return !llvm::isa<llvm::BlockAddress>(use.getUser()); });
  // The blocks of the clone by those of the original, for the tables.
  for (llvm::BasicBlock& block : from) {
    if (block.hasAddressTaken())
      mapped_[llvm::BlockAddress::get(&block)] =
          llvm::BlockAddress::get(&to, llvm::cast<llvm::BasicBlock>(map.lookup(&block)));
  }
}

void Extractor::cloneTables(const BlockAddressUse& use) {
  llvm::SmallVector<std::pair<llvm::GlobalVariable*, llvm::GlobalVariable*>, 2> clones;
  for (llvm::GlobalVariable* table : use.tables) {
    auto* clone = new llvm::GlobalVariable(*unit_.module, table->getValueType(), table->isConstant(),
                                           llvm::GlobalValue::InternalLinkage, nullptr,
                                           makeLinkName({table->getName().data(), table->getName().size()},
                                                        LinkKind::Private, reader_.ordinalOf(table)));
    clone->setAlignment(table->getAlign());
    clone->setUnnamedAddr(table->getUnnamedAddr());
    mapped_[table] = clone;
    clones.push_back({table, clone});
  }
  for (auto [table, clone] : clones)
    clone->setInitializer(map(table->getInitializer()));
}

void Extractor::remapOperands(llvm::Function& function) {
  llvm::SmallVector<llvm::CallBase*, 1> nowhere;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    for (llvm::Use& operand : instruction.operands()) {
      // Plain data dominates; only constants that can contain globals need a look.
      auto* constant = llvm::dyn_cast<llvm::Constant>(operand.get());
      if (!constant || llvm::isa<llvm::ConstantData>(constant))
        continue;
      // What must be inlined comes along; such functions need not exist on their own.
      auto* callee = llvm::dyn_cast<llvm::Function>(constant);
      if (callee && call && call->isCallee(&operand) && callee->getParent() != unit_.module.get() &&
          callee->hasFnAttribute(llvm::Attribute::AlwaysInline) && !callee->isDeclaration() &&
          !meansAnother(*callee))
        operand.set(import(*callee));
      else
        operand.set(map(constant));
    }
    if (call && !call->getAttributes().isEmpty())
      dropUnconfirmed(*call);
    if (call && call->getIntrinsicID() == llvm::Intrinsic::threadlocal_address &&
        llvm::isa<llvm::ConstantPointerNull>(call->getArgOperand(0)))
      nowhere.push_back(call);
  }
  // Of a weak thread-local that nothing defines. Passes would take the result for an address, and not null.
  for (llvm::CallBase* call : nowhere) {
    call->replaceAllUsesWith(call->getArgOperand(0));
    call->eraseFromParent();
  }
}

/// Front ends repeat at a call what they know of the callee. That may have been redefined since.
void Extractor::dropUnconfirmed(llvm::CallBase& call) {
  const auto found = declared_.find(call.getCalledOperand());
  if (found == declared_.end())
    return;
  const auto& [function, said] = found->second;
  const auto& declaration = *llvm::cast<llvm::Function>(found->first);
  if (!hasOtherClaims(call.getAttributes(), declaration.getAttributes()))
    return;
  if (said)
    call.setAttributes(confirmed(call.getAttributes(), *said));
  else
    believe(function, *registry_.keepClaims(claimTexts(call.getAttributes())));
}

llvm::AttributeList Extractor::confirmed(const llvm::AttributeList& list, const Claims& said) {
  llvm::LLVMContext& context = unit_.module->getContext();
  return options_.attributes ? options_.attributes->confirmed(context, list, said)
                             : withConfirmedClaims(context, list, said);
}

void Extractor::believe(FunctionId function, const Claims& claims) {
  if (!claims.texts.empty())
    unit_.assumptions.claims.push_back({function, &claims});
}

/// What the unit's declaration of a function may say: what the definition says, too. Without a definition,
/// what the image says, as natively; one that comes must agree or the code goes.
llvm::AttributeList Extractor::believedOf(const llvm::GlobalValue& value, const FunctionRecord& record,
                                          const Claims* said) {
  const auto* function = llvm::dyn_cast<llvm::Function>(&value);
  const llvm::AttributeList list = function ? function->getAttributes() : llvm::AttributeList();
  const Definition where = record.definition.load();
  if (where == Definition{image_, reader_.ordinalOf(&value)}) {
    // Of this very definition, not of the record, which may be that of another by now.
    if (const Claims* own = registry_.claimsOf(where))
      believe(record.id, *own);
    return list;
  }
  if (said) {
    believe(record.id, *said);
    return confirmed(list, *said);
  }
  if (hasOtherClaims(list, {}))
    believe(record.id, *registry_.keepClaims(claimTexts(list)));
  return list;
}

/// This image's copy is of before, or lost its name to native code or the host: what is called is elsewhere.
bool Extractor::meansAnother(const llvm::Function& callee) {
  const SymbolRef ref = registry_.resolve(image_, reader_.ordinalOf(&callee), callee.getName());
  if (ref.kind == SymbolKind::Object || ref.kind == SymbolKind::Absolute)
    return true;
  if (ref.kind != SymbolKind::Function)
    return false;
  const FunctionRecord& record = registry_.function(FunctionId(ref.id));
  return record.serial.load(std::memory_order_acquire) > 1 && record.definition.load().image != image_;
}

llvm::Function* Extractor::import(llvm::Function& source) {
  llvm::Function*& copy = imported_[&source];
  if (copy)
    return copy;
  if (Status status = reader_.readBody(source); !status)
    status_ = std::move(status);
  noteCopied(source);
  copy = llvm::Function::Create(source.getFunctionType(), llvm::GlobalValue::InternalLinkage,
                                source.getAddressSpace(),
                                makeLinkName({source.getName().data(), source.getName().size()},
                                             LinkKind::Private, reader_.ordinalOf(&source)),
                                unit_.module.get());
  copy->setCallingConv(source.getCallingConv());
  copy->setAttributes(source.getAttributes());
  llvm::Function* result = copy; // the reference into the map may not survive what follows
  if (hasAddressTakenBlocks(source)) {
    status_ = Error(ErrorKind::Unsupported, std::string(record_.name),
                    "a function to be inlined has computed gotos");
    return result;
  }
  moveBody(source, *result);
  if (source.getParent()->getNamedMetadata("llvm.dbg.cu"))
    llvm::stripDebugInfo(*result);
  if (source.hasPersonalityFn())
    result->setPersonalityFn(map(source.getPersonalityFn()));
  toRemap_.push_back(result);
  return result;
}

void Extractor::noteCopied(llvm::Function& source) {
  const SymbolRef ref = registry_.resolve(image_, reader_.ordinalOf(&source), source.getName());
  if (ref.kind != SymbolKind::Function) {
    noteName(source.getName(), NameAssumption::Use::Hint);
    return;
  }
  const FunctionRecord& record = registry_.function(FunctionId(ref.id));
  const uint32_t epoch = record.epoch.load(std::memory_order_acquire);
  const uint32_t serial = record.serial.load(std::memory_order_acquire);
  // Redefined since it was chosen: with a serial that no definition has, the code will be thrown away.
  unit_.assumptions.bodies.push_back({record.id, meansAnother(source) ? 0 : serial, epoch, bodyHash(source)});
}

void Extractor::directSelfCalls() {
  llvm::GlobalValue* outside = unit_.module->getNamedValue(
      unitName(*unit_.function, makeLinkName(record_.name, LinkKind::Function, record_.id.value)));
  if (!outside)
    return;
  outside->replaceUsesWithIf(unit_.function, [](llvm::Use& use) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(use.getUser());
    return call && call->isCallee(&use);
  });
}

llvm::Constant* Extractor::map(llvm::Constant* constant) {
  if (llvm::isa<llvm::ConstantData>(constant))
    return constant;
  if (auto found = mapped_.find(constant); found != mapped_.end())
    return found->second;
  llvm::Constant* result = constant;
  if (auto* value = llvm::dyn_cast<llvm::GlobalValue>(constant)) {
    // Already the unit's own: a use that was rewritten, or the clone of a computed-goto function.
    result = value->getParent() == unit_.module.get() ? value : mapGlobal(*value);
  } else if (auto* equivalent = llvm::dyn_cast<llvm::DSOLocalEquivalent>(constant)) {
    result = map(equivalent->getGlobalValue());
  } else if (auto* noCfi = llvm::dyn_cast<llvm::NoCFIValue>(constant)) {
    result = map(noCfi->getGlobalValue());
  } else if (llvm::isa<llvm::BlockAddress>(constant)) {
    if (llvm::cast<llvm::BlockAddress>(constant)->getFunction() != unit_.function)
      status_ = Error(ErrorKind::Unsupported, std::string(record_.name),
                      "uses a block address of another function");
  } else {
    llvm::SmallVector<llvm::Constant*, 8> operands;
    bool changed = false;
    for (llvm::Value* operand : constant->operand_values()) {
      operands.push_back(map(llvm::cast<llvm::Constant>(operand)));
      changed |= operands.back() != operand;
    }
    if (changed) {
      if (auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(constant))
        result = expression->getWithOperands(operands);
      else if (auto* array = llvm::dyn_cast<llvm::ConstantArray>(constant))
        result = llvm::ConstantArray::get(array->getType(), operands);
      else if (auto* structure = llvm::dyn_cast<llvm::ConstantStruct>(constant))
        result = llvm::ConstantStruct::get(structure->getType(), operands);
      else if (llvm::isa<llvm::ConstantVector>(constant))
        result = llvm::ConstantVector::get(operands);
      else
        status_ = Error(ErrorKind::Unsupported, std::string(record_.name),
                        "uses a kind of constant not known here");
    }
  }
  mapped_[constant] = result;
  return result;
}

bool mentionsBlocks(const llvm::Constant& constant) {
  if (llvm::isa<llvm::BlockAddress>(constant))
    return true;
  if (llvm::isa<llvm::GlobalValue>(constant))
    return false;
  return llvm::any_of(constant.operands(), [](const llvm::Use& operand) {
    return mentionsBlocks(*llvm::cast<llvm::Constant>(operand.get()));
  });
}

/// Whether all that a constant's value mentions has an address for good: its memory is written once.
bool Extractor::mentionsFixedOnly(const llvm::Constant& constant) const {
  const auto* value = llvm::dyn_cast<llvm::GlobalValue>(&constant);
  if (!value)
    return llvm::all_of(constant.operands(), [this](const llvm::Use& operand) {
      return mentionsFixedOnly(*llvm::cast<llvm::Constant>(operand.get()));
    });
  const uint32_t ordinal = reader_.ordinalOf(value);
  if (ordinal == ~0u || value->hasExternalWeakLinkage())
    return false;
  const SymbolRef ref = registry_.resolve(image_, ordinal, value->getName());
  return ref.kind == SymbolKind::Data || (ref.kind == SymbolKind::Function &&
                                          registry_.function(FunctionId(ref.id)).definition.load().exists());
}

/// Whether passes may be shown what the constant holds: it cannot change, and it is not so large that
/// carrying it costs more than it tells.
bool Extractor::hasKnownValue(const llvm::GlobalVariable& variable) const {
  constexpr uint64_t kLargest = 4096;
  return options_.forPasses && variable.isConstant() && variable.hasDefinitiveInitializer() &&
         !variable.isExternallyInitialized() && !variable.isThreadLocal() &&
         variable.getParent()->getDataLayout().getTypeAllocSize(variable.getValueType()) <= kLargest &&
         !mentionsBlocks(*variable.getInitializer()) && mentionsFixedOnly(*variable.getInitializer()) &&
         registry_.prevails(image_, reader_.ordinalOf(&variable), variable.getName());
}

/// A reference that is null where nothing defines the name: decided here, so that passes may fold it.
llvm::Constant* Extractor::mapWeak(llvm::GlobalValue& value) {
  const llvm::StringRef name = linkerName(value.getName());
  const uint64_t processSerial = host_.serial(); // before the look
  if (!host_.has(name, /*weak=*/true)) {
    noteName(name, NameAssumption::Use::Absent, processSerial);
    return llvm::ConstantPointerNull::get(value.getType());
  }
  noteName(name, NameAssumption::Use::Outside);
  return functionTypeOf(value) ? declareFunction(value, value.getName().str())
                               : declareData(value, value.getName().str(), nullptr);
}

llvm::Constant* Extractor::mapGlobal(llvm::GlobalValue& value) {
  if (auto* function = llvm::dyn_cast<llvm::Function>(&value); function && function->isIntrinsic())
    return declareFunction(value, value.getName().str());
  if (value.hasExternalWeakLinkage()) {
    if (!registry_.isDefined(linkerName(value.getName())))
      return mapWeak(value);
    noteName(value.getName(), NameAssumption::Use::Defined);
  }

  const uint32_t ordinal = reader_.ordinalOf(&value);
  const SymbolRef ref = ordinal == ~0u ? SymbolRef{} : registry_.resolve(image_, ordinal, value.getName());
  switch (ref.kind) {
  case SymbolKind::Function: {
    unit_.references.push_back(FunctionId(ref.id));
    const FunctionRecord& function = registry_.function(FunctionId(ref.id));
    // What is bound outside the program ends up out of reach of relative calls.
    const bool direct = options_.directCalls && function.definition.load().exists() &&
                        !function.isIfunc.load(std::memory_order_relaxed);
    return declareFunction(value, makeLinkName(function.name, LinkKind::Function, ref.id), &function, direct);
  }
  case SymbolKind::Data: {
    const GlobalRecord& global = registry_.global(GlobalId(ref.id));
    unit_.data.push_back(global.id);
    llvm::Constant* base = declareData(value, makeLinkName(global.name, LinkKind::Data, ref.id), &global);
    if (ref.offset == 0)
      return base;
    return llvm::ConstantExpr::getGetElementPtr(
        llvm::Type::getInt8Ty(value.getContext()), base,
        llvm::ConstantInt::getSigned(llvm::Type::getInt64Ty(value.getContext()), ref.offset));
  }
  case SymbolKind::Thread: {
    const GlobalRecord& global = registry_.global(GlobalId(ref.id));
    return declareData(value, makeLinkName(global.name, LinkKind::Thread, ref.id), &global);
  }
  case SymbolKind::Object:
  case SymbolKind::Absolute:
  case SymbolKind::None:
    return declareHost(value);
  }
  return nullptr;
}

/// Something outside the images: in an object, a library, or nowhere.
llvm::Constant* Extractor::declareHost(llvm::GlobalValue& value) {
  const std::string name = value.getName().str();
  const llvm::StringRef linkerName = llvm::GlobalValue::dropLLVMManglingEscape(name);
  if (linkerName == "__dso_handle")
    return declareData(value, makeLinkName(name, LinkKind::DsoHandle, image_.value), nullptr);
  const bool inProgram = registry_.isDefined(linkerName);
  const bool known = inProgram || host_.has(linkerName, /*weak=*/false);
  if (known && !inProgram)
    noteName(linkerName, NameAssumption::Use::Outside);
  if (!functionTypeOf(value))
    return declareData(value, name, nullptr);
  if (known)
    return declareFunction(value, name);
  // A body that was given only as a hint, of a function that turns out to exist nowhere else.
  if (auto* function = llvm::dyn_cast<llvm::Function>(&value);
      function && function->hasAvailableExternallyLinkage())
    return import(*function);
  // Natively bound when it is first called, and only then an error.
  Result<FunctionId> id = registry_.declareFunction(linkerName);
  if (!id) {
    status_ = id.takeError();
    return llvm::ConstantPointerNull::get(value.getType());
  }
  return declareFunction(value, makeLinkName(linkerName.str(), LinkKind::Function, id->value),
                         &registry_.function(*id));
}

/// Has calls become `call *name@GOTPCREL(%rip)`, which the linker points at the function's cell.
void Extractor::callThroughCell(llvm::Function& declaration) {
  if (options_.attributes)
    declaration.setAttributes(
        options_.attributes->nonLazyBind(declaration.getContext(), declaration.getAttributes()));
  else
    declaration.addFnAttr(llvm::Attribute::NonLazyBind);
}

llvm::Constant* Extractor::declareFunction(llvm::GlobalValue& value, const std::string& linkName,
                                           const FunctionRecord* record, bool direct) {
  const std::string name = unitName(value, linkName);
  auto* function = llvm::dyn_cast<llvm::Function>(&value);
  const Claims* said = record ? record->claims.load(std::memory_order_acquire) : nullptr;
  if (llvm::GlobalValue* existing = unit_.module->getNamedValue(name)) {
    auto* declaration = llvm::dyn_cast<llvm::Function>(existing);
    if (declaration && record && declared_.try_emplace(declaration, Declared{record->id, said}).second &&
        said)
      believe(record->id, *said);
    // The unit's bodies come from several images. What no definition confirms, all of them must say; each
    // goes on believing what it says at its own calls.
    if (declaration && declaration->isDeclaration() && function && !function->isIntrinsic() && !said)
      declaration->setAttributes(withConfirmedClaims(value.getContext(), declaration->getAttributes(),
                                                     Claims{claimTexts(function->getAttributes()), {}}));
    return existing;
  }
  auto* type = functionTypeOf(value); // null for what C declares as an array, for its address
  auto* any = llvm::FunctionType::get(llvm::Type::getVoidTy(value.getContext()), /*isVarArg=*/true);
  auto* declaration = llvm::Function::Create(type ? type : any, llvm::GlobalValue::ExternalLinkage,
                                             value.getAddressSpace(), name, unit_.module.get());
  if (function) {
    declaration->setCallingConv(function->getCallingConv());
    declaration->setAttributes(function->getAttributes());
  }
  if (record) {
    declaration->setAttributes(believedOf(value, *record, said));
    declared_[declaration] = {record->id, said};
  }
  // `call name`. The address, which is the stub's, is near; taking it needs no load.
  declaration->setDSOLocal(direct);
  if (!direct && !declaration->isIntrinsic())
    callThroughCell(*declaration);
  return declaration;
}

/// What a mention of a variable lets passes take for granted. The unit's bodies come from several images and
/// share one declaration, so only what holds for all of them may be said.
struct DataClaims {
  bool constant;
  llvm::Align alignment;
};

DataClaims claimsOf(const llvm::GlobalValue& value, const GlobalRecord* record) {
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
  // The base of an alias, which is what gets declared, is something else than the alias's type says.
  const auto* object = llvm::dyn_cast_or_null<llvm::GlobalVariable>(value.getAliaseeObject());
  DataClaims claims{variable && variable->isConstant(),
                    object ? object->getPointerAlignment(object->getDataLayout()) : llvm::Align()};
  // A declaration may say more than its definition holds, in C even without breaking a rule.
  if (record) {
    claims.constant &= record->constant.load(std::memory_order_relaxed);
    claims.alignment = std::min(claims.alignment, llvm::Align(record->alignment));
  }
  return claims;
}

void weaken(llvm::GlobalVariable& declaration, const DataClaims& claims) {
  if (!claims.constant)
    declaration.setConstant(false);
  declaration.setAlignment(std::min(declaration.getAlign().valueOrOne(), claims.alignment));
}

llvm::Constant* Extractor::declareData(llvm::GlobalValue& value, const std::string& name,
                                       const GlobalRecord* record) {
  const uint32_t serial = record ? record->serial.load(std::memory_order_acquire) : 0; // before the rest
  const DataClaims claims = claimsOf(value, record);
  if (llvm::GlobalValue* existing = unit_.module->getNamedValue(name)) {
    if (auto* declaration = llvm::dyn_cast<llvm::GlobalVariable>(existing))
      weaken(*declaration, claims);
    return existing;
  }
  const bool threadLocal = record ? record->threadLocal : value.isThreadLocal();
  const bool near = record && !threadLocal && record->size <= Arena::kLargestNearData;
  auto* declaration = new llvm::GlobalVariable(
      *unit_.module, value.getValueType(), claims.constant, llvm::GlobalValue::ExternalLinkage, nullptr, name,
      nullptr, threadLocal ? llvm::GlobalValue::GeneralDynamicTLSModel : llvm::GlobalValue::NotThreadLocal,
      value.getAddressSpace());
  declaration->setAlignment(claims.alignment);
  declaration->setDSOLocal(near);
  DataAssumption assumption;
  assumption.alignment = claims.alignment.value();
  assumption.constant = claims.constant;
  assumption.near = near;
  assumption.threadLocal = threadLocal;
  if (auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&value);
      variable && near && claims.constant && hasKnownValue(*variable) &&
      !record->leadsOutside.load(std::memory_order_acquire)) {
    // Entered first: constants may refer to each other in circles.
    mapped_[variable] = declaration;
    assumption.value = valueHash(*variable);
    declaration->setInitializer(map(variable->getInitializer()));
    declaration->setLinkage(llvm::GlobalValue::AvailableExternallyLinkage);
  }
  if (record) {
    assumption.global = record->id;
    assumption.serial = serial;
    unit_.assumptions.data.push_back(assumption);
  }
  return declaration;
}

} // namespace

void dropUnoptimisedMarks(llvm::Function& function) {
  if (!function.hasFnAttribute(llvm::Attribute::OptimizeNone))
    return;
  function.removeFnAttr(llvm::Attribute::OptimizeNone);
  function.removeFnAttr(llvm::Attribute::NoInline);
}

Result<Unit> extractUnit(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                         const FunctionRecord& record, Definition where, const ExtractOptions& options) {
  Unit unit;
  if (Status status = Extractor(registry, host, reader, record, where, options, unit).run(); !status)
    return status.takeError();
  return unit;
}

Result<llvm::Function*> importBody(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                                   const FunctionRecord& callee, Definition where,
                                   const ExtractOptions& options, Unit& unit) {
  return Extractor(registry, host, reader, callee, where, options, unit).importInto();
}

llvm::Function* declareInUnit(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                              const FunctionRecord& function, Definition where, const ExtractOptions& options,
                              Unit& unit) {
  return Extractor(registry, host, reader, function, where, options, unit).declare();
}

} // namespace tiercel
