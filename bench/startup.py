# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From nothing to the program's last line: short and medium programs, cold, against native builds and other engines."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import fetch_programs
from contenders import NATIVE_O2, NOTHING, Contender, Job, compile_and_run, engine, native
from measuring import (BUILD, HERE, BenchError, Meter, Sample, Summary, machine, milliseconds, publish, ratio, resolve_engine,
                       run_checked, say, summarise, table, warn_when_busy)

MCJIT_O0, OURS = "lli MCJIT -O0", "tiercel"


def make_null_program() -> Job:
    directory = BUILD / "null"
    directory.mkdir(parents=True, exist_ok=True)
    source = directory / "null.c"
    source.write_text("int main(void) { return 0; }\n")

    def compile_command(flags: list[str], output: Path) -> list[str]:
        return [fetch_programs.CC, *flags, str(source), "-o", str(output)]

    for level, flags in fetch_programs.NATIVE_FLAGS.items():
        run_checked(compile_command(flags, directory / level), "building the null program")
    bitcode_flags = [*fetch_programs.BITCODE_FLAGS["program.bc"], "-c", "-emit-llvm"]
    run_checked(compile_command(bitcode_flags, directory / "null.bc"), "building the null program")
    return Job("null program", directory / "null.bc", lambda level: directory / f"native-{level}", compile_command, directory)


def of_program(name: str, program: fetch_programs.Program, args: tuple[str, ...], stdin: Path = NOTHING) -> Job:
    return Job(name, program.path("program.bc"), lambda level: program.path(f"native-{level}"), program.native_command,
                    program.src, args, stdin)


def make_workloads() -> list[Job]:
    sqlite, lua = fetch_programs.program_named("sqlite"), fetch_programs.program_named("lua")
    try:
        fetch_programs.ensure([sqlite, lua], ["program.bc", "native-O0", "native-O2"])
    except fetch_programs.Failure as failure:
        raise BenchError(str(failure)) from None
    return [
        make_null_program(),
        of_program("SQLite, `select 1`", sqlite, (":memory:", "select 1")),
        of_program("SQLite, query mix", sqlite, (":memory:",), HERE / "workloads/query_mix.sql"),
        of_program("Lua, `print(1)`", lua, ("-e", "print(1)")),
        of_program("Lua, one-second script", lua, (str(HERE / "workloads/one_second.lua"),)),
    ]


def make_contenders(ours: list[str]) -> list[Contender]:
    return [
        native("O0"),
        native("O2"),
        compile_and_run("O0"),
        compile_and_run("O2"),
        engine("lli ORC", "peer", ["lli-22"]),
        engine("lli ORC lazy", "peer", ["lli-22", "--jit-kind=orc-lazy"]),
        engine(MCJIT_O0, "peer", ["lli-22", "--jit-kind=mcjit", "-O0"]),
        engine(OURS, "ours", ours),
        engine("tiercel --tier=0", "ours", [*ours, "--tier=0"]),
        engine("tiercel --tier=2", "ours", [*ours, "--tier=2"]),
    ]


Results = dict[str, dict[str, Summary]]  # by workload, then contender


def measure_all(workloads: list[Job], contenders: list[Contender], meter: Meter, rounds: int, budget_ms: float) -> Results:
    """Interleaved: a round runs everything once, so that a slow phase of the machine falls on all alike. Something slow takes
    part only until it has used up its budget of time; something that failed, only once."""
    expected: dict[str, bytes] = {}
    for work in workloads:
        # Measured for nothing, but it gives the right output and warms the file cache for the programs.
        warm = work.run(meter, [str(work.native("O2"))])
        if warm.problem:
            raise BenchError(f"{work.name}: the native build fails: {warm.problem}")
        expected[work.name] = meter.output.read_bytes()
    samples: dict[tuple[str, str], list[Sample]] = {(w.name, c.name): [] for w in workloads for c in contenders}
    for number in range(rounds):
        for work in workloads:
            for contender in contenders:
                so_far = samples[work.name, contender.name]
                used = sum(sample.wall_ms for sample in so_far)
                if so_far and (so_far[-1].problem or used + used / len(so_far) > budget_ms):
                    continue
                sample = contender.measure(work, meter, expected[work.name])
                so_far.append(sample)
                say(f"round {number + 1}/{rounds}: {work.name}: {contender.name}: {milliseconds(sample.wall_ms)} ms"
                    + (f" ({sample.problem})" if sample.problem else ""))
    return {w.name: {c.name: summarise(samples[w.name, c.name]) for c in contenders} for w in workloads}


