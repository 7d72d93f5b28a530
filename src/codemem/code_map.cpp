// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/code_map.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <tuple>

namespace tiercel {

CodeMap::CodeMap(const Arena& arena) : arena_(arena) {
  void* memory = mmap(nullptr, kPages * sizeof(std::atomic<Node*>), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  pages_ = static_cast<std::atomic<Node*>*>(memory);
}

CodeMap::~CodeMap() { munmap(static_cast<void*>(pages_), kPages * sizeof(std::atomic<Node*>)); }

void CodeMap::Node::store(const CodeRange& range) {
  std::array<uint64_t, std::tuple_size_v<decltype(words)>> plain;
  memcpy(plain.data(), &range, sizeof range);
  for (size_t i = 0; i < plain.size(); ++i)
    words[i].store(plain[i], std::memory_order_release);
}

CodeRange CodeMap::Node::load() const {
  std::array<uint64_t, std::tuple_size_v<decltype(words)>> plain;
  for (size_t i = 0; i < plain.size(); ++i)
    plain[i] = words[i].load(std::memory_order_acquire);
  CodeRange range;
  memcpy(&range, plain.data(), sizeof range);
  return range;
}

void CodeMap::add(const CodeRange& range) {
  assert(arena_.isCode(range.begin) && range.begin < range.end);
  LockGuard lock(mutex_);
  for (size_t page = pageOf(range.begin); page <= pageOf(range.end - 1); ++page) {
    Node* node = nullptr;
    if (free_.empty()) {
      node = &nodes_.emplace_back();
    } else {
      node = free_.back();
      free_.pop_back();
      reuses_.fetch_add(1, std::memory_order_relaxed); // seen by who sees what is stored with release below
    }
    node->store(range);
    node->next.store(pages_[page].load(std::memory_order_relaxed), std::memory_order_release);
    pages_[page].store(node, std::memory_order_release);
  }
}

void CodeMap::remove(const std::byte* begin, const std::byte* end) {
  LockGuard lock(mutex_);
  // A range may go on beyond `end`: what begins here is what was added as a whole.
  for (size_t page = pageOf(begin), last = pageOf(end - 1); page <= last; ++page) {
    std::atomic<Node*>* link = &pages_[page];
    while (Node* node = link->load(std::memory_order_relaxed)) {
      const CodeRange range = node->load();
      if (range.begin < begin || range.begin >= end) {
        link = &node->next;
        continue;
      }
      link->store(node->next.load(std::memory_order_relaxed), std::memory_order_release);
      free_.push_back(node);
      last = std::max(last, pageOf(range.end - 1));
    }
  }
}

std::optional<CodeRange> CodeMap::lookup(const void* address) const {
  if (!arena_.isCode(address))
    return std::nullopt;
  const auto* byte = static_cast<const std::byte*>(address);
  const std::atomic<Node*>* link = &pages_[pageOf(byte)];
  uint64_t reuses = reuses_.load(std::memory_order_acquire);
  for (;;) {
    const Node* node = link->load(std::memory_order_acquire);
    const CodeRange range = node ? node->load() : CodeRange();
    if (const uint64_t now = reuses_.load(std::memory_order_acquire); now != reuses) {
      reuses = now;
      link = &pages_[pageOf(byte)];
    } else if (!node) {
      return std::nullopt;
    } else if (byte >= range.begin && byte < range.end) {
      return range;
    } else {
      link = &node->next;
    }
  }
}

} // namespace tiercel
