// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that uses functions and data of its host, and a host that looks into the program's data.
//
// Output: step 1 of 3
// Output: step 2 of 3
// Output: step 3 of 3
// Output: the program counted 3 steps
#include <tiercel/engine.h>

#include <cstdint>
#include <cstdio>

constexpr const char* kProgram = R"(
@host_limit = external global i32
@steps = global i32 0

declare void @host_report(i32)

define void @run() {
entry:
  br label %loop

loop:
  %old = load i32, ptr @steps
  %new = add i32 %old, 1
  store i32 %new, ptr @steps
  call void @host_report(i32 %new)
  %limit = load i32, ptr @host_limit
  %more = icmp slt i32 %new, %limit
  br i1 %more, label %loop, label %done

done:
  ret void
}
)";

static int32_t limit = 3;

static void report(int32_t step) { std::printf("step %d of %d\n", step, limit); }

static int fail(const tiercel::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

int main() {
  auto created = tiercel::Engine::create({});
  if (!created)
    return fail(created.error());
  tiercel::Engine& engine = **created;

  // By address, so the host need not export anything: both may be static.
  if (auto status = engine.defineSymbol("host_limit", &limit); !status)
    return fail(status.error());
  if (auto status = engine.defineSymbol("host_report", reinterpret_cast<void*>(&report)); !status)
    return fail(status.error());
  if (auto status = engine.addBytes(kProgram, "steps.ll"); !status)
    return fail(status.error());

  auto run = engine.lookup<void()>("run");
  if (!run)
    return fail(run.error());
  (*run)();

  // A global of the program: one variable, whichever code uses it.
  auto steps = engine.lookupData("steps");
  if (!steps)
    return fail(steps.error());
  std::printf("the program counted %d steps\n", *static_cast<int32_t*>(*steps));
  return 0;
}
