// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// measure SECONDS STDIN STDOUT STDERR TICKS COMMAND [ARGS...]
//
// Runs a command, copies its two output streams to the named files, and prints two lines about it:
//
//   wall_ns user_us system_us peak_rss_kib wait_status timed_out first_output_ns
//   tick_ns tick_ns ...
//
// first_output_ns is when the first byte of standard output arrived, -1 without one. A tick is a line of
// output that begins with a given text: TICKS is `1:TEXT` for lines of standard output, `2:TEXT` for standard
// error, `-` for none. Ticks are stamped here, when they arrive, so that programs need not know the time. All
// times count from just before the fork.
//
// A small program of its own, because a child's peak memory as the kernel counts it begins with that of the
// process that started it: measured from a Python script, nothing would ever need less than Python does.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// One output stream of the command on its way to its file.
struct stream {
  int pipe[2];
  int file;
  const char* prefix; // what a tick begins with; null: this stream has none
  size_t matched;     // bytes of the prefix seen at the start of the current line
  int in_rest;        // the current line is known to be a tick, or not to be one
};

static long long started;
static long long first_output = -1;
static long long* ticks;
static size_t tick_count, tick_room;

static void fail(const char* what) {
  fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
  exit(125);
}

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

static void open_stream(struct stream* stream, const char* path) {
  if (pipe2(stream->pipe, O_CLOEXEC) < 0)
    fail("pipe");
  fcntl(stream->pipe[0], F_SETPIPE_SZ,
        1 << 20); // so that a burst of output does not wait for us; the default will do
  stream->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (stream->file < 0)
    fail(path);
}

static void add_tick(long long when) {
  if (tick_count == tick_room) {
    tick_room = tick_room ? 2 * tick_room : 4096;
    ticks = realloc(ticks, tick_room * sizeof *ticks);
    if (!ticks)
      fail("ticks");
  }
  ticks[tick_count++] = when;
}

static void find_ticks(struct stream* stream, const char* bytes, size_t size, long long when) {
  const char* end = bytes + size;
  while (bytes < end) {
    if (stream->in_rest) {
      bytes = memchr(bytes, '\n', end - bytes);
      if (!bytes)
        return;
      ++bytes;
      stream->in_rest = 0;
      stream->matched = 0;
    } else if (*bytes == stream->prefix[stream->matched]) {
      ++bytes;
      if (!stream->prefix[++stream->matched]) {
        add_tick(when);
        stream->in_rest = 1;
      }
    } else {
      stream->in_rest = 1; // the byte is looked at again: it may end the line
    }
  }
}

// Moves what is there; returns 0 at the end of the stream.
static int copy(struct stream* stream, int is_stdout) {
  static char buffer[1 << 16];
  ssize_t size = read(stream->pipe[0], buffer, sizeof buffer);
  if (size < 0)
    return errno == EINTR || errno == EAGAIN;
  if (size == 0)
    return 0;
  long long when = now_ns() - started;
  if (is_stdout && first_output < 0)
    first_output = when;
  if (stream->prefix)
    find_ticks(stream, buffer, size, when);
  for (ssize_t done = 0; done < size;) {
    ssize_t written = write(stream->file, buffer + done, size - done);
    if (written < 0)
      fail("writing output");
    done += written;
  }
  return 1;
}

static void run_child(char** argv, struct stream* streams, const sigset_t* mask) {
  setpgid(0, 0); // a group, to be stopped as one
  sigprocmask(SIG_SETMASK, mask, NULL);
  int input = open(argv[2], O_RDONLY);
  if (input < 0 || dup2(input, STDIN_FILENO) < 0)
    fail(argv[2]);
  close(input);
  if (dup2(streams[0].pipe[1], STDOUT_FILENO) < 0 || dup2(streams[1].pipe[1], STDERR_FILENO) < 0)
    fail("dup2");
  execvp(argv[6], argv + 6);
  fail(argv[6]);
}

int main(int argc, char** argv) {
  if (argc < 7) {
    fputs("usage: measure SECONDS STDIN STDOUT STDERR TICKS COMMAND [ARGS...]\n", stderr);
    return 2;
  }
  struct stream streams[2] = {0};
  open_stream(&streams[0], argv[3]);
  open_stream(&streams[1], argv[4]);
  if ((argv[5][0] == '1' || argv[5][0] == '2') && argv[5][1] == ':' && argv[5][2])
    streams[argv[5][0] - '1'].prefix = argv[5] + 2;

  sigset_t child_ended, before;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, &before);
  int ended = signalfd(-1, &child_ended, SFD_CLOEXEC);
  if (ended < 0)
    fail("signalfd");

  started = now_ns();
  long long deadline = started + atol(argv[1]) * 1000000000LL;
  pid_t child = fork();
  if (child < 0)
    fail("fork");
  if (child == 0)
    run_child(argv, streams, &before);

  int status, timed_out = 0, reaped = 0;
  struct rusage usage;
  long long wall = 0;
  for (int i = 0; i < 2; ++i) {
    close(streams[i].pipe[1]);
    fcntl(streams[i].pipe[0], F_SETFL, O_NONBLOCK);
  }
  struct pollfd waiting[3] = {{.fd = streams[0].pipe[0], .events = POLLIN},
                              {.fd = streams[1].pipe[0], .events = POLLIN},
                              {.fd = ended, .events = POLLIN}};
  while (!reaped) {
    long long left = (deadline - now_ns()) / 1000000;
    if (left <= 0 && !timed_out) {
      timed_out = 1;
      kill(-child, SIGKILL);
    }
    if (poll(waiting, 3, timed_out ? -1 : (int)left + 1) < 0 && errno != EINTR)
      fail("poll");
    for (int i = 0; i < 2; ++i)
      if (waiting[i].revents && !copy(&streams[i], i == 0))
        waiting[i].fd = -1; // closed; poll ignores it from now on
    if (waiting[2].revents & POLLIN) {
      pid_t gone = wait4(child, &status, 0, &usage);
      if (gone < 0)
        fail("wait4");
      wall = now_ns() - started;
      reaped = 1;
    }
  }
  // What it left in the pipes. Without waiting: a process that it left behind may hold them open for ever.
  for (int i = 0; i < 2; ++i) {
    struct pollfd rest = {.fd = waiting[i].fd, .events = POLLIN};
    while (rest.fd >= 0 && poll(&rest, 1, 0) > 0 && copy(&streams[i], i == 0))
      ;
  }

  printf("%lld %lld %lld %ld %d %d %lld\n", wall, microseconds(usage.ru_utime), microseconds(usage.ru_stime),
         usage.ru_maxrss, status, timed_out, first_output);
  for (size_t i = 0; i < tick_count; ++i)
    printf("%s%lld", i ? " " : "", ticks[i]);
  putchar('\n');
  return 0;
}
