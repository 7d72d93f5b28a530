#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fetches real programs as Debian source packages and builds them natively and to bitcode.

Everything lands in build/programs/NAME:

  src/             the unpacked source package, with Debian's patches where its archive still has them
  program.bc       the whole program as one unoptimised but optimisable module
  program-O0.bc    the same as a plain -O0 build leaves it, with optnone (SQLite only)
  native-O0, native-O2, native-O3     executables; -O3 is built with -march=native
  manifest.json    the version of the source and a key of what each of these was built from

Running it again does only what is missing or out of date: a change of the source, of a program's row in the table below,
of the compiler or, for native-O3, of the CPU. The deb-src entries are derived from the machine's own apt sources and kept
in build/programs/.apt; nothing under /etc is touched.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS_DIR = ROOT / "build/programs"
CC, CXX, LINKER = "clang-22", "clang++-22", "llvm-link-22"

BITCODE_FLAGS = {
    "program.bc": ["-O2", "-Xclang", "-disable-llvm-passes"],  # attributes and TBAA of -O2, no pass has run
    "program-O0.bc": ["-O0"],
}
NATIVE_FLAGS = {
    "native-O0": ["-O0"],
    "native-O2": ["-O2"],
    "native-O3": ["-O3", "-march=native"],
}
USUAL_OUTPUTS = ("program.bc", *NATIVE_FLAGS)


@dataclass(frozen=True)
class Program:
    """How one program is made. Sources are globs under src/; {src} in flags is the absolute path of src/."""

    name: str
    package: str  # the Debian source package
    known_version: str  # the upstream version this row was written for
    sources: tuple[str, ...]
    without: tuple[str, ...] = ()  # globs of sources to leave out
    compiler: str = CC
    flags: tuple[str, ...] = ()
    libs: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()  # a command run once in src/ after unpacking
    needs: tuple[tuple[str, str], ...] = ()  # (command, Debian package) that `prepare` relies on
    outputs: tuple[str, ...] = USUAL_OUTPUTS
    upstream_only: bool = False  # take the package's original archive as it is, without the packaging and its patches

    @property
    def dir(self) -> Path:
        return PROGRAMS_DIR / self.name

    @property
    def src(self) -> Path:
        return self.dir / "src"

    def path(self, output: str) -> Path:
        return self.dir / output

    def source_files(self) -> list[str]:
        left_out = {path for glob in self.without for path in self.src.glob(glob)}
        found = {path for glob in self.sources for path in self.src.glob(glob)} - left_out
        if not found:
            raise Failure(f"{self.name}: no sources match {' '.join(self.sources)} in {self.src}")
        return sorted(str(path.relative_to(self.src)) for path in found)

    def compile_flags(self) -> list[str]:
        return ["-w", *(flag.format(src=self.src) for flag in self.flags)]

    def native_command(self, level: list[str], output: Path) -> list[str]:
        """Compiles and links an executable; to be run in src/."""
        return [self.compiler, *level, *self.compile_flags(), *self.source_files(), *self.libs, "-o", str(output)]


# What GNU Go's own tools make of its pattern databases.
GNUGO_PATTERNS = tuple(f"{name}.c" for name in (
    "conn", "patterns", "apatterns", "dpatterns", "eyes", "influence", "barriers", "endgame", "aa_attackpat", "owl_attackpat",
    "owl_vital_apat", "owl_defendpat", "fusekipat", "fuseki9", "fuseki13", "fuseki19", "josekidb", "handipat", "oraclepat", "mcpat"))

