// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Indirect calls in hot loops whose target changes in mid-run: to another function, to native ones, back, and at random.
// LEVELS: O0 frontend O2
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
typedef long operation(long, long);
static long add(long a, long b) { return a + b; }
static long subtract(long a, long b) { return a - b; }
static long multiply(long a, long b) { return (a * (b | 1)) & 0xffffff; }
static long hot_twin(long a, long b) { return a + b + 1; }
static long failing(long a, long b) {
  if (b == 77777)
    printf("reached %ld\n", a);
  return a ^ b;
}
static operation *volatile current = add;
static operation *table[] = {add, subtract, multiply, hot_twin, failing};
__attribute__((noinline)) static long switched(int n) {
  long x = 1;
  for (int i = 0; i < n; ++i) {
    x = current(x, i) & 0xffffff;
    if (i % 50000 == 49999)
      current = table[i / 50000 % 5];
  }
  return x;
}
// The target is the loop's own variable, alive across the header.
__attribute__((noinline)) static long local_target(int n, operation *f) {
  long x = 1;
  for (int i = 0; i < n; ++i) {
    x = f(x, i) & 0xffffff;
    if (x == 4711)
      f = subtract;
    else if (i == n / 2)
      f = hot_twin;
    else if (i == n - 100)
      f = multiply;
  }
  return x;
}
__attribute__((noinline)) static long mixed(int n) {
  unsigned state = 1;
  long x = 1;
  for (int i = 0; i < n; ++i) {
    state = state * 1103515245 + 12345;
    x = table[state >> 20 & 255 ? 0 : state % 5](x, i) & 0xffffff; // nearly always the first
  }
  return x;
}
__attribute__((noinline)) static int native(const char *text, int n) {
  int (*convert[])(int) = {toupper, tolower, abs, toupper}, sum = 0;
  for (int i = 0; i < n; ++i)
    sum = (sum * 3 + convert[i / (n / 4)](text[i % 16])) % 10007;
  return sum;
}
static int ascending(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static int descending(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
__attribute__((noinline)) static void sort(int *data, int n, int (*compare)(const void *, const void *)) {
  for (int gap = n / 2; gap > 0; gap /= 2)
    for (int i = gap; i < n; ++i)
      for (int k = i; k >= gap && compare(&data[k - gap], &data[k]) > 0; k -= gap) {
        int t = data[k];
        data[k] = data[k - gap];
        data[k - gap] = t;
      }
}
int main(void) {
  printf("%ld\n", switched(500000));
  printf("%ld\n", local_target(400000, add));
  printf("%ld\n", local_target(1000, failing));
  printf("%ld\n", mixed(300000));
  printf("%d\n", native("Some text: 12345", 100000));
  static int data[5000];
  for (int i = 0; i < 5000; ++i)
    data[i] = i * 7919 % 5003;
  sort(data, 5000, ascending);
  printf("%d %d %d\n", data[0], data[2500], data[4999]);
  sort(data, 5000, descending);
  printf("%d %d %d\n", data[0], data[2500], data[4999]);
  qsort(data, 5000, sizeof *data, ascending);
  printf("%d %d %d\n", data[0], data[2500], data[4999]);
  return 0;
}
