// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object/constructed.h"

#include "load/image_reader.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"

namespace tiercel {

namespace {

class Walk {
public:
  explicit Walk(ImageReader& reader) : reader_(reader) {}

  void enter(llvm::GlobalValue& value) {
    if (auto* function = llvm::dyn_cast<llvm::Function>(&value); function && seen_.insert(function).second)
      functions_.push_back(function);
  }
  Status run() {
    while (!functions_.empty()) {
      llvm::Function& function = *functions_.pop_back_val();
      if (Status status = reader_.readBody(function); !status)
        return status;
      for (llvm::Instruction& instruction : llvm::instructions(function)) {
        for (llvm::Value* operand : instruction.operand_values())
          if (auto* constant = llvm::dyn_cast<llvm::Constant>(operand))
            mention(*constant);
      }
    }
    return {};
  }
  void add(uint32_t variable) { variables_.insert(variable); }
  llvm::DenseSet<uint32_t> take() { return std::move(variables_); }

private:
  void mention(llvm::Constant& constant) {
    if (llvm::isa<llvm::ConstantData>(constant) || !seen_.insert(&constant).second)
      return;
    if (llvm::isa<llvm::GlobalVariable>(constant)) {
      variables_.insert(reader_.ordinalOf(llvm::cast<llvm::GlobalValue>(&constant)));
    } else if (auto* function = llvm::dyn_cast<llvm::Function>(&constant)) {
      if (!function->isDeclaration())
        functions_.push_back(function);
    } else {
      for (llvm::Value* operand : constant.operand_values())
        if (auto* inner = llvm::dyn_cast<llvm::Constant>(operand))
          mention(*inner);
    }
  }

  ImageReader& reader_;
  llvm::SmallPtrSet<llvm::Constant*, 32> seen_;
  llvm::SmallVector<llvm::Function*, 8> functions_; ///< to be walked
  llvm::DenseSet<uint32_t> variables_;
};

} // namespace

Result<llvm::DenseSet<uint32_t>> findConstructed(std::shared_ptr<const ProgramImage> image,
                                                 llvm::LLVMContext& context) {
  if (!image || image->constructors.empty())
    return llvm::DenseSet<uint32_t>();
  Result<std::unique_ptr<ImageReader>> reader = ImageReader::open(image, context);
  if (!reader)
    return reader.takeError();
  Walk walk(**reader);
  for (const Initialiser& constructor : image->constructors) {
    if (constructor.function < (*reader)->valueCount())
      walk.enter(*(*reader)->value(constructor.function));
    if (constructor.associated != ~0u)
      walk.add(constructor.associated);
  }
  if (Status status = walk.run(); !status)
    return status.takeError();
  return walk.take();
}

} // namespace tiercel
