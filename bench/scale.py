# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What size costs: opening a synthetic program of 1,000 to 100,000 functions and calling ten of them."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import generate_program
from measuring import (BUILD, HERE, BenchError, Meter, Sample, Summary, machine, milliseconds, publish, resolve_engine, run_checked, say,
                       sizes_in_steps, summarise, table, warn_when_busy)

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
QUICK_SIZES = (1_000, 10_000, 100_000)
FUNCTIONS_PER_MODULE = 1_000
NOTHING = Path("/dev/null")


@dataclass(frozen=True)
class Synthetic:
    functions: int
    modules: tuple[Path, ...]
    output: bytes  # what its native build prints

    @property
    def form(self) -> str:
        return "one module" if len(self.modules) == 1 else f"modules of {FUNCTIONS_PER_MODULE:,}"


@dataclass(frozen=True)
class Engine:
    name: str
    command: list[str]
    more_modules: str  # the option that names a further module

    def run(self, meter: Meter, program: Synthetic) -> Sample:
        first, *others = program.modules
        further = [f"{self.more_modules}{path}" for path in others]
        return meter.run([*self.command, *further, str(first)], NOTHING, program.output)


def make_program(functions: int, modules: int, meter: Meter) -> Synthetic:
    """Generates the program and builds it natively, once for each state of the generator."""
    key = hashlib.sha256((HERE / "generate_program.py").read_bytes()).hexdigest()[:12]
    directory = BUILD / f"synthetic/{functions}-{modules}-{key}"
    native = directory / "native"
    if not native.exists():
        say(f"generating {functions:,} functions in {modules} module{'s' if modules > 1 else ''}")
        for old in directory.parent.glob(f"{functions}-{modules}-*"):
            shutil.rmtree(old)
        paths = generate_program.generate(functions, modules, directory)
        unfinished = directory / "native.tmp"
        run_checked(["clang-22", "-O0", "-w", *map(str, paths), "-o", str(unfinished)], "building a synthetic program")
        unfinished.rename(native)
    sample = meter.run([str(native)], NOTHING)
    if sample.problem:
        raise BenchError(f"the native build of a synthetic program ends with {sample.problem}")
    return Synthetic(functions, tuple(directory / f"module-{number}.bc" for number in range(modules)), meter.output.read_bytes())


def make_programs(sizes: tuple[int, ...], meter: Meter) -> list[Synthetic]:
    programs = [make_program(size, 1, meter) for size in sizes]
    return programs + [make_program(size, size // FUNCTIONS_PER_MODULE, meter) for size in sizes if size > FUNCTIONS_PER_MODULE]


def measure_all(programs: list[Synthetic], engines: list[Engine], meter: Meter, rounds: int, budget_ms: float
                ) -> dict[tuple[str, int, str], Summary]:
    """By form, size and engine. Interleaved; something slow takes part until its time is used up, a failure only once."""
    samples: dict[tuple[str, int, str], list[Sample]] = {}
    for number in range(rounds):
        for program in programs:
            for engine in engines:
                so_far = samples.setdefault((program.form, program.functions, engine.name), [])
                used = sum(sample.wall_ms for sample in so_far)
                if so_far and (so_far[-1].problem or used + used / len(so_far) > budget_ms):
                    continue
                sample = engine.run(meter, program)
                so_far.append(sample)
                say(f"round {number + 1}/{rounds}: {program.functions:,} functions, {program.form}: {engine.name}: "
                    f"{milliseconds(sample.wall_ms)} ms" + (f" ({sample.problem})" if sample.problem else ""))
    return {key: summarise(list_) for key, list_ in samples.items()}


def report(programs: list[Synthetic], engines: list[Engine], results: dict[tuple[str, int, str], Summary], one_core: bool) -> str:
    parts = [
        "# Scale: opening a large program and calling ten of its functions" + (" (one core)" if one_core else ""),
        f"Made by `./dev bench scale{' --one-core' if one_core else ''}`. {machine(one_core)}",
        "Synthetic programs of small functions with long names (`bench/generate_program.py`); medians of the wall time of whole "
        "processes. The slope is what each further 1,000 functions add, from the size above it in the table.",
    ]
    for form in dict.fromkeys(program.form for program in programs):
        rows = []
        for engine in engines:
            previous: tuple[int, Summary] | None = None
            for program in programs:
                if program.form != form:
                    continue
                row = results[form, program.functions, engine.name]
                size = sum(path.stat().st_size for path in program.modules) / 1e6
                start = [engine.name, f"{program.functions:,}", f"{size:.1f}"]
                if row.problem:
                    rows.append([*start, row.problem, "", "", "", str(row.runs)])
                    previous = None
                    continue
                slope = ""
                if previous:
                    slope = f"{(row.wall_ms - previous[1].wall_ms) / (program.functions - previous[0]) * 1000:.2f}"
                rows.append([*start, milliseconds(row.wall_ms), f"{row.wall_ms / program.functions * 1000:.2f}", slope,
                             f"{row.rss_mib:.1f}", str(row.runs)])
                previous = (program.functions, row)
        header = ["engine", "functions", "bitcode MB", "ms", "ms per 1,000", "slope", "peak MiB", "runs"]
        parts += [f"## {form.capitalize()}", table(header, rows)]
    parts.append("To reach: near-linear with a small slope.")
    return "\n\n".join(parts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=sizes_in_steps(FUNCTIONS_PER_MODULE), metavar="N,N",
                        help=f"other numbers of functions, multiples of {FUNCTIONS_PER_MODULE} as in 1000,50000")


def main(arguments: argparse.Namespace) -> int:
    sizes = arguments.sizes or (QUICK_SIZES if arguments.quick else SIZES)
    engines = [
        Engine("tiercel", resolve_engine(arguments.engine), "--link="),
        Engine("lli ORC lazy", ["lli-22", "--jit-kind=orc-lazy"], "--extra-module="),
    ]
    meter = Meter(arguments.one_core, limit_seconds=60)
    programs = make_programs(sizes, meter)
    warn_when_busy()
    rounds = arguments.rounds or (3 if arguments.quick else 7)
    results = measure_all(programs, engines, meter, rounds, budget_ms=10_000 if arguments.quick else 30_000)
    data = {"machine": machine(arguments.one_core), "one_core": arguments.one_core,
            "results": [{"form": form, "functions": functions, "engine": name, **dataclasses.asdict(row)}
                        for (form, functions, name), row in results.items()]}
    publish(report(programs, engines, results, arguments.one_core), data, arguments.output, arguments.json)
    wrong = [key for key, row in results.items() if key[2] == engines[0].name and row.problem]
    for form, functions, name in wrong:
        say(f"error: {name}: {functions:,} functions, {form}: {results[form, functions, name].problem}")
    return 1 if wrong else 0
