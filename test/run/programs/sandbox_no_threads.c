// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program with one thread forbids itself, on pain of death, to make threads, open files and look at processes.
// It has no need of them, whatever it calls for the first time or often afterwards.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REFUSE(NAME, ACTION) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##NAME, 0, 1), BPF_STMT(BPF_RET | BPF_K, ACTION)
static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    REFUSE(clone, SECCOMP_RET_KILL_PROCESS),
    REFUSE(clone3, SECCOMP_RET_KILL_PROCESS),
    REFUSE(fork, SECCOMP_RET_KILL_PROCESS),
    REFUSE(openat, SECCOMP_RET_TRAP),
    REFUSE(perf_event_open, SECCOMP_RET_KILL_THREAD),
    REFUSE(process_vm_readv, SECCOMP_RET_KILL_PROCESS),
    REFUSE(sethostname, SECCOMP_RET_ERRNO | ENOTTY),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
__attribute__((noinline)) static long step(long x, long by) { return x * 31 + by; }
__attribute__((noinline)) static long early(long n) {
  long sum = 0;
  for (long i = 0; i < n; ++i)
    sum = step(sum, i & 7);
  return sum;
}
__attribute__((noinline)) static long late(long n) {
  long sum = 1;
  for (long i = 0; i < n; ++i)
    sum = step(sum, i & 3);
  return sum;
}
static int descending(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
int main(void) {
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  int values[1000];
  printf("%ld\n", early(300000));
  fflush(stdout);
  // One that does not come into force: it needs no_new_privs, or rights that are given up here.
  struct sock_fprog none = {0, filter};
  errno = 0;
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &none);
  printf("empty: %ld %d\n", result, errno);
  printf("%ld\n", early(300000));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    return 1;
  for (int i = 0; i < 1000; ++i)
    values[i] = i * 7919 % 1000;
  qsort(values, 1000, sizeof values[0], descending);
  long sum = late(300000);
  for (int i = 0; i < 30000; ++i)
    sum = step(sum, early(10) + late(7) + values[i % 1000]);
  errno = 0;
  result = sethostname("x", 1);
  printf("%ld, sethostname: %ld %d\n", sum, result, errno);
  return 0;
}
