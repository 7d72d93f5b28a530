// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random control flow that can be run. Every block tells @choose its number and, through a phi, where it was
// entered from, and goes where the answer says. Block b's first successor is b + 1 and the last block
// returns, so answers of 0 end every walk. Thread rule: value types for one thread.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace tiercel {

struct RandomShape {
  bool indirect = true; ///< with indirectbr
  bool invoke = true;   ///< with invokes, which never throw
};

class RandomFunction {
public:
  RandomFunction(llvm::LLVMContext& context, unsigned seed, RandomShape shape = {})
      : module(std::make_unique<llvm::Module>("random", context)), context_(context), random_(seed),
        shape_(shape) {
    choosePaths();
    build();
  }

  std::unique_ptr<llvm::Module> module;
  llvm::Function* function = nullptr;

private:
  enum class Kind { Return, Branch, Conditional, Switch, Indirect, Invoke };
  struct Node {
    Kind kind = Kind::Return;
    llvm::SmallVector<unsigned, 4> successors;
    bool isPad = false;
  };

  unsigned pick(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  void choosePaths() {
    const unsigned count = 3 + pick(30);
    const unsigned pads = shape_.invoke ? 1 + pick(3) : 0;
    nodes_.resize(count + pads);
    const auto anywhere = [&] { return 1 + pick(count - 1); };
    for (unsigned b = 0; b + 1 < count; ++b) {
      Node& node = nodes_[b];
      node.successors.push_back(b + 1);
      switch (pick(12)) {
      case 0:
        if (b != 0 && pick(3) == 0) {
          node.successors.clear(); // and what follows may become unreachable
          break;
        }
        [[fallthrough]];
      case 1:
      case 2:
        node.kind = Kind::Branch;
        break;
      case 3:
      case 4:
        node.kind = Kind::Switch;
        for (unsigned more = 1 + pick(4); more > 0; --more)
          node.successors.push_back(pick(4) == 0 ? node.successors.back() : anywhere());
        break;
      case 5:
        if (shape_.indirect) {
          node.kind = Kind::Indirect;
          for (unsigned more = 1 + pick(3); more > 0; --more)
            node.successors.push_back(anywhere());
          break;
        }
        [[fallthrough]];
      case 6:
        if (shape_.invoke) {
          node.kind = Kind::Invoke;
          node.successors.push_back(count + pick(pads));
          break;
        }
        [[fallthrough]];
      default:
        node.kind = Kind::Conditional;
        node.successors.push_back(anywhere());
      }
    }
    for (unsigned pad = count; pad < nodes_.size(); ++pad)
      nodes_[pad] = {Kind::Branch, {anywhere()}, true};
  }

  void build() {
    llvm::Type* i32 = llvm::Type::getInt32Ty(context_);
    const auto count = static_cast<unsigned>(nodes_.size());
    function = llvm::Function::Create(llvm::FunctionType::get(llvm::Type::getVoidTy(context_), false),
                                      llvm::Function::ExternalLinkage, "f", *module);
    auto choose = module->getOrInsertFunction("choose", i32, i32, i32);
    function->setPersonalityFn(llvm::cast<llvm::Constant>(
        module->getOrInsertFunction("__gxx_personality_v0", llvm::FunctionType::get(i32, true)).getCallee()));
    std::vector<llvm::BasicBlock*> blocks;
    blocks.reserve(count);
    for (unsigned b = 0; b < count; ++b)
      blocks.push_back(llvm::BasicBlock::Create(context_, "b" + std::to_string(b), function));
    std::vector<llvm::PHINode*> from(count);
    for (unsigned b = 0; b < count; ++b) {
      llvm::IRBuilder<> builder(blocks[b]);
      if (b != 0)
        from[b] = builder.CreatePHI(i32, 0);
      if (nodes_[b].isPad)
        builder.CreateLandingPad(llvm::StructType::get(builder.getPtrTy(), i32), 0)->setCleanup(true);
      llvm::Value* arguments[] = {builder.getInt32(b),
                                  b == 0 ? builder.getInt32(~0u) : llvm::cast<llvm::Value>(from[b])};
      finish(builder, nodes_[b], choose, arguments, blocks);
    }
    for (unsigned b = 0; b < count; ++b) {
      for (unsigned successor : nodes_[b].successors)
        from[successor]->addIncoming(llvm::ConstantInt::get(i32, b), blocks[b]);
    }
    // A block that nothing leads to has an empty phi, which is not IR.
    for (llvm::PHINode* phi : from) {
      if (phi && phi->getNumIncomingValues() == 0) {
        phi->replaceAllUsesWith(llvm::ConstantInt::get(i32, 0));
        phi->eraseFromParent();
      }
    }
  }

  void finish(llvm::IRBuilder<>& builder, const Node& node, llvm::FunctionCallee choose,
              llvm::ArrayRef<llvm::Value*> arguments, const std::vector<llvm::BasicBlock*>& blocks) {
    const auto block = [&](unsigned successor) { return blocks[node.successors[successor]]; };
    if (node.kind == Kind::Invoke) {
      builder.CreateInvoke(choose, block(0), block(1), arguments);
      return;
    }
    llvm::Value* choice = builder.CreateCall(choose, arguments);
    switch (node.kind) {
    case Kind::Return:
    case Kind::Invoke:
      builder.CreateRetVoid();
      break;
    case Kind::Branch:
      builder.CreateBr(block(0));
      break;
    case Kind::Conditional:
      builder.CreateCondBr(builder.CreateICmpEQ(choice, builder.getInt32(0)), block(0), block(1));
      break;
    case Kind::Switch: {
      llvm::SwitchInst* terminator = builder.CreateSwitch(choice, block(0));
      for (unsigned s = 1; s < node.successors.size(); ++s)
        terminator->addCase(builder.getInt32(s), block(s));
      break;
    }
    case Kind::Indirect: {
      llvm::Value* target = llvm::BlockAddress::get(block(0));
      for (unsigned s = 1; s < node.successors.size(); ++s)
        target = builder.CreateSelect(builder.CreateICmpEQ(choice, builder.getInt32(s)),
                                      llvm::BlockAddress::get(block(s)), target);
      llvm::IndirectBrInst* terminator = builder.CreateIndirectBr(target);
      for (unsigned s = 0; s < node.successors.size(); ++s)
        terminator->addDestination(block(s));
      break;
    }
    }
  }

  llvm::LLVMContext& context_;
  std::mt19937 random_;
  RandomShape shape_;
  std::vector<Node> nodes_;
};

} // namespace tiercel
