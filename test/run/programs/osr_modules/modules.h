// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
struct pair { long a, b; };
extern int shared_counter;
int call_back(int x);
int second_small(int x);
int second_static(int x);
struct pair second_pair(struct pair p, int x);
void second_touch(void);
int *second_place(void);
int third_small(int x);
int third_static(int x);
int third_through(int (*f)(int), int x);
int *third_place(void);
int archived(int x);
int in_object(int x);
