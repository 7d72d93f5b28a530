// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Preloaded into an engine that runs a program (run_corpus.py --boundary), this ends the process with a message
// when the engine calls a function that a first call or a trip must not need: libc's heap, the dynamic loader,
// and what opens files or makes threads. Whoever makes the first call may be in a handler that interrupted malloc,
// or hold the loader's lock, or be about to be given the lowest descriptor.
//
// That it sees the engine behind its entries at all it learns from the clock, which every compile asks: an exit
// without that is an error, too. (The first call of `main` is one.)
//
// Behind its entries the engine has blocked all signals, also the one that libc keeps for cancellation, which
// nobody blocks by libc's functions: that is how this knows where it was called.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The heap is used before anything could be looked up.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static int is_behind(void) {
  enum { CANCEL = 32, SETXID = 33, KILL = 9, STOP = 19 };
  uint64_t blocked = 0;
  register long size __asm__("r10") = sizeof blocked;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"((long)SYS_rt_sigprocmask), "D"((long)SIG_BLOCK), "S"(NULL), "d"(&blocked), "r"(size)
                   : "rcx", "r11", "memory");
  const uint64_t never = 1ull << (SETXID - 1) | 1ull << (KILL - 1) | 1ull << (STOP - 1);
  return (blocked | never) == ~0ull && (blocked >> (CANCEL - 1) & 1);
}

static void say(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

/// `what` may be null.
static void check(const char *function, const char *what) {
  if (!is_behind())
    return;
  say("behind the engine's entry: ");
  say(function);
  say(" ");
  say(what ? what : "");
  say("\n");
  _exit(99);
}

static void *behind_us(const char *name) {
  static void *(*find)(void *, const char *);
  if (!find)
    *(void **)&find = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  if (!find)
    *(void **)&find = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  return find(RTLD_NEXT, name);
}
#define REAL(name)                                                                                                \
  static __typeof__(&name) real;                                                                                  \
  if (!real)                                                                                                      \
    *(void **)&real = behind_us(#name)

// --- the clock ---

static int was_behind;

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!was_behind)
    was_behind = is_behind();
  return (int)syscall(SYS_clock_gettime, clock, time);
}
__attribute__((destructor)) static void finish(void) {
  if (was_behind || strcmp(program_invocation_short_name, "tiercel") != 0) // programs run others
    return;
  say("the engine was never seen behind its entry\n");
  _exit(98);
}

// --- the heap ---

void *malloc(size_t size) {
  check("malloc", NULL);
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  check("calloc", NULL);
  return __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
  check("realloc", NULL);
  return __libc_realloc(block, size);
}
void free(void *block) {
  if (block)
    check("free", NULL);
  __libc_free(block);
}
void *memalign(size_t alignment, size_t size) {
  check("memalign", NULL);
  return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  check("aligned_alloc", NULL);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
  check("posix_memalign", NULL);
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : 12; // ENOMEM
}

// --- the loader ---

void *dlopen(const char *path, int flags) {
  REAL(dlopen);
  check("dlopen", path);
  return real(path, flags);
}
void *dlmopen(Lmid_t space, const char *path, int flags) {
  REAL(dlmopen);
  check("dlmopen", path);
  return real(space, path, flags);
}
int dlclose(void *library) {
  REAL(dlclose);
  check("dlclose", NULL);
  return real(library);
}
void *dlsym(void *library, const char *name) {
  REAL(dlsym);
  check("dlsym", name);
  return real(library, name);
}
char *dlerror(void) {
  REAL(dlerror);
  check("dlerror", NULL);
  return real();
}
int dlinfo(void *library, int request, void *result) {
  REAL(dlinfo);
  check("dlinfo", NULL);
  return real(library, request, result);
}
int dladdr(const void *address, Dl_info *info) {
  REAL(dladdr);
  check("dladdr", NULL);
  return real(address, info);
}
int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *data) {
  REAL(dl_iterate_phdr);
  check("dl_iterate_phdr", NULL);
  return real(visit, data);
}

// --- files ---

#define MODE_OF(flags)                                                                                            \
  va_list rest;                                                                                                   \
  va_start(rest, flags);                                                                                          \
  const int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;                                         \
  va_end(rest)

int open(const char *path, int flags, ...) {
  MODE_OF(flags);
  check("open", path);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE_OF(flags);
  check("open64", path);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE_OF(flags);
  check("openat", path);
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}
FILE *fopen(const char *path, const char *how) {
  REAL(fopen);
  check("fopen", path);
  return real(path, how);
}
DIR *opendir(const char *path) {
  REAL(opendir);
  check("opendir", path);
  return real(path);
}

// --- threads: these allocate ---

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  REAL(pthread_create);
  check("pthread_create", NULL);
  return real(thread, attributes, run, argument);
}
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  REAL(pthread_getattr_np);
  check("pthread_getattr_np", NULL);
  return real(thread, attributes);
}
int pthread_setname_np(pthread_t thread, const char *name) {
  REAL(pthread_setname_np);
  check("pthread_setname_np", name);
  return real(thread, name);
}
