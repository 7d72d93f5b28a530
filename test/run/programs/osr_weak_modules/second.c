// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__attribute__((weak)) int replaced(int x) { return x + 100; }
__attribute__((weak)) int own(int x) { return x + 200; }
extern const int replaced_constant;
__attribute__((weak)) int present(int x) { return -x; }
__attribute__((weak)) int loops(int n) { return n; }
int use_in_second(int n) {
  unsigned sum = 0;
  for (int i = 0; i < n; ++i)
    sum = sum * 3 + (unsigned)(replaced(i) + own(i) + replaced_constant + present(i));
  return (int)(sum >> 1);
}
