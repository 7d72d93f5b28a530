// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replaced operator new and delete are what the C++ library uses, too: memory it allocates for a std::string is
// recognised by the program's delete, and what the program allocates may be released inside the library.
// CFLAGS: -std=c++17
// LEVELS: O0 O2
// (With C++17 the members of std::string are compiled into the library; later standards compile them into the program.)
#include <cstdio>
#include <cstdlib>
#include <new>
#include <sstream>
#include <string>
static long live, allocations, foreign;
struct Header {
  unsigned long magic, size;
};
void *operator new(size_t size) {
  auto *header = static_cast<Header *>(std::malloc(sizeof(Header) + size));
  if (!header)
    throw std::bad_alloc();
  *header = {0x5ca1ab1e, size};
  ++live;
  ++allocations;
  return header + 1;
}
void operator delete(void *memory) noexcept {
  if (!memory)
    return;
  Header *header = static_cast<Header *>(memory) - 1;
  if (header->magic != 0x5ca1ab1e) {
    ++foreign; // not freed: it did not come from the operator new above
    return;
  }
  header->magic = 0;
  --live;
  std::free(header);
}
void operator delete(void *memory, size_t) noexcept { operator delete(memory); }
static std::string build(int n) {
  std::string text(40, 'a');
  text += std::to_string(n);
  text.insert(5, "inserted in the middle of it");
  return text.substr(3);
}
int main() {
  long before = live;
  size_t total = 0;
  for (int i = 0; i < 5000; ++i)
    total += build(i).size();
  std::printf("%zu live %ld foreign %ld\n", total, live - before, foreign);
  std::string grown;
  long start = allocations;
  grown.reserve(1000); // the library's own compiled code allocates here
  std::printf("seen %ld\n", allocations - start);
  {
    std::ostringstream stream;
    for (int i = 0; i < 1000; ++i)
      stream << i << ' ';
    total = stream.str().size();
  }
  std::printf("%zu foreign %ld\n", total, foreign);
}
