// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JITLink's memory manager over the arena: code and constants in one executable block, written in place
// through its writable view; writable data in the data range. Nothing is copied or protected afterwards.
// A link that fails gives back what it had; after one that succeeds, code() and data() are its caller's to
// free.
// Thread rule: one instance per link.
#pragma once

#include "codemem/arena.h"

#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"

#include <optional>
#include <utility>

namespace tiercel {

/// Data as it was asked for; no address: none was.
struct GraphData {
  std::byte* address = nullptr;
  size_t size = 0;
  size_t alignment = 1;
};

class GraphMemory : public llvm::jitlink::JITLinkMemoryManager {
public:
  explicit GraphMemory(Arena& arena) : arena_(arena) {}

  void allocate(const llvm::jitlink::JITLinkDylib* library, llvm::jitlink::LinkGraph& graph,
                OnAllocatedFunction onAllocated) override;
  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction onDeallocated) override;

  /// What the graph got: nothing (null) when it has no such sections, or failed.
  const CodeBlock& code() const { return code_; }
  const GraphData& data() const { return data_; }
  size_t codeBytes() const { return code_.size; }

  /// Why the arena had nothing to give, if that is what made the link fail.
  std::optional<Error> takeRefusal() { return std::exchange(refusal_, std::nullopt); }
  /// Frees both.
  void release();

private:
  Arena& arena_;
  CodeBlock code_;
  GraphData data_;
  std::optional<Error> refusal_;
};

} // namespace tiercel
