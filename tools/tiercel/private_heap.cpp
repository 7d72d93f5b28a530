// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command has a heap of its own (cmake/TiercelCompiler.cmake). Functions of libc whose result the caller
// frees take memory from libc's heap, and freeing it in ours would destroy both. What libraries that are
// linked into the command use of them is therefore defined here. Nothing outside of the command sees these
// names.

#include "private_heap.h"

// Sanitizers give the whole process one heap.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>

// jemalloc(3); its header would rename malloc.
extern "C" int mallctl(const char* name, void* old, size_t* oldSize, void* value, size_t valueSize);

void tiercel::cli::giveBackHeap() {
  // 4096 is MALLCTL_ARENAS_ALL.
  (void)mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

extern "C" char* strdup(const char* text) noexcept {
  const size_t size = std::strlen(text) + 1;
  void* copy = std::malloc(size);
  return copy == nullptr ? nullptr : static_cast<char*>(std::memcpy(copy, text, size));
}

extern "C" wchar_t* wcsdup(const wchar_t* text) noexcept {
  const size_t size = (std::wcslen(text) + 1) * sizeof(wchar_t);
  void* copy = std::malloc(size);
  return copy == nullptr ? nullptr : static_cast<wchar_t*>(std::memcpy(copy, text, size));
}

// By heap sort: glibc's takes memory of libc's heap for what is over a kilobyte, and LLVM may sort in a first
// call from a handler that has interrupted malloc.
extern "C" void qsort(void* base, size_t count, size_t size, int (*compare)(const void*, const void*)) {
  const auto at = [&](size_t i) { return static_cast<char*>(base) + i * size; };
  const auto exchange = [&](size_t i, size_t j) { std::swap_ranges(at(i), at(i) + size, at(j)); };
  // Lets the element at `i` sink to its place among the first `end`.
  const auto sink = [&](size_t i, size_t end) {
    for (size_t larger; (larger = 2 * i + 1) < end; i = larger) {
      if (larger + 1 < end && compare(at(larger), at(larger + 1)) < 0)
        ++larger;
      if (compare(at(i), at(larger)) >= 0)
        return;
      exchange(i, larger);
    }
  };
  for (size_t i = count / 2; i-- > 0;)
    sink(i, count);
  for (size_t end = count; end-- > 1;) {
    exchange(0, end);
    sink(0, end);
  }
}

// What getline is in compiled code; the name is glibc's.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" ssize_t __getdelim(char** line, size_t* capacity, int delimiter, FILE* file) {
  size_t size = 0;
  for (int c = 0; c != delimiter;) {
    c = std::getc(file);
    if (c == EOF)
      break;
    if (*line == nullptr || *capacity < size + 2) {
      const size_t larger = 2 * size + 128;
      void* moved = std::realloc(*line, larger);
      if (moved == nullptr)
        return -1;
      *line = static_cast<char*>(moved);
      *capacity = larger;
    }
    (*line)[size++] = static_cast<char>(c);
  }
  if (size == 0)
    return -1;
  (*line)[size] = 0;
  return static_cast<ssize_t>(size);
}

#else

void tiercel::cli::giveBackHeap() {}

#endif
