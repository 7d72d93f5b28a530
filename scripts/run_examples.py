#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every example and compares its output with what the example itself says.

  examples/NAME.c, .cpp, .ll   programs: given to `tiercel run`, the first one also to the installed command
  examples/NAME.session        scripts: given to `tiercel session`
  examples/embed/NAME.cpp      hosts: built against an installation of this build, through its CMake package, and run;
                               the first one also through its pkg-config file

Each example exits with status 0 and shows its whole standard output in comments, one line each:

  // Output: Hello, world        (`; Output:` in IR, `# Output:` in scripts)

The closure header is code that hosts compile. So its example and its unit tests are also built by g++.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import patience

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = re.compile(r"^\s*(?://|;|#) Output:(?: (.*))?$", re.MULTILINE)
PROGRAM_SUFFIXES = (".c", ".cpp", ".ll")
CLOSURE_TESTS = sorted((ROOT / "test/unit/closure").glob("*.cpp"))
SANITIZER_FLAGS = {"asan": ["-fsanitize=address,undefined"], "tsan": ["-fsanitize=thread"]}


class ExampleError(Exception):
    """What went wrong, for the reader."""


def command_output(command: list[str | Path], **options: object) -> str:
    """Runs a command that has to succeed; returns its standard output."""
    try:
        result = patience.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              **options)
    except patience.Hang as hang:
        raise ExampleError(f"{' '.join(map(str, command))} hangs: {hang}") from None
    if result.returncode != 0:
        raise ExampleError(f"{' '.join(map(str, command))}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def check(source: Path, command: list[str | Path]) -> None:
    expected = "".join(f"{line}\n" for line in OUTPUT.findall(source.read_text()))
    if not expected:
        raise ExampleError("says nothing about its output (`// Output: …` lines)")
    actual = command_output(command, cwd=source.parent)
    if actual != expected:
        raise ExampleError(f"printed\n{actual}instead of\n{expected}")


def install_and_build_hosts(preset: str, work: Path) -> Path:
    """Returns the folder that the hosts are built in."""
    # A left-over file of an earlier installation could hide that this one lacks it.
    shutil.rmtree(work, ignore_errors=True)
    installation, build = work / "installation", work / "build"
    command_output(["cmake", "--install", ROOT / "build" / preset, "--prefix", installation])
    sanitizer = " ".join(SANITIZER_FLAGS.get(preset, []))
    command_output(["cmake", "-S", ROOT / "test/package", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_CXX_COMPILER=clang++-22", "-DCMAKE_C_COMPILER=clang-22", f"-DCMAKE_CXX_FLAGS={sanitizer}",
                    "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld", f"-DCMAKE_PREFIX_PATH={installation}"])
    command_output(["cmake", "--build", build])
    return build


def package_flags(work: Path) -> list[str]:
    pkg_config = next((work / "installation").rglob("tiercel.pc"), None)
    if not pkg_config:
        raise ExampleError("the installation has no tiercel.pc")
    return command_output(["pkg-config", "--cflags", "--libs", pkg_config]).split()


def build_with_pkg_config(source: Path, preset: str, work: Path) -> Path:
    program = work / f"{source.stem}-pkg-config"
    command_output(["clang++-22", "-std=c++20", "-fuse-ld=lld", *SANITIZER_FLAGS.get(preset, []), source,
                    "-o", program, *package_flags(work)])
    return program


def build_with_gcc(sources: list[Path], name: str, work: Path, libraries: tuple[str, ...] = ()) -> Path:
    program = work / f"{name}-g++"
    # -Wrestrict: gcc 12 has false alarms about `"text" + string` (GCC bug 105651).
    command_output(["g++", "-std=c++20", "-O2", "-fuse-ld=lld", "-Wall", "-Wextra", "-Werror", "-Wno-restrict",
                    *sources, "-o", program, *libraries, *package_flags(work)])
    return program


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="release", choices=["release", "debug", "asan", "tsan"],
                        help="the build to take (default: %(default)s)")
    arguments = parser.parse_args()
    engine = ROOT / "build" / arguments.preset / "bin/tiercel"
    work = ROOT / "build" / arguments.preset / "package-test"

    examples = sorted((ROOT / "examples").iterdir())
    programs = [path for path in examples if path.suffix in PROGRAM_SUFFIXES]
    scripts = [path for path in examples if path.suffix == ".session"]
    hosts = sorted((ROOT / "examples").glob("embed/*.cpp"))
    passed = failed = 0

    def attempt(name: str, action: Callable[[], object]) -> object:
        nonlocal passed, failed
        try:
            result = action()
        except ExampleError as error:
            print(f"FAIL {name}: {error}")
            failed += 1
            return None
        passed += 1
        return result

    for source in programs:
        attempt(source.name, lambda: check(source, [engine, "run", source]))
    for source in scripts:
        attempt(source.name, lambda: check(source, [engine, "session", source]))
    if folder := attempt("installation", lambda: install_and_build_hosts(arguments.preset, work)):
        for source in programs[:1]:
            attempt("installed command", lambda: check(source, [work / "installation/bin/tiercel", "run", source]))
        for source in hosts:
            attempt(f"embed/{source.name}", lambda: check(source, [folder / source.stem]))
        for source in hosts[:1]:
            attempt("pkg-config", lambda: check(source, [build_with_pkg_config(source, arguments.preset, work)]))
        if arguments.preset not in SANITIZER_FLAGS:  # gcc's sanitizers are not clang's
            closure = ROOT / "examples/embed/closure.cpp"
            attempt("closure.cpp by g++", lambda: check(closure, [build_with_gcc([closure], "closure", work)]))
            attempt("tests of closures by g++",
                    lambda: command_output([build_with_gcc(CLOSURE_TESTS, "closure-tests", work,
                                                           ("-lgtest_main", "-lgtest"))]))

    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
