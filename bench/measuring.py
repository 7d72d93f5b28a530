# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the benchmarks share: measuring one run, describing the machine, Markdown tables, and where results go."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / "build/bench"
TOO_SLOW = "more than"  # how the problem of a run that was stopped begins
STACK_DUMP = re.compile(r"PLEASE submit|Stack dump|#\d+ |\d+\.\s")
DEFAULT_ENGINE = "build/release/bin/tiercel run"


class BenchError(Exception):
    """Something that makes measuring impossible; becomes a one-line message."""


@dataclass(frozen=True)
class Sample:
    """One measured run, or several that count as one."""

    wall_ms: float
    rss_mib: float
    problem: str  # empty: it did what it should
    cpu_ms: float = 0.0  # user and system time, of all its processes
    first_ms: float | None = None  # until the first byte of standard output
    ticks_ms: tuple[float, ...] = ()  # when each unit of work was reported
    code_bytes: int | None = None  # machine code: made, by engines that tell; of native builds, .text

    def __add__(self, other: Sample) -> Sample:
        """One after the other: times add up, the larger memory counts, the first problem is the problem."""
        return Sample(self.wall_ms + other.wall_ms, max(self.rss_mib, other.rss_mib), self.problem or other.problem,
                      self.cpu_ms + other.cpu_ms, None if other.first_ms is None else self.wall_ms + other.first_ms,
                      tuple(self.wall_ms + tick for tick in other.ticks_ms), other.code_bytes)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run_checked(command: list[str], what: str, **options: object) -> None:
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                            check=False, **options)
    if result.returncode != 0:
        raise BenchError(f"{what} failed with status {result.returncode}: {shlex.join(command)[:200]}\n{result.stdout[-2000:]}")


def resolve_engine(words: str) -> list[str]:
    """The engine's command with an absolute path, relative ones being meant from the root of the repository."""
    command = shlex.split(words)
    if not command:
        raise BenchError("the engine's command is empty")
    path = ROOT / command[0] if "/" in command[0] else Path(shutil.which(command[0]) or command[0])
    if not os.access(path, os.X_OK):
        raise BenchError(f"no such engine: {command[0]} (./dev build makes {DEFAULT_ENGINE.split()[0]})")
    return [str(path), *command[1:]]


class Meter:
    """Runs commands through the launcher measure.c, optionally all on one core."""

    def __init__(self, one_core: bool, limit_seconds: int) -> None:
        BUILD.mkdir(parents=True, exist_ok=True)
        self._directory = tempfile.TemporaryDirectory(dir=BUILD, prefix="meter-")  # two at once must not mix up their output
        directory = Path(self._directory.name)
        self._launcher = directory / "measure"
        run_checked(["clang-22", "-O2", str(HERE / "measure.c"), "-o", str(self._launcher)], "building the launcher")
        self.one_core = one_core
        self._prefix = ["taskset", "-c", "0"] if one_core else []
        self._limit = limit_seconds
        self.output = directory / "stdout"
        self._errors = directory / "stderr"

    def run(self, command: list[str], stdin: Path, expected: bytes | None = None, cwd: Path | None = None, ticks: str = "-",
            status: int = 0, limit_seconds: int | None = None) -> Sample:
        """Measures one run. It has a problem when it ends with another status, or with other output, than expected.
        `ticks` is what measure.c calls TICKS."""
        limit = limit_seconds or self._limit
        launch = [*self._prefix, str(self._launcher), str(limit), str(stdin), str(self.output), str(self._errors), ticks, *command]
        result = subprocess.run(launch, stdout=subprocess.PIPE, cwd=cwd, text=True, check=False)
        if result.returncode != 0:
            raise BenchError(f"the launcher could not run {shlex.join(command)[:200]}")
        facts, stamps = result.stdout.split("\n")[:2]
        wall_ns, user_us, system_us, rss_kib, wait_status, timed_out, first_ns = (int(word) for word in facts.split())
        code = os.waitstatus_to_exitcode(wait_status)
        problem = ""
        if timed_out:
            problem = f"{TOO_SLOW} {limit} s"
        elif code != status:
            problem = (f"signal {-code}" if code < 0 else f"status {code}") + self._last_message(ticks)
        elif expected is not None and self.output.read_bytes() != expected:
            problem = "wrong output"
        return Sample(wall_ns / 1e6, rss_kib / 1024, problem, (user_us + system_us) / 1e3, first_ns / 1e6 if first_ns >= 0 else None,
                      tuple(int(stamp) / 1e6 for stamp in stamps.split()))

    def _last_message(self, ticks: str) -> str:
        """What the program last said on stderr, short enough for a table; neither LLVM's stack dumps nor ticks say anything."""
        text = self._errors.read_bytes()[-65536:].decode(errors="replace")
        tick = ticks[2:] or "\n"
        lines = [line.strip() for line in text.splitlines()
                 if line.strip() and not STACK_DUMP.match(line.strip()) and not line.startswith(tick)]
        return f": {lines[-1][:100]}" if lines else ""


@dataclass(frozen=True)
class Summary:
    """The samples of one measurement in one line."""

    wall_ms: float
    low_ms: float
    high_ms: float
    rss_mib: float
    runs: int
    problem: str


def summarise(samples: list[Sample]) -> Summary:
    walls = [sample.wall_ms for sample in samples]
    problems = [sample.problem for sample in samples if sample.problem]
    return Summary(statistics.median(walls), min(walls), max(walls), statistics.median(s.rss_mib for s in samples), len(samples),
                   problems[0] if problems else "")


def machine(one_core: bool) -> str:
    """The line under a table's title without which its numbers mean nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.machine()
    version = subprocess.run(["clang-22", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")[0]
    cores = f"**one core** of {os.cpu_count()} (`taskset -c 0`)" if one_core else f"{os.cpu_count()} cores"
    return f"{cpu}, {cores}, Linux {platform.release()}, {version}."


def warn_when_busy() -> None:
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"warning: the machine is busy (load {load:.1f}): times will be too long and noisy")


def sizes_in_steps(step: int) -> Callable[[str], tuple[int, ...]]:
    """For argparse: numbers separated by commas, each a multiple of `step`; sorted, each once."""

    def sizes(text: str) -> tuple[int, ...]:
        try:
            numbers = sorted({int(word) for word in text.split(",")})
        except ValueError:
            numbers = []
        if not numbers or any(number < step or number % step for number in numbers):
            raise argparse.ArgumentTypeError(f"takes multiples of {step}, separated by commas")
        return tuple(numbers)

    return sizes


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, all columns but the first aligned to the right, readable as plain text too."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])


def milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ratio(value: float) -> str:
    """Three digits that matter, whatever the size."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def publish(markdown: str, data: object, output: Path | None, json_output: Path | None) -> None:
    print(markdown)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(markdown + "\n")
        say(f"wrote {output}")
    if json_output:
        json_output.parent.mkdir(parents=True, exist_ok=True)
        json_output.write_text(json.dumps(data, indent=2) + "\n")
        say(f"wrote {json_output}")
