# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The suite: kernels, real programs and the shapes of a JIT test, at lengths from 10 ms to 30 s, against every peer."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import analysis
import catalogue
import contenders as all_contenders
import plot
import report
from contenders import Contender, Job, compile_only
from measuring import TOO_SLOW, BenchError, Meter, Sample, machine, milliseconds, publish, resolve_engine, say, warn_when_busy
from results import DIRECTORY, Results, Row, last_results, length_name
from workload import Calibration, Workload

LENGTHS_MS = (10, 100, 1_000, 10_000, 30_000)
QUICK_LENGTHS_MS = (10, 100, 500)
# A run may take so many times its native length, but at least so long.
LIMIT_FACTOR, LEAST_LIMIT_SECONDS, QUICK_LEAST_LIMIT_SECONDS = 20, 60, 30
BUDGET_SECONDS, QUICK_BUDGET_SECONDS = 8.0, 1.5
COMPILE_LIMIT_SECONDS = 600
MOST_OUTPUT_BYTES = 1 << 30


@dataclass(frozen=True)
class Task:
    """A workload at one length."""

    workload: Workload
    length_ms: float
    units: int
    limit_seconds: int


@dataclass
class Cell:
    """What one contender did with one task."""

    samples: list[Sample] = field(default_factory=list)
    to_peak_ms: list[float] = field(default_factory=list)
    problem: str = ""

    def add(self, sample: Sample) -> None:
        if sample.problem:
            self.problem = self.problem or sample.problem
            return
        reached = analysis.time_to_peak(sample.ticks_ms)
        if reached is not None:
            self.to_peak_ms.append(reached)
        self.samples.append(dataclasses.replace(sample, ticks_ms=()))  # a long run has many

    def used_ms(self) -> float:
        return sum(sample.wall_ms for sample in self.samples)


@dataclass(frozen=True)
class Plan:
    workloads: list[Workload]
    lengths_ms: tuple[float, ...]
    contenders: list[Contender]
    rounds: int
    budget_ms: float  # a cell takes part in further rounds until it has used this
    least_limit_seconds: int = LEAST_LIMIT_SECONDS


Cells = dict[tuple[str, float, str], Cell]  # by workload's title, length, contender


class Progress:
    """Says what has been measured and how long the rest will take, going by what is known already."""

    def __init__(self, plan: Plan, tasks: list[Task]) -> None:
        self._plan = plan
        self._tasks = tasks
        self._started = time.monotonic()
        self._last = 0.0

    def remaining_ms(self, cells: Cells, number: int) -> float:
        total = 0.0
        for task in self._tasks:
            for contender in self._plan.contenders:
                cell = cells[task.workload.title, task.length_ms, contender.name]
                if cell.problem:
                    continue
                done = len(cell.samples)
                each = cell.used_ms() / done if done else task.length_ms * 3 + 300
                if contender.kind == "compile" and not done:
                    each += 3_000
                runs = min(self._plan.rounds - number, max(1 if not done else 0, int((self._plan.budget_ms - cell.used_ms()) / each)))
                total += each * max(0, runs - (1 if done > number else 0))
        return total

    def tell(self, number: int, task: Task, contender: Contender, sample: Sample, cells: Cells) -> None:
        elapsed = time.monotonic() - self._started
        left = ""
        if elapsed - self._last > 20:
            self._last = elapsed
            left = f"; {elapsed / 60:.1f} min so far, about {self.remaining_ms(cells, number) / 60e3:.0f} min left"
        what = sample.problem or f"{milliseconds(sample.wall_ms)} ms"
        say(f"round {number + 1}/{self._plan.rounds}: {task.workload.title}, {length_name(task.length_ms)}: {contender.name}: {what}{left}")


def make_tasks(plan: Plan, meter: Meter) -> list[Task]:
    """One per workload and length, but none that would repeat the work of the length before."""
    calibration = Calibration(meter)
    tasks = []
    for workload in plan.workloads:
        before = 0
        for length in plan.lengths_ms:
            units = calibration.units(workload, length)
            if units > before:
                limit = max(plan.least_limit_seconds, int(length * LIMIT_FACTOR / 1000))
                tasks.append(Task(workload, length, units, limit))
                before = units
    return tasks


