// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// measure SECONDS STDIN STDOUT STDERR COMMAND [ARGS...]
//
// Runs a command with its streams connected to the named files and prints one line about it:
//
//   wall_ns user_us system_us peak_rss_kib wait_status timed_out
//
// A small program of its own, because a child's peak memory as the kernel counts it begins with that of the process that
// started it: measured from a Python script, nothing would ever need less than Python does.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
  fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
  exit(125);
}

static void connect_stream(int stream, const char *path, int flags) {
  int fd = open(path, flags, 0644);
  if (fd < 0 || dup2(fd, stream) < 0)
    fail(path);
  close(fd);
}

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

int main(int argc, char **argv) {
  if (argc < 6) {
    fputs("usage: measure SECONDS STDIN STDOUT STDERR COMMAND [ARGS...]\n", stderr);
    return 2;
  }
  sigset_t child_ended, before;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, &before); // so that its end is waited for, however early it comes

  long long started = now_ns();
  pid_t child = fork();
  if (child < 0)
    fail("fork");
  if (child == 0) {
    setpgid(0, 0); // a group, to be stopped as one
    sigprocmask(SIG_SETMASK, &before, NULL);
    connect_stream(STDIN_FILENO, argv[2], O_RDONLY);
    connect_stream(STDOUT_FILENO, argv[3], O_WRONLY | O_CREAT | O_TRUNC);
    connect_stream(STDERR_FILENO, argv[4], O_WRONLY | O_CREAT | O_TRUNC);
    execvp(argv[5], argv + 5);
    fail(argv[5]);
  }

  struct timespec limit = {.tv_sec = atol(argv[1])};
  int timed_out = sigtimedwait(&child_ended, NULL, &limit) < 0;
  if (timed_out)
    kill(-child, SIGKILL);
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) < 0)
    fail("wait4");
  long long wall = now_ns() - started;
  printf("%lld %lld %lld %ld %d %d\n", wall, microseconds(usage.ru_utime), microseconds(usage.ru_stime), usage.ru_maxrss, status,
         timed_out);
  return 0;
}
