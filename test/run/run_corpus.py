#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the corpus of whole programs under an engine and compares each run with the native build.

A program is one C, C++ or IR file in programs/, or a folder there with a main file and what it links with; directives
in its first comment say how it is built and run (see README.md). It is built natively once and run once; that run is
what every run under the engine has to reproduce: standard output, standard error, exit status or signal.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "modes"), str(HERE.parent.parent / "scripts")]

import patience  # noqa: E402  (found through the path set above)
from modes import Mode, load_modes, select_modes  # noqa: E402

PROGRAMS = HERE / "programs"
INTERPOSER = HERE / "boundary" / "interposer.c"
SOURCE_SUFFIXES = (".c", ".cpp", ".ll")

# What the engine is given for one program: the front end's output for -O0 (functions marked optnone), the same without
# those marks (what `tiercel run FILE.c` makes for itself), and fully optimised bitcode.
LEVELS = {
    "O0": ["-O0"],
    "frontend": ["-O2", "-Xclang", "-disable-llvm-passes"],
    "O2": ["-O2"],
}

# The variables a run keeps from the caller; everything else would make runs differ from machine to machine.
KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


class CorpusError(Exception):
    """A program that is written, builds or behaves wrongly before any engine is involved."""


# ---------------------------------------------------------------------------------------------------------------------
# Programs and their directives


@dataclass(frozen=True)
class Part:
    """Something a program consists of besides its main file: `kind:source[+source…]` in a LINK directive."""

    kind: str  # bc, o, a, so (all linked), plugin (a shared library that is built, for dlopen, but not linked)
    sources: tuple[Path, ...]

    @property
    def file(self) -> str:
        suffix = {"bc": "bc", "o": "o", "a": "a", "so": "so", "plugin": "so"}[self.kind]
        return f"{self.sources[0].stem}.{suffix}"


@dataclass
class Program:
    """A program of the corpus with its directives."""

    name: str
    main: Path
    about: str = ""
    args: list[str] = field(default_factory=list)
    stdin: bytes = b""
    env: dict[str, str] = field(default_factory=dict)
    cflags: list[str] = field(default_factory=list)
    ldflags: list[str] = field(default_factory=list)
    libs: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    status: int = 0  # as subprocess reports it: negative for death by a signal
    compare_stderr: bool = True
    excluded_modes: dict[str, str] = field(default_factory=dict)  # mode -> reason
    levels: list[str] = field(default_factory=lambda: ["O0"])

    @property
    def sources(self) -> list[Path]:
        return [self.main, *(source for part in self.parts for source in part.sources)]

    def forms(self, wanted: list[str] | None) -> list[str]:
        """The input levels to use, its own unless others are wanted; what consists of IR has one form, the written one."""
        only_ir = all(source.suffix == ".ll" for source in self.sources)
        return ["O0"] if only_ir else wanted or self.levels

    @property
    def inputs(self) -> list[Path]:
        """Every file whose change must lead to a new build: a program's folder may hold headers and data, too."""
        if self.main.parent == PROGRAMS:
            return [self.main]
        return sorted(path for path in self.main.parent.rglob("*") if path.is_file())


def header_comment(path: Path) -> list[str]:
    """The lines of the comment at the top of a source file, without the comment marks."""
    mark = ";" if path.suffix == ".ll" else "//"
    lines = []
    for line in path.read_text().splitlines():
        if not line.startswith(mark):
            break
        lines.append(line[len(mark) :].strip())
    return lines


def parse_program(name: str, main: Path) -> Program:
    """Reads a program's directives; raises CorpusError for any that is not understood."""
    program = Program(name, main)
    expectation: list[str] = []
    for line in header_comment(main):
        match = re.fullmatch(r"([A-Z]+):\s*(.*)", line)
        if not match:
            if not program.about and line and not line.startswith("SPDX-"):
                program.about = line
            continue
        key, value = match.groups()
        try:
            if key in ("STATUS", "SIGNAL"):
                expectation.append(key)
            parse_directive(program, key, value)
        except (KeyError, ValueError, OSError) as error:
            raise CorpusError(f"{main}: bad directive '{line}': {error}") from error
    if len(expectation) > 1:
        raise CorpusError(f"{main}: more than one of STATUS and SIGNAL")
    if not program.about:
        raise CorpusError(f"{main}: the first comment does not say what the program is about")
    missing = [str(source) for source in program.sources if not source.is_file()]
    if missing:
        raise CorpusError(f"{main}: no such file: {', '.join(missing)}")
    return program


