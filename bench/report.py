# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The suite's report as Markdown, and the comparison with an earlier run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import analysis
from contenders import DEFAULT_POLICY, NATIVE_O2, NATIVE_O3
from measuring import milliseconds, ratio, table
from results import Results, Row, length_name

PEER_KINDS = ("peer", "compile")
FIXED_LEVEL_LIMIT = 1.05
STEADY_LIMIT = 0.90


def good(row: Row | None) -> bool:
    return row is not None and not row.problem and row.wall_ms is not None


def best(rows: Iterable[Row | None]) -> Row | None:
    return min((row for row in rows if row and good(row)), key=lambda row: row.wall_ms or 0.0, default=None)


def number(value: float | None, text: Callable[[float], str] = ratio) -> str:
    return "" if value is None else text(value)


# ---- steady state ---------------------------------------------------------------------------------------------------


def unit_ms(results: Results, workload: str, contender: str) -> float | None:
    """Time per unit from the two longest lengths, so that start-up and warming up cancel. From the best runs: other load
    makes runs longer, never shorter, and in a difference it would count twice."""
    rows = [results.row(workload, length, contender) for length in results.lengths(workload)[-2:]]
    if len(rows) < 2 or not all(good(row) for row in rows):
        return None
    short, long = rows
    assert short and long and short.low_ms and long.low_ms
    return analysis.per_unit(short.low_ms, short.units, long.low_ms, long.units) if long.endless else None


def steady_speed(results: Results, workload: str, contender: str) -> float | None:
    """Speed in the steady state as a multiple of native -O3's."""
    base, own = unit_ms(results, workload, NATIVE_O3), unit_ms(results, workload, contender)
    return base / own if base and own else None


def steady_section(results: Results) -> list[str]:
    names = [name for name, kind in results.contenders().items() if name != NATIVE_O3 and kind != "compile"]
    columns = {name: [steady_speed(results, workload, name) for workload in results.workloads()] for name in names}
    shown = [name for name in names if any(columns[name])]
    rows = []
    for place, workload in enumerate(results.workloads()):
        speeds = [columns[name][place] for name in shown]
        if any(speeds):
            rows.append([workload, *(mark(speed, results.contenders()[name] == "ours" and (speed or 1) < STEADY_LIMIT)
                                     for name, speed in zip(shown, speeds))])
    if not rows:
        return []
    rows.append(["**geometric mean**", *(f"**{mean_of_some(columns[name], len(rows))}**" for name in shown)])
    return ["## Steady state",
            f"Speed as a multiple of {NATIVE_O3}: above 1 is faster. From the difference between a workload's two longest lengths, so that "
            f"start-up and warming up cancel. Bold: ours below {STEADY_LIMIT}. Empty: too noisy, or it failed; in parentheses for how many "
            "workloads there is a figure, where not for all.",
            table(["", *shown], rows)]


def mean_of_some(values: Sequence[float | None], asked: int) -> str:
    """The geometric mean of those there are, and how many these are if not all."""
    there = [value for value in values if value]
    mean = number(analysis.geometric_mean(there))
    return mean if len(there) == asked or not mean else f"{mean} ({len(there)}/{asked})"


def mark(value: float | None, bold: bool) -> str:
    text = number(value)
    return f"**{text}**" if bold and text else text


# ---- total time -----------------------------------------------------------------------------------------------------


def relative(results: Results, workload: str, length_ms: float, contender: str, kinds: tuple[str, ...]) -> float | None:
    """Total time over that of the best contender of these kinds, which may be different ones for every cell."""
    own = results.row(workload, length_ms, contender)
    other = best(results.row(workload, length_ms, name) for name, kind in results.contenders().items() if kind in kinds)
    return own.wall_ms / other.wall_ms if good(own) and other and own and own.wall_ms and other.wall_ms else None


