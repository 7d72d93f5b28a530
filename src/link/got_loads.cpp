// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/got_loads.h"

#include "llvm/ExecutionEngine/JITLink/x86_64.h"

namespace tiercel {

namespace jl = llvm::jitlink;
namespace x86 = llvm::jitlink::x86_64;

namespace {

constexpr uint8_t kLoad = 0x8b;

/// `mov x@GOTPCREL(%rip), %reg` of what is in reach becomes `lea`, which is right wherever x is.
bool becomesLea(const jl::Block& block, const jl::Edge& edge, llvm::orc::ExecutorAddr target) {
  const int64_t distance = target - (block.getFixupAddress(edge) + 4);
  return edge.getOffset() >= 2 && static_cast<uint8_t>(block.getContent()[edge.getOffset() - 2]) == kLoad &&
         llvm::isInt<32>(distance);
}

} // namespace

llvm::Error keepGotLoads(jl::LinkGraph& graph) {
  for (jl::Block* block : graph.blocks()) {
    for (jl::Edge& edge : block->edges()) {
      if (edge.getKind() != x86::PCRel32GOTLoadRelaxable && edge.getKind() != x86::PCRel32GOTLoadREXRelaxable)
        continue;
      const llvm::orc::ExecutorAddr target =
          edge.getTarget().getBlock().edges().begin()->getTarget().getAddress();
      if (llvm::isUInt<32>(target.getValue()) && !becomesLea(*block, edge, target))
        edge.setKind(x86::PCRel32);
    }
  }
  return llvm::Error::success();
}

} // namespace tiercel
