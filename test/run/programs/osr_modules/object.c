// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "modules.h"
int in_object(int x) {
  int sum = 0;
  for (int i = 0; i < 3; ++i)
    sum += call_back(x + i); // back into what is compiled at run time
  return sum;
}
