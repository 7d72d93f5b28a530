#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests of what the benchmarks conclude from their measurements, on made-up ones, and of the launcher that takes them.

Nothing here depends on how fast anything is. The last line says how many passed and failed.
"""

from __future__ import annotations

import dataclasses
import sys
import unittest
import xml.dom.minidom
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "scripts")]

import analysis  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import shapes  # noqa: E402
import suite  # noqa: E402
import workload  # noqa: E402
from contenders import DEFAULT_POLICY, NATIVE_O2, NATIVE_O3, ours  # noqa: E402
from measuring import Meter, Sample  # noqa: E402
from results import Results, Row  # noqa: E402

NOTHING = Path("/dev/null")


def steps(*phases: tuple[int, float]) -> list[float]:
    """Ticks of phases of (number, ms each)."""
    now, ticks = 0.0, []
    for count, each in phases:
        for _ in range(count):
            now += each
            ticks.append(now)
    return ticks


class TimeToPeak(unittest.TestCase):
    def test_finds_the_step(self) -> None:
        # 100 units of 5 ms, then 400 of 1 ms: at peak from 500 ms on. A window may begin a little before the step.
        reached = analysis.time_to_peak(steps((100, 5), (400, 1)))
        self.assertIsNotNone(reached)
        self.assertLessEqual(abs(reached - 500), 12)

    def test_steady_from_the_beginning(self) -> None:
        self.assertEqual(analysis.time_to_peak(steps((100, 2))), 2)

    def test_one_lucky_burst_is_no_peak(self) -> None:
        ticks = steps((300, 1))
        burst = [*ticks, *(ticks[-1] + tick for tick in steps((3, 0.01), (300, 1)))]
        self.assertEqual(analysis.time_to_peak(burst), 1)

    def test_slowing_down_later_changes_nothing(self) -> None:
        reached = analysis.time_to_peak(steps((50, 10), (500, 1), (50, 10)))
        self.assertLessEqual(abs(reached - 500), 30)

    def test_too_few(self) -> None:
        self.assertIsNone(analysis.time_to_peak([1, 2, 3]))

    def test_all_at_once(self) -> None:
        self.assertIsNone(analysis.time_to_peak([7.0] * 100))


class SteadyState(unittest.TestCase):
    def test_start_up_cancels(self) -> None:
        self.assertEqual(analysis.per_unit(300, 100, 1200, 1000), 1)

    def test_mostly_start_up_says_nothing(self) -> None:
        self.assertIsNone(analysis.per_unit(5000, 100, 5400, 1000))
        self.assertIsNone(analysis.per_unit(5000, 100, 4000, 1000))

    def test_no_more_work(self) -> None:
        self.assertIsNone(analysis.per_unit(100, 10, 500, 10))


class Changes(unittest.TestCase):
    def spread(self, *values: float) -> analysis.Spread:
        return analysis.spread(values)

    def test_apart(self) -> None:
        self.assertAlmostEqual(analysis.change(self.spread(10, 10, 11), self.spread(20, 20, 21), 1) or 0, 2)

    def test_overlapping_is_noise(self) -> None:
        self.assertIsNone(analysis.change(self.spread(10, 10, 21), self.spread(20, 20, 21), 1))

    def test_drift_is_taken_out(self) -> None:
        self.assertIsNone(analysis.change(self.spread(10, 10, 10), self.spread(20, 20, 20), 2))

    def test_a_change_that_only_the_drift_makes_is_noise(self) -> None:
        self.assertIsNone(analysis.change(self.spread(10, 10, 10), self.spread(10, 10, 10), 2))
        self.assertIsNone(analysis.change(self.spread(10, 10, 10), self.spread(15, 15, 15), 2))

    def test_single_runs_need_more(self) -> None:
        self.assertIsNone(analysis.change(self.spread(10), self.spread(11), 1))
        self.assertIsNotNone(analysis.change(self.spread(10, 10, 10), self.spread(11, 11, 11), 1))

    def test_faster(self) -> None:
        self.assertAlmostEqual(analysis.change(self.spread(10, 10, 10), self.spread(5, 5, 5), 1) or 0, 0.5)


def rows(workload_name: str, contender: str, kind: str, walls: dict[float, float], problem: str = "") -> list[Row]:
    return [Row(workload_name, "kernel", True, length, int(length), contender, kind, problem, *([wall, wall, wall, 3] if not problem else []))
            for length, wall in walls.items()]


def results(ours: dict[float, float], problem: str = "") -> Results:
    """One workload; native takes 1 ms per unit and 5 to start, tier 2 a hundred to start."""
    return Results("machine", False, "then", "engine", [
        *rows("loop", NATIVE_O2, "native", {100: 105, 1000: 1005}),
        *rows("loop", NATIVE_O3, "native", {100: 105, 1000: 1005}),
        *rows("loop", "lli", "peer", {100: 200, 1000: 3000}),
        *rows("loop", "tiercel --tier=2", "fixed", {100: 200, 1000: 1100}),
        *rows("loop", DEFAULT_POLICY, "ours", ours, problem)], {"other": "not here"})


class Reports(unittest.TestCase):
    def test_start_up_cancels_in_the_steady_state(self) -> None:
        speed = report.steady_speed(results({100: 550, 1000: 1000}), "loop", DEFAULT_POLICY)
        self.assertAlmostEqual(speed or 0, 2)

    def test_failures_have_no_speed_and_are_listed(self) -> None:
        failed = results({100: 0, 1000: 0}, "signal 11")
        self.assertIsNone(report.steady_speed(failed, "loop", DEFAULT_POLICY))
        text = report.suite_report(failed, "plot.svg")
        self.assertIn("signal 11", text)
        self.assertIn("takes no part: not here", text)

    def test_relative_takes_the_best_of_the_kind(self) -> None:
        self.assertAlmostEqual(report.relative(results({100: 220, 1000: 1100}), "loop", 100, DEFAULT_POLICY, ("fixed",)) or 0, 1.1)
        self.assertAlmostEqual(report.relative(results({100: 220, 1000: 1500}), "loop", 1000, DEFAULT_POLICY, ("peer",)) or 0, 0.5)

    def test_comparison(self) -> None:
        before, now = results({100: 200, 1000: 1100}), results({100: 200, 1000: 2200})
        text = report.comparison(before, now)
        self.assertIn("Of 6 comparisons 1 changed", text)
        self.assertIn("2.00", text)
        self.assertIn("Nothing changed", report.comparison(now, now))

    def test_other_work_is_not_compared(self) -> None:
        before = results({100: 200, 1000: 1100})
        other = dataclasses.replace(before, rows=[dataclasses.replace(row, units=row.units + 1) for row in before.rows])
        self.assertIn("in 0 comparisons", report.comparison(before, other))

    def test_plot_is_well_formed(self) -> None:
        document = xml.dom.minidom.parseString(plot.draw(results({100: 200, 1000: 1100})))
        lines = document.getElementsByTagName("polyline")
        self.assertEqual(len([line for line in lines if line.getAttribute("points").count(",") == 2]), 2 * 5)


class Lengths(unittest.TestCase):
    def test_parse(self) -> None:
        self.assertEqual(suite.parse_lengths("1s,10ms, 20"), (10, 20, 1000))

    def test_nonsense(self) -> None:
        for text in ("", "x", "10ms,", "0ms", "700s"):
            with self.assertRaises(ValueError):
                suite.parse_lengths(text)

    def test_two_digits(self) -> None:
        self.assertEqual([workload.round_off(units) for units in (0.2, 7.4, 99, 123, 98765)], [1, 7, 99, 120, 99000])


class Skipping(unittest.TestCase):
    def test_too_slow_at_a_shorter_length(self) -> None:
        loop = workload.Workload("loop", "kernel", lambda units: None)
        tier0, tier2 = (ours(f"tiercel --tier={tier}", "fixed", []) for tier in (0, 2))
        cells = {("loop", 10, tier0.name): suite.Cell(problem="more than 60 s"), ("loop", 10, tier2.name): suite.Cell(problem="signal 11")}
        later, same = suite.Task(loop, 100, 100, 60), suite.Task(loop, 10, 10, 60)
        self.assertTrue(suite.too_slow_already(later, tier0, cells))
        self.assertFalse(suite.too_slow_already(same, tier0, cells))
        self.assertFalse(suite.too_slow_already(later, tier2, cells))


class Shapes(unittest.TestCase):
    def calls(self, name: str) -> list[int]:
        import random
        shape = next(shape for shape in shapes.SHAPES if shape.name == name)
        return shape.schedule(random.Random(1))

    def test_few(self) -> None:
        calls = self.calls("few")
        self.assertAlmostEqual(sum(call < 8 for call in calls) / len(calls), 0.8, delta=0.05)

    def test_flat(self) -> None:
        self.assertEqual(len(set(self.calls("flat"))), 4000)

    def test_short_never_returns(self) -> None:
        calls = self.calls("short")
        units = [set(calls[start:start + shapes.CALLS_PER_UNIT]) for start in range(0, len(calls), shapes.CALLS_PER_UNIT)]
        self.assertEqual(sum(map(len, units)), len(set.union(*units)))

    def test_same_name_same_program(self) -> None:
        self.assertEqual(shapes.generate(shapes.SHAPES[0]), shapes.generate(shapes.SHAPES[0]))


class Launcher(unittest.TestCase):
    meter: Meter

    @classmethod
    def setUpClass(cls) -> None:
        cls.meter = Meter(one_core=False, limit_seconds=30)

    def run_shell(self, script: str, ticks: str = "1:tick", **options: object) -> Sample:
        return self.meter.run(["sh", "-c", script], NOTHING, ticks=ticks, **options)

    def test_ticks_are_line_beginnings(self) -> None:
        sample = self.run_shell("printf 'tick 1\\nno tick\\n\\ntic'; printf 'k 2\\nti\\ntick'; echo tick >&2")
        self.assertEqual(len(sample.ticks_ms), 3)
        self.assertEqual(self.meter.output.read_bytes(), b"tick 1\nno tick\n\ntick 2\nti\ntick")

    def test_ticks_on_the_other_stream(self) -> None:
        self.assertEqual(len(self.run_shell("echo tick; echo tick >&2; echo x", "2:tick").ticks_ms), 1)

    def test_no_output(self) -> None:
        self.assertIsNone(self.run_shell("true").first_ms)

    def test_problems(self) -> None:
        self.assertEqual(self.run_shell("echo because >&2; exit 3").problem, "status 3: because")
        self.assertEqual(self.run_shell("echo tick >&2; exit 3", "2:tick").problem, "status 3")
        self.assertEqual(self.run_shell("echo why >&2; echo '#0 0x12 f' >&2; exit 3", "-").problem, "status 3: why")
        self.assertEqual(self.run_shell("exit 3", status=3).problem, "")
        self.assertEqual(self.run_shell("kill -11 $$").problem, "signal 11")
        self.assertEqual(self.run_shell("echo a", expected=b"b\n").problem, "wrong output")
        self.assertEqual(self.run_shell("sleep 20", limit_seconds=1).problem, "more than 1 s")

    def test_more_output_than_a_pipe_holds(self) -> None:
        self.assertEqual(self.run_shell("head -c 5000000 /dev/zero").problem, "")
        self.assertEqual(self.meter.output.stat().st_size, 5_000_000)


def main() -> int:
    outcome = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
