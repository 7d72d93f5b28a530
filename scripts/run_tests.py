#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the stages of the test suite on a finished build and adds up their results.

Each stage prints its failures and, last, `N passed, N failed[, N skipped]` (the output of gtest and lit is converted).
A stage also fails when it ends without that line, when its exit status does not agree with it, when it ran nothing, and
when it hangs (patience.py says what that means). The last line of this script is the sum over all stages.
"""

import argparse
import dataclasses
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import patience

ROOT = Path(__file__).resolve().parent.parent
# A stage that prints nothing hangs after so much processor time, or so long without any activity. Stages look after the
# programs they run; this is for the stages themselves, of which some print nothing until they end.
STAGE_CPU_SECONDS = 3600 * (os.cpu_count() or 1)
STAGE_IDLE_SECONDS = 5 * 60
QUICK_SEEDS = "1-10"
# Each of these reaches what the others do not; the corpus alone would take half an hour in all modes.
CORPUS_MODES = (
    "tier0,tier3,adaptive,cost,window,promote-always,osr-always,chaos,"
    "retire-always,poison-freed,tiny-arena,single-mapping"
)
# Most of what the engine does, it does on the program's own threads in these.
BOUNDARY_MODES = "tier0,promote-always,osr-always,tiny-arena"
PROGRAM_MODES = "tier0,adaptive,chaos"
SOAK_STRESS_SECONDS = 30 * 60
SOAK_FUZZ_MINUTES = 60
QUICK_MODES = "tier0,adaptive,promote-always,osr-always"


@dataclasses.dataclass
class Stage:
    name: str
    title: str
    command: list[str]
    quick_command: list[str] | None  # what --quick runs instead; None: leave the stage out
    soak_commands: tuple[list[str], ...] = ()  # what --soak runs instead


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")

    def add(self, other: "Counts") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def make_stages(preset: str) -> list[Stage]:
    build = ROOT / "build" / preset
    engine = ["--engine", f"{build}/bin/tiercel run"]

    def script(path: str, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / path), *arguments]

    unit = [f"{build}/bin/tiercel-unit-tests", "--gtest_brief=1"]
    lit = ["lit-22", "--print-result-after=failed", "--test-output=failed", f"-Dpreset={preset}",
           str(ROOT / "test/filetest")]
    corpus = script("test/run/run_corpus.py", *engine)
    programs = script("test/programs/run_programs.py", *engine)
    profile = script("test/profile/run_comparisons.py", "--tiercel", f"{build}/bin/tiercel")
    fuzz = script("test/fuzz/fuzz.py", *engine)
    bench = script("test/bench/run_bench_tests.py")
    stress = script("test/stress/run_stress.py", "--preset", preset)
    examples = script("scripts/run_examples.py", "--preset", preset)
    return [
        Stage("unit", "unit tests", unit, unit),
        Stage("filetest", "file tests", lit, lit),
        Stage("corpus", "corpus of programs, in many modes", [*corpus, "--modes", CORPUS_MODES],
              [*corpus, "--modes", QUICK_MODES], (corpus,)),
        Stage("boundary", "what first calls must not need",
              [*corpus, "--boundary", "--modes", BOUNDARY_MODES], [*corpus, "--boundary", "--modes", "promote-always"],
              ([*corpus, "--boundary"],)),
        Stage("programs", "real programs, in some modes", [*programs, "--modes", PROGRAM_MODES], None,
              (programs,)),
        Stage("profile", "profiles, against clang's", profile, profile),
        Stage("fuzz", "random programs", fuzz, [*fuzz, "--seeds", QUICK_SEEDS],
              (fuzz, [*fuzz, "--minutes", str(SOAK_FUZZ_MINUTES)])),
        Stage("bench", "what the benchmarks conclude", bench, bench),
        Stage("stress", "everything that changes a running program, at once", [*stress, "--seconds", "20"],
              [*stress, "--seconds", "12"], ([*stress, "--seconds", str(SOAK_STRESS_SECONDS)],)),
        Stage("examples", "examples, run and built against the installed package", examples, examples),
    ]


def parse_own(output: str) -> Counts | None:
    lines = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", output, re.MULTILINE)
    return Counts(*(int(number or 0) for number in lines[-1])) if lines else None


def parse_gtest(output: str) -> Counts | None:
    """Needs --gtest_brief, which names only what did not pass; its last line says how many did."""
    passed = re.search(r"^\[  PASSED  \] (\d+) test", output, re.MULTILINE)
    if not passed:
        return None
    failed = re.findall(r"^\[  FAILED  \] .+ \(\d+ ms\)$", output, re.MULTILINE)
    skipped = re.search(r"^\[  SKIPPED \] (\d+) test", output, re.MULTILINE)
    return Counts(int(passed[1]), len(failed), int(skipped[1]) if skipped else 0)


def parse_lit(output: str) -> Counts | None:
    counts = Counts()
    rows = re.findall(r"^ +([A-Z][A-Za-z ]+?) *: +(\d+)(?: \(.*\))?$", output, re.MULTILINE)
    for label, number in rows:
        if label in ("Passed", "Expectedly Failed"):
            counts.passed += int(number)
        elif label in ("Unsupported", "Skipped", "Excluded"):
            counts.skipped += int(number)
        else:  # Failed, Unexpectedly Passed, Unresolved, Timed Out
            counts.failed += int(number)
    return counts if rows else None


PARSERS = {"unit": parse_gtest, "filetest": parse_lit}


def run_stage(stage: Stage, command: list[str], log: Path) -> tuple[Counts, str]:
    """Runs one stage with its output on the terminal and in the log. Returns its counts and what was wrong with it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    except OSError as error:
        return Counts(failed=1), f"cannot start {command[0]}: {error.strerror}"

    watch = patience.Watch(process.pid, STAGE_CPU_SECONDS, STAGE_IDLE_SECONDS)
    lines: list[str] = []

    def read() -> None:
        with log.open("w") as file:
            for line in process.stdout:
                watch.progress()
                sys.stdout.write(line)
                sys.stdout.flush()
                file.write(line)
                lines.append(line)

    # A thread, which is left behind if something that cannot be ended holds the stream open.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    hang = ""
    try:
        while reader.is_alive() or process.poll() is None:  # in this order: who is waited for cannot be found any more
            if reader.is_alive():
                reader.join(patience.POLL_SECONDS)
            else:
                time.sleep(0.1)
            if hang := watch.hangs():
                patience.end_tree(process.pid)
                reader.join(patience.POLL_SECONDS)
                break
        status = process.wait()
    except KeyboardInterrupt:
        patience.end_tree(process.pid)
        raise

    counts = PARSERS.get(stage.name, parse_own)("".join(lines))
    if hang:
        problem = f"hung: {hang}"
    elif counts is None:
        problem = f"ended with status {status} and without a result"
    elif status != 0 and counts.failed == 0:
        problem = f"reports no failure but ended with status {status}"
    elif status == 0 and counts.failed != 0:
        problem = "reports failures but ended with status 0"
    elif counts.passed + counts.failed == 0:
        problem = "ran no test"
    else:
        return counts, ""
    result = counts or Counts()
    result.failed += 1
    return result, problem


