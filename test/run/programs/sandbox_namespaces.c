// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program with one thread goes into namespaces of its own, by the library's functions and by system call; what
// is for processes with one thread works, and children of a new process namespace get on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
__attribute__((noinline)) static int step(int x, int by) { return x * 31 + by; }
__attribute__((noinline)) static int work(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i)
    sum = step(sum, i & 7);
  return sum;
}
static void say(const char *what, long result) {
  printf("%s: %ld %d, %d\n", what, result, result < 0 ? errno : 0, work(100000));
  fflush(stdout);
}
static void child(const char *what) {
  pid_t pid = fork();
  if (pid == 0) {
    printf("%s: %d\n", what, work(300000));
    fflush(stdout);
    _exit(0);
  }
  int status = -1;
  if (pid > 0)
    waitpid(pid, &status, 0);
  printf("its status: %d\n", status);
  fflush(stdout);
}
int main(void) {
  int pipes[2];
  printf("%d\n", work(300000));
  say("pipe", pipe(pipes));
  say("nothing", unshare(0));
  say("files", unshare(CLONE_FILES));
  close(pipes[1]); // nobody else has this end
  char byte;
  say("end of file", read(pipes[0], &byte, 1));
  say("close_range", close_range(100, 200, CLOSE_RANGE_UNSHARE));
  say("wrong flag", unshare(CLONE_PTRACE));
  say("user", unshare(CLONE_NEWUSER));
  say("mounts", syscall(SYS_unshare, CLONE_NEWNS | CLONE_NEWUTS));
  int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  say("open", own >= 0 ? 0 : -1);
  say("own mounts", setns(own, CLONE_NEWNS));
  say("own mounts by call", syscall(SYS_setns, own, 0));
  say("no descriptor", setns(-1, 0));
  child("before");
  say("processes", unshare(CLONE_NEWPID));
  child("first of its namespace");
  printf("%d\n", work(300000));
  return 0;
}
