// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include "host.h"
#include <dlfcn.h>
#include <stdio.h>
__attribute__((weak)) int host_absent(int x);
static int constructed;
__attribute__((constructor)) static void load(void) {
  int (*named)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "host_by_name");
  constructed = host_service(1) + (named ? named(1) : -1000);
}
long plugin_run(int count) {
  long sum = constructed;
  for (int i = 0; i < count; ++i)
    sum += host_service(i) - host_weak(i) + host_pointer(i);
  return sum;
}
long plugin_data(int x) {
  host_table[2] += x;
  int *named = dlsym(RTLD_DEFAULT, "host_data_by_name");
  return host_table[2] + (named ? *named : -1000);
}
long plugin_thread(int x) { return host_thread += x; }
long plugin_names(int x) {
  printf("%s %s\n", host_names[x + 1], host_names[2]);
  return (host_names[2] == host_static) * 10 + (host_absent != NULL) + (dlsym(RTLD_DEFAULT, "host_hidden") != NULL);
}
int (*plugin_pointer(void))(int) { return host_service; }
