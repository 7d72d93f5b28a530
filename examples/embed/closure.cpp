// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C++ callables as C function pointers: for a C interface that takes no data with its function, and for a
// program that calls back into an object of its host.
//
// Output: by age: Grace Ada Linus
// Output: the program counted to 3
#include <tiercel/closure.h>
#include <tiercel/engine.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

constexpr const char* kProgram = R"(
define void @each(i32 %count, ptr %function) {
entry:
  br label %loop

loop:
  %i = phi i32 [ 1, %entry ], [ %next, %loop ]
  call void %function(i32 %i)
  %next = add i32 %i, 1
  %more = icmp sle i32 %next, %count
  br i1 %more, label %loop, label %done

done:
  ret void
}
)";

static int fail(const tiercel::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

int main() {
  // qsort has no parameter for the ages; the closure has them.
  std::map<std::string, int> ages{{"Ada", 36}, {"Grace", 20}, {"Linus", 54}};
  std::vector<const char*> names{"Ada", "Grace", "Linus"};
  auto younger = tiercel::makeClosure<int(const void*, const void*)>([&](const void* a, const void* b) {
    return ages[*static_cast<const char* const*>(a)] - ages[*static_cast<const char* const*>(b)];
  });
  if (!younger)
    return fail(younger.error());
  std::qsort(names.data(), names.size(), sizeof names[0], younger->get());
  std::printf("by age:");
  for (const char* name : names)
    std::printf(" %s", name);
  std::printf("\n");

  auto engine = tiercel::Engine::create({});
  if (!engine)
    return fail(engine.error());
  if (auto status = (*engine)->addBytes(kProgram, "each.ll"); !status)
    return fail(status.error());
  auto each = (*engine)->lookup<void(int32_t, void (*)(int32_t))>("each");
  if (!each)
    return fail(each.error());
  int last = 0;
  auto note = tiercel::makeClosure<void(int32_t)>([&](int32_t value) { last = value; });
  if (!note)
    return fail(note.error());
  (*each)(3, note->get());
  std::printf("the program counted to %d\n", last);
  return 0;
}
