# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The engine in its modes: runs bitcode and says how the run differs from what was expected."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "modes"), str(HERE.parent.parent / "scripts")]

import patience  # noqa: E402  (found through the path set above)
from modes import Mode, load_modes, select_modes  # noqa: E402

DEFAULT_MODES = "tier0,tier2,tier3,adaptive,threshold,cost,window,sync,osr-always,osr-promote,promote-always,random-tier,chaos"

# What is added so that functions are promoted although these programs are over in milliseconds: before the default
# threshold is reached, and mostly before a background compile is done. adaptive and onecore stay asynchronous, which
# lets exits meet compiles in progress.
ADDED_OPTIONS = {
    "adaptive": ["--threshold=2", "--loop-threshold=4"],
    "threshold": ["--threshold=2", "--loop-threshold=4"],
    "window": ["--threshold=2", "--loop-threshold=4"],
    "onecore": ["--policy=threshold", "--threshold=2", "--loop-threshold=4"],
    "sync": ["--threshold=2", "--loop-threshold=4"],
    "promote-always": ["--sync"],
    "random-tier": ["--sync"],
}


@dataclass(frozen=True)
class Outcome:
    """One run. `problem` is empty when it did what was expected."""

    command: list[str]
    problem: str
    stdout: str
    stderr: str


class Engine:
    """The command that is tested. LLVM's lli is understood too, to check the fuzzer itself: it has no modes."""

    def __init__(self, command: str, cpu_seconds: float) -> None:
        words = shlex.split(command)
        found = shutil.which(words[0]) if words else None
        if not found:
            raise ValueError(f"there is no program {command!r} to test")
        self.command = [str(Path(found).absolute()), *words[1:]]
        self.has_modes = not Path(found).name.startswith("lli")
        self.cpu_seconds = cpu_seconds

    def modes(self, names: str) -> list[Mode]:
        """Raises ValueError for an unknown mode."""
        if not self.has_modes:
            return [Mode("lli", [], [], "the options on the command line and no others")]
        return [adapted(mode) for mode in select_modes(load_modes(), names)]

    def run(self, mode: Mode, seed: int, bitcode: Path, expected: str) -> Outcome:
        command = seeded(mode, seed).command(self.command, [str(bitcode)])
        try:
            result = patience.run(command, self.cpu_seconds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, errors="replace")
        except patience.Hang as hang:
            return Outcome(command, f"hangs: {hang}", hang.stdout, hang.stderr)
        return Outcome(command, difference(result, expected), result.stdout, result.stderr)


def adapted(mode: Mode) -> Mode:
    return replace(mode, options=[*mode.options, *ADDED_OPTIONS.get(mode.name, [])])


def seeded(mode: Mode, seed: int) -> Mode:
    """Chance follows from the seed: one seed for all programs would give function 7 the same tier in all of them."""
    return replace(mode, options=[f"{option}:{seed}" if re.search(r"^--mode=.*(random-tier|osr-always)$", option)
                                  else option for option in mode.options])


def difference(result: subprocess.CompletedProcess[str], expected: str) -> str:
    if result.returncode < 0:
        return f"died by {signal.Signals(-result.returncode).name}"
    if result.returncode != 0:
        return f"exit status {result.returncode} instead of 0"
    if result.stdout != expected:
        return f"printed {result.stdout.strip()!r} instead of {expected.strip()!r}"
    return ""
