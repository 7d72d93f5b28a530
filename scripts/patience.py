#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Waits for programs, and ends those that hang. No limit on time: how long a program takes depends on what else the machine does.

A program hangs, together with all that it has started, when

  it does nothing   for IDLE_SECONDS no thread of it runs, waits for a processor or for a disk, or
  it never ends     it has used much more processor time than any of the tests needs, on a machine of this speed.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

IDLE_SECONDS = 60
CPU_SECONDS = 300  # the tests' longest programs need a tenth of it on the reference machine
POLL_SECONDS = 2
REFERENCE_SECONDS = 0.15  # what slowness() measures on the reference machine
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Hang(Exception):
    """`stdout` and `stderr` are what the program wrote until it was ended."""

    stdout: str | bytes = ""
    stderr: str | bytes = ""


@functools.cache
def slowness() -> float:
    """How many times slower than the reference machine this one is; at least 1. In processor time, so load does not count."""
    begin = time.thread_time()
    sum(number * number for number in range(2_000_000))
    return max(1.0, (time.thread_time() - begin) / REFERENCE_SECONDS)


def stat_fields(path: Path) -> list[str]:
    """The fields of a stat file behind the name: state, parent, …; empty when the process or thread is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []


def tree(root: int) -> list[tuple[int, list[str]]]:
    """A process and all that descend from it, each with its stat fields."""
    children: dict[int, list[int]] = {}
    fields: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (found := stat_fields(entry / "stat")):
            fields[int(entry.name)] = found
            children.setdefault(int(found[1]), []).append(int(entry.name))
    members, queue = [], [root]
    while queue:
        process = queue.pop()
        if process in fields:
            members.append((process, fields[process]))
        queue += children.get(process, [])
    return members


def processor_seconds(members: Iterable[tuple[int, list[str]]]) -> float:
    """Of all threads, and of the children that have ended."""
    return sum(sum(map(int, fields[11:15])) for _, fields in members) / TICKS_PER_SECOND


def is_active(process: int) -> bool:
    """Whether some thread runs, waits for a processor, or waits for a disk."""
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
    except OSError:
        return False
    return any((stat_fields(thread / "stat") or ["X"])[0] in "RD" for thread in threads)


def end_tree(root: int) -> None:
    """Kills a process and all that descend from it."""
    for process, _ in tree(root):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended


class Watch:
    """Watches a process and its descendants. Thread rule: progress() from any thread, hangs() from one."""

    def __init__(self, process: int, cpu_seconds: float = CPU_SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self.process = process
        self.cpu_seconds = cpu_seconds * slowness()
        self.idle_seconds = idle_seconds
        self.used = 0.0
        self.used_at_progress = 0.0
        self.active_at = time.monotonic()

    def progress(self) -> None:
        """It has shown that it gets on: processor time counts from here."""
        self.used_at_progress = self.used

    def hangs(self) -> str:
        """Why it is considered to hang; empty when it is not. To be asked every few seconds."""
        members = tree(self.process)
        now = time.monotonic()
        used = processor_seconds(members)
        if used - self.used > 0.05 * POLL_SECONDS or any(is_active(process) for process, _ in members):
            self.active_at = now
        self.used = max(self.used, used)  # what a killed orphan used is forgotten
        if self.used - self.used_at_progress > self.cpu_seconds:
            return f"it used {self.cpu_seconds:.0f} s of processor time without an end"
        if now - self.active_at > self.idle_seconds:
            return f"it did nothing for {self.idle_seconds:.0f} s"
        return ""


def communicate(process: subprocess.Popen, data: str | bytes | None = None,
                cpu_seconds: float = CPU_SECONDS, idle_seconds: float = IDLE_SECONDS) -> tuple:
    """As Popen.communicate. Raises Hang, after it has ended the program."""
    watch = Watch(process.pid, cpu_seconds, idle_seconds)
    while True:
        try:
            return process.communicate(data, timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            data = None  # is on its way
        if reason := watch.hangs():
            end_tree(process.pid)
            hang = Hang(reason)
            try:
                hang.stdout, hang.stderr = process.communicate(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                pass  # what it left behind holds the streams open
            raise hang


def run(command: list, cpu_seconds: float = CPU_SECONDS, idle_seconds: float = IDLE_SECONDS,
        **options: object) -> subprocess.CompletedProcess:
    """As subprocess.run of a program whose output is captured. Raises Hang."""
    process = subprocess.Popen(command, **options)
    try:
        stdout, stderr = communicate(process, None, cpu_seconds, idle_seconds)
    except BaseException:
        end_tree(process.pid)
        process.wait()
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
