// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Variables of the C library used by name: optind and optarg, stdout, environ, signgam.
// ARGS: -a -b value --long=7 rest1 -c rest2
// LIBS: -lm
#define _GNU_SOURCE
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  static int flag;
  static const struct option options[] = {{"long", required_argument, NULL, 'l'}, {"flag", no_argument, &flag, 1}, {NULL, 0, NULL, 0}};
  int c;
  while ((c = getopt_long(argc, argv, "ab:c", options, NULL)) != -1)
    fprintf(stdout, "%c %s %d\n", c, optarg ? optarg : "-", optind);
  for (int i = optind; i < argc; ++i)
    fprintf(stdout, "%s\n", argv[i]);
  FILE *volatile out = stdout;
  for (int i = 0; i < 3000; ++i)
    putc(i % 60 == 59 ? '\n' : '.', out);
  double g = lgamma(-0.5);
  printf("%.6f %d %d\n", g, signgam, environ != NULL);
  return 0;
}