def measure(plan: Plan, tasks: list[Task], meter: Meter) -> Cells:
    """Interleaved: in each round every contender does every task once, so that a slow phase of the machine falls on all
    alike. What is slow takes part only until its budget of time is used; what failed is not tried again."""
    cells: Cells = {(task.workload.title, task.length_ms, contender.name): Cell() for task in tasks for contender in plan.contenders}
    progress = Progress(plan, tasks)
    for number in range(plan.rounds):
        compiled: dict[tuple[str, str], Sample] = {}  # by workload and level, of this round
        for task in tasks:
            measure_task(plan, task, number, cells, compiled, meter, progress)
    return cells


def measure_task(plan: Plan, task: Task, number: int, cells: Cells, compiled: dict[tuple[str, str], Sample], meter: Meter,
                 progress: Progress) -> None:
    def cell(contender: Contender) -> Cell:
        return cells[task.workload.title, task.length_ms, contender.name]

    for contender in plan.contenders:
        if not cell(contender).problem and too_slow_already(task, contender, cells):
            cell(contender).problem = "not tried: took too long at a shorter length"
    waiting = [c for c in plan.contenders if not cell(c).problem
               and (not cell(c).samples or cell(c).used_ms() * (1 + 1 / len(cell(c).samples)) <= plan.budget_ms)]
    if not waiting:
        return
    job = task.workload.job(task.units)
    # Not counted, but it gives the right output and warms the file cache.
    warm = job.run(meter, [str(job.native("O2"))], limit_seconds=task.limit_seconds)
    if warm.problem:
        raise BenchError(f"{task.workload.title}: the native build fails: {warm.problem}")
    if meter.output.stat().st_size > MOST_OUTPUT_BYTES:
        raise BenchError(f"{task.workload.title}: too much output")
    expected = meter.output.read_bytes()
    for contender in waiting:
        if contender.compile_level:
            sample = compile_then_run(contender, task, compiled, job, meter, expected)
        else:
            sample = contender.measure(job, meter, expected, task.limit_seconds)
        cell(contender).add(sample)
        progress.tell(number, task, contender, sample, cells)


def too_slow_already(task: Task, contender: Contender, cells: Cells) -> bool:
    return any(cell.problem.startswith(TOO_SLOW) and length < task.length_ms
               for (title, length, name), cell in cells.items() if (title, name) == (task.workload.title, contender.name))


def compile_then_run(contender: Contender, task: Task, compiled: dict[tuple[str, str], Sample], job: Job, meter: Meter,
                     expected: bytes) -> Sample:
    """Compiling takes the same time for every length: once per round, and the run is added to it."""
    key = (task.workload.title, contender.compile_level)
    if key not in compiled:
        compiled[key] = compile_only(job, contender.compile_level, meter, limit_seconds=COMPILE_LIMIT_SECONDS)
    if compiled[key].problem:
        return compiled[key]
    return compiled[key] + job.run(meter, [str(job.native(contender.compile_level))], expected, task.limit_seconds)


# ---- figures --------------------------------------------------------------------------------------------------------


def median_of(samples: list[Sample], what: Callable[[Sample], float | None]) -> float | None:
    values = [value for value in map(what, samples) if value is not None]
    return analysis.spread(values).median if values else None


def make_row(task: Task, contender: Contender, cell: Cell) -> Row:
    start = (task.workload.title, task.workload.group, task.workload.most_units is None, task.length_ms, task.units, contender.name, contender.kind, cell.problem)
    if cell.problem or not cell.samples:
        return Row(*start)
    wall = analysis.spread([sample.wall_ms for sample in cell.samples])
    return Row(*start, wall.median, wall.low, wall.high, wall.runs,
               cpu_ms=median_of(cell.samples, lambda sample: sample.cpu_ms),
               rss_mib=median_of(cell.samples, lambda sample: sample.rss_mib),
               first_ms=median_of(cell.samples, lambda sample: sample.first_ms),
               to_peak_ms=analysis.spread(cell.to_peak_ms).median if cell.to_peak_ms else None,
               code_bytes=median_of(cell.samples, lambda sample: sample.code_bytes))


