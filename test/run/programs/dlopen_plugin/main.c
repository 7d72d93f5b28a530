// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A shared library opened at run time: its constructor, calls in both directions, closing it again.
// LINK: plugin:plugin.c
// ARGS: {build}/plugin.so
#include <dlfcn.h>
#include <stdio.h>
static int callback(int x) { return x * 3; }
int main(int argc, char **argv) {
  if (argc < 2)
    return 1;
  for (int round = 0; round < 2; ++round) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library)
      return puts(dlerror()), 2;
    long (*run)(int (*)(int), int);
    *(void **)&run = dlsym(library, "plugin_run");
    int *loads = dlsym(library, "plugin_loads");
    printf("%ld %d %d\n", run(callback, 20000), *loads, dlsym(RTLD_DEFAULT, "plugin_run") == NULL);
    printf("%d\n", dlclose(library));
  }
  return 0;
}