PROGRAMS = [
    Program(
        name="sqlite",
        package="sqlite3",
        known_version="3.40.1",
        # The amalgamation and the shell, which the package's own makefile generates with Tcl.
        prepare=("make", "-f", "main.mk", "TOP=.", f"BCC={CC} -w", f"TCC={CC} -w", "sqlite3.c", "shell.c"),
        needs=(("make", "make"), ("tclsh", "tcl")),
        sources=("sqlite3.c", "shell.c"),
        flags=("-fno-strict-aliasing", "-DSQLITE_THREADSAFE=1", "-DSQLITE_ENABLE_FTS3", "-DSQLITE_ENABLE_FTS5",
               "-DSQLITE_ENABLE_RTREE", "-DSQLITE_ENABLE_MATH_FUNCTIONS", "-DSQLITE_ENABLE_COLUMN_METADATA",
               "-DSQLITE_ENABLE_DBSTAT_VTAB", "-DSQLITE_SOUNDEX", "-DHAVE_READLINE=0", "-DHAVE_EDITLINE=0"),
        libs=("-lm", "-lpthread"),
        outputs=("program.bc", "program-O0.bc", *NATIVE_FLAGS),
    ),
    Program(
        name="lua",
        package="lua5.4",
        known_version="5.4.4",
        # The packaging's makefile writes this header.
        prepare=("sh", "-c", r"""printf '#define DEB_HOST_MULTIARCH "%s"\n' "$(dpkg-architecture -qDEB_HOST_MULTIARCH)" """
                 "> src/lua5.4-deb-multiarch.h"),
        sources=("src/*.c",),
        without=("src/luac.c",),
        flags=("-DLUA_USE_LINUX", "-DLUA_COMPAT_5_3"),
        libs=("-Wl,-E", "-lm"),
    ),
    Program(
        name="bzip2",
        package="bzip2",
        known_version="1.0.8",
        sources=("blocksort.c", "huffman.c", "crctable.c", "randtable.c", "compress.c", "decompress.c", "bzlib.c",
                 "bzip2.c"),
        flags=("-D_FILE_OFFSET_BITS=64",),
    ),
    Program(
        name="ninja",
        package="ninja-build",
        known_version="1.11.1",
        sources=("src/*.cc",),
        # Windows, tests and measurements, the browser (it needs a header generated from Python), and what re2c already turned
        # into sources.
        without=("src/*win32.cc", "src/msvc_helper*", "src/*test.cc", "src/hash_collision_bench.cc", "src/browse.cc",
                 "src/*.in.cc"),
        compiler=CXX,
    ),
    Program(
        name="cppcheck",
        package="cppcheck",
        known_version="2.10",
        sources=("lib/*.cpp", "cli/*.cpp", "externals/*/*.cpp"),
        compiler=CXX,
        # It looks for its description of the standard library in FILESDIR.
        flags=("-std=c++11", "-DNDEBUG", "-Ilib", "-Iexternals/simplecpp", "-Iexternals/tinyxml2", "-Iexternals/picojson",
               '-DFILESDIR="{src}"'),
        libs=("-lpthread",),
    ),
    Program(
        name="gnugo",
        package="gnugo",
        known_version="3.8",
        upstream_only=True,  # Debian's archive has lost the packaging of bookworm's version; it only changes documentation
        # Tools of its own turn its pattern databases into sources.
        prepare=("sh", "-c", f"CC={CC} CFLAGS='-O0 -w -std=gnu89 -fcommon' ./configure --without-curses --without-readline"
                 " && make -C utils libutils.a && make -C sgf libsgf.a && make -C engine libboard.a libengine.a"
                 f" && make -C patterns {' '.join(GNUGO_PATTERNS)}"),
        needs=(("make", "make"),),
        sources=("engine/*.c", "interface/*.c", "sgf/sgf_utils.c", "sgf/sgfnode.c", "sgf/sgftree.c", "utils/getopt.c",
                 "utils/getopt1.c", "utils/gg_utils.c", "utils/random.c", "utils/winsocket.c", "patterns/connections.c",
                 "patterns/helpers.c", "patterns/transform.c", *(f"patterns/{name}" for name in GNUGO_PATTERNS)),
        flags=("-std=gnu89", "-fcommon", "-DHAVE_CONFIG_H", "-I.", "-Iengine", "-Iinterface", "-Ipatterns", "-Isgf", "-Iutils"),
        libs=("-lm",),
    ),
    Program(
        name="picosat",
        package="picosat",
        known_version="965",
        prepare=("sh", "-c", """printf '#define PICOSAT_CC ""\\n#define PICOSAT_CFLAGS ""\\n#define PICOSAT_VERSION "%s"\\n' """
                 '"$(cat VERSION)" > config.h'),
        sources=("app.c", "main.c", "picosat.c", "version.c"),
        flags=("-DNDEBUG", "-DNGETRUSAGE"),
    ),
    Program(
        name="bc",
        package="bc",
        known_version="1.07.1",
        # Its mathematical library is written in its own language, translated by a first bc and edited into a header.
        prepare=("sh", "-c", f"CC={CC} CFLAGS='-O1 -w -std=gnu89' ./configure && cd bc && echo '{{0}}' > libmath.h"
                 f" && {CC} -O1 -w -std=gnu89 -DHAVE_CONFIG_H -I.. -I. -I../h *.c ../lib/getopt.c ../lib/getopt1.c ../lib/number.c"
                 " -o first-bc && ./first-bc -c libmath.b < /dev/null > libmath.h && sh fix-libmath_h && rm first-bc"),
        needs=(("ed", "ed"),),
        sources=("bc/*.c", "lib/getopt.c", "lib/getopt1.c", "lib/number.c"),
        flags=("-std=gnu89", "-DHAVE_CONFIG_H", "-I.", "-Ibc", "-Ih"),
    ),
    Program(
        name="flac",
        package="flac",
        known_version="1.4.2",
        # In plain C: the point is what a compiler makes of it.
        prepare=("sh", "-c", f"CC={CC} CXX={CXX} CFLAGS='-O1 -w' ./configure --disable-ogg --disable-asm-optimizations"
                 " --disable-cpplibs --disable-shared"),
        sources=("src/flac/*.c", "src/libFLAC/*.c", "src/share/getopt/*.c", "src/share/grabbag/*.c",
                 "src/share/replaygain_analysis/*.c", "src/share/replaygain_synthesis/*.c", "src/share/utf8/*.c"),
        without=("src/flac/iffscan.c", "src/libFLAC/ogg_*.c", "src/libFLAC/*_intrin_*.c", "src/share/utf8/charset_test.c", "src/share/utf8/makemap.c"),
        flags=("-DHAVE_CONFIG_H", "-DNDEBUG", "-DFLAC__NO_DLL", "-I.", "-Iinclude", "-Isrc/libFLAC/include"),
        libs=("-lm",),
    ),
]


