// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/code_map.h"

#include <algorithm>
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
  for (size_t page = pageOf(range.begin); page <= pageOf(range.end - 1); ++page) {
    if (free_.empty())
      recycle();
    if (free_.empty())
      free_.push_back(&nodes_.emplace_back());
    Node& node = *free_.back();
    free_.pop_back();
    node.range = range;
    node.next.store(pages_[page].load(std::memory_order_relaxed), std::memory_order_relaxed);
    pages_[page].store(&node, std::memory_order_release);
  }
}

void CodeMap::remove(const std::byte* begin, const std::byte* end) {
  LockGuard lock(mutex_);
  // A range may go on beyond `end`: what begins here is what was added as a whole.
  for (size_t page = pageOf(begin), last = pageOf(end - 1); page <= last; ++page) {
    std::atomic<Node*>* link = &pages_[page];
    while (Node* node = link->load(std::memory_order_relaxed)) {
      if (node->range.begin < begin || node->range.begin >= end) {
        link = &node->next;
        continue;
      }
      link->store(node->next.load(std::memory_order_relaxed), std::memory_order_seq_cst);
      removed_.push_back(node);
      last = std::max(last, pageOf(node->range.end - 1));
    }
  }
  recycle();
}

void CodeMap::recycle() {
  if (removed_.empty() || readers_.load(std::memory_order_seq_cst) != 0)
    return;
  free_.insert(free_.end(), removed_.begin(), removed_.end());
  removed_.clear();
}

std::optional<CodeRange> CodeMap::lookup(const void* address) const {
  if (!arena_.isCode(address))
    return std::nullopt;
  const auto* byte = static_cast<const std::byte*>(address);
  std::optional<CodeRange> found;
  readers_.fetch_add(1, std::memory_order_seq_cst);
  for (const Node* node = pages_[pageOf(byte)].load(std::memory_order_seq_cst); node;
       node = node->next.load(std::memory_order_acquire)) {
    if (byte >= node->range.begin && byte < node->range.end) {
      found = node->range;
      break;
    }
  }
  readers_.fetch_sub(1, std::memory_order_release);
  return found;
}

} // namespace tiercel
