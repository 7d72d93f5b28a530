// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
namespace library {
void *registry();
int value();
void *slot();
int number();
int calls();
int thread();
void *threadAddress();
void *earlyAddress();
int (*function())(int);
void fail(int number);
void *secondRegistry();
int secondNumber();
void *secondThreadAddress();
} // namespace library
