// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A growing array whose elements never move, so that readers need no lock: an element, once made, may be
// reached by index from any thread. Appending is for one thread at a time (the owner's lock); an index
// reaches other threads only by a synchronising act of the appender (the lock, a release store).
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace tiercel {

template <typename T, size_t kChunkBits = 10, size_t kMaxChunks = 1 << 14> class ChunkedTable {
  static constexpr size_t kChunk = size_t(1) << kChunkBits;
  struct Chunk {
    alignas(T) std::byte bytes[kChunk * sizeof(T)];
  };

public:
  ChunkedTable() : chunks_(std::make_unique<std::atomic<Chunk*>[]>(kMaxChunks)) {}
  ~ChunkedTable() {
    for (size_t i = 0; i < size(); ++i)
      (*this)[i].~T();
    for (size_t c = 0; c * kChunk < size(); ++c)
      delete chunks_[c].load(std::memory_order_relaxed);
  }
  ChunkedTable(const ChunkedTable&) = delete;
  ChunkedTable& operator=(const ChunkedTable&) = delete;

  /// Null when the table is full (kChunk * kMaxChunks elements).
  template <typename... Args> T* append(Args&&... args) {
    const size_t index = size_.load(std::memory_order_relaxed);
    if (index >= kChunk * kMaxChunks)
      return nullptr;
    std::atomic<Chunk*>& slot = chunks_[index >> kChunkBits];
    Chunk* chunk = slot.load(std::memory_order_relaxed);
    if (!chunk) {
      chunk = new Chunk;
      slot.store(chunk, std::memory_order_release);
    }
    T* element = new (chunk->bytes + (index % kChunk) * sizeof(T)) T(std::forward<Args>(args)...);
    size_.store(index + 1, std::memory_order_release);
    return element;
  }

  bool hasRoomFor(size_t count) const { return size() + count <= kChunk * kMaxChunks; }
  size_t size() const { return size_.load(std::memory_order_acquire); }
  T& operator[](size_t index) {
    assert(index < size());
    Chunk* chunk = chunks_[index >> kChunkBits].load(std::memory_order_acquire);
    return *std::launder(reinterpret_cast<T*>(chunk->bytes + (index % kChunk) * sizeof(T)));
  }
  const T& operator[](size_t index) const { return const_cast<ChunkedTable&>(*this)[index]; }

private:
  std::unique_ptr<std::atomic<Chunk*>[]> chunks_;
  std::atomic<size_t> size_{0};
};

} // namespace tiercel
