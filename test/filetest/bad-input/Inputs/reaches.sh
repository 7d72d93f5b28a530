#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: reaches.sh COMMAND...
# For programs that do something before they fail: what the command prints on both outputs, in that order, then its exit
# status.
"$@" 2>&1
echo "status $?"
