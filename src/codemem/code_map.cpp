// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/code_map.h"

#include <cassert>
#include <new>
#include <sys/mman.h>

namespace tiercel {

CodeMap::CodeMap(const Arena& arena) : arena_(arena) {
  void* memory = mmap(nullptr, kPages * sizeof(std::atomic<Node*>), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  pages_ = static_cast<std::atomic<Node*>*>(memory);
}

CodeMap::~CodeMap() { munmap(static_cast<void*>(pages_), kPages * sizeof(std::atomic<Node*>)); }

void CodeMap::add(const CodeRange& range) {
  assert(arena_.isCode(range.begin) && range.begin < range.end);
  LockGuard lock(mutex_);
  const CodeRange* stored = &ranges_.emplace_back(range);
  const size_t first = static_cast<size_t>(range.begin - arena_.codeBase()) >> kPageBits;
  const size_t last = static_cast<size_t>(range.end - 1 - arena_.codeBase()) >> kPageBits;
  for (size_t page = first; page <= last; ++page) {
    Node& node = nodes_.emplace_back(Node{stored, pages_[page].load(std::memory_order_relaxed)});
    pages_[page].store(&node, std::memory_order_release);
  }
}

const CodeRange* CodeMap::lookup(const void* address) const {
  if (!arena_.isCode(address))
    return nullptr;
  const auto* byte = static_cast<const std::byte*>(address);
  const size_t page = static_cast<size_t>(byte - arena_.codeBase()) >> kPageBits;
  for (const Node* node = pages_[page].load(std::memory_order_acquire); node; node = node->next) {
    if (byte >= node->range->begin && byte < node->range->end)
      return node->range;
  }
  return nullptr;
}

} // namespace tiercel
