# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Total time against length as an SVG: one panel with the means, one for each workload; both axes logarithmic. Without a
background and with colours that can be read on a light and on a dark one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import analysis
from contenders import DEFAULT_POLICY, NATIVE_O2, NATIVE_O3
from report import best, good
from results import Results, length_name

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 4, 270, 210
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 24, 26  # inside a panel
LEGEND_HEIGHT = 64
GREY = "#8a8a8a"
BEST_PEER = "best JIT peer"
# Name, colour, dashes.
LINES = (
    (NATIVE_O2, "#9a9a9a", "2 3"),
    (NATIVE_O3, "#9a9a9a", ""),
    ("clang -O0, then run", "#c08a3e", "5 3"),
    ("clang -O2, then run", "#c08a3e", ""),
    (BEST_PEER, "#a05cc0", ""),
    ("tiercel --tier=0", "#3d9a50", "5 3"),
    ("tiercel --tier=2", "#3d9a50", ""),
    (DEFAULT_POLICY, "#e0483e", ""),
)

Points = list[tuple[float, float]]


def series(results: Results, workload: str, name: str) -> Points:
    """(length, total time) where it was measured."""
    points = []
    for length in results.lengths(workload):
        if name == BEST_PEER:
            row = best(results.row(workload, length, peer) for peer, kind in results.contenders().items() if kind == "peer")
        else:
            row = results.row(workload, length, name)
        if row and good(row) and row.wall_ms:
            points.append((length, row.wall_ms))
    return points


def mean_series(results: Results, name: str) -> Points:
    """(length, mean of total time over native -O2) over the workloads where both worked."""
    by_length: dict[float, list[float]] = {}
    for workload in results.workloads():
        base = dict(series(results, workload, NATIVE_O2))
        for length, wall in series(results, workload, name):
            if length in base:
                by_length.setdefault(length, []).append(wall / base[length])
    return [(length, analysis.geometric_mean(by_length[length]) or 1.0) for length in sorted(by_length)]


@dataclass(frozen=True)
class Axis:
    """Logarithmic: values to places."""

    low: float
    high: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low) if self.high > self.low else 0.5
        return self.begin + share * (self.end - self.begin)


def ticks(low: float, high: float) -> list[float]:
    """Powers of ten in the range; where those are too few, also their double and their half times ten."""
    decades = [10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    inside = [value for value in decades if low <= value <= high]
    if len(inside) >= 2:
        return inside
    return [value * step for value in decades for step in (1, 2, 5) if low <= value * step <= high]


def text(x: float, y: float, what: str, size: int, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{GREY}">{escape(what)}</text>'


def panel(title: str, lines: dict[str, Points], time_axis: bool) -> list[str]:
    """One diagram in a box of its own, drawn at the origin."""
    points = [point for line in lines.values() for point in line]
    parts = [text(LEFT, 15, title, 12, weight="bold")]
    if not points:
        return parts
    x = Axis(min(p[0] for p in points), max(p[0] for p in points), LEFT + 6, PANEL_WIDTH - RIGHT - 6)
    low, high = min(p[1] for p in points) / 1.15, max(p[1] for p in points) * 1.15
    y = Axis(low, high, PANEL_HEIGHT - BOTTOM, TOP)
    for value in ticks(low, high):
        place = y.place(value)
        label = length_name(value) if time_axis else f"{value:g} ×"
        parts.append(f'<line x1="{LEFT}" y1="{place:.1f}" x2="{PANEL_WIDTH - RIGHT}" y2="{place:.1f}" stroke="{GREY}" stroke-opacity="0.3"/>')
        parts.append(text(LEFT - 4, place + 3, label, 9, "end"))
    for value in sorted({p[0] for p in points}):
        parts.append(text(x.place(value), PANEL_HEIGHT - BOTTOM + 13, length_name(value), 9, "middle"))
    for name, colour, dashes in LINES:
        line = lines.get(name, [])
        path = " ".join(f"{x.place(length):.1f},{y.place(wall):.1f}" for length, wall in line)
        width = 2.4 if name == DEFAULT_POLICY else 1.5
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes or "none"}"/>')
        parts += [f'<circle cx="{x.place(length):.1f}" cy="{y.place(wall):.1f}" r="2" fill="{colour}"/>' for length, wall in line]
    return parts


def legend() -> list[str]:
    parts = [text(LEFT, 18, "Total time against length of the work (native -O2)", 14, weight="bold")]
    for number, (name, colour, dashes) in enumerate(LINES):
        left = LEFT + (number % 4) * 250
        height = 36 + (number // 4) * 16
        parts.append(f'<line x1="{left}" y1="{height}" x2="{left + 28}" y2="{height}" stroke="{colour}" stroke-width="2" '
                     f'stroke-dasharray="{dashes or "none"}"/>')
        parts.append(text(left + 34, height + 4, name, 11))
    return parts


def draw(results: Results) -> str:
    names = [name for name, _, _ in LINES]
    panels = [panel("geometric mean, × native -O2", {name: mean_series(results, name) for name in names}, False)]
    panels += [panel(workload, {name: series(results, workload, name) for name in names}, True) for workload in results.workloads()]
    rows = -(-len(panels) // COLUMNS)
    width, height = COLUMNS * PANEL_WIDTH, LEGEND_HEIGHT + rows * PANEL_HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
             'font-family="sans-serif">', *legend()]
    for number, content in enumerate(panels):
        left, top = number % COLUMNS * PANEL_WIDTH, LEGEND_HEIGHT + number // COLUMNS * PANEL_HEIGHT
        parts += [f'<g transform="translate({left},{top})">', *content, "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"
