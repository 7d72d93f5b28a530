// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "library.h"
#include "shared.h"
namespace library {
void *registry() { return &Registry::get(); }
int value() { return Registry::get().value * 100 + Registry::shared; }
void *slot() { return &Holder<int>::slot; }
int number() { return nextNumber<int>() + nextNumber<long>(); }
int calls() { return countCalls(); }
int thread() { return ++perThread; }
void *threadAddress() { return &perThread; }
void *earlyAddress() { return &early; }
int (*function())(int) { return inlineFunction(); }
void fail(int number) {
  Thrown thrown;
  thrown.number = number;
  throw thrown;
}
} // namespace library
