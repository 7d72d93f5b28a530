// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int chosen(int x);
int weak_chosen(int x);
int raced(int x);
double wide(int a, int b, int c, int d, int e, int f, int g, int h, double i, double j, double k, double l, double m, double n,
            double o, double p, double q);
int through(int x);
int (*pointer(void))(int);
int second(int x);
int (*second_pointer(void))(int);
extern int (*kept)(int);
