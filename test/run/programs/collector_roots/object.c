// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
struct cell;

struct cell *of_object;

void push_in_object(struct cell *cell) { of_object = cell; }
