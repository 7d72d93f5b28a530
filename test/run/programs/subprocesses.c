// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// popen, system, posix_spawn, vfork with exec, and a wait that finds the program's own children only.
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static int status_of(const char *command) {
  int status = system(command);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
int main(void) {
  errno = 0;
  pid_t nobody = wait(NULL);
  printf("no child yet: %d %d\n", nobody == -1, errno == ECHILD);
  printf("%d %d %d\n", status_of("exit 3"), status_of("kill -9 $$"), status_of("true"));
  char line[100];
  FILE *pipe = popen("echo one; echo two; cat", "r");
  while (fgets(line, sizeof line, pipe))
    printf("[%.*s]", (int)strcspn(line, "\n"), line);
  printf(" %d\n", pclose(pipe));
  fflush(stdout);
  pipe = popen("tr a-z A-Z", "w");
  fprintf(pipe, "to a child\n");
  printf("%d\n", pclose(pipe));
  fflush(stdout);
  pid_t pid;
  char *arguments[] = {"sh", "-c", "echo spawned; exit 5", NULL};
  int status;
  if (posix_spawnp(&pid, "sh", NULL, NULL, arguments, environ) == 0 && waitpid(pid, &status, 0) == pid)
    printf("%d\n", WEXITSTATUS(status));
  fflush(stdout);
  pid = vfork();
  if (pid == 0) {
    execlp("sh", "sh", "-c", "echo from vfork; exit 6", (char *)NULL);
    _exit(127);
  }
  waitpid(pid, &status, 0);
  printf("%d\n", WEXITSTATUS(status));
  fflush(stdout);
  execlp("sh", "sh", "-c", "echo replaced; exit 0", (char *)NULL);
  return 1;
}
