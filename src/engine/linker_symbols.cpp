// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/linker_symbols.h"

#include "link/elf_header.h"

#include <cstring>

namespace tiercel {

namespace {

/// In the arena, because objects refer to it by 32 bits.
Result<std::byte*> makeHeader(Arena& arena) {
  const Elf64_Ehdr header = elfHeader();
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
