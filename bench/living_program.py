# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The programs of bench/living.py: any number of small functions, of which one is redefined again and again.

The functions are two binary trees of calls of the same size; calling @f0 compiles one of them and leaves the other. The
function that is redefined, @target, has callers, @caller0 and on, which are called by functions of the first tree. Each
program comes as IR in one module, as IR in two halves with @target in a module of its own (for engines that replace whole
modules), and as C++ in two halves (for those that take text).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

VERSION = "VERSION"  # stands for a number in the texts of the function that is redefined

TARGET_IR = f"""define i64 @target(i64 %x) {{
entry:
  %rounds = and i64 %x, 7
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ %x, %entry ], [ %new, %loop ]
  %scaled = mul i64 %sum, 31
  %shifted = lshr i64 %sum, 7
  %mixed = add i64 %scaled, %shifted
  %new = add i64 %mixed, %i
  %next = add i64 %i, 1
  %more = icmp ult i64 %i, %rounds
  br i1 %more, label %loop, label %done
done:
  %result = add i64 %new, {VERSION}
  ret i64 %result
}}
"""
# One line: an interactive compiler takes a line at a time.
TARGET_CPP = (f"long target(long x) {{ unsigned long sum = x, rounds = x & 7; for (unsigned long i = 0; i <= rounds; ++i) "
              f"sum = sum * 31 + (sum >> 7) + i; return sum + {VERSION}; }}\n")


@dataclass(frozen=True)
class Program:
    functions: int
    whole: Path  # IR, everything
    halves: tuple[Path, Path]  # IR, without @target
    halves_cpp: tuple[Path, Path]  # the same
    target: Path  # IR of @target


class Half:
    """A tree of calls: function i calls 2i+1 and 2i+2."""

    def __init__(self, first: int, count: int, callers: int) -> None:
        self._first, self._count, self._callers = first, count, callers

    def _callees(self, index: int) -> list[str]:
        callees = [f"f{self._first + child}" for child in (2 * index + 1, 2 * index + 2) if child < self._count]
        return callees + ([f"caller{index}"] if index < self._callers else [])

    def ir(self) -> str:
        parts = []
        for index in range(self._count):
            lines = [f"define i64 @f{self._first + index}(i64 %x) {{", f"  %v0 = mul i64 %x, {2 * index + 3}"]
            callees = self._callees(index)
            lines += [f"  %c{place} = call i64 @{callee}(i64 %v{place})\n  %v{place + 1} = xor i64 %v{place}, %c{place}"
                      for place, callee in enumerate(callees)]
            parts.append("\n".join([*lines, f"  ret i64 %v{len(callees)}", "}"]))
        for number in range(self._callers):
            parts.append(f"define i64 @caller{number}(i64 %x) {{\n  %r = call i64 @target(i64 %x)\n  %s = add i64 %r, {number}\n"
                         "  ret i64 %s\n}")
        return "\n".join(parts) + "\n"

    def cpp(self) -> str:
        parts = ["long target(long x);"] if self._callers else []
        parts += [f"long f{self._first + index}(long x);" for index in range(self._count)]
        parts += [f"long caller{number}(long x) {{ return target(x) + {number}; }}" for number in range(self._callers)]
        for index in range(self._count):
            calls = "".join(f" v ^= {callee}(v);" for callee in self._callees(index))
            parts.append(f"long f{self._first + index}(long x) {{ unsigned long v = x; v *= {2 * index + 3};{calls} return v; }}")
        return "\n".join(parts) + "\n"


def make_program(functions: int, directory: Path) -> Program:
    """Writes a program of so many functions, at least ten."""
    directory.mkdir(parents=True, exist_ok=True)
    program = Program(functions, directory / "whole.ll", (directory / "half0.ll", directory / "half1.ll"),
                      (directory / "half0.cpp", directory / "half1.cpp"), directory / "target.ll")
    callers = min(10, functions // 4)
    second = functions // 2
    first = functions - second - callers - 1
    halves = Half(0, first, callers), Half(first, second, 0)
    program.target.write_text(TARGET_IR)
    program.whole.write_text(halves[0].ir() + halves[1].ir() + TARGET_IR.replace(VERSION, "0"))
    for half, path in zip(halves, program.halves):
        path.write_text(half.ir() + ("declare i64 @target(i64)\n" if half is halves[0] else ""))
    for half, path in zip(halves, program.halves_cpp):
        path.write_text(half.cpp())
    return program
