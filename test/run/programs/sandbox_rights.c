// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program gives up rights by calls that are for one thread: capabilities, landlock, and at last its user, by system
// call. Every thread of the process has given them up. Without rights the calls fail as they do natively.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int capget(cap_user_header_t header, cap_user_data_t data);
int capset(cap_user_header_t header, cap_user_data_t data);
__attribute__((noinline)) static int step(int x, int by) { return x * 31 + by; }
__attribute__((noinline)) static int work(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i)
    sum = step(sum, i & 7);
  return sum;
}
static void fields(const char *thread, char *text, size_t size) {
  char path[300], line[300];
  text[0] = 0;
  snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, "Cap", 3) || !strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4) ||
        !strncmp(line, "NoNewPrivs:", 11))
      strncat(text, line, size - strlen(text) - 1);
  if (file)
    fclose(file);
}
static void say(const char *what, long result) {
  int error = result < 0 ? errno : 0, different = 0;
  char id[20], own[600], other[600];
  snprintf(id, sizeof id, "%d", (int)getpid());
  fields(id, own, sizeof own);
  DIR *tasks = opendir("/proc/self/task");
  for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
    if (entry->d_name[0] == '.')
      continue;
    fields(entry->d_name, other, sizeof other);
    different += other[0] && strcmp(own, other);
  }
  if (tasks)
    closedir(tasks);
  printf("%s: %ld %d, %d threads differ\n%s%d\n", what, result, error, different, own, work(100000));
}
int main(void) {
  printf("%d\n", work(300000));
  say("begin", 0);
  say("bounding set", prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0));
  say("no such capability", prctl(PR_CAPBSET_DROP, 1000, 0, 0, 0));
  say("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  say("securebits", prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0));
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (capget(&header, data))
    return 1;
  data[0].effective &= ~(1u << CAP_NET_RAW);
  data[0].permitted &= ~(1u << CAP_NET_RAW);
  say("capset", capset(&header, data));
  data[0].effective &= ~(1u << CAP_SYS_CHROOT);
  say("capset by call", syscall(SYS_capset, &header, data));
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE};
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (ruleset >= 0) // not on every system
    say("landlock", syscall(SYS_landlock_restrict_self, ruleset, 0));
  say("write", open("/dev/null", O_WRONLY | O_CLOEXEC) < 0 ? -1 : 0);
  say("group", syscall(SYS_setresgid, 65534, 65534, 65534));
  say("user", syscall(SYS_setresuid, 65534, 65534, 65534));
  say("and back", syscall(SYS_setuid, 0));
  return 0;
}
