// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "shared.h"
int constructed;
DEFINE(object)