def relative_section(results: Results, title: str, text: str, kinds: tuple[str, ...], limit: float) -> list[str]:
    """Each workload for the default, and means for every adaptive contender."""
    adaptive = [name for name, kind in results.contenders().items() if kind == "ours"]
    if not adaptive or not any(kind in kinds for kind in results.contenders().values()):
        return []
    shown = DEFAULT_POLICY if DEFAULT_POLICY in adaptive else adaptive[0]
    lengths = results.lengths()
    rows = []
    for workload in results.workloads():
        values = [relative(results, workload, length, shown, kinds) for length in lengths]
        if any(values):
            rows.append([workload, *(mark(value, (value or 0) > limit) for value in values)])
    for name in adaptive:
        means = [analysis.geometric_mean(filter(None, (relative(results, workload, length, name, kinds) for workload in results.workloads())))
                 for length in lengths]
        rows.append([f"**{name}, geometric mean**", *(mark(mean, True) for mean in means)])
    return [title, text.format(contender=shown), table(["", *map(length_name, lengths)], rows)]


def mean_section(results: Results) -> list[str]:
    rows = []
    for name in results.contenders():
        means = []
        for length in results.lengths():
            pairs = [(results.row(workload, length, name), results.row(workload, length, NATIVE_O2)) for workload in results.workloads()]
            asked = [pair for pair in pairs if pair[1]]
            ratios = [own.wall_ms / base.wall_ms for own, base in asked
                      if own and base and good(own) and good(base) and own.wall_ms and base.wall_ms]
            means.append(mean_of_some(ratios, len(asked)))
        rows.append([name, *means])
    return ["## Total time, all contenders",
            f"Geometric means over the workloads, × {NATIVE_O2}; in parentheses how many workloads it did, where not all.",
            table(["", *map(length_name, results.lengths())], rows)]


def last_good(results: Results, workload: str, contender: str) -> Row | None:
    """Of the longest length that it did."""
    rows = [results.row(workload, length, contender) for length in results.lengths(workload)]
    return next((row for row in reversed(rows) if good(row)), None)


def peak_section(results: Results) -> list[str]:
    names = [name for name, kind in results.contenders().items() if kind != "compile"]
    rows = []
    for workload in results.workloads():
        reached = [row.to_peak_ms if row else None for row in (last_good(results, workload, name) for name in names)]
        if any(reached):
            rows.append([workload, *(number(value, milliseconds) for value in reached)])
    if not rows:
        return []
    return ["## Time to 90 % of peak speed",
            "Milliseconds from the start of the process until 90 % of its own best sustained speed, at the longest length it did.",
            table(["", *names], rows)]


# ---- per workload ---------------------------------------------------------------------------------------------------


def workload_section(results: Results, workload: str) -> list[str]:
    lengths = results.lengths(workload)
    header = ["", *(f"{length_name(length)}: ms" for length in lengths), "× best peer", "× best fixed", "to 90 % ms", "first ms", "CPU s",
              "peak MiB", "code KiB", "runs"]
    rows = []
    for name in results.contenders():
        cells = [results.row(workload, length, name) for length in lengths]
        last = last_good(results, workload, name)
        line = [name, *(("fails" if row.problem else number(row.wall_ms, milliseconds)) if row else "" for row in cells)]
        if last:
            line += [number(relative(results, workload, last.length_ms, name, PEER_KINDS)),
                     number(relative(results, workload, last.length_ms, name, ("fixed",))),
                     number(last.to_peak_ms, milliseconds), number(last.first_ms, milliseconds),
                     number(last.cpu_ms, lambda value: f"{value / 1000:.2f}"), number(last.rss_mib, lambda value: f"{value:.1f}"),
                     number(last.code_bytes, lambda value: f"{value / 1024:,.0f}"), str(last.runs)]
        else:
            line += [""] * 8
        rows.append(line)
    units = ", ".join(f"{next(row.units for row in results.rows if (row.workload, row.length_ms) == (workload, length)):,}"
                      for length in lengths)
    return [f"### {workload}", f"Units of work: {units}.", table(header, rows)]


