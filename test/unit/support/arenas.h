// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shorthand for tests of code memory, and what the system says about it. Thread rule: any thread.
#pragma once

#include "codemem/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tiercel {

inline constexpr uint8_t kReturn42[] = {0xb8, 42, 0, 0, 0, 0xc3}; // mov $42, %eax ; ret
inline constexpr uint8_t kReturn43[] = {0xb8, 43, 0, 0, 0, 0xc3};

inline std::unique_ptr<Arena> makeArena(const ArenaOptions& options = {}) {
  Result<std::unique_ptr<Arena>> arena = Arena::create(options);
  EXPECT_TRUE(arena) << arena.error().message();
  return arena ? std::move(*arena) : nullptr;
}

inline CodeBlock code(Arena& arena, size_t size, size_t alignment = 16) {
  Result<CodeBlock> block = arena.allocateCode(size, alignment);
  EXPECT_TRUE(block) << block.error().message();
  return block ? *block : CodeBlock();
}

template <size_t N> CodeBlock codeWith(Arena& arena, const uint8_t (&bytes)[N]) {
  const CodeBlock block = code(arena, N);
  memcpy(block.write, bytes, N);
  return block;
}

inline std::byte* data(Arena& arena, size_t size, size_t alignment = 1) {
  Result<std::byte*> block = arena.allocateData(size, alignment);
  EXPECT_TRUE(block) << block.error().message();
  return block ? *block : nullptr;
}

inline int run(const CodeBlock& block) { return reinterpret_cast<int (*)()>(block.exec)(); }

/// Whether all of it has this value.
inline bool isFilledWith(const std::byte* begin, size_t size, uint8_t value) {
  for (size_t i = 0; i < size; ++i) {
    if (begin[i] != std::byte(value))
      return false;
  }
  return true;
}

/// "r-xs" and so on, of the mapping that `address` lies in.
inline std::string protectionOf(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::string protection;
    fields >> std::hex >> begin >> dash >> end >> protection;
    if (reinterpret_cast<uintptr_t>(address) >= begin && reinterpret_cast<uintptr_t>(address) < end)
      return protection;
  }
  return "unmapped";
}

/// How many pages of a mapping the system has in memory. `begin` is the beginning of one.
inline size_t residentPages(std::byte* begin, size_t size) {
  std::vector<unsigned char> pages((size + 4095) / 4096);
  EXPECT_EQ(mincore(begin, size, pages.data()), 0);
  size_t resident = 0;
  for (unsigned char page : pages)
    resident += page & 1;
  return resident;
}

/// What `inChild` returns in a forked child, as its exit status; -1 when it ended otherwise.
template <typename Fn> int statusOfChild(Fn inChild) {
  const pid_t child = fork();
  if (child == 0)
    _exit(inChild());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return -1;
  return WEXITSTATUS(status);
}

} // namespace tiercel