def commands_of(stage: Stage, arguments: argparse.Namespace) -> list[list[str]]:
    if arguments.soak:
        return list(stage.soak_commands)
    command = stage.quick_command if arguments.quick else stage.command
    return [command] if command else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [stage.name for stage in make_stages("release")]
    parser.add_argument("--preset", default="release", choices=["release", "debug", "asan", "tsan"],
                        help="the build to test (default: %(default)s)")
    parser.add_argument("--quick", action="store_true",
                        help=f"fewer modes ({QUICK_MODES}) and seeds ({QUICK_SEEDS}), no real programs")
    parser.add_argument("--soak", action="store_true",
                        help="what takes hours: all modes, fresh seeds, long stress, and nothing else")
    parser.add_argument("--stages", metavar="NAME,…", help=f"only these: {', '.join(names)}")
    arguments = parser.parse_args()

    if arguments.quick and arguments.soak:
        parser.error("--quick or --soak")
    wanted = arguments.stages.split(",") if arguments.stages else names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such stage: {', '.join(sorted(unknown))} (there are {', '.join(names)})")

    os.environ[patience.PRESET_VARIABLE] = arguments.preset
    logs = ROOT / "build" / arguments.preset / "test-logs"
    total = Counts()
    summary: list[str] = []
    for stage in make_stages(arguments.preset):
        if stage.name not in wanted:
            continue
        for number, command in enumerate(commands_of(stage, arguments)):
            print(f"\n==== {stage.title}", flush=True)
            started = time.monotonic()
            counts, problem = run_stage(stage, command, logs / f"{stage.name}{number or ''}.log")
            total.add(counts)
            row = f"{stage.name:10} {counts}, {time.monotonic() - started:.0f} s" + (f"   ({problem})" if problem else "")
            print(row, flush=True)
            summary.append(row)

    print("\n==== summary", f"logs are in {logs.relative_to(ROOT)}/", *summary, sep="\n")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
