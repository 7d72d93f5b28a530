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
llvm::Error readSymbols(const llvm::object::ELF64LEFile& file, DynamicLibrary& library) {
  auto sections = file.sections();
  if (!sections)
    return sections.takeError();
  for (const auto& section : *sections) {
    if (section.sh_type != SHT_DYNSYM)
      continue;
    auto symbols = file.symbols(&section);
    if (!symbols)
      return symbols.takeError();
    auto strings = file.getStringTableForSymtab(section, *sections);
    if (!strings)
      return strings.takeError();
    library.symbols.reserve(symbols->size());
    for (const auto& symbol : *symbols) {
      const unsigned char binding = symbol.getBinding();
      if (binding == STB_LOCAL || symbol.getVisibility() != STV_DEFAULT)
        continue;
      auto name = symbol.getName(*strings);
      if (!name)
        return name.takeError();
      const bool isDefined = symbol.st_shndx != SHN_UNDEF;
      library.symbols.push_back(
          {*name, isDefined, isDefined && (binding == STB_WEAK || binding == STB_GNU_UNIQUE)});
    }
  }
  return llvm::Error::success();
}

llvm::Error readEntries(const llvm::object::ELF64LEFile& file, DynamicLibrary& library) {
  auto entries = file.dynamicEntries();
  if (!entries)
    return entries.takeError();
  const char* strings = nullptr;
  uint64_t size = 0;
  for (const auto& entry : *entries) {
    if (entry.getTag() == DT_STRSZ)
      size = entry.getVal();
    if (entry.getTag() != DT_STRTAB)
      continue;
    auto mapped = file.toMappedAddr(entry.getPtr());
    if (!mapped)
      return mapped.takeError();
    strings = reinterpret_cast<const char*>(*mapped);
  }
  const llvm::StringRef bytes = library.bytes->getBuffer();
  if (!strings || size > static_cast<uint64_t>(bytes.end() - strings))
    return llvm::Error::success();
  for (const auto& entry : *entries) {
    const uint64_t offset = entry.getVal();
    const auto text = [&] {
      const llvm::StringRef rest(strings, size);
      return offset < size ? rest.drop_front(offset).split('\0').first.str() : std::string();
    };
    if (entry.getTag() == DT_NEEDED)
      library.needed.push_back(text());
    else if (entry.getTag() == DT_RPATH)
      library.searchFirst = text();
    else if (entry.getTag() == DT_RUNPATH)
      library.searchBeforeDefaults = text();
  }
  return llvm::Error::success();
}

} // namespace

Result<DynamicLibrary> readDynamicLibrary(const std::string& path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return Error(ErrorKind::BadInput, path, bytes.getError().message());
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createELFObjectFile((*bytes)->getMemBufferRef());
  if (!file)
    return fromLlvm(file.takeError(), ErrorKind::BadInput, path);
  const auto* elf = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(file->get());
  if (!elf)
    return Error(ErrorKind::BadInput, path, "a library for another machine");
  DynamicLibrary library;
  library.bytes = std::move(*bytes);
  llvm::Error error = readSymbols(elf->getELFFile(), library);
  if (!error)
    error = readEntries(elf->getELFFile(), library);
  if (error)
    return fromLlvm(std::move(error), ErrorKind::BadInput, path);
  return library;
}

Status checkNotCutShort(const std::string& path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return {};
  auto file = llvm::object::ELF64LEFile::create((*bytes)->getBuffer());
  auto segments = file ? file->program_headers() : file.takeError();
  if (!segments) {
    llvm::consumeError(segments.takeError());
    return {};
  }
  const uint64_t size = (*bytes)->getBufferSize();
  for (const auto& segment : *segments) {
    if (segment.p_type == PT_LOAD && (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))
      return Error(ErrorKind::BadInput, path,
                   "the file is cut short: it has " + std::to_string(size) +
                       " bytes and says that more shall be loaded; make or copy it again");
  }
  return {};
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
        wanted.found = ThreadLocalPlace{library->dlpi_tls_modid, offset, std::nullopt};
        return 1;
      }
    }
    return 0;
  };
  dl_iterate_phdr(visit, &search);
  return search.found;
}

} // namespace tiercel