class Failure(Exception):
    """Something the user has to know; becomes a one-line message."""


def say(text: str) -> None:
    print(f"fetch_programs: {text}", file=sys.stderr, flush=True)


def run(command: list[str], what: str, cwd: Path | None = None) -> str:
    """Runs a command quietly and returns its output; when it fails, its last lines go into the error."""
    try:
        result = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise Failure(f"{what}: {error.filename} is missing: ./dev setup installs what is needed") from None
    if result.returncode != 0:
        tail = "\n".join("  " + line for line in result.stdout.strip().splitlines()[-15:])
        raise Failure(f"{what} failed with status {result.returncode}: {' '.join(command[:6])} ...\n{tail}")
    return result.stdout


def sha256(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


# ---- manifest -------------------------------------------------------------------------------------------------------


def read_manifest(program: Program) -> dict:
    try:
        return json.loads((program.dir / "manifest.json").read_text())
    except FileNotFoundError:
        return {"source": None, "outputs": {}}


def write_manifest(program: Program, manifest: dict) -> None:
    path = program.dir / "manifest.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(manifest, indent=2) + "\n")
    temporary.replace(path)


# ---- sources --------------------------------------------------------------------------------------------------------


class SourceArchive:
    """apt with deb-src entries of its own, set up on first use."""

    def __init__(self) -> None:
        self._dir = PROGRAMS_DIR / ".apt"
        self._ready = False

    def _apt(self, *arguments: str) -> list[str]:
        options = {
            "Dir::Etc::sourcelist": self._dir / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": self._dir / "lists",
            "Dir::Cache": self._dir,
            "APT::Sandbox::User": "root",  # the default user may not write below build/
        }
        return ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items()), *arguments]

    def _prepare(self) -> None:
        if self._ready:
            return
        # Every binary archive the machine uses, as apt itself understands its sources. The origin is known once their
        # lists have been downloaded; until then take all, an archive without sources costs only a warning.
        fields = run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
                      "Created-By: Packages"], "reading the apt sources")
        rows = [line.split("|") for line in fields.splitlines() if line.count("|") == 3]
        keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
        options = f"[signed-by={keyring}] " if keyring.exists() else ""
        entries = sorted({f"deb-src {options}{uri} {release} {component}" for origin, uri, release, component in rows
                          if origin in ("Debian", "$(ORIGIN)", "")})
        if not entries:
            raise Failure("the apt sources of this machine name no Debian archive to take deb-src entries from")
        (self._dir / "lists/partial").mkdir(parents=True, exist_ok=True)
        (self._dir / "sources.list").write_text("\n".join(entries) + "\n")
        say("reading the lists of source packages")
        run(self._apt("update"), "apt-get update")
        self._ready = True

    def unpack(self, program: Program) -> dict[str, str]:
        """Replaces the program's src/ by a fresh copy of its package and tells what that is."""
        self._prepare()
        say(f"{program.name}: fetching source package {program.package}")
        with tempfile.TemporaryDirectory(dir=program.dir, prefix="fetch-") as name:
            staging = Path(name)
            self._download(program, staging)
            unpacked = [path for path in staging.iterdir() if path.is_dir()]
            descriptions = list(staging.glob("*.dsc"))
            if len(unpacked) != 1 or len(descriptions) != 1:
                raise Failure(f"{program.name}: apt-get source did not leave one unpacked package in {staging}")
            version = re.search(r"^Version: (.+)$", descriptions[0].read_text(), re.MULTILINE)[1]
            self._check_version(program, unpacked[0], version)
            if not version.startswith(program.known_version):
                say(f"{program.name}: note: version {version}; its row was written for {program.known_version}")
            self._generate(program, unpacked[0])
            shutil.rmtree(program.src, ignore_errors=True)
            unpacked[0].rename(program.src)
            return {"package": program.package, "version": version, "prepare": " ".join(program.prepare),
                    "dsc_sha256": hashlib.sha256(descriptions[0].read_bytes()).hexdigest()}

    def _download(self, program: Program, staging: Path) -> None:
        """Leaves the package's description and its unpacked sources there. apt checks what it downloads."""
        what = f"apt-get source {program.package}"
        if not program.upstream_only:
            run(self._apt("source", program.package), what, cwd=staging)
            return
        run(self._apt("source", "--dsc-only", program.package), what, cwd=staging)
        run(self._apt("source", "--tar-only", program.package), what, cwd=staging)
        for archive in staging.glob("*.orig.tar.*"):
            run(["tar", "-xf", archive.name], f"{program.name}: unpacking", cwd=staging)

    @staticmethod
    def _check_version(program: Program, unpacked: Path, version: str) -> None:
        if program.upstream_only:
            unpacked_version = unpacked.name.rpartition("-")[2]
            right = version.startswith(unpacked_version)
        else:
            unpacked_version = run(["dpkg-parsechangelog", "-S", "Version"], "dpkg-parsechangelog", unpacked).strip()
            right = unpacked_version == version
        if not right:
            raise Failure(f"{program.name}: the package claims version {version} and unpacks to {unpacked_version}")

    @staticmethod
    def _generate(program: Program, src: Path) -> None:
        for command, package in program.needs:
            if not shutil.which(command):
                raise Failure(f"{program.name}: making its sources needs {command}: apt-get install {package}")
        if program.prepare:
            say(f"{program.name}: generating sources")
            run(list(program.prepare), f"{program.name}: generating sources", cwd=src)


