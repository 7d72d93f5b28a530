# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each optimisation buys: the engine with each of them switched off, against the engine as it is."""

from __future__ import annotations

import argparse
import dataclasses

import analysis
import catalogue
import report
import suite
from contenders import DEFAULT_POLICY, NATIVE_O2, NATIVE_O3, native, ours, refusal
from measuring import Meter, publish, resolve_engine, say, table, warn_when_busy
from results import Results, length_name

# Each optimisation's switch, and what goes away with it. What the engine refuses is reported and left out.
SWITCHES = (
    ("--no-osr", "entering better code in the middle of a loop"),
    ("--no-profile", "edge counts and call targets for the optimiser"),
    ("--no-inline", "inlining across functions"),
    ("--no-direct-calls", "direct calls between optimised functions"),
    ("--no-promote-indirect", "guarded direct calls for indirect ones"),
)
LENGTHS_MS, QUICK_LENGTHS_MS = (100, 1_000, 5_000), (100, 500)


def off_name(switch: str) -> str:
    return f"tiercel {switch}"


def worth_total(results: Results, length_ms: float, contender: str) -> float | None:
    """Mean total time without it, over that with it."""
    pairs = [(results.row(workload, length_ms, contender), results.row(workload, length_ms, DEFAULT_POLICY)) for workload in results.workloads()]
    return analysis.geometric_mean(off.wall_ms / on.wall_ms for off, on in pairs if off and on and off.wall_ms and on.wall_ms)


def steady_ratios(results: Results, contender: str) -> dict[str, float]:
    """Time per unit without it, over that with it, by workload."""
    ratios = {}
    for workload in results.workloads():
        on, off = report.unit_ms(results, workload, DEFAULT_POLICY), report.unit_ms(results, workload, contender)
        if on and off:
            ratios[workload] = off / on
    return ratios


def write_report(results: Results, accepted: list[tuple[str, str]]) -> str:
    lengths = results.lengths()
    rows = []
    for switch, what in accepted:
        ratios = steady_ratios(results, off_name(switch))
        most = max(ratios, key=lambda workload: ratios[workload], default="")
        rows.append([switch, what, report.number(analysis.geometric_mean(ratios.values())), f"{most}: {ratios[most]:.2f}" if most else "",
                     *(report.number(worth_total(results, length, off_name(switch))) for length in lengths)])
    parts = [
        "# What each optimisation buys" + (" (one core)" if results.one_core else ""),
        f"Made by `./dev bench switches{' --one-core' if results.one_core else ''}` on {results.when}. {results.machine}",
        "Time with the optimisation switched off over time with everything on, geometric means: 1.20 means that it is worth 20 %. "
        f"Workloads: {', '.join(results.workloads())}.",
        table(["switch", "without", "steady state", "most in", *(f"total, {length_name(length)}" for length in lengths)], rows)
        if rows else "The engine has none of these switches.",
        *report.failure_section(results)]
    return "\n\n".join(parts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="A,B", default="", help="other workloads: those whose name contains one of these words")
    parser.add_argument("--lengths", metavar="L,L", help="other lengths, as in 100ms,1s")


def main(arguments: argparse.Namespace) -> int:
    command = resolve_engine(arguments.engine)
    meter = Meter(arguments.one_core, limit_seconds=suite.LEAST_LIMIT_SECONDS)
    accepted, absent = [], {}
    for switch, what in SWITCHES:
        refused = refusal(command, switch)
        if refused:
            absent[off_name(switch)] = refused
            say(f"note: {switch} is left out: {refused}")
        else:
            accepted.append((switch, what))
    contenders = [native("O2"), native("O3"), ours(DEFAULT_POLICY, "ours", command),
                  *(ours(off_name(switch), "ours", command, switch) for switch, _ in accepted)]
    assert [contender.name for contender in contenders[:2]] == [NATIVE_O2, NATIVE_O3]
    lengths = suite.chosen_lengths(arguments, LENGTHS_MS, QUICK_LENGTHS_MS)
    workloads = catalogue.select(arguments.only, quick=True)
    rounds = arguments.rounds or (2 if arguments.quick else 5)
    warn_when_busy()
    plan = suite.Plan(workloads, lengths, contenders, rounds, budget_ms=2_000 if arguments.quick else 15_000)
    results = suite.run(plan, absent, meter, arguments.engine)
    publish(write_report(results, accepted), dataclasses.asdict(results), arguments.output, arguments.json)
    return suite.exit_status(results)
