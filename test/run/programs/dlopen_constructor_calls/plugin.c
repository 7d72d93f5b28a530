// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int called_by_constructor(void);
int called;
__attribute__((constructor)) static void begin(void) { called = called_by_constructor(); }
