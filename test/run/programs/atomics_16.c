// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sixteen-byte atomics: inline with cmpxchg16b and through libatomic.
// LIBS: -latomic
// LEVELS: O0 O2
#include <pthread.h>
#include <stdio.h>
typedef unsigned __int128 u128;
static _Alignas(16) u128 inline_value, library_value;
__attribute__((target("cx16"))) static void add_inline(u128 n) {
  u128 old = __sync_val_compare_and_swap(&inline_value, 0, 0), seen;
  while ((seen = __sync_val_compare_and_swap(&inline_value, old, old + n)) != old)
    old = seen;
}
static void add_library(u128 n) {
  u128 old = __atomic_load_n(&library_value, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(&library_value, &old, old + n, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
}
static void *body(void *unused) {
  for (int i = 0; i < 5000; ++i) {
    add_inline(((u128)1 << 64) + 3);
    add_library(((u128)2 << 64) + 5);
  }
  return unused;
}
int main(void) {
  pthread_t thread[4];
  for (int i = 0; i < 4; ++i)
    pthread_create(&thread[i], NULL, body, NULL);
  for (int i = 0; i < 4; ++i)
    pthread_join(thread[i], NULL);
  printf("%lld %lld %lld %lld\n", (long long)(inline_value >> 64), (long long)inline_value, (long long)(library_value >> 64),
         (long long)library_value);
  return 0;
}
