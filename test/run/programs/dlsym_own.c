// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dlsym and dlopen(NULL) find the program's own functions and variables, and only those it exports.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int exported_function(int x);
int exported_function(int x) { return x * 2 + 1; }
int exported_variable = 42;
const char *const exported_constant = "constant";
__attribute__((visibility("hidden"))) int hidden_function(void);
__attribute__((visibility("hidden"))) int hidden_function(void) { return 1; }
static int local_function(void) { return 2; }
int never_called(int x);
int never_called(int x) { return x - 7; }
int main(void) {
  void *self = dlopen(NULL, RTLD_NOW);
  int (*function)(int);
  long sum = hidden_function() + local_function();
  *(void **)&function = dlsym(self, "exported_function");
  printf("%d %d\n", function != NULL, function == exported_function);
  for (int i = 0; i < 20000; ++i)
    sum += function(i);
  int *variable = dlsym(RTLD_DEFAULT, "exported_variable");
  printf("%ld %d %d\n", sum, variable == &exported_variable, *variable);
  printf("%s\n", *(const char *const *)dlsym(RTLD_DEFAULT, "exported_constant"));
  *(void **)&function = dlsym(RTLD_DEFAULT, "never_called");
  printf("%d\n", function ? function(10) : -1);
  printf("%d %d %d\n", dlsym(self, "hidden_function") == NULL, dlsym(self, "local_function") == NULL,
         dlsym(RTLD_DEFAULT, "no_such_symbol") == NULL);
  printf("error: %d\n", dlerror() != NULL);
  printf("%d %d\n", dlsym(RTLD_DEFAULT, "printf") != NULL, dlsym(RTLD_DEFAULT, "main") != NULL);
  return 0;
}
