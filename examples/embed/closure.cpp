// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C++ callables as C function pointers: for a C interface that takes no data with its function, and for a
// program that calls back into an object of its host. Arguments may be anything, in any number, and calls
// may come from any thread.
//
// Output: by age: Grace Ada Linus
// Output: areas: 6 and 20
// Output: the program counted to 3
#include <tiercel/closure.h>
#include <tiercel/engine.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
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

struct Box {
  long left, top, right, bottom;
};

/// A C interface in the way of graphics libraries: structs by value, many numbers, and a thread of its own.
using Visit = void (*)(int index, Box box, double red, double green, double blue, int layer, int group,
                       int flags, int style, int width, int height);
static void visitBoxes(Visit visit) {
  std::thread([=] {
    visit(0, {0, 0, 2, 3}, 0.5, 0.5, 0.5, 1, 2, 3, 4, 2, 3);
    visit(1, {1, 1, 5, 6}, 0.5, 0.5, 0.5, 1, 2, 3, 4, 4, 5);
  }).join();
}

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

  long areas[2] = {};
  auto measure = tiercel::makeClosure<void(int, Box, double, double, double, int, int, int, int, int, int)>(
      [&](int index, Box box, double, double, double, int, int, int, int, int width, int height) {
        const long area = (box.right - box.left) * (box.bottom - box.top);
        areas[index] = area == long(width) * height ? area : -1;
      });
  if (!measure)
    return fail(measure.error());
  visitBoxes(measure->get());
  std::printf("areas: %ld and %ld\n", areas[0], areas[1]);

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
