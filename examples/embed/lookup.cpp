// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The smallest host: IR made in memory, and a function of it called through an ordinary C++ function pointer.
// The pointer stays the same for the engine's life; calls through it reach better code once there is some.
//
// Output: 12 + 30 = 42
// Output: no code before the first call: yes
// Output: add: asked for as 'double (double, double)', but it is 'i32 (i32, i32)'
#include <tiercel/engine.h>

#include <cstdio>

constexpr const char* kProgram = R"(
define i32 @add(i32 %a, i32 %b) {
  %sum = add i32 %a, %b
  ret i32 %sum
}
)";

int main() {
  auto engine = tiercel::Engine::create({});
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().message().c_str());
    return 1;
  }
  if (auto added = (*engine)->addBytes(kProgram, "add.ll"); !added) {
    std::fprintf(stderr, "%s\n", added.error().message().c_str());
    return 1;
  }

  // Looking up compiles nothing: that happens in the first call.
  auto add = (*engine)->lookup<int(int, int)>("add");
  if (!add) {
    std::fprintf(stderr, "%s\n", add.error().message().c_str());
    return 1;
  }
  const bool lazy = (*engine)->stats().functions.compiledTier0 == 0;
  std::printf("12 + 30 = %d\n", (*add)(12, 30));
  std::printf("no code before the first call: %s\n", lazy ? "yes" : "no");

  // The C++ type is checked against the program's.
  auto wrong = (*engine)->lookup<double(double, double)>("add");
  std::printf("%s\n", wrong ? "found with a wrong type" : wrong.error().message().c_str());
  return 0;
}
