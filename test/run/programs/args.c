// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arguments reach the program as they are, also those that look like options of the engine.
// ARGS: a b "c d" "" --tier=0 -- -l x 'quo"te' "tab	bed" --link nosuchfile --stats
#include <stdio.h>
#include <string.h>

static int digest(const char *text) {
  unsigned hash = 5381;
  while (*text)
    hash = hash * 33 + (unsigned char)*text++;
  return (int)(hash & 0xffff);
}

int main(int argc, char **argv) {
  printf("%d arguments, terminated: %s, named: %s\n", argc, argv[argc] ? "no" : "yes", argv[0] && argv[0][0] ? "yes" : "no");
  int total = 0;
  for (int round = 0; round < 20000; ++round)
    total += digest(argv[1 + round % (argc - 1)]);
  for (int i = 1; i < argc; ++i)
    printf("[%s]%zu ", argv[i], strlen(argv[i]));
  printf("\n%d\n", total);
  argv[1][0] = 'z'; // the strings belong to the program
  printf("%s\n", argv[1]);
  return 0;
}
