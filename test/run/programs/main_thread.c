// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main runs on the process's first thread, which has the usual stack and name of its own.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
static unsigned step(unsigned x) { return x * 9 + 2; }
int main(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  pthread_attr_t attributes;
  void *base;
  size_t size;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &base, &size);
  char *here = (char *)__builtin_frame_address(0);
  printf("%d %d\n", gettid() == getpid(), here > (char *)base && here < (char *)base + size);
  printf("%d\n", size + 65536 >= limit.rlim_cur);
  unsigned x = 1;
  for (int i = 0; i < 20000; ++i)
    x = step(x);
  printf("%u\n", x);
  return 0;
}
