# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The suite's results: rows of figures, and the files they are kept in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import analysis
from measuring import BUILD

DIRECTORY = BUILD / "results"


def length_name(length_ms: float) -> str:
    return f"{length_ms / 1000:g} s" if length_ms >= 1000 else f"{length_ms:g} ms"


@dataclass(frozen=True)
class Row:
    """A cell in figures. Of memory and code the median too; None is what nobody could measure."""

    workload: str
    group: str
    endless: bool  # it has as many units as one likes, and so a steady state
    length_ms: float
    units: int
    contender: str
    kind: str
    problem: str
    wall_ms: float | None = None
    low_ms: float | None = None
    high_ms: float | None = None
    runs: int = 0
    cpu_ms: float | None = None
    rss_mib: float | None = None
    first_ms: float | None = None
    to_peak_ms: float | None = None
    code_bytes: float | None = None

    def spread(self) -> analysis.Spread:
        assert self.wall_ms is not None and self.low_ms is not None and self.high_ms is not None
        return analysis.Spread(self.wall_ms, self.low_ms, self.high_ms, self.runs)


@dataclass(frozen=True)
class Results:
    machine: str
    one_core: bool
    when: str
    engine: str
    rows: list[Row]
    absent: dict[str, str]  # contenders that could not take part at all, and why

    def row(self, workload: str, length_ms: float, contender: str) -> Row | None:
        return next((row for row in self.rows if (row.workload, row.length_ms, row.contender) == (workload, length_ms, contender)), None)

    def workloads(self) -> list[str]:
        return list(dict.fromkeys(row.workload for row in self.rows))

    def contenders(self) -> dict[str, str]:
        """Their kinds by name, in order."""
        return {row.contender: row.kind for row in self.rows}

    def lengths(self, workload: str | None = None) -> list[float]:
        return sorted({row.length_ms for row in self.rows if workload in (None, row.workload)})


def load(path: Path) -> Results:
    data = json.loads(path.read_text())
    return Results(**{**data, "rows": [Row(**row) for row in data["rows"]]})


def last_results(current: Results) -> Results | None:
    """The newest earlier results of this machine that have some of the same measurements."""
    mine = {(row.workload, row.length_ms, row.units, row.contender) for row in current.rows if row.kind != "native"}
    for path in sorted(DIRECTORY.glob("suite-*.json"), reverse=True):
        try:
            earlier = load(path)
        except (OSError, ValueError, TypeError, KeyError):
            continue  # of another version of the suite
        if (earlier.machine, earlier.one_core) != (current.machine, current.one_core):
            continue
        if any((row.workload, row.length_ms, row.units, row.contender) in mine for row in earlier.rows):
            return earlier
    return None
