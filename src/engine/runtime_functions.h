// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Library functions that the engine supplies to programs in place of the system's, under the same names:
//  - dlsym, dlopen(NULL) and dladdr know the program's own symbols; dlerror tells the program's errors only;
//  - sigaction and signal compile a handler and what it calls at once, so that it compiles nothing when a
//    signal interrupts the program in the middle of malloc;
//  - pthread_exit, called by main's thread, first ends the workers, which would keep the process alive;
//  - prctl, unshare and others let the engine know of sandboxes and of processes that share its memory
//  (tiercel/system_calls.h);
//  - atexit and others exist only in libc_nonshared.a, which is linked into executables and not found by
//  dlsym;
//  - __dso_handle and the CPU model of libgcc.a are data that every executable has of its own.
#pragma once

#include "tiercel/error.h"

namespace tiercel {

class Arena;
class CodeMap;
class EngineImpl;
class HostSymbols;

Status supplyRuntimeFunctions(EngineImpl& engine, Arena& arena, CodeMap& map, HostSymbols& host);

} // namespace tiercel
