#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Waits for programs, and ends those that hang. No limit on time: how long a program takes depends on what else the machine does.

A program hangs, together with all that it has started (its descendants, and the sessions that they lead), when

  it does nothing   for IDLE_SECONDS no thread of it runs, waits for a processor or for a disk, or
  it never ends     it has used much more processor time than any of the tests needs, on a machine of this speed.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path

IDLE_SECONDS = 60
CPU_SECONDS = 300  # the tests' longest programs need a tenth of it on the reference machine
POLL_SECONDS = 2
PRESET_VARIABLE = "TIERCEL_TEST_PRESET"  # which build is tested; run_tests.py sets it for all that it starts
PRESET_SLOWNESS = {"debug": 5, "asan": 15, "tsan": 15}  # times the processor time of a release build
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


def processor_limit(seconds: float) -> float:
    """So many seconds of a release build on the reference machine, as they are here."""
    return seconds * slowness() * PRESET_SLOWNESS.get(os.environ.get(PRESET_VARIABLE, ""), 1)


def stat_fields(path: Path) -> list[str]:
    """The fields of a stat file behind the name: state, parent, …; empty when the process or thread is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []


def tree(root: int) -> list[tuple[int, list[str]]]:
    """A process, all that descend from it, and all of the sessions that one of these leads, each with its stat fields.

    Who has lost its parent is found by its session, as long as the leader's id is taken: nobody has waited for it.
    """
    belong: dict[int, set[int]] = {}
    fields: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (found := stat_fields(entry / "stat")):
            fields[int(entry.name)] = found
            for owner in (int(found[1]), int(found[3])):
                belong.setdefault(owner, set()).add(int(entry.name))
    members, queue = {}, [root]
    while queue:
        process = queue.pop()
        if process in fields and process not in members:
            members[process] = fields[process]
            queue += belong.get(process, ())
    return list(members.items())


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
    """Kills a process and all that belongs to it, also what is started meanwhile. To be called before it is waited for."""
    for _ in range(50):  # what waits for a broken disk does not end
        living = [process for process, fields in tree(root) if fields[0] not in "ZX"]
        if not living:
            return
        for process in living:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has ended
        time.sleep(0.02)


class Watch:
    """Watches a process and all that belongs to it. Thread rule: progress() from any thread, hangs() from one."""

    def __init__(self, process: int, cpu_seconds: float = CPU_SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self.process = process
        self.cpu_seconds = processor_limit(cpu_seconds)
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


def feed(process: subprocess.Popen, data: str | bytes | None) -> None:
    """Writes to the program's standard input in a thread of its own, and closes it.

    Popen.communicate, called again after its time was over, writes nothing more of what it was given.
    """
    stream, process.stdin = process.stdin, None
    if not stream:
        return

    def write() -> None:
        try:
            with stream:
                if data:
                    stream.write(data)
        except BrokenPipeError:
            pass  # it does not read all

    threading.Thread(target=write, daemon=True).start()


def communicate(process: subprocess.Popen, data: str | bytes | None = None,
                cpu_seconds: float = CPU_SECONDS, idle_seconds: float = IDLE_SECONDS) -> tuple:
    """As Popen.communicate, of a process that leads a session. Raises Hang, after it has ended the program."""
    watch = Watch(process.pid, cpu_seconds, idle_seconds)
    feed(process, data)
    while True:
        try:
            return process.communicate(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            pass
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
    """As subprocess.run of a program whose output is captured, in a session of its own. Raises Hang."""
    process = subprocess.Popen(command, **{"start_new_session": True, **options})
    try:
        stdout, stderr = communicate(process, None, cpu_seconds, idle_seconds)
    except BaseException:
        end_tree(process.pid)
        process.wait()
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
