# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C function pointers of C++ callables: what making and calling one costs, against libffi's closures."""

from __future__ import annotations

import argparse
import statistics
import subprocess
from collections import defaultdict

from measuring import BUILD, HERE, ROOT, BenchError, machine, publish, run_checked, say, table, warn_when_busy

PLAIN = "plain function"
CONTENDERS = (PLAIN, "tiercel", "std::function", "libffi")
SIGNATURES = ("int(int)", "double(double, double)", "int(int × 7)", "Point(Point, double)")

Figures = dict[str, dict[str, list[float]]]  # by measurement, then contender: one figure per round


def add_arguments(_command: argparse.ArgumentParser) -> None:
    """None but those of all benchmarks."""


def build() -> str:
    directory = BUILD / "closures"
    directory.mkdir(parents=True, exist_ok=True)
    program = str(directory / "measure_closures")
    run_checked(["ninja", "-C", str(ROOT / "build/release"), "--quiet", "tiercel"], "building the library")
    run_checked(["clang++-22", "-std=c++20", "-O2", "-fuse-ld=lld", f"-I{ROOT / 'include'}",
                 str(HERE / "closures/measure_closures.cpp"), str(ROOT / "build/release/lib/libtiercel.a"), "-lffi", "-pthread",
                 "-o", program], "building the measuring program")
    return program


def measure(command: list[str], rounds: int) -> Figures:
    figures: Figures = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise BenchError(f"the measuring program failed with status {result.returncode}: {result.stderr.strip()}")
        for line in result.stdout.splitlines():
            measurement, contender, figure = line.split("\t")
            figures[measurement][contender].append(float(figure))
    return figures


def call_rows(figures: Figures) -> list[list[str]]:
    rows = []
    for signature in SIGNATURES:
        calls = figures[signature]
        plain = calls[PLAIN]
        # Differences within a round, where the machine was in the same mood.
        over = [statistics.median(own - base for own, base in zip(calls[name], plain)) for name in CONTENDERS[1:]]
        rows.append([f"`{signature}`", f"{statistics.median(plain):.2f}", *(f"{value:+.2f}" for value in over)])
    return rows


def making_rows(figures: Figures) -> list[list[str]]:
    rows = []
    for measurement, made in figures.items():
        if measurement not in SIGNATURES:
            medians = [statistics.median(made[name]) / 1e6 for name in ("tiercel", "libffi")]
            rows.append([measurement, *(f"{value:.1f}" for value in medians)])
    return rows


def main(arguments: argparse.Namespace) -> int:
    rounds = arguments.rounds or (7 if arguments.quick else 31)
    calls, live = (2_000_000, 100_000) if arguments.quick else (10_000_000, 200_000)
    warn_when_busy()
    pin = ["taskset", "-c", "0"] if arguments.one_core else []
    figures = measure([*pin, build(), str(calls), str(live)], rounds)
    markdown = "\n".join([
        "# Closures: C function pointers of C++ callables", "",
        f"Made by `./dev bench closures`. {machine(arguments.one_core)}", "",
        f"Medians of {rounds} rounds.", "",
        "## Calling", "",
        f"Nanoseconds per call through a pointer that is read from memory each time, {calls:,} calls of which each needs the "
        "result of the one before. “Over” is the difference to the plain function in the same round. Seven integers and "
        "structs by value take the way over the stack, the others that over a register.", "",
        table(["signature", PLAIN, *(f"{name}, over" for name in CONTENDERS[1:])], call_rows(figures)), "",
        "## Making and freeing", "",
        f"Millions per second, of `int(int)`: one after the other, then {live:,} kept and freed together. With another thread "
        "in closures all the time, freeing has to make sure that it is not in the one freed.", "",
        table(["", "tiercel", "libffi"], making_rows(figures)),
    ])
    publish(markdown, {"machine": machine(arguments.one_core), "rounds": rounds, "figures": figures}, arguments.output,
            arguments.json)
    say("budgets: 2 ns over a plain call, 1 million made per second")
    return 0
