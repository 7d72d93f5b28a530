// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// With the GNU C library constructors receive argc, argv and the environment.
// ARGS: one two
// ENV: CORPUS_C=yes
#include <stdio.h>
#include <string.h>
static int seen_argc, seen_env;
static char seen[32];
__attribute__((constructor)) static void init(int argc, char **argv, char **envp) {
  seen_argc = argc;
  for (int i = 1; i < argc; ++i)
    strcat(strcat(seen, argv[i]), ";");
  for (; *envp; ++envp)
    seen_env += strcmp(*envp, "CORPUS_C=yes") == 0;
}
int main(void) {
  printf("%d %s %d\n", seen_argc, seen, seen_env);
  return 0;
}
