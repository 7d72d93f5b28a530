# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generates the four shapes of a JIT test as C programs of thousands of functions. They differ in where the time goes:

  few      80 % of it in eight functions, the rest spread over all others
  between  the k-th function gets a share proportional to 1/k
  flat     every function gets the same
  short    every function is used a few times and never again: nothing is hot for long

A program is a list of functions and a schedule, the order in which main calls them through a table, a unit's worth at a
time. Each has a loop over a table, branches on what it computes, and calls of two short helpers. The same name always
gives the same program.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

CALLS_PER_UNIT = 4000
HELPERS = 64
OPERATIONS = ("+", "-", "^", "*")


@dataclass(frozen=True)
class Shape:
    name: str
    functions: int
    units: int | None  # how many units it has; None: as many as one likes

    def schedule(self, source: random.Random) -> list[int]:
        """Functions in calling order, one unit of them; for `short`, all units."""
        everything = range(self.functions)
        if self.name == "flat":
            calls = [index % self.functions for index in range(CALLS_PER_UNIT)]
        elif self.name == "few":
            calls = [source.randrange(8) if source.random() < 0.8 else source.randrange(8, self.functions) for _ in range(CALLS_PER_UNIT)]
        elif self.name == "between":
            calls = source.choices(everything, [1 / (index + 1) for index in everything], k=CALLS_PER_UNIT)
        else:
            return short_schedule(self.functions, self.units or 1)
        source.shuffle(calls)
        return calls


SHAPES = (Shape("few", 2000, None), Shape("between", 2000, None), Shape("flat", 4000, None), Shape("short", 5000, 100))


def short_schedule(functions: int, units: int) -> list[int]:
    """Each unit has functions of its own, called in turn."""
    mine = functions // units
    return [unit * mine + call % mine for unit in range(units) for call in range(CALLS_PER_UNIT)]


def helper(source: random.Random, index: int) -> str:
    return (f"static u64 helper_{index}(u64 x) {{\n"
            f"  x {source.choice(OPERATIONS)}= {source.getrandbits(20) | 1}u;\n"
            f"  return x ^ x >> {source.randint(3, 20)};\n}}\n")


def function(source: random.Random, index: int) -> str:
    first, second = source.randrange(HELPERS), source.randrange(HELPERS)
    lines = [f"u64 function_{index}(u64 x) {{",
             "  u64 sum = x;",
             f"  for (unsigned i = 0; i < {source.randint(8, 40)}; ++i) {{",
             f"    sum = sum * {source.getrandbits(16) | 1}u + table[(sum >> 8) & 63];",
             f"    if ((sum & {source.choice((1, 3, 7))}) == 0)",
             f"      sum = helper_{first}(sum);",
             "  }"]
    for _ in range(source.randint(2, 10)):
        lines.append(f"  sum {source.choice(OPERATIONS)}= {source.getrandbits(31) | 1}u;")
    lines += [f"  return helper_{second}(sum);", "}\n"]
    return "\n".join(lines)


def numbers(values: list[int]) -> str:
    rows = [", ".join(map(str, values[start:start + 20])) for start in range(0, len(values), 20)]
    return ",\n  ".join(rows)


def generate(shape: Shape) -> str:
    """The program's C source, to be compiled beside kernels/kernel.h."""
    source = random.Random(f"{shape.name} {shape.functions}")
    schedule = shape.schedule(source)
    table = ", ".join(f"{source.getrandbits(32)}u" for _ in range(64))
    pointers = ", ".join(f"function_{index}" for index in range(shape.functions))
    place = f"unit * {CALLS_PER_UNIT} % {len(schedule)}"
    return "\n".join([
        '#include "kernel.h"\ntypedef unsigned long long u64;\n',
        f"static const u64 table[64] = {{{table}}};\n",
        *(helper(source, index) for index in range(HELPERS)),
        *(function(source, index) for index in range(shape.functions)),
        f"static u64 (*const functions[])(u64) = {{{pointers}}};\n",
        f"static const unsigned short schedule[] = {{\n  {numbers(schedule)}}};\n",
        "int main(int argc, char **argv) {",
        "  u64 sum = 42;",
        "  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {",
        f"    const unsigned short *calls = schedule + {place};",
        f"    for (int i = 0; i < {CALLS_PER_UNIT}; ++i)",
        "      sum = functions[calls[i]](sum);",
        "    kernel_tick(sum);",
        "  }",
        "}\n"])
