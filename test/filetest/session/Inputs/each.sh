#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: each.sh TIERCEL FILE
# Every line of FILE as a script of its own.
while IFS= read -r line; do
  if printf '%s\n' "$line" | "$1" session 2>&1; then
    echo "no error: $line"
  fi
done <"$2"
