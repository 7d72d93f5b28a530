// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/prepared_object.h"

#include "base/llvm_error.h"

#include "llvm/Object/ELF.h"

#include <cstring>
#include <optional>

namespace tiercel {

namespace {

using Elf = llvm::object::ELF64LEFile;

/// In the copy, which is the file's bytes.
template <typename Entry> Entry& writable(const Entry& entry) { return const_cast<Entry&>(entry); }

llvm::Error prepareSymbols(const Elf& file, const Elf::Elf_Shdr& section, PreparedObject& object) {
  auto symbols = file.symbols(&section);
  if (!symbols)
    return symbols.takeError();
  auto strings = file.getStringTableForSymtab(section);
  if (!strings)
    return strings.takeError();
  for (const auto& symbol : *symbols) {
    const bool isIfunc =
        symbol.getType() == llvm::ELF::STT_GNU_IFUNC && symbol.st_shndx != llvm::ELF::SHN_UNDEF;
    if (!isIfunc && symbol.getType() != llvm::ELF::STT_TLS)
      continue;
    auto name = symbol.getName(*strings);
    if (!name)
      return name.takeError();
    (isIfunc ? object.ifuncs : object.threadLocals).insert(*name);
    if (isIfunc)
      writable(symbol).setType(llvm::ELF::STT_FUNC);
  }
  return llvm::Error::success();
}

std::optional<uint32_t> replacementOf(uint32_t relocation) {
  switch (relocation) {
  case llvm::ELF::R_X86_64_TLSLD:
    return llvm::ELF::R_X86_64_PC32;
  case llvm::ELF::R_X86_64_DTPOFF32:
    return llvm::ELF::R_X86_64_32;
  case llvm::ELF::R_X86_64_GOTTPOFF:
    return llvm::ELF::R_X86_64_GOTPCREL;
  case llvm::ELF::R_X86_64_TPOFF32:
    return llvm::ELF::R_X86_64_32S;
  default:
    return std::nullopt;
  }
}

llvm::Error prepareRelocations(const Elf& file, const Elf::Elf_Shdr& section) {
  auto relocations = file.relas(section);
  if (!relocations)
    return relocations.takeError();
  for (const auto& relocation : *relocations) {
    if (const std::optional<uint32_t> type = replacementOf(relocation.getType(/*isMips64EL=*/false)))
      writable(relocation).setType(*type, /*IsMips64EL=*/false);
  }
  return llvm::Error::success();
}

llvm::Error prepare(PreparedObject& object) {
  auto file = Elf::create(object.bytes->getBuffer());
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  for (const auto& section : *sections) {
    llvm::Error error = section.sh_type == llvm::ELF::SHT_SYMTAB ? prepareSymbols(*file, section, object)
                        : section.sh_type == llvm::ELF::SHT_RELA ? prepareRelocations(*file, section)
                                                                 : llvm::Error::success();
    if (error)
      return error;
  }
  return llvm::Error::success();
}

} // namespace

Result<PreparedObject> prepareObject(llvm::MemoryBufferRef original) {
  const std::string name = original.getBufferIdentifier().str();
  PreparedObject object;
  std::unique_ptr<llvm::WritableMemoryBuffer> copy =
      llvm::WritableMemoryBuffer::getNewUninitMemBuffer(original.getBufferSize(), name);
  if (!copy)
    return Error(ErrorKind::Environment, name, "no memory to link it");
  std::memcpy(copy->getBufferStart(), original.getBufferStart(), original.getBufferSize());
  object.bytes = std::move(copy);
  if (llvm::Error error = prepare(object))
    return fromLlvm(std::move(error), ErrorKind::BadInput, name);
  if (object.ifuncs.empty() && object.threadLocals.empty())
    object.bytes = nullptr;
  return object;
}

} // namespace tiercel