def ensure_source(program: Program, manifest: dict, archive: SourceArchive, update: bool) -> None:
    source = manifest["source"]
    wanted = (program.package, " ".join(program.prepare))
    if source and not update and program.src.is_dir() and (source["package"], source["prepare"]) == wanted:
        return
    program.dir.mkdir(parents=True, exist_ok=True)
    manifest["source"] = archive.unpack(program)
    write_manifest(program, manifest)


# ---- builds ---------------------------------------------------------------------------------------------------------


def toolchain_identity() -> str:
    return run([CC, "--version"], CC)


def cpu_identity() -> str:
    """What -march=native means here: the features the compiler would use."""
    return run([CC, "-march=native", "-E", "-dM", "-x", "c", "/dev/null"], f"{CC} -march=native")


def output_key(program: Program, source: dict, output: str) -> str:
    flags = BITCODE_FLAGS.get(output) or NATIVE_FLAGS[output]
    machine = cpu_identity() if "-march=native" in flags else ""
    return sha256(json.dumps(source, sort_keys=True), toolchain_identity(), machine, program.compiler, *flags,
                  *program.compile_flags(), *program.source_files(), *program.libs)


def build_bitcode(program: Program, output: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=program.dir, prefix="bitcode-") as directory:
        modules = []
        for number, source in enumerate(program.source_files()):
            module = f"{directory}/{number}.bc"
            run([program.compiler, *BITCODE_FLAGS[output], *program.compile_flags(), "-c", "-emit-llvm", source, "-o", module],
                f"{program.name}: compiling {source}", cwd=program.src)
            modules.append(module)
        run([LINKER, *modules, "-o", str(target)], f"{program.name}: linking {output}")


