// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/graph_memory.h"

#include "base/align.h"

#include "llvm/ExecutionEngine/JITLink/JITLink.h"

#include <algorithm>
#include <cstring>

namespace tiercel {

namespace {

namespace jl = llvm::jitlink;

class InPlaceAllocation : public jl::JITLinkMemoryManager::InFlightAlloc {
public:
  explicit InPlaceAllocation(GraphMemory& memory) : memory_(memory) {}
  void finalize(OnFinalizedFunction onFinalized) override {
    // What the handle stands for is known to the memory manager, so any address will do.
    onFinalized(jl::JITLinkMemoryManager::FinalizedAlloc(llvm::orc::ExecutorAddr(1)));
  }
  void abandon(OnAbandonedFunction onAbandoned) override {
    memory_.release();
    onAbandoned(llvm::Error::success());
  }

private:
  GraphMemory& memory_;
};

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
  /// JITLink leaves it alone.
  void clearZeroFill() {
    for (jl::BasicLayout::Segment* segment : segments)
      memset(segment->WorkingMem + segment->ContentSize, 0, segment->ZeroFillSize);
  }
};

} // namespace

void GraphMemory::allocate(const jl::JITLinkDylib*, jl::LinkGraph& graph, OnAllocatedFunction onAllocated) {
  const auto fail = [&](llvm::Error error) {
    release();
    onAllocated(std::move(error));
  };
  const auto refuse = [&](Error error) {
    refusal_ = std::move(error);
    fail(llvm::createStringError(llvm::inconvertibleErrorCode(), refusal_->message()));
  };
  jl::BasicLayout layout(graph);
  Group code, data;
  for (auto& [group, segment] : layout.segments()) {
    const auto writable =
        static_cast<unsigned>(group.getMemProt()) & static_cast<unsigned>(llvm::orc::MemProt::Write);
    (writable ? data : code).add(segment);
  }
  if (code.size > 0) {
    Result<CodeBlock> block = arena_.allocateCode(code.size, std::max(code.alignment, Arena::kCodeGranule));
    if (!block)
      return refuse(block.takeError());
    code_ = *block;
    code.place(code_.exec, code_.write);
    code.clearZeroFill(); // unlike data, it holds what was there before
  }
  if (data.size > 0) {
    Result<std::byte*> block = arena_.allocateData(data.size, data.alignment);
    if (!block)
      return refuse(block.takeError());
    data_ = {*block, data.size, data.alignment};
    data.place(data_.address, data_.address);
  }
  if (llvm::Error error = layout.apply())
    return fail(std::move(error));
  onAllocated(std::make_unique<InPlaceAllocation>(*this));
}

void GraphMemory::release() {
  if (code_.exec)
    arena_.freeCode(code_);
  if (data_.address)
    arena_.freeData(data_.address, data_.size, data_.alignment);
  code_ = {};
  data_ = {};
}

void GraphMemory::deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction onDeallocated) {
  for (FinalizedAlloc& allocation : allocations)
    allocation.release();
  onDeallocated(llvm::Error::success());
}

} // namespace tiercel
