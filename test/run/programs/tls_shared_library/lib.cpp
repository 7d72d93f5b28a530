// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib.h"
thread_local constinit int library_counter = 1000;
thread_local std::string library_text("text of the library, longer than the small buffer ");
int library_read() { return library_counter; }
int *library_address() { return &library_counter; }
std::string library_text_copy() { return library_text; }