def failure_section(results: Results) -> list[str]:
    failures: dict[tuple[str, str, str], list[str]] = {}
    for row in results.rows:
        if row.problem:
            failures.setdefault((row.contender, row.workload, row.problem), []).append(length_name(row.length_ms))
    rows = [[contender, workload, ", ".join(lengths), problem] for (contender, workload, problem), lengths in failures.items()]
    rows += [[contender, "all", "", f"takes no part: {reason}"] for contender, reason in results.absent.items()]
    text = table(["contender", "workload", "length", "reason"], rows) if rows else "Nothing."
    return ["## What fails", text]


def suite_report(results: Results, picture: str) -> str:
    options = " --one-core" if results.one_core else ""
    parts = [
        "# The suite" + (" (one core)" if results.one_core else ""),
        f"Made by `./dev bench{options}` on {results.when}. {results.machine}",
        "Medians of interleaved rounds; wall time of whole processes. A length is how long the work takes natively at -O2, start-up aside. "
        "Engines get the program as unoptimised bitcode; “clang, then run” compiles its sources first and runs the result. "
        "[bench/README.md](../bench/README.md) says what the workloads and the figures are.",
        *steady_section(results),
        *relative_section(results, "## Total time against the best fixed level of ours",
                          "{contender}, over the best of `--tier=0` to `3` for that workload and length. "
                          f"Bold: above {FIXED_LEVEL_LIMIT}.", ("fixed",), FIXED_LEVEL_LIMIT),
        *relative_section(results, "## Total time against the best peer",
                          "{contender}, over the best of `lli`, ReOptimizeLayer, and compiling first, for that workload and length. "
                          "Bold: above 1.", PEER_KINDS, 1.0),
        *mean_section(results),
        *peak_section(results),
        f"![Total time against length]({picture})",
        *failure_section(results),
        "## Every workload",
        "Total time at each length; the other columns are of the longest length that worked. *To 90 %*: from the start of the process until "
        "90 % of the best sustained speed. *First*: until the first byte of standard output. *Code*: machine code made and not freed; of native builds, their own.",
    ]
    for workload in results.workloads():
        parts += workload_section(results, workload)
    return "\n\n".join(parts)


# ---- comparison -----------------------------------------------------------------------------------------------------


def drift(earlier: Results, now: Results, workload: str, length_ms: float) -> float:
    """How much slower the machine is than then: the native builds have not changed."""
    factors = []
    for name, kind in now.contenders().items():
        before, after = earlier.row(workload, length_ms, name), now.row(workload, length_ms, name)
        if kind == "native" and before and after and before.wall_ms and after.wall_ms:
            factors.append(after.wall_ms / before.wall_ms)
    return analysis.geometric_mean(factors) or 1.0


def comparison(earlier: Results, now: Results) -> str:
    """What changed beyond noise."""
    changes, compared = [], 0
    for row in now.rows:
        before = earlier.row(row.workload, row.length_ms, row.contender)
        if row.kind == "native" or not before or before.units != row.units:
            continue
        compared += 1
        place = [row.contender, row.workload, length_name(row.length_ms)]
        if bool(before.problem) != bool(row.problem):
            changes.append((float("inf") if row.problem else 0.0, [*place, before.problem or "worked", row.problem or "works", ""]))
        elif good(row) and good(before):
            factor = analysis.change(before.spread(), row.spread(), drift(earlier, now, row.workload, row.length_ms))
            if factor:
                changes.append((factor, [*place, number(before.wall_ms, milliseconds), number(row.wall_ms, milliseconds), f"{factor:.2f}"]))
    title = f"## Compared with {earlier.when} ({earlier.engine})"
    if not changes:
        return f"{title}\n\nNothing changed beyond noise in {compared} comparisons."
    changes.sort(key=lambda item: -item[0])
    rows = [line for _, line in changes]
    return (f"{title}\n\nOf {compared} comparisons {len(changes)} changed beyond noise; the machine's own drift, as the native builds show "
            "it, is taken out. A factor above 1 is slower.\n\n" + table(["contender", "workload", "length", "then ms", "now ms", "factor"], rows))
