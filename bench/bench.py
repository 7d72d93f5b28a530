#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the engine against native builds and other engines in the same run, and prints Markdown tables.

  suite     kernels, real programs and the shapes of a JIT test, at many lengths, against every peer (the default)
  switches  what each optimisation buys: the engine with each of them switched off
  instrumentation   what counting costs first-tier code, with one thread and with eight
  startup   cold starts: a null program, SQLite and Lua, short and medium work
  closures  C function pointers of C++ callables, against libffi's
  living    changing a running program: redefinitions, calls, pauses, memory
  scale     opening programs of 1,000 to 100,000 functions and calling ten of them

Budgets are printed beside the measurements; missing one is no error, wrong output of the engine is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measuring import DEFAULT_ENGINE, ROOT, BenchError, say

sys.path.insert(0, str(ROOT / "scripts"))  # fetch_programs

import closures  # noqa: E402
import instrumentation  # noqa: E402
import living  # noqa: E402
import scale  # noqa: E402
import startup  # noqa: E402
import suite  # noqa: E402
import switches  # noqa: E402

COMMANDS = {"suite": suite, "switches": switches, "instrumentation": instrumentation, "startup": startup, "scale": scale,
            "closures": closures, "living": living}


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="|".join(COMMANDS))
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.__doc__.split(":")[0], description=module.__doc__)
        command.add_argument("--engine", default=DEFAULT_ENGINE, metavar="COMMAND",
                             help="what runs a bitcode file (default: %(default)s)")
        command.add_argument("--quick", action="store_true", help="fewer rounds and sizes: a few minutes")
        command.add_argument("--rounds", type=positive, metavar="N", help="measure everything N times")
        command.add_argument("--one-core", action="store_true", help="pin everything to core 0; the table says so")
        command.add_argument("--output", type=Path, metavar="FILE", help="also write the tables there, as docs/bench-*.md")
        command.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers there")
        module.add_arguments(command)
        command.set_defaults(main=module.main)
    words = sys.argv[1:]
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words = ["suite", *words]
    arguments = parser.parse_args(words)
    try:
        return arguments.main(arguments)
    except BenchError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
