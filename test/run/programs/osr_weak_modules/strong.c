// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__attribute__((weak)) int own(int x) { return x + 20; }
int replaced(int x) { return x ^ 1000; }
extern const int replaced_constant;
const int replaced_constant = 50;
int present(int x) { return x & 7; }
int loops(int n) {
  unsigned sum = 2;
  for (int i = 0; i < n; ++i)
    sum = sum * 5 + (unsigned)i;
  return (int)(sum >> 1);
}
int use_in_strong(int n) {
  unsigned sum = 0;
  for (int i = 0; i < n; ++i)
    sum = sum * 3 + (unsigned)(replaced(i) + own(i));
  return (int)(sum >> 1);
}
