#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares Tiercel's profiles of some programs of the corpus with clang's (compare_with_clang.py), block by block.

The programs have loops, switches, irreducible control flow, indirect and virtual calls. What profiles hold only
approximately (README.md) is not among them.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "scripts"))

import patience  # noqa: E402  (found through the path set above)

PROGRAMS = HERE.parent / "run/programs"
NAMES = ["osr_indirect_targets.c", "osr_irreducible.c", "osr_nested_loops.c", "osr_switch_interpreter.c",
         "osr_virtual_targets.cpp", "osr_small_types.c", "osr_kernels.c"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiercel", type=Path, required=True, metavar="FILE", help="the command")
    options = parser.parse_args()
    failed = 0
    for name in NAMES:
        command = [sys.executable, str(HERE / "compare_with_clang.py"), "--tiercel", str(options.tiercel),
                   str(PROGRAMS / name)]
        try:
            result = patience.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace")
            problem = result.stdout if result.returncode != 0 else ""
        except patience.Hang as hang:
            problem = f"hangs: {hang}\n{hang.stdout}"
        if problem:
            failed += 1
            print(f"FAIL {name}\n{problem}", end="", flush=True)
    print(f"{len(NAMES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
