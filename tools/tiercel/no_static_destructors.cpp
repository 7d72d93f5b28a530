// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Static destructors of the command, LLVM's included, never run: background compiles may be using those
// objects while the process exits. The executable is linked with --wrap=__cxa_atexit, so every registration
// made by code that is linked into it comes here. The program's own registrations go to libc's function and
// are unaffected.

// The linker makes this name.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" int __wrap___cxa_atexit(void (*)(void*), void*, void*);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" int __wrap___cxa_atexit(void (*)(void*), void*, void*) { return 0; }
