// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/linker_symbols.h"

#include <cstring>
#include <elf.h>

namespace tiercel {

namespace {

/// In the arena, because objects refer to it by 32 bits.
Result<std::byte*> makeHeader(Arena& arena) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  Result<std::byte*> place = arena.allocateData(sizeof header, alignof(Elf64_Ehdr));
  if (place)
    std::memcpy(*place, &header, sizeof header);
  return place;
}

} // namespace

Status supplyLinkerSymbols(Arena& arena, HostSymbols& host) {
  Result<std::byte*> header = makeHeader(arena);
  if (!header)
    return header.takeError();
  host.supply("__ehdr_start", *header);
  std::byte* const code = arena.codeBase();
  std::byte* const data = code + Arena::kCodeBytes;
  std::byte* const end = data + Arena::kDataBytes;
  host.supply("__executable_start", code);
  for (const char* name : {"etext", "_etext", "__etext"})
    host.supply(name, data);
  for (const char* name : {"__data_start", "data_start", "__bss_start"})
    host.supply(name, data);
  for (const char* name : {"edata", "_edata", "end", "_end"})
    host.supply(name, end);
  return {};
}

} // namespace tiercel
