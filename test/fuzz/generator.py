# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs: a seed decides everything about one, so that the seed alone brings it back."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Where Debian's libcsmith-dev puts csmith.h.
CSMITH_HEADERS = "/usr/include/csmith"
# One program in five is an empty function and little else, of some 50 lines; the others have several hundred.
TRIVIAL_LINES = 200

# For every process that is started: Ctrl-C stops the fuzzer, not what it runs, which would look like a failure.
DETACHED = {"process_group": 0}

# What the engine is given: the front end's output for -O0 (functions marked optnone), the same without those marks
# (what `tiercel run FILE.c` makes for itself), and fully optimised bitcode.
LEVELS = {
    "O0": ["-O0"],
    "frontend": ["-O2", "-Xclang", "-disable-llvm-passes"],
    "O2": ["-O2"],
}

# Kinds of programs, small enough to compile and run quickly. No option of csmith makes sure that they end: one in six
# does not, and the oracle discards it.
SHAPES = [
    [],  # csmith's own sizes: ten functions, about 1,500 lines
    ["--max-funcs", "20", "--max-block-size", "3", "--max-block-depth", "3"],  # many functions, more calls
    ["--max-funcs", "8", "--max-block-depth", "4", "--max-expr-complexity", "6", "--inline-function"],
    ["--max-pointer-depth", "4", "--max-struct-fields", "16", "--max-array-dim", "2"],  # memory more than arithmetic
]


@dataclass(frozen=True)
class Program:
    """A generated source file and the form in which the engine gets it."""

    seed: int
    text: str
    is_cpp: bool
    level: str

    @property
    def file_name(self) -> str:
        return "program.cpp" if self.is_cpp else "program.c"

    @property
    def fingerprint(self) -> str:
        """Equal for equal sources: tells whether a recorded result still belongs to what csmith generates."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def is_trivial(self) -> bool:
        """Too small to find anything."""
        return self.text.count("\n") < TRIVIAL_LINES

    def compiler(self) -> list[str]:
        """The compiler and what every build of the program needs."""
        # csmith initialises signed integers with unsigned literals; C++11 makes that an error.
        driver = ["clang++-22", "-Wno-c++11-narrowing"] if self.is_cpp else ["clang-22"]
        return [*driver, "-w", f"-I{CSMITH_HEADERS}"]


def csmith_options(seed: int) -> list[str]:
    """Shape and language follow from the seed; a stride each, so that neighbouring seeds differ in all of them."""
    language = ["--lang-cpp", "--cpp11"] if is_cpp(seed) else []
    return ["--concise", *SHAPES[seed // 3 % len(SHAPES)], *language]


def is_cpp(seed: int) -> bool:
    return seed % 8 == 7


def generate(seed: int, level: str | None = None) -> Program:
    """The program of a seed; its input level also follows from the seed unless one is asked for."""
    command = ["csmith", "--seed", str(seed), *csmith_options(seed)]
    # csmith leaves a file with the sizes of the platform's types where it runs.
    with tempfile.TemporaryDirectory(prefix="tiercel-fuzz-") as folder:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, **DETACHED)
    return Program(seed, result.stdout, is_cpp(seed), level or list(LEVELS)[seed % len(LEVELS)])


def build_bitcode(program: Program, folder: Path) -> Path:
    """Writes the source to `folder` and compiles it for the engine."""
    source = folder / program.file_name
    source.write_text(program.text)
    bitcode = folder / "program.bc"
    command = [*program.compiler(), *LEVELS[program.level], "-emit-llvm", "-c", str(source), "-o", str(bitcode)]
    subprocess.run(command, capture_output=True, text=True, check=True, **DETACHED)
    return bitcode
