#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is the profile right? Compares it with clang's own instrumentation of the same program on the same input.

    test/profile/compare_with_clang.py [options] PROGRAM [ARGS...]

PROGRAM is LLVM IR, or C or C++. It is run twice, with the same ARGS and standard input:

  clang     pgo-instr-gen and LLVM's profile runtime; opt's pgo-instr-use puts the counts into the IR
  Tiercel   tiercel run --tier=0 --profile-out, which counts the whole run

Every block of every function must have the same count in both, and so must every indirect call with its most frequent
target. A program with threads or timing of its own cannot be
compared; nor one with blocks that run more than 4,294,967,295 times, since both keep branch counts in 32 bits.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

LLVM = Path("/usr/lib/llvm-22/bin")
REPOSITORY = Path(__file__).resolve().parents[2]

DECLARE = re.compile(r'^(?:declare|define available_externally) [^@]*@("(?:[^"\\]|\\[0-9A-Fa-f]{2})*"|[-\w.$]+)\(')
DEFINE = re.compile(r'^define [^@]*@("(?:[^"\\]|\\[0-9A-Fa-f]{2})*"|[-\w.$]+)\(')
LABEL = re.compile(r'^("(?:[^"\\]|\\[0-9A-Fa-f]{2})*"|[-\w.$]+):')
TARGET = re.compile(r'\blabel %("(?:[^"\\]|\\[0-9A-Fa-f]{2})*"|[-\w.$]+)')
TERMINATOR = re.compile(r"^  (?:%\S+ = )?(br|switch|indirectbr|invoke|ret|resume|unreachable|callbr)\b")
PROF = re.compile(r"!prof !(\d+)")
METADATA = re.compile(r'^!(\d+) = .*!\{!"(branch_weights|function_entry_count|VP)", (.*)\}$')
SHOWN_FUNCTION = re.compile(r"^(\S.*)  entered (\d+), hash ([0-9a-f]{16})$")
SHOWN_CALL = re.compile(r"^  indirect call \d+: (\d+)$")
SHOWN_BLOCK = re.compile(r"^    +(\d+)  (.*)$")


@dataclass
class Counts:
    """What a profile says about one function."""

    blocks: dict[str, int] = field(default_factory=dict)
    calls: list["Call"] = field(default_factory=list)  # indirect ones that ran


@dataclass
class Call:
    total: int
    targets: list[int] = field(default_factory=list)  # their counts, most frequent first

    def fits(self, clang: "Call") -> bool:
        """Tiercel follows four targets at a time. When there are more, its counts are lower bounds."""
        if self.total != clang.total or bool(self.targets) != bool(clang.targets):
            return False
        if not self.targets:  # all of them outside the program
            return True
        if sum(self.targets) < self.total:
            return self.targets[0] <= clang.targets[0]
        return self.targets[0] == clang.targets[0]


Profile = dict[str, Counts]


def unquoted(name: str) -> str:
    if not name.startswith('"'):
        return name
    return re.sub(r"\\([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), name[1:-1])


@dataclass
class Block:
    terminator: str = ""
    successors: list[str] = field(default_factory=list)
    prof: str | None = None


@dataclass
class Function:
    prof: str | None = None
    blocks: dict[str, Block] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)  # metadata of calls


def read_ir(text: str) -> tuple[dict[str, Function], dict[str, tuple[str, list[int]]]]:
    """Functions with blocks and terminators, and the profile metadata by number."""
    functions: dict[str, Function] = {}
    metadata: dict[str, tuple[str, list[int]]] = {}
    function = block = None
    for line in text.splitlines():
        if function is None:
            if match := DEFINE.match(line):
                function = functions.setdefault(unquoted(match[1]), Function())
                if prof := PROF.search(line):
                    function.prof = prof[1]
            elif match := METADATA.match(line):
                metadata[match[1]] = match[2], [int(number) for number in re.findall(r"\bi(?:32|64) (-?\d+)", match[3])]
        elif line == "}":
            function = block = None
        elif match := LABEL.match(line):
            block = function.blocks.setdefault(unquoted(match[1]), Block())
        elif block is not None:
            if (" call " in line or " invoke " in line or block.terminator == "invoke") and (prof := PROF.search(line)):
                function.calls.append(prof[1])
            if match := TERMINATOR.match(line):
                block.terminator = match[1]
            if block.terminator:  # which may go on over several lines
                block.successors += [unquoted(name) for name in TARGET.findall(line)]
                if prof := PROF.search(line):
                    block.prof = prof[1]
    return functions, metadata


