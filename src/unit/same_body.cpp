// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/same_body.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"

namespace tiercel {

namespace {

class Comparison {
public:
  bool functions(const llvm::Function& a, const llvm::Function& b) {
    if (!sameType(a.getFunctionType(), b.getFunctionType()) || a.getAttributes() != b.getAttributes() ||
        a.getCallingConv() != b.getCallingConv() || a.getLinkage() != b.getLinkage() ||
        a.getVisibility() != b.getVisibility() || a.hasComdat() != b.hasComdat() ||
        a.getAlign() != b.getAlign() || a.hasGC() != b.hasGC() || (a.hasGC() && a.getGC() != b.getGC()) ||
        a.size() != b.size() || a.arg_size() != b.arg_size() || !sameOptional(a, b))
      return false;
    for (auto [x, y] : llvm::zip_equal(a.args(), b.args()))
      locals_[&x] = &y;
    for (auto [x, y] : llvm::zip_equal(a, b)) {
      locals_[&x] = &y;
      if (!number(x, y))
        return false;
    }
    for (auto [x, y] : llvm::zip_equal(a, b)) {
      auto other = y.begin();
      for (const llvm::Instruction& instruction : x) {
        if (isIgnored(instruction))
          continue;
        while (isIgnored(*other))
          ++other;
        if (!sameInstruction(instruction, *other))
          return false;
        ++other;
      }
    }
    return true;
  }

  bool variables(const llvm::GlobalVariable& a, const llvm::GlobalVariable& b) {
    return isSameStorage(a, b) && a.isConstant() == b.isConstant() &&
           a.hasInitializer() == b.hasInitializer() &&
           (!a.hasInitializer() || sameValue(*a.getInitializer(), *b.getInitializer()));
  }

  static bool sameType(const llvm::Type* a, const llvm::Type* b) {
    if (a == b)
      return true;
    if (a->getTypeID() != b->getTypeID() || a->getNumContainedTypes() != b->getNumContainedTypes())
      return false;
    if (const auto* structure = llvm::dyn_cast<llvm::StructType>(a)) {
      const auto* other = llvm::cast<llvm::StructType>(b);
      if (structure->isPacked() != other->isPacked() || structure->isOpaque() || other->isOpaque())
        return false;
    } else if (const auto* array = llvm::dyn_cast<llvm::ArrayType>(a)) {
      if (array->getNumElements() != llvm::cast<llvm::ArrayType>(b)->getNumElements())
        return false;
    } else if (const auto* function = llvm::dyn_cast<llvm::FunctionType>(a)) {
      if (function->isVarArg() != llvm::cast<llvm::FunctionType>(b)->isVarArg())
        return false;
    } else {
      return false; // the others are one object for each type
    }
    // Pointers are opaque, so types end.
    for (unsigned i = 0; i < a->getNumContainedTypes(); ++i) {
      if (!sameType(a->getContainedType(i), b->getContainedType(i)))
        return false;
    }
    return true;
  }

private:
  static bool isIgnored(const llvm::Instruction& instruction) {
    return llvm::isa<llvm::DbgInfoIntrinsic>(instruction);
  }

  /// Pairs up the instructions, so that operands that come later are known.
  bool number(const llvm::BasicBlock& a, const llvm::BasicBlock& b) {
    auto other = b.begin();
    const auto skip = [&] {
      while (other != b.end() && isIgnored(*other))
        ++other;
    };
    for (const llvm::Instruction& instruction : a) {
      if (isIgnored(instruction))
        continue;
      skip();
      if (other == b.end())
        return false;
      locals_[&instruction] = &*other++;
    }
    skip();
    return other == b.end();
  }

  bool sameOptional(const llvm::Function& a, const llvm::Function& b) {
    const auto same = [this](bool hasA, bool hasB, auto&& valueA, auto&& valueB) {
      return hasA == hasB && (!hasA || sameValue(*valueA(), *valueB()));
    };
    return same(
               a.hasPersonalityFn(), b.hasPersonalityFn(), [&] { return a.getPersonalityFn(); },
               [&] { return b.getPersonalityFn(); }) &&
           same(
               a.hasPrefixData(), b.hasPrefixData(), [&] { return a.getPrefixData(); },
               [&] { return b.getPrefixData(); }) &&
           same(
               a.hasPrologueData(), b.hasPrologueData(), [&] { return a.getPrologueData(); },
               [&] { return b.getPrologueData(); });
  }

