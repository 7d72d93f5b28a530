// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program may change its directory, root of relative names and file mode mask; files it makes are its own business.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static unsigned late(unsigned x) { return x * 5 + 1; }
int main(void) {
  umask(027);
  FILE *file = fopen("made.txt", "w");
  for (int i = 0; i < 1000; ++i)
    fprintf(file, "line %d\n", i);
  fclose(file);
  struct stat info;
  printf("%d %ld %o\n", stat("made.txt", &info), (long)info.st_size, info.st_mode & 0777);
  printf("%d\n", chdir("/"));
  char where[10];
  printf("%s %d\n", getcwd(where, sizeof where), access("made.txt", F_OK));
  unsigned x = 1;
  for (int i = 0; i < 20000; ++i)
    x = late(x);
  printf("%u\n", x);
  return 0;
}