class FunctionCounts:
    """Block counts from entry count and branch weights, which pgo-instr-use leaves out where all are zero."""

    def __init__(self, function: Function, metadata: dict[str, tuple[str, list[int]]]):
        self.blocks = function.blocks
        self.metadata = metadata
        entries = metadata.get(function.prof or "", ("", []))
        self.entry = entries[1][0] if entries[0] == "function_entry_count" else 0
        self.predecessors: dict[str, list[str]] = {name: [] for name in self.blocks}
        for name, block in self.blocks.items():
            for successor in dict.fromkeys(block.successors):
                self.predecessors[successor].append(name)

    def weights(self, name: str) -> list[int] | None:
        block = self.blocks[name]
        kind, values = self.metadata.get(block.prof or "", ("", []))
        if kind == "branch_weights":
            return values
        # An indirect invoke may have its targets in that place.
        return None if len(block.successors) < 2 or block.terminator == "invoke" else [0] * len(block.successors)

    def all(self) -> dict[str, int]:
        order = list(self.blocks)
        known: dict[str, int] = {}
        for name in order:
            weights = self.weights(name)
            if weights is not None:
                known[name] = sum(weights)
        # What remains has one way out: its count is that of its ways in. A ring of such blocks never ends.
        for start in order:
            stack = [start]
            while stack:
                name = stack[-1]
                missing = [p for p in self.predecessors[name] if self.weights(p) is None and p not in known]
                if name in known or not missing:
                    stack.pop()
                    if name not in known:
                        known[name] = self.flow_in(name, known, first=order[0])
                elif any(p in stack for p in missing):
                    return {}
                else:
                    stack += missing
        return known

    def flow_in(self, name: str, known: dict[str, int], first: str) -> int:
        total = self.entry if name == first else 0
        for predecessor in self.predecessors[name]:
            block, weights = self.blocks[predecessor], self.weights(predecessor)
            if weights is None:
                total += known[predecessor] if block.successors[0] == name else 0
            else:
                total += sum(weight for weight, successor in zip(weights, block.successors) if successor == name)
        return total


