// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/open_image.h"

#include "llvm/IR/Module.h"

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

} // namespace tiercel
