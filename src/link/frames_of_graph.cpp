// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/frames_of_graph.h"

namespace tiercel {

namespace jl = llvm::jitlink;

llvm::DenseMap<uint64_t, const void*> findFrames(jl::LinkGraph& graph) {
  llvm::DenseMap<uint64_t, const void*> frames;
  jl::Section* section = graph.findSectionByName(".eh_frame");
  if (!section)
    return frames;
  // JITLink has split the section into its records. A frame description has an edge to its common entry at
  // offset 4 and one to its function at offset 8 (LSB Core 5.0, section 10.6.1).
  for (jl::Block* block : section->blocks()) {
    const jl::Edge* function = nullptr;
    bool describesFrame = false;
    for (const jl::Edge& edge : block->edges()) {
      describesFrame |= edge.getOffset() == 4;
      if (edge.getOffset() == 8)
        function = &edge;
    }
    if (describesFrame && function)
      frames[(function->getTarget().getAddress() + function->getAddend()).getValue()] =
          block->getAddress().toPtr<const void*>();
  }
  return frames;
}

} // namespace tiercel
