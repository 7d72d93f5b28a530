// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linkage across modules: strong over weak, weak data, common, aliases, ifunc, hidden, static of one name, constructors.
// LINK: bc:second.c bc:third.c o:object.c
// LEVELS: O0 frontend O2
#include "linkage.h"
#include <stdio.h>
__attribute__((weak)) int weak_here_strong_there(void) { return 1; }
int strong_here_weak_there(void) { return 10; }
__attribute__((weak)) int weak_everywhere(void) { return 100; }
__attribute__((weak)) int weak_data = 1;
int common_data;
static int same_name(void) { return 1; }
static int same_variable = 1;
static int implementation(void) { return 77; }
int alias_of_static(void) __attribute__((alias("implementation")));
extern int alias_variable __attribute__((alias("aliased_variable")));
int aliased_variable = 4;
static int chosen(int x) { return x + 1000; }
static int other(int x) { return x + 2000; }
static int (*resolve(void))(int) { return same_variable == 1 ? chosen : other; }
int resolved(int) __attribute__((ifunc("resolve")));
__attribute__((constructor)) static void init(void) { note('m'); }
__attribute__((constructor(150))) static void early(void) { note('M'); }
int main(void) {
  long sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += weak_here_strong_there() + strong_here_weak_there() + weak_everywhere() + resolved(i) + second_same() + third_same() +
           object_same() + same_name() + same_variable + hidden_in_second(i);
  printf("%ld\n", sum);
  printf("%d %d %d %d\n", weak_data, *second_weak_data(), *third_weak_data(), *object_weak_data());
  common_data = 5;
  printf("%d %d %d\n", *second_common() == 5, second_common() == &common_data, object_common() == &common_data);
  aliased_variable = 40;
  printf("%d %d %d\n", alias_of_static(), alias_variable, &alias_variable == &aliased_variable);
  printf("%d %d %d\n", second_resolved(1), object_resolved(1), second_resolved_address()(5));
  printf("%d %d\n", second_weak_address() == weak_here_strong_there, object_weak_address() == weak_here_strong_there);
  int letters[128] = {0};
  for (int i = 0; i < log_length; ++i)
    ++letters[(unsigned char)log_text[i]];
  // Priorities hold across modules; the order among those without one is the linker's business.
  printf("%d %.3s %d%d%d%d\n", log_length, log_text, letters['m'], letters['s'], letters['t'], letters['o']);
  return 0;
}
