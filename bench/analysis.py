# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What measurements mean: pure functions from samples to the figures of the report."""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST_TICKS = 8
MOST_WINDOW_MS = 200.0
PEAK_QUANTILE = 0.95  # of the rates of all windows: the very best ones are luck


def geometric_mean(values: Iterable[float]) -> float | None:
    logarithms = [math.log(value) for value in values]
    return math.exp(statistics.fmean(logarithms)) if logarithms else None


def time_to_peak(ticks_ms: Sequence[float], share: float = 0.9) -> float | None:
    """When the program had reached that share of its best sustained speed, given when each of its units was done.

    Speed is measured over windows of a tenth of the run, at most MOST_WINDOW_MS, beginning at each tick. The best sustained
    speed is the PEAK_QUANTILE of theirs. The answer is the beginning of the first window that is fast enough."""
    if len(ticks_ms) < FEWEST_TICKS:
        return None
    width = min((ticks_ms[-1] - ticks_ms[0]) / 10, MOST_WINDOW_MS)
    if width <= 0:
        return None
    windows: list[tuple[float, float]] = []  # beginning, units per ms
    for first, begin in enumerate(ticks_ms):
        last = max(bisect.bisect_left(ticks_ms, begin + width), first + 2)
        if last >= len(ticks_ms):
            break
        span = ticks_ms[last] - begin
        if span > 0:
            windows.append((begin, (last - first) / span))
    if not windows:
        return None
    rates = sorted(rate for _, rate in windows)
    peak = rates[min(len(rates) - 1, int(PEAK_QUANTILE * len(rates)))]
    return next((begin for begin, rate in windows if rate >= share * peak), None)


LEAST_SHARE = 0.25


def per_unit(short_ms: float, short_units: int, long_ms: float, long_units: int) -> float | None:
    """Time of a unit once everything has settled: what the longer run took more. None when that is so small a part of it
    (below LEAST_SHARE) that it is rather noise in what both have in common."""
    more = long_ms - short_ms
    if long_units <= short_units or more < LEAST_SHARE * long_ms:
        return None
    return more / (long_units - short_units)


@dataclass(frozen=True)
class Spread:
    """The middle of some runs, and how far they reach."""

    median: float
    low: float
    high: float
    runs: int


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values), len(values))


FEW_RUNS, FEW_RUNS_NOISE, LEAST_NOISE = 3, 0.15, 0.05


def change(before: Spread, now: Spread, drift: float) -> float | None:
    """By what factor a time has changed, or None if that may be noise. `drift` is how the machine itself has changed, as the
    programs that stayed the same show it. Ranges that overlap, and changes below a few percent, are noise; so is what
    shows only with the drift taken out, or only with it left in, because the drift is measured too."""
    least = math.log1p(FEW_RUNS_NOISE if min(before.runs, now.runs) < FEW_RUNS else LEAST_NOISE)
    factors = []
    for correction in (1.0, drift):
        factor = now.median / correction / before.median
        apart = now.low / correction > before.high or now.high / correction < before.low
        if not apart or abs(math.log(factor)) < least:
            return None
        factors.append(factor)
    uncorrected, corrected = factors
    return corrected if (uncorrected > 1) == (corrected > 1) else None
