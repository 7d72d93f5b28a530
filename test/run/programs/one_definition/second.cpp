// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "library.h"
#include "shared.h"
namespace library {
void *secondRegistry() { return &Registry::get(); }
int secondNumber() { return nextNumber<int>(); }
void *secondThreadAddress() { return &perThread; }
} // namespace library
