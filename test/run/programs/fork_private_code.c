// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A child that has given up its rights writes over all memory that it shares with its parent and may write to.
// Whatever becomes of the child, the parent's code is its own.
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
__attribute__((noinline)) static int matches(const char *word) { return strcmp(word, "secret") == 0; }
__attribute__((noinline)) static int hot(int x) { return matches(x % 2 ? "wrong" : "secret") + x; }
__attribute__((noinline)) static int later(int x) { return hot(x) * 3; }
static void destroy(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512], rights[8];
  unsigned long begin[64], end[64];
  int count = 0;
  while (maps && count < 64 && fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &begin[count], &end[count], rights) == 3 && !strcmp(rights, "rw-s"))
      ++count;
  for (int i = 0; i < count; ++i)
    memset((void *)begin[i], 0xcc, end[i] - begin[i]);
}
int main(void) {
  int sum = 0;
  for (int i = 0; i < 3000; ++i)
    sum += hot(i);
  printf("before: %d\n", sum);
  fflush(stdout);
  for (int child = 0; child < 3; ++child) {
    pid_t pid = fork();
    if (pid < 0)
      return 1;
    if (pid == 0) {
      if (setuid(65534) != 0)
        hot(1);
      destroy();
      _exit(0);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid)
      return 2;
    for (int i = 0; i < 3000; ++i)
      sum += child == 1 ? later(i) : hot(i);
    printf("after child %d: %d %d\n", child, sum, matches("wrong"));
    fflush(stdout);
  }
  return 0;
}
