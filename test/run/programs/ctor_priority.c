// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constructor and destructor functions in the order of their priorities.
#include <stdio.h>
#include <stdlib.h>
static char log_[200];
static int at;
static void note(char c) { log_[at++] = c; }
__attribute__((constructor)) static void plain1(void) { note('y'); }
__attribute__((constructor(300))) static void c300(void) { note('c'); }
__attribute__((constructor(101))) static void c101(void) { note('a'); }
__attribute__((constructor(65535))) static void c65535(void) { note('x'); }
__attribute__((constructor(200))) static void c200(void) { note('b'); }
__attribute__((constructor)) static void plain2(void) { note('z'); }
__attribute__((destructor(101))) static void d101(void) { puts("d101"); }
__attribute__((destructor(300))) static void d300(void) { puts("d300"); }
__attribute__((destructor)) static void plain_d(void) { puts("d"); }
__attribute__((destructor(200))) static void d200(void) { puts("d200"); }
static void handler(void) { puts("handler"); }
int main(void) {
  atexit(handler);
  puts(log_);
  return 0;
}