  bool sameInstruction(const llvm::Instruction& a, const llvm::Instruction& b) {
    if (a.getOpcode() != b.getOpcode() || a.getNumOperands() != b.getNumOperands() ||
        !sameType(a.getType(), b.getType()) ||
        a.getRawSubclassOptionalData() != b.getRawSubclassOptionalData() || !sameKind(a, b) ||
        !sameMetadata(a, b))
      return false;
    for (unsigned i = 0; i < a.getNumOperands(); ++i) {
      if (!sameValue(*a.getOperand(i), *b.getOperand(i)))
        return false;
    }
    return true;
  }

  /// What is neither type nor operand. Instructions that name types are compared without their names.
  bool sameKind(const llvm::Instruction& a, const llvm::Instruction& b) {
    if (const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(&a))
      return sameType(address->getSourceElementType(),
                      llvm::cast<llvm::GetElementPtrInst>(b).getSourceElementType());
    if (const auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&a)) {
      const auto& other = llvm::cast<llvm::AllocaInst>(b);
      return sameType(slot->getAllocatedType(), other.getAllocatedType()) &&
             slot->getAlign() == other.getAlign() &&
             slot->isUsedWithInAlloca() == other.isUsedWithInAlloca() &&
             slot->isSwiftError() == other.isSwiftError();
    }
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(&a)) {
      const auto& other = llvm::cast<llvm::PHINode>(b);
      for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i) {
        if (!sameValue(*phi->getIncomingBlock(i), *other.getIncomingBlock(i)))
          return false;
      }
      return true;
    }
    if (const auto* choice = llvm::dyn_cast<llvm::SwitchInst>(&a)) {
      // Case values need not be operands.
      const auto& other = llvm::cast<llvm::SwitchInst>(b);
      if (choice->getNumCases() != other.getNumCases())
        return false;
      for (auto x = choice->case_begin(), y = other.case_begin(); x != choice->case_end(); ++x, ++y) {
        if (x->getCaseValue() != y->getCaseValue() ||
            !sameValue(*x->getCaseSuccessor(), *y->getCaseSuccessor()))
          return false;
      }
      return true;
    }
    if (const auto* pad = llvm::dyn_cast<llvm::LandingPadInst>(&a)) {
      const auto& other = llvm::cast<llvm::LandingPadInst>(b);
      if (pad->isCleanup() != other.isCleanup())
        return false;
      for (unsigned i = 0; i < pad->getNumClauses(); ++i) {
        if (pad->isCatch(i) != other.isCatch(i))
          return false;
      }
      return true;
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&a);
        call && !sameType(call->getFunctionType(), llvm::cast<llvm::CallBase>(b).getFunctionType()))
      return false;
    return a.hasSameSpecialState(&b);
  }

  bool sameMetadata(const llvm::Instruction& a, const llvm::Instruction& b) {
    llvm::SmallVector<std::pair<unsigned, llvm::MDNode*>, 4> left, right;
    a.getAllMetadataOtherThanDebugLoc(left);
    b.getAllMetadataOtherThanDebugLoc(right);
    if (left.size() != right.size())
      return false;
    for (size_t i = 0; i < left.size(); ++i) {
      if (left[i].first != right[i].first || !sameNode(left[i].second, right[i].second))
        return false;
    }
    return true;
  }

  /// Nodes are unique but for distinct ones, which loops have: they begin with themselves.
  bool sameNode(const llvm::Metadata* a, const llvm::Metadata* b) {
    if (a == b)
      return true;
    const auto* x = llvm::dyn_cast_or_null<llvm::MDNode>(a);
    const auto* y = llvm::dyn_cast_or_null<llvm::MDNode>(b);
    if (!x || !y || x->getMetadataID() != y->getMetadataID() || x->getNumOperands() != y->getNumOperands())
      return false;
    if (x->getMetadataID() == llvm::Metadata::DILocationKind) // where a loop is in the source
      return true;
    if (!llvm::isa<llvm::MDTuple>(x))
      return false;
    if (const auto known = nodes_.find(x); known != nodes_.end())
      return known->second == y;
    nodes_[x] = y;
    for (unsigned i = 0; i < x->getNumOperands(); ++i) {
      if (!sameNode(x->getOperand(i), y->getOperand(i)))
        return false;
    }
    return true;
  }

  bool sameValue(const llvm::Value& a, const llvm::Value& b) {
    if (const auto local = locals_.find(&a); local != locals_.end())
      return local->second == &b;
    if (&a == &b)
      return !llvm::isa<llvm::GlobalValue>(a); // of one module: not what this is for
    if (a.getValueID() != b.getValueID() || !sameType(a.getType(), b.getType()))
      return false;
    if (const auto* constant = llvm::dyn_cast<llvm::Constant>(&a))
      return sameConstant(*constant, llvm::cast<llvm::Constant>(b));
    if (const auto* metadata = llvm::dyn_cast<llvm::MetadataAsValue>(&a))
      return sameNode(metadata->getMetadata(), llvm::cast<llvm::MetadataAsValue>(b).getMetadata());
    return false; // inline assembly is one object
  }

  bool sameConstant(const llvm::Constant& a, const llvm::Constant& b) {
    if (const auto* global = llvm::dyn_cast<llvm::GlobalValue>(&a))
      return sameGlobal(*global, llvm::cast<llvm::GlobalValue>(b));
    if (llvm::isa<llvm::ConstantData>(a) && !llvm::isa<llvm::ConstantAggregateZero>(a))
      return false; // one object for each value, where types are
    if (llvm::isa<llvm::BlockAddress>(a))
      return false;
    if (const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(&a)) {
      const auto& other = llvm::cast<llvm::ConstantExpr>(b);
      if (expression->getOpcode() != other.getOpcode() ||
          expression->getRawSubclassOptionalData() != other.getRawSubclassOptionalData())
        return false;
      if (const auto* address = llvm::dyn_cast<llvm::GEPOperator>(expression)) {
        const auto& otherAddress = llvm::cast<llvm::GEPOperator>(b);
        if (!sameType(address->getSourceElementType(), otherAddress.getSourceElementType()) ||
            address->getInRange() != otherAddress.getInRange())
          return false;
      }
    }
    if (a.getNumOperands() != b.getNumOperands())
      return false;
    for (unsigned i = 0; i < a.getNumOperands(); ++i) {
      if (!sameValue(*a.getOperand(i), *b.getOperand(i)))
        return false;
    }
    return true;
  }

  bool sameGlobal(const llvm::GlobalValue& a, const llvm::GlobalValue& b) {
    const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&a);
    if (!variable || !variable->hasLocalLinkage() || !variable->isConstant()) {
      if (a.getName() != b.getName() || a.hasLocalLinkage() != b.hasLocalLinkage() ||
          a.isDSOLocal() != b.isDSOLocal() || a.isThreadLocal() != b.isThreadLocal() ||
          a.hasExternalWeakLinkage() != b.hasExternalWeakLinkage())
        return false;
      if (const auto* second = llvm::dyn_cast<llvm::GlobalVariable>(&b);
          variable && second && variable->isConstant() != second->isConstant())
        return false;
      // What is said of functions where they are called.
      const auto* function = llvm::dyn_cast<llvm::Function>(&a);
      return !function ||
             (function->getAttributes() == llvm::cast<llvm::Function>(b).getAttributes() &&
              function->getCallingConv() == llvm::cast<llvm::Function>(b).getCallingConv() &&
              sameType(function->getFunctionType(), llvm::cast<llvm::Function>(b).getFunctionType()));
    }
    // Names of private constants change with whatever comes before them in the source: the content counts.
    const auto& other = llvm::cast<llvm::GlobalVariable>(b);
    if (!other.hasLocalLinkage())
      return false;
    const auto [known, isNew] = assumed_.try_emplace(variable, &other);
    return isNew ? variables(*variable, other) : known->second == &other;
  }

  llvm::DenseMap<const llvm::Value*, const llvm::Value*> locals_;
  llvm::DenseMap<const llvm::MDNode*, const llvm::MDNode*> nodes_;
  /// Constants that are being compared, or were found the same.
  llvm::DenseMap<const llvm::GlobalVariable*, const llvm::GlobalVariable*> assumed_;
};

} // namespace

bool isSameStorage(const llvm::GlobalVariable& a, const llvm::GlobalVariable& b) {
  return Comparison::sameType(a.getValueType(), b.getValueType()) && a.getAlign() == b.getAlign() &&
         a.isThreadLocal() == b.isThreadLocal() && a.getSection() == b.getSection();
}

bool isSameType(const llvm::Type& a, const llvm::Type& b) { return Comparison::sameType(&a, &b); }

bool isSameVariable(const llvm::GlobalVariable& a, const llvm::GlobalVariable& b) {
  return Comparison().variables(a, b);
}

bool isSameBody(const llvm::Function& a, const llvm::Function& b) { return Comparison().functions(a, b); }

} // namespace tiercel
