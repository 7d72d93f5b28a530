// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "modules.h"
int archived(int x) {
  static int seen;
  seen = (seen * 3 + x) & 0xff;
  return seen;
}
