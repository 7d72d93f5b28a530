// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Publishes the continuations of a function, so that running code finds them without a lock.
// Thread rule: members without a remark may be called by any thread at any time.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace tiercel {

/// Where running tier-0 code of a function can be left: a continuation per loop header, null while there is
/// none. Published with release; whoever loads an address may enter the code behind it.
///
/// Old activations of a function that was changed since still ask, at any time and without a lock. So the
/// memory of these objects is never given to something else, and everything in one belongs to an epoch: the
/// code between two changes of the function. Who asks reads the epoch, the address, and the epoch again (a
/// sequence lock: the writer clears the epoch first and sets it last).
class OsrEntries {
public:
  explicit OsrEntries(unsigned capacity) : entries_(capacity) {}

  unsigned capacity() const { return static_cast<unsigned>(entries_.size()); }
  /// Null if there is none, or the code that asks is of another epoch.
  void* find(uint32_t epoch, uint32_t header) const {
    if (epoch_.load(std::memory_order_acquire) != epoch || header >= headers())
      return nullptr;
    void* address = entries_[header].address.load(std::memory_order_acquire);
    return epoch_.load(std::memory_order_relaxed) == epoch ? address : nullptr;
  }
  uint32_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  uint64_t shape() const { return shape_.load(std::memory_order_relaxed); }
  unsigned headers() const { return headers_.load(std::memory_order_relaxed); }
  bool any() const { return any_.load(std::memory_order_seq_cst); }
  /// There will be none for this header: it could not be compiled.
  bool failed(uint32_t header) const { return entries_[header].failed.load(std::memory_order_relaxed); }
  void setFailed(uint32_t header) { entries_[header].failed.store(true, std::memory_order_relaxed); }

  // Under the lock of the versions.
  void publish(uint32_t header, void* code) {
    entries_[header].address.store(code, std::memory_order_release);
    any_.store(true, std::memory_order_seq_cst);
  }
  void withdraw(uint32_t header) { entries_[header].address.store(nullptr, std::memory_order_release); }
  void clear() {
    epoch_.store(0, std::memory_order_relaxed);
    any_.store(false, std::memory_order_relaxed);
    for (Entry& entry : entries_) {
      entry.address.store(nullptr, std::memory_order_release);
      entry.failed.store(false, std::memory_order_relaxed);
    }
  }
  /// For new first code; `shape`: of the frame that continuations must expect (osr/frame.h).
  void begin(uint32_t epoch, uint64_t shape, unsigned headers) {
    shape_.store(shape, std::memory_order_relaxed);
    headers_.store(headers, std::memory_order_relaxed);
    epoch_.store(epoch, std::memory_order_release);
  }

private:
  struct Entry {
    std::atomic<void*> address{nullptr};
    std::atomic<bool> failed{false};
  };
  std::atomic<uint32_t> epoch_{0}; ///< 0: none
  std::atomic<uint64_t> shape_{0};
  std::atomic<unsigned> headers_{0};
  std::vector<Entry> entries_;
  std::atomic<bool> any_{false}; ///< one of them was set
};

} // namespace tiercel
