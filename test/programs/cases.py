# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is done with each real program. A case is one run: arguments, standard input, and the files it finds."""

from __future__ import annotations

import bz2
import functools
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
WORKLOADS = HERE.parent.parent / "bench/workloads"

Content = Callable[[], bytes]  # made when a case is first run: listing cases must not cost anything


@dataclass(frozen=True)
class Case:
    program: str
    name: str
    args: tuple[str, ...] = ()
    stdin: Content = lambda: b""
    files: dict[str, Content] = field(default_factory=dict)  # in the directory where the program runs
    status: int = 0  # what the native build ends with; one that does not is a broken case
    ignored: tuple[str, ...] = ()  # files that differ between two runs of the same program, such as logs of times

    @property
    def id(self) -> str:
        return f"{self.program}/{self.name}"


def text(value: str) -> Content:
    return lambda: value.encode()


def file(path: Path | str) -> Content:
    return (HERE / path).read_bytes


@functools.cache
def prose(size: int) -> bytes:
    """Reproducible data with the redundancy of text, a stretch of noise, and one of long runs."""
    source = random.Random(20240)
    words = ["".join(source.choices("etaoinshrdlucmfwypvbgkjqxz", k=source.randint(2, 9))) for _ in range(4000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    parts: list[bytes] = []
    length = 0
    while length < size * 8 // 10:
        line = (" ".join(source.choices(words, weights, k=12)) + ".\n").encode()
        parts.append(line)
        length += len(line)
    parts.append(source.randbytes(size // 10))
    parts.append(b"".join(bytes([source.randrange(256)]) * source.randint(1, 3000) for _ in range(size // 15000)))
    return b"".join(parts)


@functools.cache
def compressed(size: int) -> bytes:
    return bz2.compress(prose(size))


def corrupted() -> bytes:
    data = bytearray(compressed(300_000))
    data[len(data) // 2] ^= 0x55
    return bytes(data)


# ---- SQLite: most of a program's life is in one huge interpreter function and its callees ---------------------------

SQLITE = [
    Case("sqlite", "select-1", (":memory:", "select 1")),
    Case("sqlite", "version", ("--version",)),
    Case("sqlite", "bad-option", ("--nonsense",), status=1),
    Case("sqlite", "functions", (":memory:",), file("sqlite/functions.sql")),
    Case("sqlite", "query-mix", (":memory:",), file(WORKLOADS / "query_mix.sql")),
    Case("sqlite", "schema-errors-dump", (":memory:",), file("sqlite/schema.sql"), status=1),
    Case("sqlite", "store-files", ("store.db",), file("sqlite/store.sql"), status=3),
    Case("sqlite", "dump-and-reload", (":memory:", ".read dump.sql", ".dump", "select count(*), sum(x) from t"),
         files={"dump.sql": lambda: b"".join(
             [b"create table t(x integer, y text);\n", *(b"insert into t values(%d, 'row %d');\n" % (i * i % 1009, i)
                                                        for i in range(3000)), b"create index i on t(y, x);\n"])}),
    Case("sqlite", "not-a-database", ("bad.db", "select * from t"), files={"bad.db": text("this is no database" * 100)},
         status=26),
    Case("sqlite", "bail", ("-bail", ":memory:"), text("select 1;\nselect no_such();\nselect 2;\n"), status=1),
]

# ---- Lua: an interpreter loop, function pointers, setjmp and longjmp ------------------------------------------------


def lua(name: str, *args: str, status: int = 0, stdin: str = "") -> Case:
    return Case("lua", name, (f"{name}.lua", *args), text(stdin), {f"{name}.lua": file(f"lua/{name}.lua")}, status)


LUA = [
    Case("lua", "print-1", ("-e", "print(1)")),
    Case("lua", "version", ("-v",)),
    Case("lua", "no-such-script", ("missing.lua",), status=1),
    Case("lua", "from-stdin", ("-",), text("local t = {}\nfor i = 1, 10 do t[i] = i * i end\nprint(table.concat(t, ' '))\n")),
    Case("lua", "syntax-error", ("broken.lua",), files={"broken.lua": text("local x = = 1\n")}, status=1),
    Case("lua", "require", ("-lgreeting", "main.lua"), status=0,
         files={"greeting.lua": text("return {say = function(n) return 'hello ' .. n end}\n"),
                "main.lua": text("print(require('greeting').say('module'), package.loaded.greeting ~= nil)\n"
                                 "print(pcall(require, 'nowhere') == false)\n")}),
    lua("closures"),
    lua("strings"),
    lua("coroutines"),
    lua("errors", status=1),
    lua("metatables"),
    lua("garbage"),
    lua("input", "one", "two words", "", status=42, stdin="first line\nsecond\n\nlast without newline"),
    Case("lua", "one-second", ("one_second.lua",), files={"one_second.lua": file(WORKLOADS / "one_second.lua")}),
]

# ---- bzip2: tight loops over large arrays ---------------------------------------------------------------------------

BZIP2 = [
    Case("bzip2", "compress", ("-k", "-v", "data"), files={"data": lambda: prose(5_000_000)}),
    Case("bzip2", "decompress", ("-d", "-v", "data.bz2"), files={"data.bz2": lambda: compressed(5_000_000)}),
    Case("bzip2", "compress-fast-stdin", ("-1", "-c"), lambda: prose(300_000)),
    Case("bzip2", "decompress-small-stdin", ("-d", "-s", "-c"), lambda: compressed(300_000)),
    Case("bzip2", "test", ("-t", "-vv", "data.bz2"), files={"data.bz2": lambda: compressed(300_000)}),
    Case("bzip2", "test-corrupted", ("-t", "data.bz2"), files={"data.bz2": corrupted}, status=2),
    Case("bzip2", "decompress-truncated", ("-d", "-k", "data.bz2"), files={"data.bz2": lambda: compressed(300_000)[:-900]},
         status=2),
    Case("bzip2", "decompress-garbage", ("-d", "data.bz2"), files={"data.bz2": text("BZh9 but no more")}, status=2),
    Case("bzip2", "missing-file", ("nowhere",), status=1),
    Case("bzip2", "refuses-to-overwrite", ("data",), files={"data": text("x" * 1000), "data.bz2": text("there")}, status=1),
]

# ---- ninja: C++ containers and strings, child processes, signals ----------------------------------------------------

PROJECT = {
    "build.ninja": file("ninja/build.ninja"),
    "cycle.ninja": file("ninja/cycle.ninja"),
    "a.txt": text("first input\n"),
    "b.txt": text("second input\n"),
}


def ninja(name: str, *args: str, status: int = 0) -> Case:
    return Case("ninja", name, args, files=PROJECT, status=status, ignored=("out/.ninja_log",))


def large_manifest() -> bytes:
    """A graph with many nodes: each output depends on a few earlier ones."""
    source = random.Random(7)
    lines = ["rule step", "  command = make $in to $out"]
    for number in range(3000):
        inputs = " ".join(f"dir{i % 40}/node{i}" for i in source.sample(range(number), min(number, 4))) or "root"
        lines.append(f"build dir{number % 40}/node{number}: step {inputs}")
    return ("\n".join(lines) + "\n").encode()


NINJA = [
    ninja("build", "-j1"),
    ninja("build-verbose", "-j1", "-v", "out/all.txt"),
    ninja("failing-step", "-j1", "-k0", "broken", "everything", status=1),
    ninja("dry-run", "-n", "-v", "-d", "explain"),
    ninja("targets", "-t", "targets", "all"),
    ninja("commands", "-t", "commands", "everything"),
    ninja("query", "-t", "query", "out/all.txt"),
    ninja("misspelled-target", "out/al.txt", status=1),
    ninja("cycle", "-f", "cycle.ninja", "one", status=1),
    Case("ninja", "syntax-error", files={"build.ninja": text("rule x\n  command = y\nbuild a: x b\n oops\n")}, status=1),
    Case("ninja", "large-graph", ("-t", "commands"), files={"build.ninja": large_manifest}),
    Case("ninja", "no-manifest", status=1),
]

# ---- cppcheck: a large C++ program with exceptions, streams, maps of strings, and thousands of functions ------------

DEFECTS = {"defects.cpp": file("cppcheck/defects.cpp")}
TEMPLATE = "--template={file}:{line}:{column}: {severity}: {message} [{id}]"

CPPCHECK = [
    Case("cppcheck", "all-checks", ("--enable=all", "--inconclusive", "--std=c++17", TEMPLATE, "defects.cpp"), files=DEFECTS),
    Case("cppcheck", "xml-and-status", ("-q", "--xml", "--error-exitcode=9", "overflow.c"),
         files={"overflow.c": text("int main(void) { int a[2]; a[2] = 0; return a[1]; }\n")}, status=9),
    Case("cppcheck", "syntax-error", ("-q", "--error-exitcode=4", "broken.c"),
         files={"broken.c": text("int f( { return } #if\n")}, status=4),
    Case("cppcheck", "bad-option", ("--no-such-option",), status=1),
]

CASES = [*SQLITE, *LUA, *BZIP2, *NINJA, *CPPCHECK]
