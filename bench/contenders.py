# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ways to get a job done: native builds, compiling first, other engines, and ours."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measuring import BUILD, HERE, BenchError, Meter, Sample, run_checked, say

NOTHING = Path("/dev/null")


@dataclass(frozen=True)
class Job:
    """A program, what it is given to do, and how to compile it from its sources."""

    name: str
    bitcode: Path
    native: Callable[[str], Path]  # by level, O0, O2 or O3; O3 is made for this CPU
    compile_command: Callable[[list[str], Path], list[str]]
    sources_dir: Path
    args: tuple[str, ...] = ()
    stdin: Path = NOTHING
    ticks: str = "-"  # which lines of its output report a unit of work, as measure.c has it
    status: int = 0

    def run(self, meter: Meter, command: list[str], expected: bytes | None = None, limit_seconds: int | None = None) -> Sample:
        return meter.run([*command, *self.args], self.stdin, expected, None, self.ticks, self.status, limit_seconds)


@dataclass(frozen=True)
class Contender:
    """One way to get a job done."""

    name: str
    kind: str  # native, compile (and run), peer (another JIT), fixed (ours, at one tier), ours (ours, adapting)
    command: Callable[[Job], list[str]]  # runs the job; its arguments follow
    compile_level: str = ""  # of kind compile: what is compiled before the command
    stats: Path | None = None  # where its JSON statistics go

    def measure(self, job: Job, meter: Meter, expected: bytes | None, limit_seconds: int | None = None) -> Sample:
        compiling: Sample | None = None
        if self.compile_level:
            compiling = compile_only(job, self.compile_level, meter, limit_seconds)
            if compiling.problem:
                return compiling
        if self.stats:
            self.stats.unlink(missing_ok=True)
        sample = job.run(meter, self.command(job), expected, limit_seconds)
        if self.stats and not sample.problem:
            sample = dataclasses.replace(sample, code_bytes=read_code_bytes(self.stats))
        elif self.kind == "native" and not sample.problem:
            executable = Path(self.command(job)[0])
            sample = dataclasses.replace(sample, code_bytes=text_bytes(executable, executable.stat().st_mtime_ns))
        return compiling + sample if compiling else sample


@functools.cache
def text_bytes(executable: Path, _modified_ns: int) -> int | None:
    """Machine code in an executable."""
    result = subprocess.run(["llvm-size-22", "-A", str(executable)], stdout=subprocess.PIPE, text=True, check=False)
    found = re.search(r"^\.text\s+(\d+)", result.stdout, re.MULTILINE)
    return int(found[1]) if found else None


COMPILED = BUILD / "compiled"


def compile_only(job: Job, level: str, meter: Meter, limit_seconds: int | None = None) -> Sample:
    """Compiles the job's sources to COMPILED."""
    COMPILED.unlink(missing_ok=True)
    sample = meter.run(job.compile_command([f"-{level}"], COMPILED), NOTHING, cwd=job.sources_dir, limit_seconds=limit_seconds)
    return dataclasses.replace(sample, problem=f"compiling: {sample.problem}") if sample.problem else sample


def read_code_bytes(path: Path) -> int | None:
    """Machine code made and not given back. None when the engine wrote no statistics, as at an exit by _exit."""
    try:
        code = json.loads(path.read_text())["code_bytes"]
        return code["live"] + code["retired"]
    except (OSError, ValueError, KeyError):
        return None


def native(level: str) -> Contender:
    march = " -march=native" if level == "O3" else ""
    return Contender(f"native -{level}{march}", "native", lambda job: [str(job.native(level))])


def compile_and_run(level: str) -> Contender:
    return Contender(f"clang -{level}, then run", "compile", lambda job: [str(COMPILED)], compile_level=level)


def engine(name: str, kind: str, command: list[str]) -> Contender:
    return Contender(name, kind, lambda job: [*command, str(job.bitcode)])


def ours(name: str, kind: str, command: list[str], *options: str) -> Contender:
    """Ours, telling what it made; writing that costs well under a millisecond."""
    stats = BUILD / "stats.json"
    return Contender(name, kind, lambda job: [*command, f"--stats={stats}", *options, str(job.bitcode)], stats=stats)


# ---- the suite's contenders -----------------------------------------------------------------------------------------

NATIVE_O2, NATIVE_O3, DEFAULT_POLICY = "native -O2", "native -O3 -march=native", "tiercel"
POLICIES = ("threshold", "window", "cost")
TIERS = ("0", "1", "2", "3")


