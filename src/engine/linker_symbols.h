// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbols that a linker defines by itself, for programs that ask where they begin and end. The program is in
// the arena: code from __executable_start to etext, then its variables, initialised ones and others side by
// side, from __bss_start to both edata and end. (Variables too large for the arena lie elsewhere.)
// __ehdr_start is an ELF header without segments, since there is no file that was mapped.
//
// Thread rule: before any code runs.
#pragma once

#include "tiercel/error.h"

#include "codemem/arena.h"
#include "link/host_symbols.h"

namespace tiercel {

Status supplyLinkerSymbols(Arena& arena, HostSymbols& host);

} // namespace tiercel
