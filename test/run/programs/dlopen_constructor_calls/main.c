// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library's constructor makes first calls while another thread makes others, and each waits for the other.
// LINK: plugin:plugin.c
// ARGS: {build}/plugin.so
// LIBS: -lm
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
extern void nothing(void) __attribute__((weak));
extern int nothing_else __attribute__((weak));
static int one(void) { return 1; }
static void *volatile weak_table[] = {(void *)nothing, (void *)one, &nothing_else};
static _Thread_local int own = 4;
static atomic_int in_constructor, thread_done;
static int table[4] = {1, 2, 3, 4};
// What they need of the process, one each: a weak name, a name that the code generator makes up, a thread-local of
// the program's and of libc's.
__attribute__((noinline)) static int uses_weak(void) { return weak_table[0] == NULL && weak_table[2] == NULL; }
__attribute__((noinline)) static __int128 divides(__int128 a, __int128 b) { return a / b; }
__attribute__((noinline)) static double remains(double a, double b) { return __builtin_fmod(a, b); }
__attribute__((noinline)) static int uses_own(void) { return own++; }
__attribute__((noinline)) static int uses_table(void) { return table[2]; }
static void *work(void *unused) {
  while (!atomic_load(&in_constructor))
    usleep(100);
  printf("thread: %d %d %.1f %d\n", uses_weak(), (int)divides(1000, 7), remains(7.5, 2), uses_own());
  atomic_store(&thread_done, 1);
  return unused;
}
/// The constructor waits, with the loader's lock, for the other thread.
int called_by_constructor(void) {
  atomic_store(&in_constructor, 1);
  while (!atomic_load(&thread_done))
    usleep(100);
  printf("constructor: %d %d\n", uses_table(), uses_own());
  return 1;
}
int main(int argc, char **argv) {
  pthread_t thread;
  if (argc < 2 || pthread_create(&thread, NULL, work, NULL))
    return 1;
  if (!dlopen(argv[1], RTLD_NOW))
    return puts(dlerror()), 2;
  pthread_join(thread, NULL);
  return 0;
}
