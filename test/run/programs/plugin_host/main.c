// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plugins that use the program's functions, variables and thread-locals by reference and by name, from their constructors
// on; one that keeps names of its own; opened and closed again and again.
// LINK: plugin:plugin.c plugin:lazy.c plugin:own.c
// LDFLAGS: -rdynamic
// ARGS: {build}
#include "host.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

int host_calls;
int host_table[4] = {10, 20, 30, 40};
const char *const host_names[] = {"zero", "one", host_static};
const char host_static[] = "two";
__thread int host_thread = 5;
int host_service(int x) { return ++host_calls, x + 1; }
__attribute__((weak)) int host_weak(int x) { return x * 2; }
int host_by_name(int x) { return x * 7; }
int host_data_by_name = 77;
__attribute__((visibility("hidden"))) int host_hidden(void) { return 1; }
static int internal(int x) { return x - 1; }
int (*const host_pointer)(int) = internal;
int own_value = 1;
int own_function(void) { return own_value; }

static void *open(const char *folder, const char *name, int flags) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.so", folder, name);
  void *library = dlopen(path, flags);
  if (!library)
    printf("%s\n", dlerror());
  return library;
}
static long (*function(void *library, const char *name))(int) { return (long (*)(int))dlsym(library, name); }
static void *thread(void *library) {
  printf("thread: %ld\n", function(library, "plugin_thread")(100));
  return NULL;
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : ".";
  for (int round = 0; round < 3; ++round) {
    void *library = open(folder, "plugin", round == 1 ? RTLD_LAZY : RTLD_NOW);
    if (!library)
      return 1;
    printf("%ld %d\n", function(library, "plugin_run")(20000), host_calls);
    printf("%ld\n", function(library, "plugin_data")(1));
    printf("%ld %d\n", function(library, "plugin_thread")(1), host_thread);
    printf("%ld\n", function(library, "plugin_names")(0));
    printf("%d\n", ((int (*(*)(void))(int))dlsym(library, "plugin_pointer"))() == host_service);
    pthread_t other;
    pthread_create(&other, NULL, thread, library);
    pthread_join(other, NULL);
    printf("%d\n", dlclose(library));
  }
  void *lazy = open(folder, "lazy", RTLD_LAZY | RTLD_GLOBAL);
  void *own = open(folder, "own", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (!lazy || !own)
    return 1;
  printf("%ld %ld\n", function(lazy, "lazy_run")(1), function(own, "plugin_own")(5));
  printf("%d %d\n", own_function(), own_value);
  return 0;
}
