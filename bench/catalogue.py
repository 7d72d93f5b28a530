# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The suite's workloads: kernels, real programs, and the four shapes of a JIT test."""

from __future__ import annotations

import hashlib
from pathlib import Path

import fetch_programs
import inputs
import shapes
from contenders import NOTHING, Job
from measuring import BUILD, HERE, BenchError
from workload import KERNELS, SingleSource, Workload

WORKLOADS = HERE / "workloads"
JOBS = BUILD / "jobs"
NOT_IN_SUITE = ("threads",)
# What --quick takes: one of each kind of work.
QUICK = ("matrix_main", "nbody", "sieve", "virtual_calls", "dispatch", "switch_interpreter", "fib", "containers", "program lua",
         "program bzip2", "shape few", "shape flat")


def kernel(source: Path) -> Workload:
    program = SingleSource(source)
    program.build()
    return Workload(source.stem, "kernel", lambda units: program.job((str(units),)))


def kernel_named(name: str) -> SingleSource:
    """One that a measurement of its own needs."""
    program = SingleSource(next(KERNELS.glob(f"{name}.c*")))
    program.build()
    return program


def shape(description: shapes.Shape) -> Workload:
    text = shapes.generate(description)
    source = BUILD / "shapes" / f"{description.name}.c"
    source.parent.mkdir(parents=True, exist_ok=True)
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    program = SingleSource(source)
    program.build()
    return Workload(description.name, "shape", lambda units: program.job((str(units),)), description.units)


# ---- real programs --------------------------------------------------------------------------------------------------


def script(name: str, text: str) -> Path:
    """A file with that text, whose name depends on it."""
    path = JOBS / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}-{name}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path


def program_job(name: str, args: tuple[str, ...], stdin: Path = NOTHING, ticks: str = "-") -> Job:
    program = fetch_programs.program_named(name)
    return Job(name, program.path("program.bc"), lambda level: program.path(f"native-{level}"), program.native_command, program.src,
               args, stdin, ticks)


def sqlite(units: int) -> Job:
    unit = (WORKLOADS / "unit.sql").read_text()
    queries = "".join(unit.replace("{unit}", str(number)) for number in range(1, units + 1))
    text = (WORKLOADS / "units_setup.sql").read_text() + queries
    return program_job("sqlite", (":memory:",), script("queries.sql", text), "2:tick")


def lua(units: int) -> Job:
    return program_job("lua", (str(WORKLOADS / "units.lua"), str(units)), ticks="1:tick")


def bzip2(units: int) -> Job:
    path = str(inputs.made("prose.txt", inputs.prose))
    return program_job("bzip2", ("-cv", *[path] * units), ticks="2:  ")


def gnugo(units: int) -> Job:
    """The same move considered again and again, without what it remembered of it."""
    commands = ["boardsize 9", "clear_board"]
    commands += [f"play {move}" for move in ("black E5", "white C4", "black G3", "white E3", "black D6", "white G5")]
    commands += ["clear_cache", "7 reg_genmove black"] * units + ["quit"]
    return program_job("gnugo", ("--mode", "gtp", "--level", "1", "--seed", "1"), script("game.gtp", "\n".join(commands) + "\n"), "1:=7 ")


def picosat(units: int) -> Job:
    """A number of decisions on a formula that is not decided by them. Later ones take longer."""
    path = str(inputs.made("formula.cnf", inputs.hard_formula))
    return program_job("picosat", ("-n", "-l", str(units * 200), path))


def bc(units: int) -> Job:
    text = f"n = {units}\n" + (WORKLOADS / "units.bc").read_text()
    return program_job("bc", ("-q", str(script("units.bc", text))), ticks="1:tick")


def flac(units: int) -> Job:
    path = str(inputs.made("music.wav", inputs.music))
    return program_job("flac", ("-8", "-p", "-c", *[path] * units), ticks="2:music.wav: WARNING, cannot write back MD5")


def cppcheck(units: int) -> Job:
    """Many copies of one file, by different names, because it looks at a file only once. Its C++ stands in for astyle's,
    which Debian's archive no longer has."""
    original = inputs.made("checked.cpp", inputs.cplusplus)
    directory = inputs.DIRECTORY / "checked"
    directory.mkdir(exist_ok=True)
    paths = [directory / f"{number}.cpp" for number in range(units)]
    for path in paths:
        if not path.exists():
            path.symlink_to(original)
    return program_job("cppcheck", ("--enable=all", "--inconclusive", *map(str, paths)), ticks="1:Checking ")


PROGRAMS = {"sqlite": sqlite, "lua": lua, "bzip2": bzip2, "gnugo": gnugo, "picosat": picosat, "bc": bc, "flac": flac,
            "cppcheck": cppcheck}


def real_program(name: str) -> Workload:
    try:
        fetch_programs.ensure([fetch_programs.program_named(name)], ["program.bc", *fetch_programs.NATIVE_FLAGS])
    except fetch_programs.Failure as failure:
        raise BenchError(str(failure)) from None
    return Workload(name, "program", PROGRAMS[name])


# ---- all of them ----------------------------------------------------------------------------------------------------


def all_titles() -> list[str]:
    kernels = sorted(path.stem for suffix in ("c", "cpp") for path in KERNELS.glob(f"*.{suffix}") if path.stem not in NOT_IN_SUITE)
    return [*kernels, *(f"program {name}" for name in PROGRAMS), *(f"shape {shape.name}" for shape in shapes.SHAPES)]


def make(title: str) -> Workload:
    """The workload of that title, with everything it needs built."""
    group, _, name = title.rpartition(" ")
    if group == "program":
        return real_program(name)
    if group == "shape":
        return shape(next(shape for shape in shapes.SHAPES if shape.name == name))
    return kernel(next(path for path in KERNELS.glob(f"{name}.c*")))


def select(only: str, quick: bool) -> list[Workload]:
    """By comma-separated words, each part of a title; else all, or for quick a few of every kind."""
    words = [word.strip().lower() for word in only.split(",") if word.strip()]
    titles = all_titles()
    for word in words:
        if not any(word in title for title in titles):
            raise BenchError(f"no workload is called '{word}': {', '.join(titles)}")
    if words:
        chosen = [title for title in titles if any(word in title for word in words)]
    else:
        chosen = [title for title in titles if not quick or title in QUICK]
    return [make(title) for title in chosen]
