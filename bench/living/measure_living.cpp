// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// measure_living redefine PROGRAM.ll TARGET.ll COUNT cold|hot
//                calls CALLS ROUNDS
//                pauses ROUNDS
//                memory REDEFINITIONS
//                modules MODULES workers|fixed|sync
//                changes MODULES
//
// One process of bench/living.py: what changing a running program costs, ours.
#include "living.h"

#include <string_view>

std::string pulseIr(long version) {
  return "@text = private constant [64 x i8] c\"" + std::string(64, static_cast<char>('a' + version % 26)) +
         "\"\ndefine i64 @pulse(i64 %x) {\n  %slot = and i64 %x, 63\n"
         "  %place = getelementptr i8, ptr @text, i64 %slot\n  %byte = load i8, ptr %place\n"
         "  %letter = zext i8 %byte to i64\n  %sum = add i64 %letter, " +
         std::to_string(version) + "\n  ret i64 %sum\n}\n";
}

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "redefine" && argc == 6)
    measureRedefinitions(argv[2], argv[3], std::atoi(argv[4]), argv[5] == std::string_view("hot"));
  else if (what == "calls" && argc == 4)
    measureCalls(std::atoi(argv[2]), std::atoi(argv[3]));
  else if (what == "pauses" && argc == 3)
    measurePauses(std::atoi(argv[2]));
  else if (what == "memory" && argc == 3)
    measureMemory(std::atoi(argv[2]));
  else if (what == "modules" && argc == 4)
    measureModules(std::atoi(argv[2]), argv[3]);
  else if (what == "changes" && argc == 3)
    measureChanges(std::atoi(argv[2]));
  else
    fail("usage: measure_living redefine PROGRAM.ll TARGET.ll COUNT cold|hot | calls CALLS ROUNDS | pauses "
         "ROUNDS | memory REDEFINITIONS | modules MODULES workers|fixed|sync | changes MODULES");
}
