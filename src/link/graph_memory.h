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

  size_t codeBytes() const { return codeBytes_; }

private:
  Arena& arena_;
  size_t codeBytes_ = 0;
};

} // namespace tiercel
