// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/image_reader.h"

#include "base/llvm_error.h"
#include "load/type_checks.h"
#include "load/unnamed_values.h"
#include "platform/host_cpu.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"

namespace tiercel {

namespace {

Error unreadable(llvm::Error error, std::string what) {
  Error read = fromLlvm(std::move(error), ErrorKind::BadInput, std::move(what));
  return Error(read.kind(), read.what(), "its bitcode cannot be read: " + read.why());
}

} // namespace

Result<std::unique_ptr<ImageReader>> ImageReader::open(std::shared_ptr<const ProgramImage> image,
                                                       llvm::LLVMContext& context) {
  llvm::Expected<std::unique_ptr<llvm::Module>> module = llvm::getLazyBitcodeModule(
      image->bytes->getMemBufferRef(), context, /*ShouldLazyLoadMetadata=*/true, /*IsImporting=*/false);
  if (!module)
    return unreadable(module.takeError(), image->name);
  // Hand-written IR often names no target; it means this machine's.
  if ((*module)->getTargetTriple().str().empty())
    (*module)->setTargetTriple(machineTriple());
  if ((*module)->getDataLayoutStr().empty())
    (*module)->setDataLayout(machineTriple().computeDataLayout());
  nameUnnamedValues(**module);
  return std::unique_ptr<ImageReader>(new ImageReader(std::move(image), std::move(*module)));
}

ImageReader::ImageReader(std::shared_ptr<const ProgramImage> image, std::unique_ptr<llvm::Module> module)
    : image_(std::move(image)), module_(std::move(module)), mayCheckTypes_(mayCheckTypes(*module_)) {
  const size_t count =
      module_->size() + module_->global_size() + module_->alias_size() + module_->ifunc_size();
  values_.reserve(count);
  ordinals_.reserve(count);
  for (llvm::GlobalValue& value : module_->global_values()) {
    ordinals_[&value] = static_cast<uint32_t>(values_.size());
    values_.push_back(&value);
  }
}

Status ImageReader::readBody(llvm::Function& function) {
  // Function-local metadata refers to the module's, which is read on the first body.
  llvm::Error error = module_->materializeMetadata();
  if (!error)
    error = function.materialize();
  if (error)
    return unreadable(std::move(error), image_->name + ": function " + function.getName().str());
  if (const auto* checks = llvm::mdconst::extract_or_null<llvm::ConstantInt>(module_->getModuleFlag("kcfi"));
      checks && !checks->isZero())
    return Error(ErrorKind::Unsupported, image_->name,
                 "its calls check the types of functions, whose addresses here are those of stubs; build it "
                 "without -fsanitize=kcfi");
  if (!mayCheckTypes_)
    return {};
  Status lowered = lowerTypeChecks(function);
  return lowered ? Status()
                 : Error(lowered.error().kind(), image_->name + ": " + lowered.error().what(),
                         lowered.error().why());
}

Status ImageReader::checkBodies() {
  if (!mayCheckTypes_)
    return {};
  for (llvm::Function& function : *module_) {
    if (function.isDeclaration())
      continue;
    if (Status status = readBody(function); !status)
      return status;
  }
  return {};
}

void ImageReader::forgetBody(llvm::Function& function) { function.setIsMaterializable(true); }

} // namespace tiercel