def run(plan: Plan, absent: dict[str, str], meter: Meter, engine: str) -> Results:
    tasks = make_tasks(plan, meter)
    say(f"{len(plan.workloads)} workloads, {len(tasks)} tasks, {len(plan.contenders)} contenders, {plan.rounds} rounds")
    cells = measure(plan, tasks, meter)
    rows = [make_row(task, contender, cells[task.workload.title, task.length_ms, contender.name])
            for task in tasks for contender in plan.contenders]
    return Results(machine(meter.one_core), meter.one_core, time.strftime("%Y-%m-%d %H:%M:%S"), engine, rows, absent)


# ---- command --------------------------------------------------------------------------------------------------------


def parse_lengths(text: str) -> tuple[float, ...]:
    """10ms,1s or plain milliseconds."""
    lengths = set()
    for word in text.split(","):
        word = word.strip()
        if word.endswith("ms"):
            length = float(word[:-2])
        elif word.endswith("s"):
            length = float(word[:-1]) * 1000
        else:
            length = float(word)
        if not 1 <= length <= 600_000:
            raise ValueError
        lengths.add(length)
    return tuple(sorted(lengths))


def chosen_lengths(arguments: argparse.Namespace, usual: tuple[float, ...], quick: tuple[float, ...]) -> tuple[float, ...]:
    try:
        return parse_lengths(arguments.lengths) if arguments.lengths else quick if arguments.quick else usual
    except ValueError:
        raise BenchError("--lengths takes times from 1ms to 600s, separated by commas") from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="A,B", default="", help="only workloads whose name contains one of these words")
    parser.add_argument("--lengths", metavar="L,L", help="other lengths, as in 10ms,1s (default: 10ms,100ms,1s,10s,30s)")
    parser.add_argument("--contenders", metavar="A,B", default="",
                        help="only contenders of these kinds (native, compile, peer, fixed, ours), of these names or with these words in them; "
                        "native -O2 and -O3 always take part")
    parser.add_argument("--budget", type=float, metavar="SECONDS",
                        help="a contender takes part in further rounds of a workload at one length until it has run so long "
                        f"(default: {BUDGET_SECONDS:g}); the first round is complete whatever it takes")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="where the plot goes (default: beside --output)")


def make_plan(arguments: argparse.Namespace, command: list[str]) -> tuple[Plan, dict[str, str]]:
    found, absent = all_contenders.suite_contenders(command)
    if arguments.contenders:
        found = all_contenders.select(found, arguments.contenders)
    elif arguments.quick:
        found = [c for c in found if c.name in all_contenders.QUICK]
    lengths = chosen_lengths(arguments, LENGTHS_MS, QUICK_LENGTHS_MS)
    workloads = catalogue.select(arguments.only, arguments.quick)
    rounds = arguments.rounds or (2 if arguments.quick else 5)
    budget = arguments.budget or (QUICK_BUDGET_SECONDS if arguments.quick else BUDGET_SECONDS)
    plan = Plan(workloads, lengths, found, rounds, budget * 1000,
                least_limit_seconds=QUICK_LEAST_LIMIT_SECONDS if arguments.quick else LEAST_LIMIT_SECONDS)
    return plan, absent


def exit_status(results: Results) -> int:
    """1 if the engine failed at anything, and says at what."""
    wrong = [row for row in results.rows if row.problem and row.kind in ("fixed", "ours")]
    for row in wrong:
        say(f"error: {row.contender}: {row.workload}, {length_name(row.length_ms)}: {row.problem}")
    return 1 if wrong else 0


def main(arguments: argparse.Namespace) -> int:
    command = resolve_engine(arguments.engine)
    meter = Meter(arguments.one_core, limit_seconds=LEAST_LIMIT_SECONDS)
    plan, absent = make_plan(arguments, command)
    warn_when_busy()
    results = run(plan, absent, meter, arguments.engine)
    earlier = last_results(results)
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    stem = DIRECTORY / f"suite-{results.when.replace(' ', '-').replace(':', '')}"
    data = dataclasses.asdict(results)
    stem.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n")
    picture = arguments.plot or (arguments.output or stem).with_suffix(".svg")
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(plot.draw(results))
    say(f"wrote {stem.with_suffix('.json')} and {picture}")
    publish(report.suite_report(results, picture.name), data, arguments.output, arguments.json)
    if earlier:
        print("\n" + report.comparison(earlier, results))
    return exit_status(results)
