# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a program has to print: what its native builds agree on, or what was recorded from them before."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from generator import DETACHED, Program

RECORD = Path(__file__).with_name("expected.json")
# Nearly every program ends within milliseconds; the others hardly ever end.
NATIVE_LIMIT_SECONDS = 0.5


class Discarded(Exception):
    """The program has no meaning to compare with; the message says why."""


def native_output(program: Program) -> str:
    """Standard output of the native builds at -O0 and -O2. Where they differ, the program is undefined."""
    if program.is_trivial:
        raise Discarded("trivial")
    with tempfile.TemporaryDirectory(prefix="tiercel-fuzz-") as name:
        folder = Path(name)
        source = folder / program.file_name
        source.write_text(program.text)
        unoptimised = build_and_run(program, source, folder / "O0", "-O0")
        optimised = build_and_run(program, source, folder / "O2", "-O2")
    if unoptimised != optimised:
        raise Discarded("undefined")
    return unoptimised


def build_and_run(program: Program, source: Path, binary: Path, level: str) -> str:
    build = subprocess.run([*program.compiler(), level, str(source), "-o", str(binary)], capture_output=True,
                           **DETACHED)
    if build.returncode != 0:
        raise Discarded("not compiling")
    try:
        run = subprocess.run([binary], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                             timeout=NATIVE_LIMIT_SECONDS, **DETACHED)
    except subprocess.TimeoutExpired:
        raise Discarded("not ending") from None
    if run.returncode != 0:
        raise Discarded("crashing")
    return run.stdout


class Oracle:
    """Answers from the record where the source is the recorded one, from native builds otherwise."""

    def __init__(self, record: Path = RECORD) -> None:
        self._programs: dict[str, dict[str, str]] = json.loads(record.read_text())["programs"]

    def fixed_seeds(self) -> list[int]:
        return [int(seed) for seed in self._programs]

    def expected(self, program: Program) -> str:
        """Raises Discarded for a program that cannot be used."""
        recorded = self._programs.get(str(program.seed))
        # Another version of csmith makes another program of the same seed.
        if recorded and recorded["source"] == program.fingerprint:
            return recorded["output"]
        return native_output(program)


def write_record(programs: list[tuple[Program, str]]) -> None:
    table = {str(program.seed): {"source": program.fingerprint, "output": output} for program, output in programs}
    rows = ",\n".join(f"    {json.dumps(seed)}: {json.dumps(row)}" for seed, row in table.items())
    RECORD.write_text(f'{{\n  "programs": {{\n{rows}\n  }}\n}}\n')