def lli(kind: str, level: str) -> Contender:
    names = {"orc": "ORC", "orc-lazy": "ORC lazy", "mcjit": "MCJIT"}
    return engine(f"lli {names[kind]} -{level}", "peer", ["lli-22", f"--jit-kind={kind}", f"-{level}"])


def null_bitcode() -> Path:
    """A program that does nothing, for asking an engine whether it accepts an option."""
    path = BUILD / "null/null.ll"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("define i32 @main() {\n  ret i32 0\n}\n")
    return path


def refusal(command: list[str], *options: str) -> str:
    """Empty if the engine accepts the options; otherwise what it says."""
    result = subprocess.run([*command, *options, str(null_bitcode())], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            errors="replace", timeout=60, check=False)
    if result.returncode == 0:
        return ""
    return (result.stderr.strip().splitlines() or [f"status {result.returncode}"])[0]


def build_reoptimize_driver() -> list[str]:
    """The driver of ORC's own ReOptimizeLayer; raises BenchError when this LLVM cannot build it."""
    directory = BUILD / "reoptimize_driver"
    if not (directory / "build.ninja").exists():
        run_checked(["cmake", "-S", str(HERE / "reoptimize_driver"), "-B", str(directory), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     "-DCMAKE_C_COMPILER=clang-22", "-DCMAKE_CXX_COMPILER=clang++-22"], "configuring the ReOptimizeLayer driver")
    run_checked(["ninja", "-C", str(directory), "-j2"], "building the ReOptimizeLayer driver")
    return [str(directory / "reoptimize_driver")]


QUICK = (NATIVE_O2, NATIVE_O3, "clang -O0, then run", "clang -O2, then run", "lli ORC lazy -O2", "lli MCJIT -O0", "ORC ReOptimizeLayer",
         "tiercel --tier=0", "tiercel --tier=2", DEFAULT_POLICY)


def policy_name(policy: str) -> str:
    return f"tiercel --policy={policy}"


def default_policy(command: list[str]) -> str:
    """The policy that the engine takes when told none, as its help says; empty if that does not say."""
    help_text = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\w+) \(default\)", help_text[help_text.find("--policy="):])
    return found[1] if found else ""


def suite_contenders(command: list[str]) -> tuple[list[Contender], dict[str, str]]:
    """All that can take part here, and the names of those that cannot with the reason."""
    found = [native("O0"), native("O2"), native("O3"), compile_and_run("O0"), compile_and_run("O2")]
    absent: dict[str, str] = {}
    found += [lli(kind, level) for kind in ("orc", "orc-lazy", "mcjit") for level in ("O0", "O2")]
    try:
        found.append(engine("ORC ReOptimizeLayer", "peer", build_reoptimize_driver()))
    except BenchError as error:
        absent["ORC ReOptimizeLayer"] = str(error).splitlines()[0]
        say(f"note: {error}")
    found += [ours(f"tiercel --tier={tier}", "fixed", command, f"--tier={tier}") for tier in TIERS]
    found.append(ours(DEFAULT_POLICY, "ours", command))
    accepted = []
    for policy in POLICIES:
        refused = refusal(command, f"--policy={policy}")
        if refused:
            absent[policy_name(policy)] = refused
        else:
            accepted.append(policy)
    default = default_policy(command)
    if default in accepted:
        accepted.remove(default)
        absent[policy_name(default)] = f"it is the default, and so the same as {DEFAULT_POLICY}"
    found += [ours(policy_name(policy), "ours", command, f"--policy={policy}") for policy in accepted]
    return found, absent


def select(contenders: list[Contender], words: str) -> list[Contender]:
    """By comma-separated words: a whole name, a kind, or part of a name. native -O3 stays, everything is compared with it."""
    wanted = [word.strip().lower() for word in words.split(",") if word.strip()]
    for word in wanted:
        if not any(word == c.kind or word in c.name.lower() for c in contenders):
            raise BenchError(f"no contender is called '{word}': {', '.join(c.name for c in contenders)}; or a kind: "
                             f"{', '.join(dict.fromkeys(c.kind for c in contenders))}")
    whole = {c.name.lower() for c in contenders}

    def matches(contender: Contender, word: str) -> bool:
        name = contender.name.lower()
        return word == name if word in whole else word == contender.kind or word in name

    return [c for c in contenders
            if c.name in (NATIVE_O2, NATIVE_O3) or any(matches(c, word) for word in wanted)]
