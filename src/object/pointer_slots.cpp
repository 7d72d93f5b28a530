// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object/pointer_slots.h"

#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"

namespace tiercel {

namespace {

/// Appends the pointers of a value of `type` at `offset`.
void collect(const llvm::DataLayout& layout, llvm::Type* type, uint64_t offset, std::vector<SlotRun>& runs) {
  if (type->isPointerTy()) {
    runs.push_back({offset, layout.getPointerSize(), 1});
    return;
  }
  if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
    const llvm::StructLayout* fields = layout.getStructLayout(structure);
    for (unsigned i = 0; i < structure->getNumElements(); ++i)
      collect(layout, structure->getElementType(i), offset + fields->getElementOffset(i), runs);
    return;
  }
  llvm::Type* element = nullptr;
  uint64_t count = 0;
  if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
    element = array->getElementType();
    count = array->getNumElements();
  } else if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type)) {
    element = vector->getElementType();
    count = vector->getNumElements();
  }
  if (count == 0)
    return;
  std::vector<SlotRun> inner;
  collect(layout, element, 0, inner);
  const uint64_t stride = layout.getTypeAllocSize(element);
  for (const SlotRun& run : inner) {
    if (run.count == 1) {
      runs.push_back({offset + run.offset, stride, count});
      continue;
    }
    for (uint64_t i = 0; i < count; ++i)
      runs.push_back({offset + i * stride + run.offset, run.stride, run.count});
  }
}

} // namespace

std::vector<PointerSlots> findPointerSlots(const llvm::Module& module) {
  std::vector<PointerSlots> found;
  for (const llvm::GlobalVariable& variable : module.globals()) {
    if (variable.isDeclaration() || variable.isConstant())
      continue;
    PointerSlots slots;
    collect(module.getDataLayout(), variable.getValueType(), 0, slots.runs);
    if (slots.runs.empty())
      continue;
    slots.symbol = llvm::GlobalValue::dropLLVMManglingEscape(variable.getName());
    found.push_back(std::move(slots));
  }
  return found;
}

} // namespace tiercel
