// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/block_addresses.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"

namespace tiercel {

namespace {

/// Follows values through one function: block addresses, and pointers into tables of them.
class FlowAnalysis {
public:
  explicit FlowAnalysis(llvm::Function& function) : function_(function) {}

  BlockAddressUse run() {
    for (llvm::BasicBlock& block : function_) {
      if (block.hasAddressTaken())
        followConstant(llvm::BlockAddress::get(&block));
    }
    while (!work_.empty() && !use_.escapes) {
      auto [value, role] = work_.pop_back_val();
      followValue(value, role);
    }
    return std::move(use_);
  }

private:
  /// Derived: computed from an address, such as the difference of two.
  enum Role : unsigned { Address, Derived, TablePointer };

  /// A constant that is, or contains, a block address: up to the instructions and globals that use it.
  void followConstant(llvm::Constant* constant) {
    if (!seenConstants_.insert(constant).second)
      return;
    for (llvm::User* user : constant->users()) {
      if (auto* global = llvm::dyn_cast<llvm::GlobalVariable>(user))
        addTable(global);
      else if (auto* outer = llvm::dyn_cast<llvm::Constant>(user))
        followConstant(outer);
      else
        followUse(llvm::cast<llvm::Instruction>(user), constant, Address);
    }
  }

  void addTable(llvm::GlobalVariable* table) {
    if (llvm::is_contained(use_.tables, table))
      return;
    use_.tables.push_back(table);
    // Somebody else may find it by name.
    if (!table->hasLocalLinkage())
      use_.escapes = true;
    push(table, TablePointer);
  }

  void push(llvm::Value* value, Role role) {
    if (seen_[role].insert(value).second)
      work_.push_back({value, role});
  }

  void followValue(llvm::Value* value, Role role) {
    for (llvm::User* user : value->users()) {
      if (auto* instruction = llvm::dyn_cast<llvm::Instruction>(user)) {
        // Another function that was read and uses the table (or, for -O0 code, nothing else can).
        if (instruction->getFunction() != &function_)
          use_.escapes = true;
        else
          followUse(instruction, value, role);
      } else if (llvm::isa<llvm::ConstantExpr>(user)) {
        push(user, role);
      } else {
        use_.escapes = true;
      }
    }
  }

  void followUse(llvm::Instruction* user, llvm::Value* value, Role role) {
    switch (user->getOpcode()) {
    case llvm::Instruction::IndirectBr:
    case llvm::Instruction::ICmp:
      return;
    case llvm::Instruction::Load:
      // Out of the table comes an address; loading through a block address reads code, which is nobody's
      // business.
      if (role == TablePointer)
        push(user, user->getType()->isPointerTy() ? Address : Derived);
      else
        use_.escapes = true;
      return;
    case llvm::Instruction::Store:
      followStore(llvm::cast<llvm::StoreInst>(user), value, role);
      return;
    case llvm::Instruction::PHI:
    case llvm::Instruction::Select:
    case llvm::Instruction::Freeze:
      push(user, role);
      return;
    default:
      if (user->isCast() || user->isBinaryOp() || user->getOpcode() == llvm::Instruction::GetElementPtr)
        push(user, role == Address ? Derived : role);
      else
        use_.escapes = true;
    }
  }

  /// Unoptimised code keeps values in local variables: a variable that is only loaded and stored is a value.
  void followStore(llvm::StoreInst* store, llvm::Value* value, Role role) {
    auto* variable = llvm::dyn_cast<llvm::AllocaInst>(store->getPointerOperand());
    if (!variable || store->getValueOperand() != value) {
      use_.escapes = true;
      return;
    }
    (role == Address ? use_.variables : use_.otherVariables).insert(variable);
    for (llvm::User* user : variable->users()) {
      const auto* other = llvm::dyn_cast<llvm::StoreInst>(user);
      if (llvm::isa<llvm::LoadInst>(user))
        push(user, role);
      else if (!(other && other->getValueOperand() != variable) &&
               !llvm::cast<llvm::Instruction>(user)->isLifetimeStartOrEnd())
        use_.escapes = true;
    }
  }

  llvm::Function& function_;
  BlockAddressUse use_;
  llvm::SmallPtrSet<llvm::Constant*, 16> seenConstants_;
  llvm::SmallPtrSet<llvm::Value*, 32> seen_[3];
  llvm::SmallVector<std::pair<llvm::Value*, Role>, 32> work_;
};

} // namespace

bool hasAddressTakenBlocks(const llvm::Function& function) {
  return llvm::any_of(function, [](const llvm::BasicBlock& block) { return block.hasAddressTaken(); });
}

BlockAddressUse findBlockAddressUse(llvm::Function& function) { return FlowAnalysis(function).run(); }

} // namespace tiercel
