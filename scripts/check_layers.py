#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that the sources keep to the layers listed in src/README.md.

The list is the block fenced with ```layers: one folder per line, lowest first; what follows the name is a comment.

  src/X        may include only its own folder and folders listed before X, and nothing from tools/
  include/     public headers other than llvm.h neither include nor name anything of LLVM, and nothing private
  everywhere   headers have at most 250 lines, sources at most 700: larger ones are several things in one file
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Iterator

MAX_LINES = {".h": 250, ".cpp": 700, ".S": 700}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LLVM_NAME = re.compile(r"\b(?:namespace\s+(?:llvm|clang)\b|(?:llvm|clang)::|LLVM\w+Ref\b)")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def read_layers(readme: Path) -> list[str]:
    """The folder names of the ```layers block, lowest first."""
    block = re.search(r"^```layers\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    if not block:
        sys.exit(f"{readme}: no block that starts with ```layers")
    layers = [line.split()[0].rstrip("/") for line in block[1].splitlines() if line.strip()]
    for name in layers:
        if layers.count(name) > 1:
            sys.exit(f"{readme}: {name} is listed twice")
    return layers


def code_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a file without its comments."""
    blanked = COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), path.read_text())
    return enumerate(blanked.splitlines(), 1)


def includes(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, quote character and name of every #include."""
    for number, line in code_lines(path):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in MAX_LINES)


def check_private(src: Path, layers: list[str]) -> Iterator[tuple[Path, int, str]]:
    """src/: includes only go down."""
    rank = {name: index for index, name in enumerate(layers)}
    for folder in sorted({path.relative_to(src).parts[0] for path in sources(src)}):
        if folder not in rank:
            yield src / folder, 0, "is not in the layer list of src/README.md"
    for name in layers:
        if not (src / name).is_dir():
            yield src / "README.md", 0, f"lists {name}, which does not exist"

    for path in sources(src):
        own = path.relative_to(src).parts[0]
        for number, _, name in includes(path):
            first, *rest = name.split("/")
            if first == "tools" or ".." in name.split("/"):
                yield path, number, f"includes {name}: the library depends on src/ and include/ alone, named from there"
            elif rest and first != own and first in rank and own in rank and rank[first] > rank[own]:
                yield path, number, f"includes {name}, but {first} is above {own}"


def check_public(include: Path, layers: list[str]) -> Iterator[tuple[Path, int, str]]:
    """include/tiercel/: no LLVM outside llvm.h, nothing from src/."""
    for path in sources(include):
        for number, quote, name in includes(path):
            first = name.split("/")[0]
            if path.name != "llvm.h" and (first in ("llvm", "llvm-c", "clang") or name.endswith("tiercel/llvm.h")):
                yield path, number, f"includes {name}: only llvm.h may show LLVM to hosts"
            if first in layers or ".." in name or (quote == '"' and first != "tiercel"):
                yield path, number, f"includes {name}, which is not installed"
        if path.name != "llvm.h":
            for number, line in code_lines(path):
                if match := LLVM_NAME.search(line):
                    yield path, number, f"names {match[0]}: only llvm.h may show LLVM to hosts"


def check_sizes(folders: list[Path]) -> Iterator[tuple[Path, int, str]]:
    for folder in folders:
        for path in sources(folder):
            lines = len(path.read_text().splitlines())
            if lines > MAX_LINES[path.suffix]:
                yield path, lines, f"has {lines} lines, more than {MAX_LINES[path.suffix]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent,
                        help="the repository (default: the one this script is in)")
    root: Path = parser.parse_args().root

    layers = read_layers(root / "src/README.md")
    problems = [
        *check_private(root / "src", layers),
        *check_public(root / "include", layers),
        *check_sizes([root / name for name in ("src", "include", "tools", "test/unit")]),
    ]
    for path, line, text in problems:
        print(f"{path.relative_to(root)}{f':{line}' if line else ''}: {text}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
