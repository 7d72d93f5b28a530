// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JITLink's memory manager over the arena: code and constants in one executable block, written in place
// through its writable view; writable data in the data range. Nothing is copied or protected afterwards.
// Thread rule: one instance per link.
#pragma once

#include "codemem/arena.h"

#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"

namespace tiercel {

class GraphMemory : public llvm::jitlink::JITLinkMemoryManager {
public:
  explicit GraphMemory(Arena& arena) : arena_(arena) {}

  void allocate(const llvm::jitlink::JITLinkDylib* library, llvm::jitlink::LinkGraph& graph,
                OnAllocatedFunction onAllocated) override;
  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction onDeallocated) override;

  /// What was allocated; empty where nothing was needed. The caller's to free once the link has succeeded.
  const CodeBlock& code() const { return code_; }
  struct Data {
    std::byte* address = nullptr;
    size_t size = 0, alignment = 1;
  };
  const Data& data() const { return data_; }

private:
  Arena& arena_;
  CodeBlock code_;
  Data data_;
};

} // namespace tiercel
