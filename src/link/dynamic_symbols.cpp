// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/dynamic_symbols.h"

#include "base/llvm_error.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <link.h>
#include <span>

namespace tiercel {

namespace {

// By sections: LLVM's iterator over dynamic symbols, which works for any kind of ELF, takes twice as long,
// and libstdc++ with its 6,000 names is read at the start of most C++ programs.
llvm::Error appendDynamicSymbols(const llvm::object::ELF64LEFile& library, std::vector<std::string>& names) {
  auto sections = library.sections();
  if (!sections)
    return sections.takeError();
  for (const auto& section : *sections) {
    if (section.sh_type != SHT_DYNSYM)
      continue;
    auto symbols = library.symbols(&section);
    if (!symbols)
      return symbols.takeError();
    auto strings = library.getStringTableForSymtab(section, *sections);
    if (!strings)
      return strings.takeError();
    names.reserve(symbols->size());
    for (const auto& symbol : *symbols) {
      if (symbol.getBinding() == STB_LOCAL || symbol.getVisibility() != STV_DEFAULT)
        continue;
      auto name = symbol.getName(*strings);
      if (!name)
        return name.takeError();
      names.push_back(name->str());
    }
  }
  return llvm::Error::success();
}

} // namespace

Result<std::vector<std::string>> dynamicSymbolNames(const std::string& path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return Error(ErrorKind::BadInput, path, bytes.getError().message());
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createELFObjectFile((*bytes)->getMemBufferRef());
  if (!file)
    return fromLlvm(file.takeError(), ErrorKind::BadInput, path);
  const auto* library = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(file->get());
  if (!library)
    return Error(ErrorKind::BadInput, path, "a library for another machine");
  std::vector<std::string> names;
  if (llvm::Error error = appendDynamicSymbols(library->getELFFile(), names))
    return fromLlvm(std::move(error), ErrorKind::BadInput, path);
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
