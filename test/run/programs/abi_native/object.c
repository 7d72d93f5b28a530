// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "abi.h"
DEFINE(object)
