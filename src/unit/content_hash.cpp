// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/content_hash.h"

#include "unit/link_name.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Operator.h"
#include "llvm/Support/xxhash.h"

namespace tiercel {

namespace {

using Words = llvm::SmallVector<uint64_t, 32>;

llvm::ArrayRef<uint8_t> bytesOf(const Words& words) {
  return {reinterpret_cast<const uint8_t*>(words.data()), words.size() * sizeof(uint64_t)};
}

/// What contentHash looks at.
struct Shape {
  using Digest = uint64_t;
  static constexpr bool kEverything = false;
  static Digest of(llvm::ArrayRef<uint8_t> bytes) { return llvm::xxh3_64bits(bytes); }
  static void push(Words& words, Digest digest) { words.push_back(digest); }
};

/// What bodyHash looks at.
struct Meaning {
  using Digest = StrongHash;
  static constexpr bool kEverything = true;
  static Digest of(llvm::ArrayRef<uint8_t> bytes) { return strongHash(bytes); }
  static void push(Words& words, Digest digest) { words.append(digest.words.begin(), digest.words.end()); }
};

/// What an operand is, so that equal numbers of different kinds differ. The numbers are part of the hash.
enum class Tag : uint64_t { Local = 1, Block, Constant, Global, Self, Assembly, Other };

template <typename Scope> class Hasher {
public:
  using Digest = typename Scope::Digest;

  explicit Hasher(const llvm::Function* function) : function_(function) {}

  Digest run() {
    number();
    Words words;
    Scope::push(words, type(function_->getFunctionType()));
    words.push_back(blocks_.size());
    if constexpr (Scope::kEverything)
      addFunction(words);
    for (const llvm::BasicBlock& block : *function_) {
      Words body = {static_cast<uint64_t>(Tag::Block)};
      for (const llvm::Instruction& instruction : block) {
        if (!isIgnored(instruction))
          add(body, instruction);
      }
      Scope::push(words, hashOf(body));
    }
    return hashOf(words);
  }

  Digest constant(const llvm::Constant& value) {
    if (auto known = constants_.find(&value); known != constants_.end())
      return known->second;
    Digest result{};
    if (const auto* named = llvm::dyn_cast<llvm::GlobalValue>(&value))
      result = global(*named);
    else if (const auto* equivalent = llvm::dyn_cast<llvm::DSOLocalEquivalent>(&value))
      result = global(*equivalent->getGlobalValue());
    else if (const auto* noCfi = llvm::dyn_cast<llvm::NoCFIValue>(&value))
      result = global(*noCfi->getGlobalValue());
    else if (const auto* address = llvm::dyn_cast<llvm::BlockAddress>(&value))
      result = hashOf({static_cast<uint64_t>(Tag::Block), blocks_.lookup(address->getBasicBlock())});
    else
      result = hashOf(constantWords(value));
    constants_[&value] = result;
    return result;
  }

private:
  static Digest hashOf(const Words& words) { return Scope::of(bytesOf(words)); }
  static Digest hashOf(llvm::StringRef text) {
    return Scope::of(llvm::ArrayRef(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }

  static bool isIgnored(const llvm::Instruction& instruction) {
    return llvm::isa<llvm::DbgInfoIntrinsic, llvm::PseudoProbeInst>(instruction);
  }

  void number() {
    for (const llvm::BasicBlock& block : *function_)
      blocks_[&block] = blocks_.size();
    for (const llvm::Argument& argument : function_->args())
      locals_[&argument] = locals_.size();
    for (const llvm::Instruction& instruction : llvm::instructions(*function_)) {
      if (!isIgnored(instruction))
        locals_[&instruction] = locals_.size();
    }
  }

  void add(Words& words, const llvm::Instruction& instruction) {
    words.push_back(instruction.getOpcode());
    Scope::push(words, type(instruction.getType()));
    words.push_back(instruction.getRawSubclassOptionalData());
    words.push_back(instruction.getNumOperands());
    for (const llvm::Use& operand : instruction.operands())
      add(words, *operand);
    addDetails(words, instruction);
    if constexpr (Scope::kEverything)
      addMeaning(words, instruction);
    if (instruction.isTerminator()) {
      for (unsigned s = 0; s < instruction.getNumSuccessors(); ++s)
        words.push_back(blocks_.lookup(instruction.getSuccessor(s)));
    }
  }

  /// What is neither type nor operand.
  void addDetails(Words& words, const llvm::Instruction& instruction) {
    if (const auto* compare = llvm::dyn_cast<llvm::CmpInst>(&instruction)) {
      words.push_back(compare->getPredicate());
    } else if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
      words.push_back(load->isVolatile() | static_cast<uint64_t>(load->getOrdering()) << 1);
    } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
      words.push_back(store->isVolatile() | static_cast<uint64_t>(store->getOrdering()) << 1);
    } else if (const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
      Scope::push(words, type(address->getSourceElementType()));
    } else if (const auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
      Scope::push(words, type(slot->getAllocatedType()));
    } else if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
      Scope::push(words, type(call->getFunctionType()));
    } else if (const auto* update = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
      words.push_back(update->getOperation() | static_cast<uint64_t>(update->getOrdering()) << 8);
    } else if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
      words.push_back(exchange->isWeak() | static_cast<uint64_t>(exchange->getSuccessOrdering()) << 1);
    } else if (const auto* fence = llvm::dyn_cast<llvm::FenceInst>(&instruction)) {
      words.push_back(static_cast<uint64_t>(fence->getOrdering()));
    } else if (const auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(&instruction)) {
      words.append(extract->idx_begin(), extract->idx_end());
    } else if (const auto* insert = llvm::dyn_cast<llvm::InsertValueInst>(&instruction)) {
      words.append(insert->idx_begin(), insert->idx_end());
    } else if (const auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction)) {
      for (int lane : shuffle->getShuffleMask())
        words.push_back(static_cast<uint64_t>(lane));
    } else if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
      for (const llvm::BasicBlock* block : phi->blocks())
        words.push_back(blocks_.lookup(block));
    } else if (const auto* choice = llvm::dyn_cast<llvm::SwitchInst>(&instruction)) {
      for (const auto& choiceCase : choice->cases())
        Scope::push(words, constant(*choiceCase.getCaseValue()));
    } else if (const auto* pad = llvm::dyn_cast<llvm::LandingPadInst>(&instruction)) {
      words.push_back(pad->isCleanup());
      for (unsigned clause = 0; clause < pad->getNumClauses(); ++clause)
        words.push_back(pad->isCatch(clause));
    }
  }

  /// What the function says of itself.
  void addFunction(Words& words) {
    words.push_back(function_->getCallingConv());
    Scope::push(words, attributes(function_->getAttributes()));
    words.push_back(function_->hasPersonalityFn());
    if (function_->hasPersonalityFn())
      Scope::push(words, constant(*function_->getPersonalityFn()));
    words.push_back(function_->hasGC());
  }

  /// What decides what an instruction does, and not where a profile counts.
  void addMeaning(Words& words, const llvm::Instruction& instruction) {
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
      words.append({load->getAlign().value(), load->getSyncScopeID()});
    } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
      words.append({store->getAlign().value(), store->getSyncScopeID()});
    } else if (const auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
      words.append({slot->getAlign().value(),
                    uint64_t(slot->isUsedWithInAlloca()) | uint64_t(slot->isSwiftError()) << 1});
    } else if (const auto* update = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
      words.append({update->getAlign().value(), update->getSyncScopeID(), update->isVolatile()});
    } else if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
      words.append({exchange->getAlign().value(), exchange->getSyncScopeID(), exchange->isVolatile(),
                    static_cast<uint64_t>(exchange->getFailureOrdering())});
    } else if (const auto* fence = llvm::dyn_cast<llvm::FenceInst>(&instruction)) {
      words.push_back(fence->getSyncScopeID());
    } else if (const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
      words.push_back(address->getNoWrapFlags().getRaw());
    } else if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
      words.push_back(call->getCallingConv());
      Scope::push(words, attributes(call->getAttributes()));
      if (const auto* plain = llvm::dyn_cast<llvm::CallInst>(call))
        words.push_back(plain->getTailCallKind());
      words.push_back(call->getNumOperandBundles());
      for (unsigned i = 0; i < call->getNumOperandBundles(); ++i) {
        const llvm::OperandBundleUse bundle = call->getOperandBundleAt(i);
        Scope::push(words, hashOf(bundle.getTagName()));
        words.push_back(bundle.Inputs.size());
      }
    }
    llvm::SmallVector<std::pair<unsigned, llvm::MDNode*>, 4> attached;
    instruction.getAllMetadataOtherThanDebugLoc(attached);
    if (attached.empty())
      return;
    // By name: numbers depend on what the context read before.
    llvm::SmallVector<llvm::StringRef> names;
    instruction.getContext().getMDKindNames(names);
    llvm::sort(attached, [&](const auto& a, const auto& b) { return names[a.first] < names[b.first]; });
    for (const auto& [kind, node] : attached) {
      if (names[kind] == "srcloc") // a place in the source
        continue;
      Scope::push(words, hashOf(names[kind]));
      Scope::push(words, metadata(node));
    }
  }

  Digest attributes(const llvm::AttributeList& list) {
    if (auto known = attributes_.find(list.getRawPointer()); known != attributes_.end())
      return known->second;
    Words words;
    for (unsigned index : list.indexes()) {
      for (const llvm::Attribute& attribute : list.getAttributes(index)) {
        words.push_back(index);
        if (!attribute.isTypeAttribute()) {
          Scope::push(words, hashOf(attribute.getAsString()));
          continue;
        }
        // As a text it would have the name of a structure, which depends on what its context read before.
        Scope::push(words, hashOf(llvm::Attribute::getNameFromAttrKind(attribute.getKindAsEnum())));
        if (const llvm::Type* held = attribute.getValueAsType())
          Scope::push(words, type(held));
      }
    }
    return attributes_[list.getRawPointer()] = hashOf(words);
  }

  /// Nodes may lead back to themselves; inner mentions of one that is being looked at count as that.
  Digest metadata(const llvm::Metadata* node) {
    Words words = {static_cast<uint64_t>(Tag::Other)};
    if (!node)
      return hashOf(words);
    words.push_back(node->getMetadataID());
    if (const auto* text = llvm::dyn_cast<llvm::MDString>(node)) {
      Scope::push(words, hashOf(text->getString()));
    } else if (const auto* value = llvm::dyn_cast<llvm::ValueAsMetadata>(node)) {
      add(words, *value->getValue());
    } else if (const auto* tuple = llvm::dyn_cast<llvm::MDTuple>(node)) {
      if (auto known = metadata_.find(tuple); known != metadata_.end())
        return known->second;
      metadata_[tuple] = hashOf({metadata_.size()});
      for (const llvm::MDOperand& operand : tuple->operands())
        Scope::push(words, metadata(operand.get()));
      return metadata_[tuple] = hashOf(words);
    }
    return hashOf(words); // the rest is debug information
  }

  void add(Words& words, const llvm::Value& value) {
    const auto begin = [&words](Tag tag) { words.push_back(static_cast<uint64_t>(tag)); };
    if (auto local = locals_.find(&value); local != locals_.end()) {
      begin(Tag::Local);
      words.push_back(local->second);
    } else if (const auto* block = llvm::dyn_cast<llvm::BasicBlock>(&value)) {
      begin(Tag::Block);
      words.push_back(blocks_.lookup(block));
    } else if (const auto* someConstant = llvm::dyn_cast<llvm::Constant>(&value)) {
      begin(Tag::Constant);
      Scope::push(words, constant(*someConstant));
    } else if (const auto* assembly = llvm::dyn_cast<llvm::InlineAsm>(&value)) {
      begin(Tag::Assembly);
      addAssembly(words, *assembly);
    } else {
      begin(Tag::Other);
      if (const auto* wrapped = llvm::dyn_cast<llvm::MetadataAsValue>(&value); wrapped && Scope::kEverything)
        Scope::push(words, metadata(wrapped->getMetadata()));
      else
        words.push_back(0);
    }
  }

  static void addAssembly(Words& words, const llvm::InlineAsm& assembly) {
    if constexpr (Scope::kEverything) {
      Scope::push(words, hashOf(assembly.getAsmString()));
      Scope::push(words, hashOf(assembly.getConstraintString()));
      words.push_back(uint64_t(assembly.hasSideEffects()) | uint64_t(assembly.isAlignStack()) << 1 |
                      uint64_t(assembly.canThrow()) << 2 | uint64_t(assembly.getDialect()) << 3);
    } else {
      words.push_back(llvm::xxh3_64bits(assembly.getAsmString()) ^
                      llvm::xxh3_64bits(assembly.getConstraintString()));
    }
  }

  static llvm::StringRef plainName(const llvm::GlobalValue& value) {
    llvm::StringRef name = llvm::GlobalValue::dropLLVMManglingEscape(value.getName());
    if (parseLinkName(name))
      name = name.take_front(name.rfind('#'));
    while (!Scope::kEverything) {
      const llvm::StringRef stem = name.rtrim("0123456789");
      if (stem.size() == name.size() || !stem.ends_with("."))
        return name;
      name = stem.drop_back();
    }
    return name;
  }

  Digest global(const llvm::GlobalValue& value) {
    const llvm::GlobalValue* object = &value;
    // Units refer to what an alias stands for.
    if (const auto* alias = llvm::dyn_cast<llvm::GlobalAlias>(object); alias && alias->getAliaseeObject())
      object = alias->getAliaseeObject();
    const llvm::StringRef name = plainName(*object);
    // By name too: in a unit the function is defined under one name and called by another.
    if (function_ && (object == function_ || name == plainName(*function_))) {
      if constexpr (Scope::kEverything)
        return hashOf({static_cast<uint64_t>(Tag::Self)});
      else
        return static_cast<uint64_t>(Tag::Self);
    }
    Words words = {static_cast<uint64_t>(Tag::Global)};
    if constexpr (Scope::kEverything) {
      const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(object);
      words.append({object->hasExternalWeakLinkage(), object->isThreadLocal(), object->hasLocalLinkage()});
      if (variable && variable->hasLocalLinkage() && variable->isConstant() && variable->hasInitializer()) {
        // Its name means nothing to others. Constants may lead back to themselves.
        constants_[variable] = hashOf({static_cast<uint64_t>(Tag::Constant), constants_.size()});
        Scope::push(words, type(variable->getValueType()));
        Scope::push(words, constant(*variable->getInitializer()));
        return hashOf(words);
      }
    }
    Scope::push(words, hashOf(name));
    return hashOf(words);
  }

  Words constantWords(const llvm::Constant& value) {
    Words words = {static_cast<uint64_t>(Tag::Constant), value.getValueID()};
    Scope::push(words, type(value.getType()));
    const auto addBits = [&words](const llvm::APInt& bits) {
      words.append(bits.getRawData(), bits.getRawData() + bits.getNumWords());
    };
    if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(&value)) {
      addBits(integer->getValue());
    } else if (const auto* real = llvm::dyn_cast<llvm::ConstantFP>(&value)) {
      addBits(real->getValueAPF().bitcastToAPInt());
    } else if (const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(&value)) {
      Scope::push(words, hashOf(data->getRawDataValues()));
    } else {
      if (const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(&value)) {
        words.push_back(expression->getOpcode());
        words.push_back(expression->getRawSubclassOptionalData());
        if (const auto* address = llvm::dyn_cast<llvm::GEPOperator>(expression))
          Scope::push(words, type(address->getSourceElementType()));
      }
      for (const llvm::Use& operand : value.operands())
        Scope::push(words, constant(llvm::cast<llvm::Constant>(*operand)));
    }
    return words;
  }

  Digest type(const llvm::Type* type) {
    if (auto known = types_.find(type); known != types_.end())
      return known->second;
    Words words = {type->getTypeID()};
    if (const auto* integer = llvm::dyn_cast<llvm::IntegerType>(type)) {
      words.push_back(integer->getBitWidth());
    } else if (const auto* pointer = llvm::dyn_cast<llvm::PointerType>(type)) {
      words.push_back(pointer->getAddressSpace());
    } else if (const auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
      words.push_back(array->getNumElements());
    } else if (const auto* vector = llvm::dyn_cast<llvm::VectorType>(type)) {
      words.push_back(vector->getElementCount().getKnownMinValue());
    } else if (const auto* function = llvm::dyn_cast<llvm::FunctionType>(type)) {
      words.push_back(function->isVarArg());
    } else if (const auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
      words.push_back(structure->isPacked());
    }
    for (const llvm::Type* contained : type->subtypes())
      Scope::push(words, this->type(contained));
    return types_[type] = hashOf(words);
  }

  const llvm::Function* const function_; ///< null: of a constant alone
  llvm::DenseMap<const llvm::BasicBlock*, uint64_t> blocks_;
  llvm::DenseMap<const llvm::Value*, uint64_t> locals_; ///< arguments and instructions
  llvm::DenseMap<const llvm::Constant*, Digest> constants_;
  llvm::DenseMap<const llvm::Type*, Digest> types_;
  llvm::DenseMap<const void*, Digest> attributes_;
  llvm::DenseMap<const llvm::MDTuple*, Digest> metadata_;
};

} // namespace

uint64_t contentHash(const llvm::Function& function) { return Hasher<Shape>(&function).run(); }

StrongHash bodyHash(const llvm::Function& function) { return Hasher<Meaning>(&function).run(); }

StrongHash valueHash(const llvm::GlobalVariable& constant) {
  return Hasher<Meaning>(nullptr).constant(*constant.getInitializer());
}

} // namespace tiercel
