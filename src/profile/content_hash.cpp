// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/content_hash.h"

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
#include "llvm/IR/Operator.h"
#include "llvm/Support/xxhash.h"

namespace tiercel {

namespace {

using Words = llvm::SmallVector<uint64_t, 32>;

uint64_t hashOf(const Words& words) {
  return llvm::xxh3_64bits(
      llvm::ArrayRef(reinterpret_cast<const uint8_t*>(words.data()), words.size() * sizeof(uint64_t)));
}

/// What an operand is, so that equal numbers of different kinds differ. The numbers are part of the hash.
enum class Tag : uint64_t { Local = 1, Block, Constant, Global, Self, Assembly, Other };

class Hasher {
public:
  explicit Hasher(const llvm::Function& function) : function_(function) {}

  uint64_t run() {
    number();
    Words words = {type(function_.getFunctionType()), blocks_.size()};
    for (const llvm::BasicBlock& block : function_) {
      Words body = {static_cast<uint64_t>(Tag::Block)};
      for (const llvm::Instruction& instruction : block) {
        if (!isIgnored(instruction))
          add(body, instruction);
      }
      words.push_back(hashOf(body));
    }
    return hashOf(words);
  }

private:
  static bool isIgnored(const llvm::Instruction& instruction) {
    return llvm::isa<llvm::DbgInfoIntrinsic, llvm::PseudoProbeInst>(instruction);
  }

  void number() {
    for (const llvm::BasicBlock& block : function_)
      blocks_[&block] = blocks_.size();
    for (const llvm::Argument& argument : function_.args())
      locals_[&argument] = locals_.size();
    for (const llvm::Instruction& instruction : llvm::instructions(function_)) {
      if (!isIgnored(instruction))
        locals_[&instruction] = locals_.size();
    }
  }

  void add(Words& words, const llvm::Instruction& instruction) {
    words.push_back(instruction.getOpcode());
    words.push_back(type(instruction.getType()));
    words.push_back(instruction.getRawSubclassOptionalData());
    words.push_back(instruction.getNumOperands());
    for (const llvm::Use& operand : instruction.operands())
      add(words, *operand);
    addDetails(words, instruction);
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
      words.push_back(type(address->getSourceElementType()));
    } else if (const auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
      words.push_back(type(slot->getAllocatedType()));
    } else if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
      words.push_back(type(call->getFunctionType()));
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
        words.push_back(constant(*choiceCase.getCaseValue()));
    } else if (const auto* pad = llvm::dyn_cast<llvm::LandingPadInst>(&instruction)) {
      words.push_back(pad->isCleanup());
      for (unsigned clause = 0; clause < pad->getNumClauses(); ++clause)
        words.push_back(pad->isCatch(clause));
    }
  }

  void add(Words& words, const llvm::Value& value) {
    const auto push = [&words](Tag tag, uint64_t what) {
      words.push_back(static_cast<uint64_t>(tag));
      words.push_back(what);
    };
    if (auto local = locals_.find(&value); local != locals_.end())
      push(Tag::Local, local->second);
    else if (const auto* block = llvm::dyn_cast<llvm::BasicBlock>(&value))
      push(Tag::Block, blocks_.lookup(block));
    else if (const auto* someConstant = llvm::dyn_cast<llvm::Constant>(&value))
      push(Tag::Constant, constant(*someConstant));
    else if (const auto* assembly = llvm::dyn_cast<llvm::InlineAsm>(&value))
      push(Tag::Assembly,
           llvm::xxh3_64bits(assembly->getAsmString()) ^ llvm::xxh3_64bits(assembly->getConstraintString()));
    else
      push(Tag::Other, 0); // metadata
  }

  static llvm::StringRef plainName(const llvm::GlobalValue& value) {
    llvm::StringRef name = llvm::GlobalValue::dropLLVMManglingEscape(value.getName());
    if (parseLinkName(name))
      name = name.take_front(name.rfind('#'));
    while (true) {
      const llvm::StringRef stem = name.rtrim("0123456789");
      if (stem.size() == name.size() || !stem.ends_with("."))
        return name;
      name = stem.drop_back();
    }
  }

  uint64_t global(const llvm::GlobalValue& value) {
    const llvm::GlobalValue* object = &value;
    // Units refer to what an alias stands for.
    if (const auto* alias = llvm::dyn_cast<llvm::GlobalAlias>(object); alias && alias->getAliaseeObject())
      object = alias->getAliaseeObject();
    const llvm::StringRef name = plainName(*object);
    // By name too: in a unit the function is defined under one name and called by another.
    if (object == &function_ || name == plainName(function_))
      return static_cast<uint64_t>(Tag::Self);
    return hashOf({static_cast<uint64_t>(Tag::Global), llvm::xxh3_64bits(name)});
  }

  uint64_t constant(const llvm::Constant& value) {
    if (auto known = constants_.find(&value); known != constants_.end())
      return known->second;
    uint64_t result = 0;
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
    return constants_[&value] = result;
  }

  Words constantWords(const llvm::Constant& value) {
    Words words = {static_cast<uint64_t>(Tag::Constant), value.getValueID(), type(value.getType())};
    const auto addBits = [&words](const llvm::APInt& bits) {
      words.append(bits.getRawData(), bits.getRawData() + bits.getNumWords());
    };
    if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(&value)) {
      addBits(integer->getValue());
    } else if (const auto* real = llvm::dyn_cast<llvm::ConstantFP>(&value)) {
      addBits(real->getValueAPF().bitcastToAPInt());
    } else if (const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(&value)) {
      words.push_back(llvm::xxh3_64bits(data->getRawDataValues()));
    } else {
      if (const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(&value)) {
        words.push_back(expression->getOpcode());
        words.push_back(expression->getRawSubclassOptionalData());
        if (const auto* address = llvm::dyn_cast<llvm::GEPOperator>(expression))
          words.push_back(type(address->getSourceElementType()));
      }
      for (const llvm::Use& operand : value.operands())
        words.push_back(constant(llvm::cast<llvm::Constant>(*operand)));
    }
    return words;
  }

  uint64_t type(const llvm::Type* type) {
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
      words.push_back(this->type(contained));
    return types_[type] = hashOf(words);
  }

  const llvm::Function& function_;
  llvm::DenseMap<const llvm::BasicBlock*, uint64_t> blocks_;
  llvm::DenseMap<const llvm::Value*, uint64_t> locals_; ///< arguments and instructions
  llvm::DenseMap<const llvm::Constant*, uint64_t> constants_;
  llvm::DenseMap<const llvm::Type*, uint64_t> types_;
};

} // namespace

uint64_t contentHash(const llvm::Function& function) { return Hasher(function).run(); }

} // namespace tiercel