def parse_directive(program: Program, key: str, value: str) -> None:
    folder = program.main.parent
    match key:
        case "ARGS":
            program.args += shlex.split(value)
        case "STDIN" if value.startswith("@"):
            program.stdin = (folder / value[1:]).read_bytes()
        case "STDIN":
            program.stdin = value.encode().decode("unicode_escape").encode("latin-1")
        case "ENV":
            program.env |= dict(word.split("=", 1) for word in shlex.split(value))
        case "CFLAGS":
            program.cflags += shlex.split(value)
        case "LDFLAGS":
            program.ldflags += shlex.split(value)
        case "LIBS":
            words = shlex.split(value)
            if any(not word.startswith("-l") for word in words):
                raise ValueError("only -lNAME")
            program.libs += words
        case "LINK":
            for word in shlex.split(value):
                kind, _, sources = word.partition(":")
                part = Part(kind, tuple(folder / source for source in sources.split("+")))
                if not sources or part.file is None or (kind == "bc" and len(part.sources) > 1):
                    raise ValueError(word)
                program.parts.append(part)
        case "STATUS":
            program.status = int(value)
        case "SIGNAL":
            program.status = -signal.Signals[value]
        case "STDERR" if value == "ignore":
            program.compare_stderr = False
        case "MODES":
            for name, reason in re.findall(r"-([\w-]+) \(([^)]+)\)", value):
                program.excluded_modes[name] = reason
            if not re.fullmatch(r"(-[\w-]+ \([^)]+\)\s*)+", value):
                raise ValueError("expected -MODE (reason)")
        case "LEVELS":
            program.levels = value.split()
            if any(level not in LEVELS for level in program.levels):
                raise ValueError(f"known levels: {', '.join(LEVELS)}")
        case _:
            raise ValueError("unknown directive")


