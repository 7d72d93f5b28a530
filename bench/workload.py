# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A workload of any length: how its programs are built, and how many units of work take how long."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fetch_programs
from contenders import Job
from measuring import BUILD, HERE, BenchError, Meter, run_checked, say

KERNELS = HERE / "kernels"
CALIBRATION = BUILD / "calibration.json"
CALIBRATION_MS = 300  # a run this long is enough to know the time per unit


@dataclass(frozen=True)
class Workload:
    """A program whose work comes in equal units, as many as one asks for."""

    name: str
    group: str  # kernel, program, shape
    job: Callable[[int], Job]  # the job of so many units
    most_units: int | None = None  # it has no more

    @property
    def title(self) -> str:
        return self.name if self.group == "kernel" else f"{self.group} {self.name}"


@dataclass(frozen=True)
class SingleSource:
    """A program of one C or C++ file, built in every form it is needed in; rebuilt when the file or the compiler changes."""

    source: Path

    @property
    def directory(self) -> Path:
        return BUILD / "built" / self.source.stem

    def compile_command(self, flags: list[str], output: Path) -> list[str]:
        compiler = fetch_programs.CXX if self.source.suffix == ".cpp" else fetch_programs.CC
        return [compiler, "-w", *flags, f"-I{KERNELS}", str(self.source), *([] if "-c" in flags else ["-lm", "-lpthread"]),
                "-o", str(output)]

    def path(self, output: str) -> Path:
        return self.directory / output

    def key(self) -> str:
        texts = [path.read_text() for path in (self.source, *sorted(KERNELS.glob("*.h")))]
        return fetch_programs.sha256(*texts, fetch_programs.toolchain_identity(), fetch_programs.cpu_identity())

    def build(self) -> None:
        key_file, key = self.path("key"), self.key()
        if key_file.exists() and key_file.read_text() == key:
            return
        say(f"building {self.source.stem}")
        self.directory.mkdir(parents=True, exist_ok=True)
        forms = {**fetch_programs.NATIVE_FLAGS,
                 "program.bc": [*fetch_programs.BITCODE_FLAGS["program.bc"], "-c", "-emit-llvm"]}
        for output, flags in forms.items():
            run_checked(self.compile_command(flags, self.path(output)), f"building {self.source.name}")
        key_file.write_text(key)

    def job(self, args: tuple[str, ...], ticks: str = "1:tick") -> Job:
        return Job(self.source.stem, self.path("program.bc"), lambda level: self.path(f"native-{level}"), self.compile_command,
                   self.source.parent, args, ticks=ticks)


def identity(job: Job) -> str:
    """What the number of units for a length depends on."""
    native = hashlib.sha256(job.native("O2").read_bytes()).hexdigest()
    stdin = job.stdin.read_text() if job.stdin.is_file() else ""
    return fetch_programs.sha256(native, *job.args, stdin, platform.node(), fetch_programs.cpu_identity())


def round_off(units: float) -> int:
    """Two digits are enough."""
    if units < 100:
        return max(1, round(units))
    step = 10 ** (int(math.log10(units)) - 1)
    return round(units / step) * step


class Calibration:
    """Knows how many units of a workload natively take how long at -O2. Remembered in a file, so that later runs on this
    machine have exactly the same work and can be compared."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        try:
            self._known: dict[str, dict[str, float]] = json.loads(CALIBRATION.read_text())
        except (OSError, ValueError):
            self._known = {}

    def units(self, workload: Workload, length_ms: float) -> int:
        """As many units as natively take this long; start-up is not counted."""
        units = round_off(length_ms / self._unit_ms(workload))
        return min(units, workload.most_units or units)

    def _unit_ms(self, workload: Workload) -> float:
        key = f"{workload.title} {identity(workload.job(1))}"
        if key not in self._known:
            self._known[key] = {"unit_ms": self._measure(workload)}
            CALIBRATION.write_text(json.dumps(self._known, indent=2) + "\n")
        return self._known[key]["unit_ms"]

    def _measure(self, workload: Workload) -> float:
        """In processor time, the best of a few runs: other load on the machine hardly shows in it."""
        base = min(self._run(workload, 1) for _ in range(3))
        most = workload.most_units or 1 << 40
        units = min(8, most)
        while (spent := self._run(workload, units)) - base < CALIBRATION_MS and units < most:
            units = min(units * 4, most)
        spent = min(spent, *(self._run(workload, units) for _ in range(2)))
        unit_ms = max((spent - base) / max(units - 1, 1), 1e-3)
        say(f"{workload.title}: one unit takes {unit_ms:.3g} ms natively")
        return unit_ms

    def _run(self, workload: Workload, units: int) -> float:
        job = workload.job(units)
        sample = job.run(self._meter, [str(job.native("O2"))])
        if sample.problem:
            raise BenchError(f"{workload.title}: the native build fails: {sample.problem}")
        return sample.cpu_ms
