// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/ifuncs.h"

#include "base/llvm_error.h"

#include "llvm/Object/ELF.h"

#include <cstring>
#include <vector>

namespace tiercel {

namespace {

/// Where the symbols' entries are, as offsets in the file.
llvm::Expected<std::vector<size_t>> findIfuncs(llvm::MemoryBufferRef object, llvm::StringSet<>& names) {
  std::vector<size_t> places;
  auto file = llvm::object::ELF64LEFile::create(object.getBuffer());
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  for (const auto& section : *sections) {
    if (section.sh_type != llvm::ELF::SHT_SYMTAB)
      continue;
    auto symbols = file->symbols(&section);
    if (!symbols)
      return symbols.takeError();
    auto strings = file->getStringTableForSymtab(section, *sections);
    if (!strings)
      return strings.takeError();
    for (const auto& symbol : *symbols) {
      if (symbol.getType() != llvm::ELF::STT_GNU_IFUNC || symbol.st_shndx == llvm::ELF::SHN_UNDEF)
        continue;
      auto name = symbol.getName(*strings);
      if (!name)
        return name.takeError();
      names.insert(*name);
      places.push_back(static_cast<size_t>(reinterpret_cast<const char*>(&symbol) - object.getBufferStart()));
    }
  }
  return places;
}

} // namespace

Result<ObjectWithIfuncs> resolversForIfuncs(llvm::MemoryBufferRef object) {
  ObjectWithIfuncs result;
  llvm::Expected<std::vector<size_t>> places = findIfuncs(object, result.names);
  if (!places)
    return fromLlvm(places.takeError(), ErrorKind::BadInput, object.getBufferIdentifier().str());
  if (places->empty())
    return result;
  std::unique_ptr<llvm::WritableMemoryBuffer> copy =
      llvm::WritableMemoryBuffer::getNewUninitMemBuffer(object.getBufferSize(), object.getBufferIdentifier());
  if (!copy)
    return Error(ErrorKind::Environment, object.getBufferIdentifier().str(), "no memory to link it");
  std::memcpy(copy->getBufferStart(), object.getBufferStart(), object.getBufferSize());
  for (const size_t place : *places) {
    auto* symbol = reinterpret_cast<llvm::object::ELF64LE::Sym*>(copy->getBufferStart() + place);
    symbol->setType(llvm::ELF::STT_FUNC);
  }
  result.bytes = std::move(copy);
  return result;
}

} // namespace tiercel
