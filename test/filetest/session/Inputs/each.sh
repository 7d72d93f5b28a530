#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: each.sh TIERCEL FILE
# Every line of FILE as a script of its own.
while IFS= read -r line; do
  printf '%s\n' "$line" | "$1" session 2>&1 && echo "no error: $line"
done <"$2"
