# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changing a running program: redefining, calling what may be redefined, pauses and memory, against LLJIT and clang-repl."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from living_program import TARGET_CPP, VERSION, Program, make_program
from measuring import BUILD, HERE, ROOT, BenchError, machine, publish, ratio, run_checked, say, sizes_in_steps, table, warn_when_busy

WHO_COLLECTS = {"Workers": "workers", "A fixed tier": "fixed", "With sync": "sync"}
DIRECTORY = BUILD / "living"
SIZES = (10, 100, 1_000, 10_000, 100_000)
QUICK_SIZES = (10, 1_000)
LARGE = 100_000  # from here on one process per engine
CLANG_REPL = "clang-repl-22"
SAMPLE = "redefine and call, us"

Figures = dict[str, list[float]]  # samples by measurement


# ---- measuring ------------------------------------------------------------------------------------------------------


def build() -> None:
    run_checked(["ninja", "-C", str(ROOT / "build/release"), "--quiet", "tiercel", "tiercel-cli"], "building the library")
    installed = DIRECTORY / "installed"
    run_checked(["cmake", "--install", str(ROOT / "build/release"), "--prefix", str(installed)], "installing the library")
    run_checked(["cmake", "-S", str(HERE / "living"), "-B", str(DIRECTORY / "build"), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                 "-DCMAKE_CXX_COMPILER=clang++-22", "-DCMAKE_C_COMPILER=clang-22", f"-DCMAKE_PREFIX_PATH={installed}"],
                "configuring the measuring programs")
    run_checked(["ninja", "-C", str(DIRECTORY / "build"), "--quiet"], "building the measuring programs")


class Runner:
    """Runs measuring programs and collects what they print."""

    def __init__(self, one_core: bool) -> None:
        self.pin = ["taskset", "-c", "0"] if one_core else []

    def run(self, words: Sequence[object], into: Figures) -> None:
        command = [*self.pin, str(DIRECTORY / "build" / str(words[0])), *map(str, words[1:])]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise BenchError(f"{words[0]} failed with status {result.returncode}: {result.stderr.strip()[-500:]}")
        for line in result.stdout.splitlines():
            measurement, figure = line.split("\t")
            into[measurement].append(float(figure))


def target_of(x: int, version: int) -> int:
    """What @target returns, as a signed number."""
    value = x
    for i in range((x & 7) + 1):
        value = (value * 31 + (value >> 7) + i) % 2**64
    value = (value + version) % 2**64
    return value - 2**64 if value >= 2**63 else value


