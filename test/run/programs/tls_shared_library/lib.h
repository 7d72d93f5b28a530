// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <string>
extern thread_local constinit int library_counter;
extern thread_local std::string library_text;
int library_read();
int *library_address();
std::string library_text_copy();
