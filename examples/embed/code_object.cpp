// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that the host owns: into memory that the host manages, at an address that it chose, moved, and used
// after the engine is gone.
//
// Output: the memory was told the exact size: yes
// Output: next: 101
// Output: next: 102
// Output: without the engine: 103
// Output: moved to 0x200000000000: 104
#include <tiercel/code_object.h>

#include <cstdio>

constexpr const char* kProgram = R"(
@last = global i32 100

define i32 @next() {
  %old = load i32, ptr @last
  %new = add i32 %old, 1
  store i32 %new, ptr @last
  ret i32 %new
}
)";

/// Counts what it hands out, and leaves the rest to memory from mmap.
class CountingMemory : public tiercel::CodeMemory {
public:
  tiercel::Result<tiercel::Placement> allocate(const tiercel::SectionSizes& sizes) override {
    codeBytes += sizes.code.size;
    return pages_->allocate(sizes);
  }
  tiercel::Status finish(const tiercel::Placement& place, const tiercel::SectionSizes& sizes) override {
    return pages_->finish(place, sizes);
  }
  void release(const tiercel::Placement& place, const tiercel::SectionSizes& sizes) override {
    codeBytes -= sizes.code.size;
    pages_->release(place, sizes);
  }

  size_t codeBytes = 0;

private:
  std::unique_ptr<tiercel::CodeMemory> pages_ = tiercel::mappedCodeMemory();
};

static int failed(const tiercel::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

int main() {
  auto engine = tiercel::Engine::create({});
  if (!engine)
    return failed(engine.error());
  if (auto added = (*engine)->addBytes(kProgram, "counter.ll"); !added)
    return failed(added.error());

  CountingMemory memory;
  tiercel::CodeObjectOptions options;
  options.memory = &memory;
  auto object = (*engine)->makeCodeObject({"next"}, options);
  if (!object)
    return failed(object.error());
  std::printf("the memory was told the exact size: %s\n",
              memory.codeBytes == object->sizes().code.size ? "yes" : "no");

  auto next = object->lookup<int()>("next");
  if (!next)
    return failed(next.error());
  std::printf("next: %d\n", (*next)());
  std::printf("next: %d\n", (*next)());
  engine->reset();
  std::printf("without the engine: %d\n", (*next)());

  auto moved = object->relocate(reinterpret_cast<void*>(0x200000000000));
  if (!moved)
    return failed(moved.error());
  next = object->lookup<int()>("next"); // addresses of old are void
  if (!next)
    return failed(next.error());
  std::printf("moved to %p: %d\n", static_cast<void*>(object->placement().code.run), (*next)());
  return memory.codeBytes == 0 ? 0 : 1; // the old place was given back
}
