#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs real programs under an engine, in several modes, and compares each run with the program's native build.

The cases are in cases.py, the programs come from scripts/fetch_programs.py (fetched and built here when missing), the
modes from test/modes/modes.json. Standard output, standard error, exit status and the files left behind must be the same.
A line per program says how far it is; the last line is `N passed, N failed`. The directory of a failed run is kept and named.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import difflib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "modes"), str(ROOT / "scripts")]

import fetch_programs  # noqa: E402  (found through the path set above)
import patience  # noqa: E402
from cases import CASES, Case  # noqa: E402
from modes import Mode, load_modes, select_modes  # noqa: E402

REFERENCE = "native-O0"  # the native build every program has, and the quickest to make
RUNS_DIR = ROOT / "build/test-programs"
KEPT_VARIABLES = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")
FIXED_VARIABLES = {"LC_ALL": "C", "TZ": "UTC", "TERM": "dumb", "TIERCEL_TEST_VARIABLE": "from the test"}


@dataclass(frozen=True)
class Outcome:
    """All that can be seen of a run."""

    status: int | None  # as subprocess reports it: negative for death by a signal; None: it hung
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes]


def snapshot(directory: Path, ignored: tuple[str, ...]) -> dict[str, bytes]:
    found = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if name not in ignored}


def run_in(directory: Path, case: Case, command: list[str], executable: str | None, cpu_seconds: float) -> Outcome:
    """Runs a case in an empty directory. `executable` runs in place of command[0], which stays what the program is told."""
    for name, content in case.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content())
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment |= FIXED_VARIABLES | {"HOME": str(directory)}
    # A group of its own, so that what it sends to its group stays there.
    process = subprocess.Popen(command, executable=executable, cwd=directory, env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        stdout, stderr = patience.communicate(process, case.stdin(), cpu_seconds)
        status: int | None = process.returncode
    except patience.Hang as hang:
        stdout, stderr = hang.stdout, hang.stderr
        status = None
    except BaseException:
        patience.end_tree(process.pid)
        raise
    return Outcome(status, stdout, stderr, snapshot(directory, case.ignored))


def run_native(case: Case, directory: Path, cpu_seconds: float) -> Outcome:
    program = fetch_programs.program_named(case.program)
    # Told the name that an engine tells it, because some programs print it.
    command = [str(program.path("program.bc")), *case.args]
    return run_in(directory, case, command, str(program.path(REFERENCE)), cpu_seconds)


# ---- comparison -----------------------------------------------------------------------------------------------------


def describe_bytes(name: str, expected: bytes, actual: bytes) -> list[str]:
    if expected == actual:
        return []
    try:
        before, after = expected.decode().splitlines(), actual.decode().splitlines()
    except UnicodeDecodeError:
        place = next((i for i, (a, b) in enumerate(zip(expected, actual)) if a != b), min(len(expected), len(actual)))
        return [f"{name} differs at byte {place}; {len(expected)} bytes expected, {len(actual)} found"]
    diff = list(difflib.unified_diff(before, after, "native", "engine", lineterm="", n=1))
    shown = [f"  {line[:200]}" for line in diff[2:14]]
    if len(diff) > 14:
        shown.append(f"  ... {len(diff) - 14} more lines of difference")
    return [f"{name} differs", *(shown or ["  only in line ends"])]


def describe_status(status: int | None) -> str:
    if status is None:
        return "hung and was stopped"
    return f"signal {-status}" if status < 0 else f"status {status}"


def differences(expected: Outcome, actual: Outcome) -> list[str]:
    lines = []
    if expected.status != actual.status:
        lines.append(f"ended: {describe_status(actual.status)}; native: {describe_status(expected.status)}")
    lines += describe_bytes("stdout", expected.stdout, actual.stdout)
    lines += describe_bytes("stderr", expected.stderr, actual.stderr)
    for name in sorted(expected.files.keys() | actual.files.keys()):
        if name not in actual.files:
            lines.append(f"file {name} is missing")
        elif name not in expected.files:
            lines.append(f"file {name} should not be there")
        else:
            lines += describe_bytes(f"file {name}", expected.files[name], actual.files[name])
    return lines


# ---- running all of it ----------------------------------------------------------------------------------------------


def reference_of(case: Case, cpu_seconds: float) -> Outcome:
    """The native run; raises ValueError when it does not end as the case says, which would make the case worthless."""
    with tempfile.TemporaryDirectory(dir=RUNS_DIR) as directory:
        outcome = run_native(case, Path(directory), cpu_seconds)
    if outcome.status != case.status:
        raise ValueError(f"native build: {describe_status(outcome.status)}, the case expects status {case.status}\n"
                         + outcome.stderr.decode(errors="replace")[:500])
    return outcome


def check(case: Case, mode: Mode, engine: list[str], expected: Outcome, cpu_seconds: float) -> list[str]:
    """Runs one case in one mode; returns what was wrong with it."""
    program = fetch_programs.program_named(case.program)
    command = mode.command(engine, [str(program.path("program.bc")), *case.args])
    directory = Path(tempfile.mkdtemp(dir=RUNS_DIR, prefix=f"{case.program}-{case.name}-{mode.name}-"))
    actual = run_in(directory, case, command, None, cpu_seconds)
    problems = differences(expected, actual)
    if not problems:
        shutil.rmtree(directory)
        return []
    (directory / "engine.stdout").write_bytes(actual.stdout)
    (directory / "engine.stderr").write_bytes(actual.stderr)
    return [*problems, f"command: {shlex.join(command)}", f"kept in: {directory}"]


def resolve_engine(words: str) -> list[str]:
    """The engine's command, its program as an absolute path because runs happen in directories of their own."""
    command = shlex.split(words)
    found = shutil.which(command[0]) if command else None
    if not found:
        raise ValueError(f"no such engine: {words}")
    return [str(Path(found).absolute()), *command[1:]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default=f"{ROOT}/build/release/bin/tiercel run", metavar="COMMAND",
                        help="what runs a bitcode file (default: %(default)s)")
    parser.add_argument("--modes", metavar="A,B", help="only these modes of test/modes/modes.json (default: all)")
    parser.add_argument("--filter", default="", metavar="TEXT", help="only cases whose PROGRAM/NAME contains TEXT")
    parser.add_argument("--cpu-seconds", type=float, default=patience.CPU_SECONDS, metavar="SECONDS",
                        help="a run that used so much processor time hangs (default: %(default)s)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="runs at the same time (default: one per core, %(default)s here)")
    parser.add_argument("--list", action="store_true", help="list the cases and do nothing")
    arguments = parser.parse_args()

    cases = [case for case in CASES if arguments.filter in case.id]
    if arguments.list:
        print("\n".join(case.id for case in cases))
        return 0
    try:
        modes = select_modes(load_modes(), arguments.modes)
        engine = resolve_engine(arguments.engine)
    except ValueError as error:
        parser.error(str(error))
    if not cases:
        parser.error(f"no case matches '{arguments.filter}'")
    if arguments.jobs < 1 or arguments.cpu_seconds <= 0:
        parser.error("--jobs and --cpu-seconds must be positive")

    names = {case.program for case in cases}
    try:
        fetch_programs.ensure([p for p in fetch_programs.PROGRAMS if p.name in names], ["program.bc", REFERENCE])
    except fetch_programs.Failure as failure:
        print(f"error: {failure}\n0 passed, {len(cases) * len(modes)} failed")
        return 1
    shutil.rmtree(RUNS_DIR, ignore_errors=True)
    RUNS_DIR.mkdir(parents=True)

    passed = failed = 0
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for number, case in enumerate(cases, start=1):
            try:
                expected = reference_of(case, arguments.cpu_seconds)
            except ValueError as error:
                print(f"FAIL {case.id}: {error}", flush=True)
                failed += len(modes)
                continue
            checks = [pool.submit(check, case, mode, engine, expected, arguments.cpu_seconds) for mode in modes]
            for mode, future in zip(modes, checks):
                problems = future.result()
                passed, failed = (passed, failed + 1) if problems else (passed + 1, failed)
                if problems:
                    print(f"FAIL {case.id} in mode {mode.name}", *("  " + line for line in problems), sep="\n", flush=True)
            if number == len(cases) or cases[number].program != case.program:
                print(f"{time.monotonic() - started:5.0f} s: {case.program} done; {passed} runs passed, {failed} failed", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