class ClangRepl:
    """An interactive clang-repl. It refuses a second definition of a function; what it has is %undo, which takes the last input
    back, with its code. So a function can be redefined as long as nothing was entered after it."""

    MARK = "R="

    def __init__(self, pin: list[str]) -> None:
        self._process = subprocess.Popen([*pin, CLANG_REPL], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, bufsize=1)

    def ask(self, text: str) -> int:
        """Enters lines, the last of which prints a number."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(text)
        self._process.stdin.flush()
        seen = []
        for line in self._process.stdout:
            if self.MARK in line:
                return int(line.split(self.MARK)[1])
            seen.append(line)
        raise BenchError(f"{CLANG_REPL} ended: {''.join(seen)[-500:]}")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        if self._process.wait() != 0:
            raise BenchError(f"{CLANG_REPL} ended with status {self._process.returncode}")


def measure_clang_repl(pin: list[str], program: Program, count: int, into: Figures) -> None:
    def call(function: str, argument: int) -> str:
        return f'dprintf(1, "{ClangRepl.MARK}%ld\\n", {function}({argument}));\n'

    repl = ClangRepl(pin)
    includes = "".join(f'#include "{path}"\n' for path in program.halves_cpp)
    repl.ask(f'extern "C" int dprintf(int, const char*, ...);\n{includes}{TARGET_CPP.replace(VERSION, "0")}{call("f0", 1)}')
    for version in range(1, count + 1):
        text = "%undo\n%undo\n" + TARGET_CPP.replace(VERSION, str(version)) + call("target", version)
        begin = time.perf_counter()
        result = repl.ask(text)
        into[SAMPLE].append((time.perf_counter() - begin) * 1e6)
        if result != target_of(version, version):
            raise BenchError(f"{CLANG_REPL} does not reach the new version")
    repl.close()


Contender = Callable[[Program, int, Figures], None]


def contenders(runner: Runner) -> dict[str, Contender]:
    def ours(callers: str) -> Contender:
        return lambda program, count, into: runner.run(
            ["measure_living", "redefine", program.whole, program.target, count, callers], into)

    found: dict[str, Contender] = {
        "tiercel": ours("cold"),
        "tiercel, hot callers": ours("hot"),
        "LLJIT": lambda program, count, into: runner.run(["measure_lljit", *program.halves, program.target, count], into),
    }
    if shutil.which(CLANG_REPL):
        found[CLANG_REPL] = lambda program, count, into: measure_clang_repl(runner.pin, program, count, into)
    else:
        say(f"{CLANG_REPL} is not installed (package clang-tools-22): left out")
    return found


def measure_redefinitions(runner: Runner, sizes: Sequence[int], rounds: int, samples: int) -> dict[tuple[str, int], Figures]:
    figures: dict[tuple[str, int], Figures] = defaultdict(lambda: defaultdict(list))
    for size in sizes:
        program = make_program(size, DIRECTORY / "programs" / str(size))
        repeat = 1 if size >= LARGE else rounds
        for number in range(repeat):
            for name, measure in contenders(runner).items():
                begin = time.perf_counter()
                measure(program, -(-samples // repeat), figures[name, size])
                say(f"{size:,} functions, round {number + 1}/{repeat}: {name}: {time.perf_counter() - begin:.1f} s")
    return figures


# ---- tables ---------------------------------------------------------------------------------------------------------


def percentile(samples: Sequence[float], share: float) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def redefinition_table(figures: dict[tuple[str, int], Figures], sizes: Sequence[int]) -> str:
    rows = []
    for name in dict.fromkeys(name for name, _ in figures):
        for size in sizes:
            samples = figures[name, size][SAMPLE]
            median = statistics.median(samples)
            base = statistics.median(figures["tiercel", size][SAMPLE])
            parts = [figures[name, size].get(what) for what in ("of it redefine, us", "the first one, us")]
            rows.append([name, f"{size:,}", f"{median / 1e3:.2f}", f"{percentile(samples, 0.95) / 1e3:.2f}",
                         *(f"{statistics.median(part) / 1e3:.2f}" if part else "" for part in parts),
                         ratio(median / base), str(len(samples))])
    return table(["", "functions", "median ms", "p95 ms", "of it redefine()", "the first", "over tiercel", "samples"], rows)


def call_table(calls: Figures) -> str:
    rows = []
    near, far, again = "native, direct", "native, into a shared library", "native, direct (2)"
    for name, base, budget in ((near, near, ""), ("native, through a pointer", near, ""), ("JIT to JIT, direct", near, "1.02"),
                               ("JIT to JIT, turned", again, "1.02"), ("JIT to JIT, through the stub", near, "1.15"), (far, near, ""),
                               ("host through the stub", near, "1.15"), ("host through the stub", far, "")):
        over = statistics.median(own / other for own, other in zip(calls[name], calls[base], strict=True))
        rows.append([name, f"{statistics.median(calls[name]):.3f}", base.removesuffix(" (2)"), f"{over:.3f}", budget])
    return table(["", "ns", "over", "ratio", "budget"], rows)


def pause_table(pauses: Figures) -> str:
    rows = [[name, f"{statistics.median(samples):.1f}", f"{percentile(samples, 0.95):.1f}", f"{max(samples):.1f}", str(len(samples))]
            for name, samples in pauses.items() if not name.startswith("incomplete")]
    return table(["microseconds", "median", "p95", "longest", "samples"], [[row[0].removesuffix(", us"), *row[1:]] for row in rows])


def memory_table(memory: Figures) -> str:
    whens = list(dict.fromkeys(name.split(" ", 1)[0] for name in memory))
    whats = list(dict.fromkeys(name.split(" ", 1)[1] for name in memory))
    rows = []
    for what in whats:
        values = [statistics.median(memory[f"{when} {what}"]) for when in whens]
        rows.append([what, *(f"{value:,.0f}" for value in values), f"{values[-1] / values[0]:.2f}" if values[0] else ""])
    return table(["", *(f"after {int(when):,}" for when in whens), "last over first"], rows)


def changes_table(changes: dict[int, Figures]) -> str:
    rows = [[f"{what}()", *(f"{statistics.median(figures[what]):.1f}" for figures in changes.values())] for what in ("add", "redefine", "remove")]
    return table(["microseconds", *(f"{modules:,} modules" for modules in changes)], rows)


def report(one_core: bool, redefinitions: str, changes: str, calls: str, pauses: str, memory: str, modules: dict[str, str],
           incomplete: int) -> str:
    load = os.getloadavg()[0]
    return "\n".join([
        "# A living program: what changing it costs", "",
        f"Made by `./dev bench living`. {machine(one_core)} The machine was shared with other work (load at the end {load:.1f}): "
        "longest times are its as much as ours.", "",
        "## Redefining one function", "",
        "From the text of the new definition in memory to the return of the first call. Half of the program's functions are compiled "
        "and call each other; ten of them call the one that changes. *tiercel*: `Engine::redefine`, then a call **through a caller** "
        "that has run before; the text is one function of a module that has all. *Hot callers*: these were compiled at the top tier "
        "and have the function inlined, so that they fall back. *LLJIT* (ORC, code generator at -O0): `ResourceTracker::remove`, `addIRModule`, "
        "`lookup` and a call of what it found; a module removed is code removed, so callers are left with addresses of nothing. "
        "*clang-repl* refuses a second definition of a function; measured is what it allows: `%undo` of the last call and of the definition, which must be "
        "the last inputs, the new definition and a call, as text through a pipe. Callers, again, keep the old address. "
        "*The first* also pays for what is made once, and for finding the body before in the whole program. Budget: 2 ms, at any size.", "",
        redefinitions, "",
        "## Modules", "",
        "Adding, redefining and removing a module of one function among so many others, which all mention one variable. Medians. "
        "Budget: at 4,000 modules at most twice as much as at 100.", "",
        changes, "",
        "## Calls", "",
        "A loop of calls to a function of one multiplication, noinline; medians, ratios within a round. The loop and the "
        "function are the same C file, compiled natively with -O3 and by the engine at the top tier, inlining off. *Turned*: after the "
        "function was replaced three times. A call from the host goes gigabytes away, as one into a shared library does, which the "
        "processor's branch prediction makes dearer by itself; hence the second ratio.", "",
        calls, "",
        "## Pauses", "",
        "Threads run 1,000 frames deep in compiled code. *Seen by the thread*: the longest time between two looks at the "
        "clock while `collect()` ran, by a thread that does nothing else; below it, the same for an equal time without a collection. *Not preempted*: without "
        "gaps in which the scheduler gave the core to somebody else. "
        "With eight threads on this machine, `collect()` waits for the scheduler to let each of them run. *Calling*: the same "
        "figure of a thread that calls all the time, for each redefinition: of the function that changes, whose first call "
        "compiles it, and of another one. Budget: 100 us per thread.", "",
        pauses, "",
        f"Collections that were not complete: {incomplete}.", "",
        "## Memory", "",
        "Of a host, after so many redefinitions of a function with a constant of 64 bytes, each called, with a collection every hundred. "
        "Data grows by these constants: the program may have kept their addresses, so they stay as long as the module.", "",
        memory, "",
        "And after so many modules of one function that came, were called and went, under a name each. Nobody collects. What stays is a function's "
        "fixed part (docs/living-programs.md).", "",
        *(line for who, figures in modules.items() for line in (f"{who}:", "", figures, "")),
    ])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=sizes_in_steps(10), metavar="N,N", help="other numbers of functions, multiples of 10")


def main(arguments: argparse.Namespace) -> int:
    sizes = arguments.sizes or (QUICK_SIZES if arguments.quick else SIZES)
    rounds = arguments.rounds or (1 if arguments.quick else 2)
    build()
    warn_when_busy()
    runner = Runner(arguments.one_core)
    calls: Figures = defaultdict(list)
    pauses: Figures = defaultdict(list)
    memory: Figures = defaultdict(list)
    modules: dict[str, Figures] = {who: defaultdict(list) for who in WHO_COLLECTS}
    changes: dict[int, Figures] = {size: defaultdict(list) for size in (100, 1000, 4000, 16_000)}
    for who, name in WHO_COLLECTS.items():
        runner.run(["measure_living", "modules", 2000 if arguments.quick else 100_000, name], modules[who])
    for size, figures in changes.items():
        runner.run(["measure_living", "changes", size], figures)
    say("modules that come and go measured")
    for _ in range(rounds):
        runner.run(["measure_living", "calls", 20_000_000, 7 if arguments.quick else 21], calls)
        runner.run(["measure_living", "pauses", 100 if arguments.quick else 500], pauses)
        runner.run(["measure_living", "memory", 1000 if arguments.quick else 10_000], memory)
        say("calls, pauses and memory measured")
    redefinitions = measure_redefinitions(runner, sizes, rounds, 60 if arguments.quick else 200)
    incomplete = int(sum(sum(samples) for name, samples in pauses.items() if name.startswith("incomplete")))
    markdown = report(arguments.one_core, redefinition_table(redefinitions, sizes), changes_table(changes), call_table(calls),
                      pause_table(pauses), memory_table(memory), {who: memory_table(figures) for who, figures in modules.items()}, incomplete)
    data = {"machine": machine(arguments.one_core), "calls": calls, "pauses": pauses, "memory": memory, "modules": modules,
            "changes": changes,
            "redefinitions": [{"contender": name, "functions": size, **figures} for (name, size), figures in redefinitions.items()]}
    publish(markdown, data, arguments.output, arguments.json)
    return 0