def ensure_output(program: Program, manifest: dict, output: str) -> bool:
    """Builds the output unless it is there and up to date; returns whether it did."""
    key = output_key(program, manifest["source"], output)
    if program.path(output).exists() and manifest["outputs"].get(output) == key:
        return False
    say(f"{program.name}: building {output}")
    started = time.monotonic()
    target = program.path(output + ".tmp")
    if output in BITCODE_FLAGS:
        build_bitcode(program, output, target)
    else:
        run(program.native_command(NATIVE_FLAGS[output], target), f"{program.name}: building {output}", cwd=program.src)
    target.replace(program.path(output))
    manifest["outputs"][output] = key
    write_manifest(program, manifest)
    say(f"{program.name}: built {output} in {time.monotonic() - started:.1f} s")
    return True


def ensure(programs: list[Program], outputs: list[str] | None = None, update: bool = False) -> None:
    """Makes the outputs (all by default) of the programs available. Raises Failure when one cannot be made."""
    PROGRAMS_DIR.mkdir(parents=True, exist_ok=True)
    with (PROGRAMS_DIR / ".lock").open("w") as lock:
        try:  # two at once would build the same things twice
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another one to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        archive = SourceArchive()
        for program in programs:
            manifest = read_manifest(program)
            ensure_source(program, manifest, archive, update)
            for output in program.outputs:
                if outputs is None or output in outputs:
                    ensure_output(program, manifest, output)


def program_named(name: str) -> Program:
    for program in PROGRAMS:
        if program.name == name:
            return program
    raise Failure(f"no program is called {name}; there are: {', '.join(program.name for program in PROGRAMS)}")


# ---- command line ---------------------------------------------------------------------------------------------------


def list_programs() -> None:
    for program in PROGRAMS:
        manifest = read_manifest(program)
        version = manifest["source"]["version"] if manifest["source"] else "not fetched"
        print(f"{program.name:10} {program.package} {version}")
        for output in program.outputs:
            path = program.path(output)
            size = f"{path.stat().st_size / 1e6:.1f} MB" if path.exists() else "not built"
            state = "" if not path.exists() or manifest["outputs"].get(output) == output_key(
                program, manifest["source"], output) else ", out of date"
            print(f"{'':10}   {output:14} {size}{state}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", help="only this program (may be repeated)")
    parser.add_argument("--output", metavar="OUTPUT", action="append", choices=[*BITCODE_FLAGS, *NATIVE_FLAGS],
                        help="only this output of each program, such as program.bc (may be repeated)")
    parser.add_argument("--update", action="store_true", help="fetch the sources again, in their newest version")
    parser.add_argument("--list", action="store_true", help="list the programs and what is built, and do nothing")
    arguments = parser.parse_args()
    try:
        if arguments.list:
            list_programs()
            return 0
        programs = [program_named(name) for name in arguments.only] if arguments.only else PROGRAMS
        os.nice(10)
        ensure(programs, arguments.output, arguments.update)
    except Failure as failure:
        say(f"error: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
