#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: fails.sh STATUS COMMAND...
# Passes the command's standard error on as standard output. Fails itself, with the reason on standard error, when the
# command ends with another status (128+n: died by signal n) or prints something on standard output.
expected=$1
shift

exec 3>&1
output=$("$@" 2>&3 3>&-)
status=$?

if [ "$status" -ne "$expected" ]; then
  echo "fails.sh: exit status $status instead of $expected" >&2
  exit 1
fi
if [ -n "$output" ]; then
  echo "fails.sh: unexpected on standard output: $output" >&2
  exit 1
fi
