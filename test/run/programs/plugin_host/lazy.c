// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What nobody defines is only missed when it is called.
#include "host.h"
int nobody_defines(int);
long lazy_run(int x) { return x ? host_service(x) : nobody_defines(x); }
