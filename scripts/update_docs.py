#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the tables of options in docs/command-line.md, which the command itself prints from what its parser reads.

With --check it only says whether they are current: status 1 if not.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/command-line.md"
PLACE = re.compile(r"(?<=<!-- options of run: written by \./dev docs -->\n).*(?=<!-- end of options -->)", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiercel", default=str(ROOT / "build/release/bin/tiercel"), help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="change nothing")
    arguments = parser.parse_args()

    tables = subprocess.run([arguments.tiercel, "help", "--markdown"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    before = PAGE.read_text()
    if not PLACE.search(before):
        sys.exit(f"error: {PAGE} has no place for the options")
    after = PLACE.sub(lambda _: f"\n{tables}\n", before)
    if after == before:
        return 0
    if arguments.check:
        print(f"{PAGE.relative_to(ROOT)} is not what the command prints; run ./dev docs", file=sys.stderr)
        return 1
    PAGE.write_text(after)
    print(f"{PAGE.relative_to(ROOT)} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
