# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What counting costs: first-tier code that counts and is never replaced, against the same code without counters."""

from __future__ import annotations

import argparse
import dataclasses

import analysis
import catalogue
import suite
from contenders import native, ours
from measuring import Meter, milliseconds, publish, ratio, resolve_engine, table, warn_when_busy
from results import Results, Row
from workload import Workload

PLAIN, COUNTING = "tiercel --tier=0", "tiercel --only=none"
LENGTH_MS, QUICK_LENGTH_MS = 1_000, 200
SLOWDOWN_LIMIT = 1.15
THREADS = (1, 8)


def thread_workload(count: int) -> Workload:
    """All threads in one loop of one function."""
    program = catalogue.kernel_named("threads")
    name = f"threads, {count}" if count > 1 else "threads, one"
    return Workload(name, "kernel", lambda units: program.job((str(units), str(count)), "-"))


def slowdown(results: Results, workload: str, what: str) -> float | None:
    """Of counting, in wall_ms or cpu_ms."""
    length = results.lengths(workload)[-1]
    plain, counting = results.row(workload, length, PLAIN), results.row(workload, length, COUNTING)
    if not plain or not counting or not getattr(plain, what) or not getattr(counting, what):
        return None
    return getattr(counting, what) / getattr(plain, what)


def line(results: Results, workload: str) -> list[str]:
    length = results.lengths(workload)[-1]
    cells: list[Row | None] = [results.row(workload, length, name) for name in (PLAIN, COUNTING)]
    texts = [row.problem or milliseconds(row.wall_ms or 0) if row else "" for row in cells]
    ratios = [slowdown(results, workload, what) for what in ("wall_ms", "cpu_ms")]
    return [workload, *texts, *(ratio(value) if value else "" for value in ratios)]


def write_report(results: Results) -> str:
    threads = [workload for workload in results.workloads() if workload.startswith("threads")]
    others = [workload for workload in results.workloads() if workload not in threads]
    header = ["", "not counting ms", "counting ms", "× wall", "× CPU"]
    means = [analysis.geometric_mean(filter(None, (slowdown(results, workload, what) for workload in others))) for what in ("wall_ms", "cpu_ms")]
    rows = [line(results, workload) for workload in others]
    if others:
        rows.append(["**geometric mean**", "", "", *(f"**{ratio(mean)}**" if mean else "" for mean in means)])
    parts = [
        "# What counting costs" + (" (one core)" if results.one_core else ""),
        f"Made by `./dev bench instrumentation{' --one-core' if results.one_core else ''}` on {results.when}. {results.machine}",
        f"`--tier=0` does not count; `--only=none` counts and promotes nothing. Total time. To reach: a mean of at most {SLOWDOWN_LIMIT}.",
        table(header, rows),
        "## Threads in one counting loop",
        "If counters made threads fight over a cache line, the factor would be larger with many threads than with one.",
        table(header, [line(results, workload) for workload in threads])]
    return "\n\n".join(parts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="A,B", default="", help="only kernels and programs whose name contains one of these words")


def main(arguments: argparse.Namespace) -> int:
    command = resolve_engine(arguments.engine)
    meter = Meter(arguments.one_core, limit_seconds=suite.LEAST_LIMIT_SECONDS)
    chosen = [workload for workload in catalogue.select(arguments.only, arguments.quick) if workload.group != "shape"]
    workloads = chosen + [thread_workload(count) for count in THREADS]
    contenders = [native("O2"), ours(PLAIN, "fixed", command, "--tier=0"), ours(COUNTING, "ours", command, "--only=none")]
    rounds = arguments.rounds or (3 if arguments.quick else 7)
    warn_when_busy()
    lengths = (QUICK_LENGTH_MS if arguments.quick else LENGTH_MS,)
    plan = suite.Plan(workloads, lengths, contenders, rounds, budget_ms=4_000 if arguments.quick else 30_000)
    results = suite.run(plan, {}, meter, arguments.engine)
    publish(write_report(results), dataclasses.asdict(results), arguments.output, arguments.json)
    return suite.exit_status(results)
