// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/dynamic_symbols.h"

#include "base/llvm_error.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <link.h>
#include <span>

namespace tiercel {

Result<std::vector<std::string>> dynamicSymbolNames(const std::string& path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return Error(ErrorKind::BadInput, path, bytes.getError().message());
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createELFObjectFile((*bytes)->getMemBufferRef());
  if (!file)
    return fromLlvm(file.takeError(), ErrorKind::BadInput, path);

  std::vector<std::string> names;
  for (const llvm::object::ELFSymbolRef symbol :
       llvm::cast<llvm::object::ELFObjectFileBase>(**file).getDynamicSymbolIterators()) {
    if (symbol.getBinding() == STB_LOCAL || ELF64_ST_VISIBILITY(symbol.getOther()) != STV_DEFAULT)
      continue;
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return fromLlvm(name.takeError(), ErrorKind::BadInput, path);
    names.push_back(name->str());
  }
  return names;
}

std::optional<ThreadLocalPlace> findThreadLocal(const void* addressInThisThread) {
  struct Search {
    uintptr_t address;
    std::optional<ThreadLocalPlace> found;
  } search{reinterpret_cast<uintptr_t>(addressInThisThread), {}};

  const auto visit = [](dl_phdr_info* library, size_t, void* data) {
    Search& wanted = *static_cast<Search*>(data);
    // Null when the library has no thread-locals or this thread never used them.
    if (!library->dlpi_tls_data)
      return 0;
    for (const ElfW(Phdr) & segment : std::span(library->dlpi_phdr, library->dlpi_phnum)) {
      const size_t offset = wanted.address - reinterpret_cast<uintptr_t>(library->dlpi_tls_data);
      if (segment.p_type == PT_TLS && offset < segment.p_memsz) {
        wanted.found = ThreadLocalPlace{library->dlpi_tls_modid, offset};
        return 1;
      }
    }
    return 0;
  };
  dl_iterate_phdr(visit, &search);
  return search.found;
}

} // namespace tiercel
