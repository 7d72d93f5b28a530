# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit configuration of the file tests: one small program per behaviour, checked with FileCheck.

A test is a .ll, .c, .cpp or .test file with RUN lines, for example

    ; RUN: %tiercel run --tier=1 %s | FileCheck %s
    ; RUN: not --crash %tiercel run %s 2>&1 | FileCheck --check-prefix=ERROR %s

Substitutions: %tiercel, %clang, %clangxx, and lit's own %s, %S, %t. LLVM's tools (FileCheck, not, split-file, count,
llvm-as, …) are on the path. Features for REQUIRES lines: assertions, asan, tsan, valgrind
(a build that it can run). Helper files go to folders named Inputs.

By hand: lit-22 -v -Dtiercel=build/release/bin/tiercel test/filetest
"""

import os
import shutil
from pathlib import Path

import lit.formats

repository = Path(__file__).resolve().parents[2]
preset = lit_config.params.get("preset", "release")
tiercel = Path(lit_config.params.get("tiercel", repository / "build" / preset / "bin/tiercel")).resolve()
if not tiercel.exists():
    lit_config.fatal(f"{tiercel} does not exist: run ./dev build")

config.name = "tiercel"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".ll", ".c", ".cpp", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = str(Path(__file__).resolve().parent)
config.test_exec_root = str(repository / "build" / preset / "filetest")

llvm_tools = "/usr/lib/llvm-22/bin"
config.environment["PATH"] = os.pathsep.join([llvm_tools, os.environ["PATH"]])
config.environment["LC_ALL"] = "C.UTF-8"
for name, value in os.environ.items():
    if name.endswith("SAN_OPTIONS"):
        config.environment[name] = value

# Longest first: lit replaces in this order, and %clang is the beginning of %clangxx.
config.substitutions += [
    ("%tiercel", str(tiercel)),
    ("%clangxx", f"{llvm_tools}/clang++"),
    ("%clang", f"{llvm_tools}/clang"),
]

if preset != "release":
    config.available_features.add("assertions")
elif shutil.which("valgrind"):
    config.available_features.add("valgrind")
if preset in ("asan", "tsan"):
    config.available_features.add(preset)