# ---- the report -----------------------------------------------------------------------------------------------------


def best_peer(rows: dict[str, Summary], contenders: list[Contender]) -> Summary | None:
    peers = [rows[c.name] for c in contenders if c.kind == "peer" and not rows[c.name].problem]
    return min(peers, key=lambda row: row.wall_ms, default=None)


def workload_table(rows: dict[str, Summary], contenders: list[Contender]) -> str:
    base, peer = rows[NATIVE_O2], best_peer(rows, contenders)
    lines = []
    for contender in contenders:
        row = rows[contender.name]
        if row.problem:
            lines.append([contender.name, row.problem, "", "", "", "", str(row.runs)])
            continue
        lines.append([contender.name, milliseconds(row.wall_ms), f"{milliseconds(row.low_ms)}–{milliseconds(row.high_ms)}",
                      ratio(row.wall_ms / base.wall_ms), ratio(row.wall_ms / peer.wall_ms) if peer else "",
                      f"{row.rss_mib:.1f}", str(row.runs)])
    return table(["", "ms", "range", "× native -O2", "× best JIT peer", "peak MiB", "runs"], lines)


def budget_rows(results: Results, contenders: list[Contender], one_core: bool) -> list[list[str]]:
    """The promises that these measurements can check, each with what was measured."""
    rows: list[list[str]] = []

    def judge(what: str, limit: float, measured: Summary, value: float, unit: str) -> None:
        verdict = measured.problem or ("yes" if value <= limit else "**no**")
        rows.append([what, f"{limit:,} {unit}", "" if measured.problem else f"{ratio(value)} {unit}", verdict])

    for name, by_contender in results.items():
        ours = by_contender[OURS]
        limit_ms = {"null program": 12, "SQLite, `select 1`": 350, "SQLite, query mix": 1400}.get(name)
        if limit_ms and not one_core:
            judge(name, limit_ms, ours, ours.wall_ms, "ms")
        peer = best_peer(by_contender, contenders)
        if name == "SQLite, `select 1`" and peer and not one_core:
            judge(f"{name}, × best JIT peer", 0.9, ours, ours.wall_ms / peer.wall_ms, "×")
        if name.startswith("SQLite"):
            judge(f"{name}, memory above native -O2", 120, ours, ours.rss_mib - by_contender[NATIVE_O2].rss_mib, "MiB")
        mcjit = by_contender[MCJIT_O0]
        if one_core and not mcjit.problem:
            judge(f"{name}, × lli MCJIT -O0, one core", 1, ours, ours.wall_ms / mcjit.wall_ms, "×")
    return rows


def report(results: Results, contenders: list[Contender], one_core: bool) -> str:
    parts = [
        "# Start-up: cold, from nothing to the last line" + (" (one core)" if one_core else ""),
        f"Made by `./dev bench startup{' --one-core' if one_core else ''}`. {machine(one_core)}",
        "Medians of interleaved rounds; wall time of whole processes. The engines get the program as unoptimised bitcode; "
        "“clang, then run” compiles the C sources first, as one command. Peak memory is the largest process's.",
    ]
    for name, rows in results.items():
        parts += [f"## {name}", workload_table(rows, contenders)]
    budgets = budget_rows(results, contenders, one_core)
    if budgets:
        parts += ["## Budgets", table(["what", "at most", "measured", "kept"], budgets)]
    return "\n\n".join(parts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="TEXT", default="", help="only workloads whose name contains TEXT")


def main(arguments: argparse.Namespace) -> int:
    contenders = make_contenders(resolve_engine(arguments.engine))
    workloads = [work for work in make_workloads() if arguments.only.lower() in work.name.lower()]
    if not workloads:
        raise BenchError(f"no workload's name contains '{arguments.only}'")
    rounds = arguments.rounds or (5 if arguments.quick else 15)
    warn_when_busy()
    meter = Meter(arguments.one_core, limit_seconds=300)
    results = measure_all(workloads, contenders, meter, rounds, budget_ms=8_000 if arguments.quick else 25_000)
    data = {"machine": machine(arguments.one_core), "one_core": arguments.one_core,
            "workloads": {work: {name: dataclasses.asdict(row) for name, row in rows.items()} for work, rows in results.items()}}
    publish(report(results, contenders, arguments.one_core), data, arguments.output, arguments.json)
    wrong = [f"{work}: {name}: {row.problem}" for work, rows in results.items() for name, row in rows.items()
             if row.problem and name.startswith(OURS)]
    for line in wrong:
        say(f"error: {line}")
    return 1 if wrong else 0