def discover() -> list[Program]:
    """All programs of the corpus, by name."""
    found = [(path.stem, path) for path in PROGRAMS.iterdir() if path.suffix in SOURCE_SUFFIXES]
    for folder in filter(Path.is_dir, PROGRAMS.iterdir()):
        mains = [folder / f"main{suffix}" for suffix in SOURCE_SUFFIXES if (folder / f"main{suffix}").is_file()]
        if len(mains) != 1:
            raise CorpusError(f"{folder}: has to have exactly one of main.c, main.cpp and main.ll")
        found.append((folder.name, mains[0]))
    names = [name for name, _ in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CorpusError(f"{PROGRAMS}: more than one program is called {', '.join(twice)}")
    return [parse_program(name, main) for name, main in sorted(found)]


# ---------------------------------------------------------------------------------------------------------------------
# Running a command


@dataclass(frozen=True)
class Outcome:
    """What a run did, as far as the caller of a program can tell."""

    status: int
    stdout: bytes
    stderr: bytes


def describe_status(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def run_environment(program: Program, native_folder: Path) -> dict[str, str]:
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment["LC_ALL"] = "C"
    return environment | {name: expand(value, native_folder) for name, value in program.env.items()}


def expand(text: str, native_folder: Path) -> str:
    """Puts the folder with the program's natively built libraries in place of {build}."""
    return text.replace("{build}", str(native_folder))


# Programs show what they inherit, and native results are kept: under nohup, hangups would be ignored in some of them.
DEFAULT_SIGNALS = ["env", "--default-signal=HUP,INT,QUIT,TERM"]


def execute(command: list[str], program: Program, native_folder: Path, cpu_seconds: float) -> Outcome:
    """Runs a command in an empty folder of its own. Raises patience.Hang."""
    with tempfile.TemporaryDirectory(prefix=f"corpus-{program.name}-") as folder:
        # In a session of its own, so that whatever it left behind can be ended with it.
        process = subprocess.Popen(
            [*DEFAULT_SIGNALS, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=run_environment(program, native_folder),
            start_new_session=True,
        )
        try:
            stdout, stderr = patience.communicate(process, program.stdin, cpu_seconds)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # the usual case: nothing is left
            process.wait()
        return Outcome(process.returncode, stdout, stderr)


# ---------------------------------------------------------------------------------------------------------------------
# Building, into folders named by the content of everything that goes in


@dataclass(frozen=True)
class Compilers:
    cc: str
    cxx: str
    ar: str
    assemble: str

    @functools.cached_property
    def version(self) -> str:
        return subprocess.run([self.cc, "--version"], capture_output=True, text=True, check=True).stdout

    def driver(self, sources: list[Path]) -> str:
        return self.cxx if any(source.suffix == ".cpp" for source in sources) else self.cc


def language_flags(source: Path, program: Program) -> list[str]:
    standard = {".c": ["-std=gnu17"], ".cpp": ["-std=c++20"]}.get(source.suffix, [])
    cflags = [flag for flag in program.cflags if source.suffix in (".c", ".cpp") or not flag.startswith("-D")]
    return [*standard, "-Wno-psabi", *cflags] if source.suffix != ".ll" else ["-Wno-override-module", *cflags]


def native_steps(program: Program, tools: Compilers) -> list[list[str]]:
    """The commands that make the native executable `native` and the natively built parts."""
    steps = []
    linked = []
    for part in program.parts:
        objects = []
        for source in part.sources:
            objects.append(f"{source.stem}.o")
            picture = ["-fPIC"] if part.kind in ("so", "plugin") else []
            flags = language_flags(source, program)
            steps.append([tools.driver([source]), "-O0", *flags, *picture, "-c", str(source), "-o", objects[-1]])
        if part.kind in ("so", "plugin"):
            steps.append([tools.driver(list(part.sources)), "-shared", f"-Wl,-soname,{part.file}", *objects]
                         + ["-o", part.file])
        elif part.kind == "a":
            steps.append([tools.ar, "rcsD", part.file, *objects])
        if part.kind != "plugin":
            linked.append(objects[0] if part.kind == "bc" else part.file)
    main = [str(program.main), *(["-O0", *language_flags(program.main, program)])]
    steps.append([tools.driver(program.sources), "-rdynamic", *main, *linked, "-Wl,-rpath,$ORIGIN"]
                 + [*program.ldflags, *program.libs, "-o", "native"])
    return steps


def bitcode_steps(program: Program, level: str, tools: Compilers) -> list[list[str]]:
    """The commands that make `main.bc` and the bitcode parts; IR is only assembled."""
    steps = []
    parts = [(part.sources[0], part.file) for part in program.parts if part.kind == "bc"]
    for source, output in [(program.main, "main.bc"), *parts]:
        if source.suffix == ".ll":
            steps.append([tools.assemble, str(source), "-o", output])
        else:
            flags = [*LEVELS[level], *language_flags(source, program)]
            steps.append([tools.driver([source]), *flags, "-emit-llvm", "-c", str(source), "-o", output])
    return steps


class Builder:
    """Builds programs into a cache folder; the same inputs and commands are never built twice."""

    def __init__(self, cache: Path, tools: Compilers, cpu_seconds: float) -> None:
        self.cache = cache
        self.tools = tools
        self.cpu_seconds = cpu_seconds

    def native(self, program: Program) -> Path:
        """The folder with the executable, the natively built parts, and the input and outcome of the native run."""
        return self._build(program, "native", native_steps(program, self.tools), self._record)

    def bitcode(self, program: Program, level: str) -> Path:
        """The folder with the bitcode of a program at one input level."""
        return self._build(program, level, bitcode_steps(program, level, self.tools), lambda program, folder: None)

    def _build(self, program: Program, what: str, steps: list[list[str]], finish) -> Path:
        digest = hashlib.sha256()
        digest.update(json.dumps([self.tools.version, steps]).encode())
        for path in program.inputs:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
        folder = self.cache / program.name / f"{what}-{digest.hexdigest()[:16]}"
        if folder.is_dir():
            return folder
        # Made under another name and renamed when complete, so that an interrupted build leaves nothing to trust.
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
        try:
            for step in steps:
                result = subprocess.run(step, cwd=scratch, capture_output=True, text=True)
                if result.returncode != 0:
                    raise CorpusError(f"build failed: {shlex.join(step)}\n{result.stdout}{result.stderr}")
            finish(program, scratch)
            scratch.chmod(0o755)
            try:
                scratch.rename(folder)
            except OSError:
                if not folder.is_dir():  # otherwise somebody else built the same in the meantime
                    raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return folder

    def _record(self, program: Program, folder: Path) -> None:
        outcome = run_native(program, folder, self.cpu_seconds)
        (folder / "stdin").write_bytes(program.stdin)
        (folder / "stdout").write_bytes(outcome.stdout)
        (folder / "stderr").write_bytes(outcome.stderr)


def run_native(program: Program, folder: Path, cpu_seconds: float) -> Outcome:
    """Runs the native build and holds it to the program's own expectation."""
    command = [str(folder / "native"), *(expand(argument, folder) for argument in program.args)]
    try:
        outcome = execute(command, program, folder, cpu_seconds)
    except patience.Hang as hang:
        raise CorpusError(f"the native build hangs: {hang}") from None
    if outcome.status != program.status:
        raise CorpusError(
            f"the native build: expected {describe_status(program.status)}, got {describe_status(outcome.status)}\n"
            + outcome.stdout[-1000:].decode(errors="replace")
            + outcome.stderr[-1000:].decode(errors="replace")
        )
    return outcome


def recorded_outcome(program: Program, folder: Path) -> Outcome:
    return Outcome(program.status, (folder / "stdout").read_bytes(), (folder / "stderr").read_bytes())


# ---------------------------------------------------------------------------------------------------------------------
# Engines


def tiercel_arguments(program: Program, native: Path, bitcode: Path) -> list[str]:
    arguments = []
    for part in program.parts:
        if part.kind != "plugin":
            arguments += ["--link", str((bitcode if part.kind == "bc" else native) / part.file)]
    for library in program.libs:
        arguments += ["-l", library.removeprefix("-l")]
    return [*arguments, str(bitcode / "main.bc"), *(expand(argument, native) for argument in program.args)]


def lli_arguments(program: Program, native: Path, bitcode: Path) -> list[str]:
    """The same for LLVM's lli, which this runner can be checked against; it finds the usual libraries by itself."""
    option = {"bc": "--extra-module", "o": "--extra-object", "a": "--extra-archive", "so": "--dlopen"}
    arguments = []
    for part in program.parts:
        if part.kind != "plugin":
            arguments.append(f"{option[part.kind]}={(bitcode if part.kind == 'bc' else native) / part.file}")
    return [*arguments, str(bitcode / "main.bc"), *(expand(argument, native) for argument in program.args)]


@dataclass(frozen=True)
class Engine:
    command: list[str]
    is_lli: bool

    @staticmethod
    def parse(text: str) -> Engine:
        command = shlex.split(text)
        if not command:
            raise CorpusError("--engine: empty command")
        found = shutil.which(command[0])
        if not found:
            raise CorpusError(f"--engine: no such command: {command[0]}")
        return Engine([str(Path(found).absolute()), *command[1:]], Path(found).name.startswith("lli"))

    def modes(self, names: str | None) -> list[Mode]:
        if self.is_lli:
            return [Mode("lli", [], [], "the options on the command line and no others")]
        return select_modes(load_modes(), names)

    def preloading(self, library: Path) -> Engine:
        """The same engine with a library loaded before the others of its process, and of those that it starts."""
        return Engine(["env", f"LD_PRELOAD={library}", *self.command], self.is_lli)

    def full_command(self, mode: Mode, program: Program, native: Path, bitcode: Path) -> list[str]:
        arguments = lli_arguments if self.is_lli else tiercel_arguments
        return mode.command(self.command, arguments(program, native, bitcode))


def build_interposer(cache: Path, compiler: str) -> Path:
    """The library that ends an engine which calls, in a first call, what that must not need."""
    library = cache / "interposer.so"
    cache.mkdir(parents=True, exist_ok=True)
    command = [compiler, "-O1", "-fPIC", "-shared", "-fno-builtin", "-Wall", "-Werror", str(INTERPOSER), "-o", str(library)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise CorpusError(f"build failed: {shlex.join(command)}\n{result.stderr}")
    return library


# ---------------------------------------------------------------------------------------------------------------------
# Comparing


def first_difference(expected: bytes, actual: bytes, context: int = 2, width: int = 160) -> str:
    """A few lines around the first one that differs; outputs may be many megabytes."""

    def show(line: bytes) -> str:
        text = repr(line)[2:-1]
        return text if len(text) <= width else text[:width] + "…"

    old, new = expected.split(b"\n"), actual.split(b"\n")
    at = next((index for index, pair in enumerate(zip(old, new)) if pair[0] != pair[1]), min(len(old), len(new)))
    lines = [f"    line {at + 1} of {len(old)} expected, {len(new)} actual lines"]
    lines += [f"      {show(line)}" for line in old[max(0, at - context) : at]]
    lines += [f"    - {show(line)}" for line in old[at : at + 1 + context]]
    lines += [f"    + {show(line)}" for line in new[at : at + 1 + context]]
    return "\n".join(lines)


def compare(program: Program, expected: Outcome, actual: Outcome) -> list[str]:
    """What differs between the native run and the engine's; empty when nothing does."""
    differences = []
    if actual.status != expected.status:
        differences.append(f"  expected {describe_status(expected.status)}, got {describe_status(actual.status)}")
    if actual.stdout != expected.stdout:
        differences.append("  stdout differs:\n" + first_difference(expected.stdout, actual.stdout))
    if program.compare_stderr and actual.stderr != expected.stderr:
        differences.append("  stderr differs:\n" + first_difference(expected.stderr, actual.stderr))
    elif differences and actual.stderr != expected.stderr:
        differences.append("  stderr: " + actual.stderr[-600:].decode(errors="replace"))
    return differences


def repeat_command(command: list[str], program: Program, native: Path) -> str:
    """A line for the shell that runs one case again, in the environment and the kind of folder it ran in."""
    environment = run_environment(program, native)
    kept = [f'{name}="${name}"' for name in KEPT_VARIABLES if environment.get(name) == os.environ.get(name, "")]
    own = [f"{name}={value}" for name, value in environment.items() if environment[name] != os.environ.get(name)]
    line = f"(cd $(mktemp -d) && env -i {' '.join(kept)} {shlex.join([*own, *command])})"
    return f"{line} <{shlex.quote(str(native / 'stdin'))}"


# ---------------------------------------------------------------------------------------------------------------------
# The command


@dataclass(frozen=True)
class Case:
    program: Program
    level: str
    mode: Mode

    @property
    def name(self) -> str:
        return f"{self.program.name}@{self.level} [{self.mode.name}]"


def run_case(case: Case, engine: Engine, builder: Builder, cpu_seconds: float) -> list[str]:
    """Runs one case; the lines that describe its failure, empty when it passed."""
    program = case.program
    native = builder.native(program)
    command = engine.full_command(case.mode, program, native, builder.bitcode(program, case.level))
    try:
        problems = compare(program, recorded_outcome(program, native),
                           execute(command, program, native, cpu_seconds))
    except patience.Hang as hang:
        problems = [f"  hangs: {hang}"]
    return [*problems, f"  repeat: {repeat_command(command, program, native)}"] if problems else []


def check_native(program: Program, builder: Builder, cpu_seconds: float) -> list[str]:
    """Runs the native build twice more: a program whose output varies can test nothing."""
    native = builder.native(program)
    expected = recorded_outcome(program, native)
    for _ in range(2):
        problems = compare(program, expected, run_native(program, native, cpu_seconds))
        if problems:
            return ["  not deterministic:", *problems]
    return []


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Example: run_corpus.py --filter 'tls|errno' --modes adaptive,onecore -j 1",
    )
    parser.add_argument("--engine", default=str(ROOT / "build/release/bin/tiercel") + " run", metavar="COMMAND",
                        help="command that runs bitcode (default: %(default)s); any lli is understood, too")
    parser.add_argument("--modes", metavar="NAME,…", help="only these modes of test/modes/modes.json (default: all)")
    parser.add_argument("--input-level", metavar="NAME,…",
                        help=f"give the engine all programs in these forms ({', '.join(LEVELS)}) instead of those "
                             "each program asks for")
    parser.add_argument("--filter", metavar="REGEX", help="only programs whose name matches")
    parser.add_argument("--boundary", action="store_true",
                        help="fail runs in which the engine uses libc's heap, the dynamic loader, files or new threads "
                             "in a first call or a trip")
    parser.add_argument("--native-only", action="store_true",
                        help="no engine: check that every program behaves as it says and the same every time")
    parser.add_argument("--list", action="store_true", help="list the programs and stop")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="runs at a time (default: %(default)s)")
    parser.add_argument("--cpu-seconds", type=float, default=patience.CPU_SECONDS, metavar="SECONDS",
                        help="a run that used so much processor time hangs (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=ROOT / "build/test-corpus", metavar="DIR",
                        help="where builds are kept (default: %(default)s)")
    parser.add_argument("--cc", default="clang-22", help="C compiler (default: %(default)s)")
    parser.add_argument("--cxx", default="clang++-22", help="C++ compiler (default: %(default)s)")
    parser.add_argument("--ar", default="llvm-ar-22", help="archiver (default: %(default)s)")
    parser.add_argument("--llvm-as", default="llvm-as-22", help="IR assembler (default: %(default)s)")
    parser.add_argument("-v", "--verbose", action="store_true", help="also name what passed and what was skipped")
    return parser.parse_args()


# Shows that it gets on, to people and to run_tests.py.
PROGRESS_STEP = 200


def run_all(jobs: list[tuple[str, object]], workers: int, verbose: bool) -> tuple[int, int]:
    """Runs named jobs in parallel, reports those that fail, and counts (passed, failed)."""
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(job): name for name, job in jobs}
        for number, future in enumerate(concurrent.futures.as_completed(futures), start=1):
            try:
                problems = future.result()
            except CorpusError as error:
                problems = [f"  {error}"]
            if problems:
                failed += 1
                print("\n".join([f"FAIL {futures[future]}", *problems]), flush=True)
            else:
                passed += 1
                if verbose:
                    print(f"ok   {futures[future]}", flush=True)
            if number % PROGRESS_STEP == 0:
                print(f"{number} of {len(jobs)} done, {failed} failed", flush=True)
    return passed, failed


def main() -> int:
    # Started in the background it may have been told to ignore this, and so would the programs, of which some die by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = parse_arguments()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # many programs die on purpose
    try:
        programs = [p for p in discover() if not arguments.filter or re.search(arguments.filter, p.name)]
        if arguments.list:
            for program in programs:
                print(f"{program.name:28} {','.join(program.forms(None)):18} {program.about}")
            return 0
        if not programs:
            raise CorpusError(f"no program matches '{arguments.filter}'")
        levels = arguments.input_level.split(",") if arguments.input_level else None
        unknown = [level for level in levels or [] if level not in LEVELS]
        if unknown:
            raise CorpusError(f"unknown input level {', '.join(unknown)}; there are: {', '.join(LEVELS)}")
        builder = Builder(arguments.cache.absolute(),
                          Compilers(arguments.cc, arguments.cxx, arguments.ar, arguments.llvm_as), arguments.cpu_seconds)
        skipped = 0
        if arguments.native_only:
            jobs = [(p.name, functools.partial(check_native, p, builder, arguments.cpu_seconds)) for p in programs]
        else:
            engine = Engine.parse(arguments.engine)
            if arguments.boundary:
                engine = engine.preloading(build_interposer(arguments.cache.absolute(), arguments.cc))
            modes = engine.modes(arguments.modes)
            jobs = []
            # Everything is built before anything runs, so that no run competes with another program's build.
            builds = [(f"{p.name}: build", functools.partial(build_program, p, p.forms(levels), builder))
                      for p in programs]
            _, broken = run_all(builds, arguments.jobs, False)
            if broken:
                print(f"error: {broken} programs cannot be built", file=sys.stderr)
            for program in programs:
                for level in program.forms(levels):
                    for mode in modes:
                        case = Case(program, level, mode)
                        if mode.name in program.excluded_modes:
                            skipped += 1
                            print(f"skip {case.name}: {program.excluded_modes[mode.name]}")
                        else:
                            jobs.append((case.name, functools.partial(run_case, case, engine, builder,
                                                                      arguments.cpu_seconds)))
    except (CorpusError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    passed, failed = run_all(jobs, arguments.jobs, arguments.verbose)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def build_program(program: Program, levels: list[str], builder: Builder) -> list[str]:
    builder.native(program)
    for level in levels:
        builder.bitcode(program, level)
    return []


if __name__ == "__main__":
    sys.exit(main())
