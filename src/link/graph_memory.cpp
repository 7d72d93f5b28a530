// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/graph_memory.h"

#include "llvm/ExecutionEngine/JITLink/JITLink.h"

#include <algorithm>

namespace tiercel {

namespace {

namespace jl = llvm::jitlink;

class InPlaceAllocation : public jl::JITLinkMemoryManager::InFlightAlloc {
public:
  explicit InPlaceAllocation(llvm::orc::ExecutorAddr address) : address_(address) {}
  void finalize(OnFinalizedFunction onFinalized) override {
    onFinalized(jl::JITLinkMemoryManager::FinalizedAlloc(address_));
  }
  void abandon(OnAbandonedFunction onAbandoned) override { onAbandoned(llvm::Error::success()); }

private:
  llvm::orc::ExecutorAddr address_;
};

size_t alignUp(size_t value, size_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

/// Segments of one kind laid out one after the other.
struct Group {
  llvm::SmallVector<jl::BasicLayout::Segment*, 3> segments;
  size_t size = 0;
  size_t alignment = 1;

  void add(jl::BasicLayout::Segment& segment) {
    const size_t own = segment.Alignment.value();
    size = alignUp(size, own) + segment.ContentSize + segment.ZeroFillSize;
    alignment = std::max(alignment, own);
    segments.push_back(&segment);
  }
  void place(std::byte* run, std::byte* write) {
    size_t offset = 0;
    for (jl::BasicLayout::Segment* segment : segments) {
      offset = alignUp(offset, segment->Alignment.value());
      segment->Addr = llvm::orc::ExecutorAddr::fromPtr(run + offset);
      segment->WorkingMem = reinterpret_cast<char*>(write + offset);
      offset += segment->ContentSize + segment->ZeroFillSize;
    }
  }
};

llvm::Error toLlvm(const Error& error) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), error.message());
}

} // namespace

void GraphMemory::allocate(const jl::JITLinkDylib*, jl::LinkGraph& graph, OnAllocatedFunction onAllocated) {
  jl::BasicLayout layout(graph);
  Group code, data;
  for (auto& [group, segment] : layout.segments()) {
    const auto writable =
        static_cast<unsigned>(group.getMemProt()) & static_cast<unsigned>(llvm::orc::MemProt::Write);
    (writable ? data : code).add(segment);
  }
  if (code.size > 0) {
    Result<CodeBlock> block = arena_.allocateCode(code.size, std::max<size_t>(code.alignment, 16));
    if (!block)
      return onAllocated(toLlvm(block.error()));
    code.place(block->exec, block->write);
    code_ = *block;
  }
  if (data.size > 0) {
    Result<std::byte*> block = arena_.allocateData(data.size, data.alignment);
    if (!block)
      return onAllocated(toLlvm(block.error()));
    data.place(*block, *block);
    data_ = {*block, data.size, data.alignment};
  }
  if (llvm::Error error = layout.apply())
    return onAllocated(std::move(error));
  onAllocated(std::make_unique<InPlaceAllocation>(llvm::orc::ExecutorAddr(1)));
}

void GraphMemory::deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction onDeallocated) {
  for (FinalizedAlloc& allocation : allocations)
    allocation.release();
  onDeallocated(llvm::Error::success());
}

} // namespace tiercel
