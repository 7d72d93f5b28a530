// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The environment: getenv, setenv, environ and the third argument of main.
// ENV: CORPUS_A=1 CORPUS_B="two words" CORPUS_EMPTY=
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static int count(char **list) {
  int found = 0;
  for (; *list; ++list)
    found += strncmp(*list, "CORPUS_", 7) == 0;
  return found;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv;
  printf("%s|%s|%s|%d\n", getenv("CORPUS_A"), getenv("CORPUS_B"), getenv("CORPUS_EMPTY"), getenv("CORPUS_NONE") == NULL);
  printf("%d %d %d\n", count(envp), count(environ), envp == environ);
  for (int i = 0; i < 5000; ++i) {
    char value[16];
    snprintf(value, sizeof value, "%d", i);
    setenv("CORPUS_LOOP", value, 1);
  }
  printf("%s %d\n", getenv("CORPUS_LOOP"), count(environ));
  unsetenv("CORPUS_A");
  printf("%d\n", count(environ));
  fflush(stdout);
  setenv("CORPUS_CHILD", "inherited", 1);
  return system("echo child sees $CORPUS_CHILD $CORPUS_B ${CORPUS_A-nothing}");
}
