// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program puts itself under no_new_privs and system-call filters, by prctl and by seccomp: every thread of the
// process is under them, and what it runs then is as before.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
__attribute__((noinline)) static int step(int x, int by) { return x * 31 + by; }
__attribute__((noinline)) static int early(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i)
    sum = step(sum, i & 7);
  return sum;
}
__attribute__((noinline)) static int late(int n) {
  int sum = 1;
  for (int i = 0; i < n; ++i)
    sum = step(sum, i & 3);
  return sum;
}
static void fields(const char *thread, char *text, size_t size) {
  char path[300], line[300];
  text[0] = 0;
  snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, "NoNewPrivs:", 11) || !strncmp(line, "Seccomp:", 8) || !strncmp(line, "Seccomp_filters:", 16))
      strncat(text, line, size - strlen(text) - 1);
  if (file)
    fclose(file);
}
static void compare(const char *what) {
  char own[400], other[400];
  snprintf(own, sizeof own, "%d", (int)getpid());
  char first[400];
  fields(own, first, sizeof first);
  int different = 0;
  DIR *tasks = opendir("/proc/self/task");
  for (struct dirent *entry; (entry = readdir(tasks));) {
    if (entry->d_name[0] == '.')
      continue;
    fields(entry->d_name, other, sizeof other);
    different += other[0] && strcmp(first, other);
  }
  closedir(tasks);
  printf("%s: %d threads differ\n%s", what, different, first);
}
static struct sock_filter refuse[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sethostname, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
int main(void) {
  struct sock_fprog program = {sizeof refuse / sizeof refuse[0], refuse};
  printf("%d\n", early(200000));
  compare("before");
  errno = 0;
  int result = prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0);
  printf("wrong value: %d %d\n", result, errno);
  printf("no_new_privs: %d\n", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  compare("no_new_privs");
  printf("%d\n", early(200000));
  errno = 0;
  result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0);
  printf("no filter: %d %d\n", result, errno);
  errno = EDOM;
  printf("prctl: %d", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  printf(" %d\n", errno);
  compare("filter by prctl");
  printf("%d\n", late(300000));
  printf("seccomp: %ld\n", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program));
  compare("filter by seccomp");
  errno = 0;
  result = sethostname("x", 1);
  printf("sethostname: %d %d\n", result, errno);
  printf("%d %d\n", late(300000), early(300000));
  return 0;
}
