#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs tiercel-stress in several modes, with fresh seeds, and adds up the results for run_tests.py."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import patience  # noqa: E402  (found through the path set above)

# What each reaches beyond the first: promotion and continuations at every opportunity; freed code that traps.
MODES = {
    "usual": [],
    "eager": ["--promote-always", "--osr-always", "--policy", "cost"],
    "poison": ["--poison", "--retire-always", "--random-tier"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="release")
    parser.add_argument("--seconds", type=float, default=10, help="for each mode (default: %(default)s)")
    arguments = parser.parse_args()
    passed = failed = 0
    for mode, options in MODES.items():
        command = [str(ROOT / "build" / arguments.preset / "bin/tiercel-stress"), "--seconds", str(arguments.seconds),
                   *options]
        try:
            # It works on all cores for its time, and then ends its threads.
            most = patience.CPU_SECONDS + arguments.seconds * (os.cpu_count() or 1)
            run = patience.run(command, most, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            output, status = run.stdout, f"status {run.returncode}"
            good = run.returncode == 0
        except patience.Hang as hang:
            output, status, good = str(hang.stdout), f"hangs: {hang}", False
        counts = re.findall(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
        passed += int(counts[-1][0]) if counts else 0
        failed += int(counts[-1][1]) if counts else 0
        # A crash has no result, or one from before it.
        if not good and not (counts and int(counts[-1][1])):
            failed += 1
        print(f"{mode}: {'passed' if good else status}")
        if not good:
            print(" ".join(command), output, sep="\n")
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
