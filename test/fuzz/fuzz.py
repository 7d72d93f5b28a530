#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs: what csmith generates has to print the same under the engine, in every mode, as its native build.

Without options the fixed set of expected.json runs, as in `./dev test`. With --minutes it goes on with fresh seeds.
Every failure is printed with the commands that repeat it, and its program is kept in build/fuzz-failures/SEED/.

  fuzz.py                              the fixed set
  fuzz.py --minutes 10                 fresh seeds for ten minutes
  fuzz.py --seed 4711 --mode tier2     one program again
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import itertools
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from generator import LEVELS, Program, build_bitcode, generate
from oracle import Discarded, Oracle, native_output, write_record
from targets import DEFAULT_MODES, Engine, Mode, Outcome, patience

ROOT = Path(__file__).resolve().parent.parent.parent
FAILURES = ROOT / "build/fuzz-failures"
FIXED_COUNT = 150
PROGRESS_SECONDS = 20


class Session:
    """Runs programs in all modes and counts. Thread-safe: every program is independent of the others."""

    def __init__(self, engine: Engine, modes: list[Mode], oracle: Oracle, level: str | None) -> None:
        self._engine = engine
        self._modes = modes
        self._oracle = oracle
        self._level = level
        self._lock = threading.Lock()
        self.programs = self.passed = self.failed = 0
        self.discarded: collections.Counter[str] = collections.Counter()

    def test(self, seed: int) -> None:
        program = generate(seed, self._level)
        try:
            expected = self._oracle.expected(program)
        except Discarded as why:
            with self._lock:
                self.discarded[str(why)] += 1
            return
        with tempfile.TemporaryDirectory(prefix="tiercel-fuzz-") as folder:
            bitcode = build_bitcode(program, Path(folder))
            outcomes = [(mode, self._engine.run(mode, seed, bitcode, expected)) for mode in self._modes]
            failures = [(mode, outcome) for mode, outcome in outcomes if outcome.problem]
            with self._lock:
                self.programs += 1
                self.passed += len(outcomes) - len(failures)
                self.failed += len(failures)
                if failures:
                    keep(program, Path(folder), expected)
                    for mode, outcome in failures:
                        self._report(program, mode, outcome)

    def _report(self, program: Program, mode: Mode, outcome: Outcome) -> None:
        kept = FAILURES / str(program.seed)
        command = shlex.join([*outcome.command[:-1], str(kept / "program.bc")])
        (kept / f"{mode.name}.problem").write_text(outcome.problem + "\n")
        (kept / f"{mode.name}.stdout").write_text(outcome.stdout)
        (kept / f"{mode.name}.stderr").write_text(outcome.stderr)
        (kept / f"{mode.name}.command").write_text(command + "\n")
        again = ["python3", str(Path(__file__).resolve()), "--engine", shlex.join(self._engine.command),
                 "--seed", str(program.seed), "--input-level", program.level]
        if self._engine.has_modes:
            again += ["--mode", mode.name]
        print(f"FAIL seed {program.seed}, mode {mode.name}, input {program.level}: {outcome.problem}\n"
              f"  run:   {command}\n  again: {shlex.join(again)}", flush=True)

    def summary(self) -> str:
        discarded = ", ".join(f"{count} {why}" for why, count in sorted(self.discarded.items()))
        return f"{self.programs} programs" + (f"; discarded: {discarded}" if discarded else "")

    def result(self) -> str:
        skipped = self.discarded.total() * len(self._modes)
        return f"{self.passed} passed, {self.failed} failed" + (f", {skipped} skipped" if skipped else "")


def keep(program: Program, folder: Path, expected: str) -> None:
    """Copies a failing program to where it survives, in place of what an earlier run kept there."""
    kept = FAILURES / str(program.seed)
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    (kept / "expected.txt").write_text(expected)


