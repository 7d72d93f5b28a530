// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/open_image.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

namespace tiercel {

namespace {

Status checkTarget(const llvm::Module& module, const std::string& name) {
  const llvm::Triple& triple = module.getTargetTriple();
  if (triple.getArch() != llvm::Triple::x86_64 || !triple.isOSLinux())
    return Error(ErrorKind::BadInput, name,
                 "it was compiled for " + triple.str() + ", this machine runs x86_64 Linux");
  const std::string expected = machineTriple().computeDataLayout();
  if (module.getDataLayoutStr() != expected)
    return Error(ErrorKind::BadInput, name,
                 "its data layout '" + module.getDataLayoutStr() + "' is not this machine's '" + expected +
                     "'");
  return {};
}

/// llvm.global_ctors and llvm.global_dtors: arrays of {priority, function, associated global}.
std::vector<Initialiser> readInitialisers(ImageReader& reader, const char* name) {
  std::vector<Initialiser> result;
  const llvm::GlobalVariable* list = reader.module().getGlobalVariable(name);
  const auto* array =
      list && list->hasInitializer() ? llvm::dyn_cast<llvm::ConstantArray>(list->getInitializer()) : nullptr;
  if (!array)
    return result;
  for (const llvm::Use& element : array->operands()) {
    const auto* entry = llvm::dyn_cast<llvm::ConstantStruct>(element.get());
    if (!entry)
      continue;
    const auto* function = llvm::dyn_cast<llvm::GlobalValue>(entry->getOperand(1)->stripPointerCasts());
    if (!function)
      continue; // null: an entry that was optimised away
    const auto* associated =
        entry->getNumOperands() > 2
            ? llvm::dyn_cast<llvm::GlobalValue>(entry->getOperand(2)->stripPointerCasts())
            : nullptr;
    result.push_back(
        {static_cast<uint32_t>(llvm::cast<llvm::ConstantInt>(entry->getOperand(0))->getZExtValue()),
         reader.ordinalOf(function), associated ? reader.ordinalOf(associated) : ~0u});
  }
  return result;
}

/// Without inline assembly of the module: null.
Result<std::unique_ptr<llvm::MemoryBuffer>> assemble(OpenImage& opened, Statistics& statistics) {
  if (opened.reader->module().getModuleInlineAsm().empty())
    return std::unique_ptr<llvm::MemoryBuffer>();
  Result<llvm::SmallVector<char, 0>> object = opened.session->assemble(*opened.reader);
  if (!object) {
    statistics.failed.add();
    return object.takeError();
  }
  return std::unique_ptr<llvm::MemoryBuffer>(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(*object), opened.image->name + " (assembly)",
                                                      /*RequiresNullTerminator=*/false));
}

} // namespace

Result<OpenImage> openImage(Input input, SessionPool& pool) {
  Result<SessionPool::Lease> session = pool.borrow();
  if (!session)
    return session.takeError();
  auto image = std::make_shared<ProgramImage>();
  image->name = std::move(input.name);
  image->bytes = std::move(input.bytes);
  Result<std::unique_ptr<ImageReader>> reader = (*session)->open(image);
  if (!reader)
    return reader.takeError();
  if (Status status = checkTarget((*reader)->module(), image->name); !status)
    return status.takeError();
  if (Status status = (*reader)->checkBodies(); !status)
    return status.takeError();
  return OpenImage(std::move(*session), std::move(image), std::move(*reader));
}

Result<OpenInput> openInput(Input input, SessionPool& pool, Statistics& statistics) {
  OpenInput opened{.name = input.name, .image = {}, .object = {}, .symbols = {}};
  if (input.kind == InputKind::Bitcode) {
    Result<OpenImage> image = openImage(std::move(input), pool);
    if (!image)
      return image.takeError();
    ImageReader& reader = *image->reader;
    image->image->constructors = readInitialisers(reader, "llvm.global_ctors");
    image->image->destructors = readInitialisers(reader, "llvm.global_dtors");
    Result<std::unique_ptr<llvm::MemoryBuffer>> assembled = assemble(*image, statistics);
    if (!assembled)
      return assembled.takeError();
    opened.image.emplace(std::move(*image));
    opened.object = std::move(*assembled);
  } else {
    opened.object = std::move(input.bytes);
  }
  if (opened.object) {
    Result<ObjectSymbols> symbols = readObjectSymbols(opened.object->getMemBufferRef());
    if (!symbols)
      return symbols.takeError();
    opened.symbols = std::move(*symbols);
  }
  return opened;
}

} // namespace tiercel
