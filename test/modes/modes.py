# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of modes (modes.json) as objects, for every script that runs programs in several modes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("modes.json")


@dataclass(frozen=True)
class Mode:
    """One way to run the engine: options for it and, when needed, a command that launches it."""

    name: str
    options: list[str]
    launcher: list[str]
    about: str

    def command(self, engine: list[str], arguments: list[str]) -> list[str]:
        """The full command: the engine in this mode, followed by its further arguments."""
        return [*self.launcher, *engine, *self.options, *arguments]


def load_modes(path: Path = TABLE) -> dict[str, Mode]:
    """All modes by name, in the order of the table."""
    table = json.loads(path.read_text())
    return {
        name: Mode(name, list(row["options"]), list(row.get("launcher", [])), row["about"])
        for name, row in table.items()
    }


def select_modes(modes: dict[str, Mode], names: str | None) -> list[Mode]:
    """The modes of a comma-separated list, or all of them; raises ValueError for an unknown name."""
    if not names:
        return list(modes.values())
    unknown = [name for name in names.split(",") if name not in modes]
    if unknown:
        raise ValueError(f"unknown mode {', '.join(unknown)}; there are: {', '.join(modes)}")
    return [modes[name] for name in names.split(",")]