def run_seeds(session: Session, seeds: Iterator[int], jobs: int, deadline: float) -> None:
    """Tests seeds, `jobs` at a time, until there are no more, or the deadline is reached, or Ctrl-C."""
    lock = threading.Lock()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set() and time.monotonic() < deadline:
            with lock:
                seed = next(seeds, None)
            if seed is None:
                return
            session.test(seed)

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = {pool.submit(work) for _ in range(jobs)}
        try:
            while pending:
                # On an error in one worker (csmith missing, disk full) the others stop, and it is raised here.
                done, pending = concurrent.futures.wait(pending, timeout=PROGRESS_SECONDS,
                                                        return_when=concurrent.futures.FIRST_COMPLETED)
                for worker in done:
                    worker.result()
                if not done:
                    print(f"{time.monotonic() - started:5.0f} s: {session.summary()}; {session.passed} runs passed, "
                          f"{session.failed} failed", flush=True)
        except KeyboardInterrupt:
            print("stopping; the programs that run now are the last", flush=True)
        finally:
            stop.set()


def record_fixed_set() -> None:
    """The fixed set: the first seeds from 1 on whose programs can be used."""
    programs: list[tuple[Program, str]] = []
    for seed in itertools.count(1):
        program = generate(seed)
        try:
            programs.append((program, native_output(program)))
        except Discarded as why:
            print(f"seed {seed} discarded: {why}")
        if len(programs) == FIXED_COUNT:
            break
    write_record(programs)


def positions(text: str) -> slice:
    """'11-20' as a slice of the fixed set, counted from 1."""
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a range like 1-10")
    return slice(int(first) - 1, int(last))


def positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return number


def parse_arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--minutes", type=positive, metavar="N", help="go on with fresh seeds for this long")
    what.add_argument("--seed", type=int, metavar="SEED", help="only the program of this csmith seed")
    what.add_argument("--seeds", type=positions, metavar="A-B", default=slice(None),
                      help=f"only these of the fixed set, by position, 1 to {FIXED_COUNT} (default: all)")
    what.add_argument("--record", action="store_true",
                      help="write expected.json anew, from native builds: after a change to what csmith generates")
    parser.add_argument("--master-seed", type=int, metavar="SEED",
                        help="with --minutes: the seed that the seeds come from (default: a new one, printed)")
    parser.add_argument("--engine", default=str(ROOT / "build/release/bin/tiercel") + " run", metavar="COMMAND",
                        help="command that runs bitcode (default: %(default)s); any lli is understood, too")
    parser.add_argument("--mode", "--modes", dest="modes", default=DEFAULT_MODES, metavar="NAME,…",
                        help="modes of test/modes/modes.json (default: %(default)s)")
    parser.add_argument("--input-level", choices=LEVELS,
                        help="give the engine every program in this form (default: the seed decides)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="programs at a time (default: %(default)s)")
    parser.add_argument("--cpu-seconds", type=positive, default=patience.CPU_SECONDS, metavar="SECONDS",
                        help="a run of the engine that used so much processor time hangs (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.master_seed is not None and arguments.minutes is None:
        parser.error("--master-seed needs --minutes")
    if arguments.jobs < 1:
        parser.error("--jobs needs at least 1")
    return parser, arguments


def main() -> int:
    parser, arguments = parse_arguments()
    if arguments.record:
        record_fixed_set()
        return 0
    try:
        engine = Engine(arguments.engine, arguments.cpu_seconds)
        modes = engine.modes(arguments.modes)
    except ValueError as error:
        parser.error(str(error))

    oracle = Oracle()
    session = Session(engine, modes, oracle, arguments.input_level)
    deadline = float("inf")
    if arguments.minutes is not None:
        master = arguments.master_seed
        if master is None:
            master = random.SystemRandom().getrandbits(32)
        print(f"master seed {master}", flush=True)
        generator = random.Random(master)
        # Far from the fixed set, and within what csmith accepts.
        seeds: Iterator[int] = (generator.randrange(10**6, 2**31) for _ in itertools.count())
        deadline = time.monotonic() + 60 * arguments.minutes
    elif arguments.seed is not None:
        seeds = iter([arguments.seed])
    else:
        seeds = iter(oracle.fixed_seeds()[arguments.seeds])

    try:
        run_seeds(session, seeds, arguments.jobs, deadline)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = f"\n{error.stderr}" if getattr(error, "stderr", None) else ""
        print(f"fuzz.py: error: {error}{detail}", file=sys.stderr)
        return 2
    print(session.summary())
    print(session.result())
    # Nothing run is no success: it would hide that csmith or the compiler does not work any more.
    return 1 if session.failed or not session.passed else 0


if __name__ == "__main__":
    sys.exit(main())
