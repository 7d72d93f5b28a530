// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replaced operator new and delete: the program's own allocations all go through them.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>
static void *volatile sink;
static long news, deletes, aligned;
void *operator new(size_t size) {
  ++news;
  if (void *memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept {
  if (memory)
    ++deletes;
  std::free(memory);
}
void operator delete(void *memory, size_t) noexcept { operator delete(memory); }
void *operator new(size_t size, std::align_val_t alignment) {
  ++aligned;
  return std::aligned_alloc(static_cast<size_t>(alignment), size);
}
void operator delete(void *memory, std::align_val_t) noexcept {
  --aligned;
  std::free(memory);
}
void operator delete(void *memory, size_t, std::align_val_t a) noexcept { operator delete(memory, a); }
struct Item {
  int values[10];
};
struct alignas(128) Wide {
  char data[128];
};
int main() {
  for (int i = 0; i < 20000; ++i) {
    sink = new Item; // kept where everyone may see it, or the compiler could leave the pair out
    delete static_cast<Item *>(sink);
    sink = new int[5];
    delete[] static_cast<int *>(sink);
  }
  std::printf("%ld %ld\n", news, deletes);
  {
    std::vector<std::unique_ptr<Item>> items;
    for (int i = 0; i < 100; ++i)
      items.push_back(std::make_unique<Item>());
    auto wide = std::make_unique<Wide>();
    std::printf("%ld %ld %ld\n", news, deletes, aligned);
  }
  std::printf("%ld %ld %ld\n", news, deletes, aligned);
}
