// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/edge_plan.h"

#include "llvm/IR/InstIterator.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace tiercel {

namespace {

CounterSite siteOf(const FlowGraph& graph, uint32_t edgeIndex, bool always) {
  const FlowEdge& edge = graph.edges[edgeIndex];
  const bool isBlock = edge.kind == FlowEdge::Kind::Block;
  const llvm::BasicBlock* block = graph.blocks[edge.block];
  return {.kind = isBlock ? CounterSite::Kind::Block : CounterSite::Kind::Edge,
          .always = always,
          .block = block,
          .terminator = isBlock ? nullptr : block->getTerminator(),
          .successor = edge.successor,
          .edge = edgeIndex};
}

} // namespace

EdgePlan::EdgePlan(const llvm::Function& function) : graph(function) {
  const std::vector<FlowEdge>& edges = graph.edges;
  std::vector<bool> counted(edges.size());
  const auto countBlock = [&](uint32_t block) {
    const uint32_t edge = graph.blockEdge[block];
    if (counted[edge] || !edges[edge].countable)
      return;
    counted[edge] = true;
    sites.push_back(siteOf(graph, edge, /*always=*/true));
  };
  countBlock(0);
  for (uint32_t header : graph.headers)
    countBlock(header);

  std::vector<uint32_t> order(edges.size());
  std::iota(order.begin(), order.end(), 0u);
  std::erase_if(order, [&](uint32_t edge) { return counted[edge] || edges[edge].dropped; });
  // What cannot be counted has to be in the forest. Of equals rather edges that would need a block of their
  // own, then any edges rather than blocks.
  const auto rank = [&](uint32_t index) {
    const FlowEdge& edge = edges[index];
    return std::tuple(!edge.countable, edge.weight, edge.critical, edge.kind != FlowEdge::Kind::Block);
  };
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return rank(a) > rank(b); });

  NodeSets forest(graph.nodeCount);
  std::vector<uint32_t> chosen;
  for (uint32_t edge : order) {
    if (!forest.join(edges[edge].from, edges[edge].to))
      chosen.push_back(edge);
  }
  std::sort(chosen.begin(), chosen.end());
  for (uint32_t edge : chosen)
    sites.push_back(siteOf(graph, edge, /*always=*/false));
}

std::vector<llvm::CallBase*> indirectCalls(llvm::Function& function) {
  std::vector<llvm::CallBase*> calls;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (call && call->isIndirectCall())
      calls.push_back(call);
  }
  return calls;
}

} // namespace tiercel
