// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header of shared objects that the engine makes.
// Thread rule: a pure function.
#pragma once

#include <cstring>
#include <elf.h>

namespace tiercel {

/// Of a shared object for this machine without segments and sections.
inline Elf64_Ehdr elfHeader() {
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
  return header;
}

} // namespace tiercel
