// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of an arena that belong to a shared library which we generate (synthetic_library.h), so that its
// program headers can name what is mapped there: libraries of the program's find its variables and code by
// dl_iterate_phdr and dladdr, also in hosts that export nothing.
//
// The library has frame descriptions of nothing: unwinders that ask the loader whose code an address is are
// answered that none leads through it, and those of compiled code are found by other ways (link/unwind.h).
//
// Thread rule: as Reservation. May wait for the dynamic loader's lock, when it is made and destroyed.
#pragma once

#include "codemem/reservation.h"

namespace tiercel {

/// Fails where the loader refuses the library, as without /proc or memory files.
Result<std::unique_ptr<Reservation>> reserveInLibrary(size_t size);

} // namespace tiercel
