#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generates synthetic programs of any size as bitcode, for measuring what opening a large program costs.

The functions are small and of the usual kind: arithmetic, a loop over a global table, a store to a global, and calls to two
others, in the same module and in others. They have long names, as C++ code has; every third is internal to its module.
`main` calls ten functions, spread evenly over the program, and prints a checksum of their results; its first argument, if
any, lets each of them call its callees in turn (one level deep for each character of it). The same numbers always
give the same program. Writes module-0.bc (with main), module-1.bc, ... into a directory.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path

CALLED_BY_MAIN = 10
TRIPLE = "x86_64-pc-linux-gnu"
DATA_LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
NAMESPACES = ("engine", "storage", "network", "protocol", "detail", "scheduler", "transaction", "compiler", "renderer", "index")
OPERATIONS = ("add", "sub", "mul", "xor", "or", "and")


def is_internal(index: int) -> bool:
    return index % 3 == 1


def symbol(index: int) -> str:
    """A mangled C++ name, six namespaces deep: engine::storage17::...::function_123(long, long)."""
    parts = [f"{NAMESPACES[(index // step + step) % len(NAMESPACES)]}{index // step % 100}" for step in (10000, 3000, 900, 270, 81, 24)]
    parts.append(f"function_{index}")
    return "_ZN" + "".join(f"{len(part)}{part}" for part in parts) + "Ell"


class Generator:
    def __init__(self, functions: int, modules: int) -> None:
        self._functions = functions
        self._size = -(-functions // modules)  # functions per module, rounded up
        self._modules = modules

    def module(self, number: int) -> str:
        source = random.Random(f"{self._functions} {self._modules} {number}")
        mine = range(number * self._size, min((number + 1) * self._size, self._functions))
        callees = {index: (self._callee(source, mine), self._callee(source, mine)) for index in mine}
        parts = [f'target datalayout = "{DATA_LAYOUT}"\ntarget triple = "{TRIPLE}"\n',
                 "@state = internal global i64 1",
                 "@table = internal global [16 x i64] [" + ", ".join(f"i64 {source.getrandbits(32)}" for _ in range(16)) + "]\n"]
        parts += [self._function(source, index, callees[index]) for index in mine]
        called = {index for pair in callees.values() for index in pair}
        if number == 0:
            roots = self._roots()
            called.update(roots)
            parts.append(self._main(roots))
        parts += [f"declare i64 @{symbol(index)}(i64, i64)" for index in sorted(called) if index not in mine]
        return "\n".join(parts) + "\n"

    def _roots(self) -> list[int]:
        """What main calls; they have to be visible from its module."""
        spread = [index * self._functions // CALLED_BY_MAIN for index in range(CALLED_BY_MAIN)]
        return [index - 1 if is_internal(index) else index for index in spread]

    def _callee(self, source: random.Random, mine: range) -> int:
        """Half of the calls stay in the module, where they may reach internal functions."""
        if source.random() < 0.5:
            return source.choice(mine)
        index = source.randrange(self._functions)
        return index - 1 if is_internal(index) and index not in mine else index

    @staticmethod
    def _function(source: random.Random, index: int, callees: tuple[int, int]) -> str:
        linkage = "internal " if is_internal(index) else ""
        chain = []
        value = "%sum"
        for step in range(source.randint(3, 9)):
            chain.append(f"  %c{step} = {source.choice(OPERATIONS)} i64 {value}, {source.getrandbits(31) | 1}")
            value = f"%c{step}"
        first, second = callees
        return f"""define {linkage}i64 @{symbol(index)}(i64 %x, i64 %depth) {{
entry:
  %rounds = and i64 %x, 7
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %accumulated = phi i64 [ %x, %entry ], [ %sum, %loop ]
  %slot = and i64 %accumulated, 15
  %place = getelementptr [16 x i64], ptr @table, i64 0, i64 %slot
  %entry_value = load i64, ptr %place
  %scaled = mul i64 %accumulated, {source.getrandbits(16) | 1}
  %sum = add i64 %scaled, %entry_value
  %next = add i64 %i, 1
  %more = icmp ult i64 %i, %rounds
  br i1 %more, label %loop, label %after
after:
{chr(10).join(chain)}
  %deeper = icmp ne i64 %depth, 0
  br i1 %deeper, label %descend, label %done
descend:
  %left = sub i64 %depth, 1
  %one = call i64 @{symbol(first)}(i64 {value}, i64 %left)
  %two = call i64 @{symbol(second)}(i64 %one, i64 %left)
  br label %done
done:
  %result = phi i64 [ {value}, %after ], [ %two, %descend ]
  %before = load i64, ptr @state
  %changed = xor i64 %before, %result
  store i64 %changed, ptr @state
  ret i64 %result
}}
"""

    @staticmethod
    def _main(roots: list[int]) -> str:
        lines = ["define i32 @main(i32 %argc, ptr %argv) {",
                 "entry:",
                 "  %has_argument = icmp sgt i32 %argc, 1",
                 "  br i1 %has_argument, label %measure, label %work",
                 "measure:",
                 "  %place = getelementptr ptr, ptr %argv, i64 1",
                 "  %argument = load ptr, ptr %place",
                 "  %length = call i64 @strlen(ptr %argument)",
                 "  br label %work",
                 "work:",
                 "  %depth = phi i64 [ 0, %entry ], [ %length, %measure ]"]
        value = "42"
        for number, index in enumerate(roots):
            lines.append(f"  %r{number} = call i64 @{symbol(index)}(i64 {value}, i64 %depth)")
            value = f"%r{number}"
        lines += [f"  %printed = call i32 (ptr, ...) @printf(ptr @format, i64 {value})", "  ret i32 0", "}",
                  '@format = private constant [8 x i8] c"%016lx\\0A\\00"',
                  "declare i32 @printf(ptr, ...)", "declare i64 @strlen(ptr)"]
        return "\n".join(lines)


def generate(functions: int, modules: int, directory: Path) -> list[Path]:
    """Writes the program's modules, the one with main first, and returns their paths."""
    if functions < 10 * modules or modules < 1:
        raise ValueError("a module needs at least ten functions")
    directory.mkdir(parents=True, exist_ok=True)
    generator = Generator(functions, modules)
    paths = []
    for number in range(modules):
        path = directory / f"module-{number}.bc"
        subprocess.run(["llvm-as-22", "-o", str(path), "-"], input=generator.module(number), text=True, check=True)
        paths.append(path)
    return paths


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", type=int, default=1000, metavar="N", help="functions in all (default: %(default)s)")
    parser.add_argument("--modules", type=int, default=1, metavar="N", help="modules they are spread over (default: %(default)s)")
    parser.add_argument("directory", type=Path, help="where the modules go")
    arguments = parser.parse_args()
    try:
        for path in generate(arguments.functions, arguments.modules, arguments.directory):
            print(path)
    except ValueError as error:
        parser.error(str(error))
    except subprocess.CalledProcessError:
        return 1  # llvm-as has said what is wrong
    return 0


if __name__ == "__main__":
    sys.exit(main())