def run(command: list, **options) -> subprocess.CompletedProcess:
    result = subprocess.run([str(part) for part in command], **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {result.returncode}")
    return result


class Comparison:
    def __init__(self, options: argparse.Namespace, work: Path):
        self.options = options
        self.work = work
        self.named = work / "named.bc"

    def prepare(self) -> None:
        """IR in which every block has a name, and functions may be instrumented as they are."""
        program = self.options.program
        if program.suffix in (".c", ".cc", ".cpp", ".cxx"):
            source = self.work / "program.bc"
            driver = "clang" if program.suffix == ".c" else "clang++"
            run([LLVM / driver, *(["-std=c++23"] if driver == "clang++" else []), "-O1", "-Xclang", "-disable-llvm-passes", "-emit-llvm", "-c", program, "-o", source])
            run([LLVM / "opt", "-passes=mem2reg", source, "-o", source])
            program = source
        run([LLVM / "opt", "-passes=instnamer", program, "-o", self.named])

    def execute(self, command: list, program: Path | None = None, **environment: str) -> tuple[int, bytes]:
        stdin = open(self.options.stdin, "rb") if self.options.stdin else subprocess.DEVNULL
        result = subprocess.run([*map(str, command), *self.options.arguments], executable=program, stdin=stdin,
                                stdout=subprocess.PIPE, env={**os.environ, **environment})
        return result.returncode, result.stdout

    def clang(self) -> tuple[Profile, tuple[int, bytes]]:
        instrumented, code, program, raw, data, annotated = (
            self.work / name for name in ("instrumented.bc", "code.o", "program", "raw", "data", "annotated.ll"))
        run([LLVM / "opt", "-passes=pgo-instr-gen,instrprof", "-vp-counters-per-site=16", self.named, "-o", instrumented])
        # Two steps: with -fprofile-generate the first would instrument again.
        run([LLVM / "clang++", "-O0", "-w", "-c", instrumented, "-o", code])
        run([LLVM / "clang++", "-fprofile-generate", code, "-o", program, "-rdynamic", "-lm", "-ldl", "-lpthread",
             *self.options.link])
        # The same argv[0] as under Tiercel: programs look at it.
        outcome = self.execute([self.named], program, LLVM_PROFILE_FILE=str(raw))
        run([LLVM / "llvm-profdata", "merge", raw, "-o", data])
        run([LLVM / "opt", "-S", "-passes=pgo-instr-use", f"-pgo-test-profile-file={data}", self.named,
             "-o", annotated])
        text = annotated.read_text(errors="surrogateescape")
        functions, metadata = read_ir(text)
        outside = guids_outside(text)
        return {name: Counts(FunctionCounts(function, metadata).all(), call_targets(function, metadata, outside))
                for name, function in functions.items()}, outcome

    def tiercel(self) -> tuple[Profile, tuple[int, bytes] | None]:
        outcome = None
        profile = self.options.profile
        if profile is None:
            profile = self.work / "profile"
            outcome = self.execute([self.options.tiercel, "run", "--tier=0", f"--profile-out={profile}",
                                    *(f"--link={file}" for file in self.options.link if not file.startswith("-")),
                                    *(flag for flag in self.options.link if flag.startswith("-")), self.named])
        shown = run([self.options.tiercel, "profile", "show", f"--program={self.named}", profile],
                    stdout=subprocess.PIPE, text=True, errors="surrogateescape").stdout
        return read_shown(shown), outcome


def guids_outside(text: str) -> set[int]:
    """What stands for functions that are not the program's: 0 or their name's GUID, as a signed number."""
    names = [unquoted(match[1]) for line in text.splitlines() if (match := DECLARE.match(line))]
    digests = [hashlib.md5(name.encode(errors="surrogateescape")).digest() for name in names]
    return {0, *(int.from_bytes(digest[:8], "little", signed=True) for digest in digests)}


def call_targets(function: Function, metadata: dict[str, tuple[str, list[int]]], outside: set[int]) -> list[Call]:
    """Value profiles of kind 0, indirect calls: kind, all, then target and count, most frequent first.

    Tiercel leaves out targets outside the program.
    """
    values = [metadata[number][1] for number in function.calls if metadata.get(number, ("", []))[0] == "VP"]
    return [Call(value[1], [count for name, count in zip(value[2::2], value[3::2]) if name not in outside])
            for value in values if value[0] == 0]


def read_shown(text: str) -> Profile:
    """The output of `tiercel profile show --program`."""
    profile: Profile = {}
    current = Counts()
    section = ""
    for line in text.splitlines():
        if match := SHOWN_FUNCTION.match(line):
            current = profile.setdefault(match[1], Counts())
        elif match := SHOWN_CALL.match(line):
            section = "call"
            if int(match[1]) > 0:
                current.calls.append(Call(int(match[1])))
        elif line == "  blocks":
            section = "blocks"
        elif match := SHOWN_BLOCK.match(line):
            if section == "blocks":
                current.blocks[match[2]] = int(match[1])
            else:
                current.calls[-1].targets.append(int(match[1]))
    return profile


def compare(expected: Profile, found: Profile) -> tuple[list[str], str]:
    """Differences, and what ran."""
    differences = []
    functions = blocks = calls = 0
    for name, counts in expected.items():
        ran = any(counts.blocks.values())
        functions += ran
        blocks += sum(count > 0 for count in counts.blocks.values())
        calls += len(counts.calls)
        if name not in found or not found[name].blocks:
            if ran:
                differences.append(f"{name}: ran, but is not in the profile")
            continue
        for block, count in found[name].blocks.items():
            if count != counts.blocks.get(block):
                differences.append(f"{name}: block {block}: {count} in the profile, "
                                   f"clang counts {counts.blocks.get(block)}")
        if len(found[name].calls) != len(counts.calls) or not all(map(Call.fits, found[name].calls, counts.calls)):
            differences.append(f"{name}: indirect calls: {found[name].calls} in the profile, "
                               f"clang counts {counts.calls}")
    differences += [f"{name}: in the profile, but the program has no such function"
                    for name in found if name not in expected]
    return differences, f"{functions} functions, {blocks} blocks and {calls} indirect calls ran" if functions else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiercel", type=Path, default=REPOSITORY / "build/release/bin/tiercel", metavar="FILE",
                        help="the command (default: the release build)")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="compare this profile in place of a run of Tiercel")
    parser.add_argument("--stdin", type=Path, metavar="FILE", help="standard input of both runs (default: empty)")
    parser.add_argument("--link", action="append", default=[], metavar="FILE|-lLIB", help="more of the program. Repeatable")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="print so many differences (default 20)")
    parser.add_argument("program", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="tiercel-profile-") as folder:
        comparison = Comparison(options, Path(folder))
        comparison.prepare()
        expected, clang_outcome = comparison.clang()
        found, outcome = comparison.tiercel()
    if outcome is not None and outcome != clang_outcome:
        print(f"the two runs differ: exit status {clang_outcome[0]} with clang, {outcome[0]} with Tiercel, "
              f"{len(clang_outcome[1])} and {len(outcome[1])} bytes of output")
        return 1
    differences, ran = compare(expected, found)
    if not ran:
        print("clang's profile is empty: nothing was compared")
        return 1
    for difference in differences[:options.show]:
        print(difference)
    print(f"{ran}; {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
