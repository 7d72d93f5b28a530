// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/flow_graph.h"

#include "llvm/ADT/DepthFirstIterator.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/CycleInfo.h"
#include "llvm/IR/Instructions.h"

#include <algorithm>
#include <numeric>

namespace tiercel {

namespace {

// Estimated frequencies are fixed-point numbers: floating point could round differently on another machine
// and choose other places to count.
constexpr uint64_t kOnce = uint64_t(1) << 20;
constexpr uint64_t kMost = uint64_t(1) << 56;
/// How often a loop is assumed to go round, and the other way round, the chance to leave it.
constexpr uint64_t kIterations = 8;

uint32_t inNode(uint32_t block) { return 1 + 2 * block; }
uint32_t outNode(uint32_t block) { return 2 + 2 * block; }

uint64_t clampedAdd(uint64_t a, uint64_t b) { return std::min(kMost, a + b); }

bool endsCold(const llvm::BasicBlock& block) {
  if (block.isEHPad() || llvm::isa<llvm::UnreachableInst>(block.getTerminator()))
    return true;
  return llvm::any_of(block, [](const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    return call && call->hasFnAttr(llvm::Attribute::Cold);
  });
}

/// Branches whose edges can be split or have a block of their own at one end.
bool isSplittable(const llvm::Instruction& terminator) {
  return llvm::isa<llvm::BranchInst, llvm::SwitchInst, llvm::InvokeInst>(terminator);
}

} // namespace

NodeSets::NodeSets(uint32_t count) : parent_(count), size_(count, 1) {
  std::iota(parent_.begin(), parent_.end(), 0u);
}

uint32_t NodeSets::find(uint32_t node) {
  while (parent_[node] != node)
    node = parent_[node] = parent_[parent_[node]];
  return node;
}

bool NodeSets::join(uint32_t a, uint32_t b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return false;
  if (size_[a] < size_[b])
    std::swap(a, b);
  parent_[b] = a;
  size_[a] += size_[b];
  return true;
}

FlowGraph::FlowGraph(const llvm::Function& function) {
  findBlocks(function);
  addEdges();
  mergeIndirect();
  estimateWeights(function);
}

void FlowGraph::findBlocks(const llvm::Function& function) {
  blocks.reserve(function.size());
  for (const llvm::BasicBlock& block : function) {
    index[&block] = static_cast<uint32_t>(blocks.size());
    blocks.push_back(&block);
  }
  nodeCount = 1 + 2 * static_cast<uint32_t>(blocks.size());
  reachable.resize(blocks.size());
  for (const llvm::BasicBlock* block : llvm::depth_first(&function.getEntryBlock()))
    reachable[indexOf(block)] = true;

  llvm::SmallVector<std::pair<const llvm::BasicBlock*, const llvm::BasicBlock*>, 16> backEdges;
  llvm::FindFunctionBackedges(function, backEdges);
  for (auto [from, to] : backEdges)
    headers.push_back(indexOf(to));
  llvm::sort(headers);
  headers.erase(std::unique(headers.begin(), headers.end()), headers.end());
}

void FlowGraph::addEdges() {
  blockEdge.assign(blocks.size(), ~0u);
  llvm::SmallPtrSet<const llvm::BasicBlock*, 8> seen;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    if (!reachable[b])
      continue;
    const llvm::BasicBlock& block = *blocks[b];
    const llvm::Instruction& terminator = *block.getTerminator();
    const bool sharedPad = block.isEHPad() && !block.getUniquePredecessor();
    blockEdge[b] = static_cast<uint32_t>(edges.size());
    edges.push_back({.kind = FlowEdge::Kind::Block,
                     .countable = block.getFirstInsertionPt() != block.end(),
                     .block = b,
                     .from = sharedPad ? kGround : inNode(b),
                     .to = outNode(b)});
    if (terminator.getNumSuccessors() == 0)
      edges.push_back(
          {.kind = FlowEdge::Kind::Exit, .countable = false, .block = b, .from = outNode(b), .to = kGround});
    seen.clear();
    for (unsigned s = 0; s < terminator.getNumSuccessors(); ++s) {
      const llvm::BasicBlock& target = *terminator.getSuccessor(s);
      if (!seen.insert(&target).second)
        continue; // counted together with the first
      const uint32_t t = indexOf(&target);
      edges.push_back({.kind = FlowEdge::Kind::Branch,
                       .countable = isSplittable(terminator) && !target.isEHPad(),
                       .critical = !block.getUniqueSuccessor() && !target.getUniquePredecessor(),
                       .dropped = target.isEHPad() && !target.getUniquePredecessor(),
                       .block = b,
                       .target = t,
                       .successor = s,
                       .from = outNode(b),
                       .to = inNode(t)});
    }
  }
}

/// Edges that cannot be counted must follow from others, so they may not form a cycle. Where they do, all
/// that they connect becomes one node, and they are only estimated.
void FlowGraph::mergeIndirect() {
  NodeSets connected(nodeCount);
  std::vector<uint32_t> cyclic;
  const auto isUncountable = [](const FlowEdge& edge) { return !edge.countable && !edge.dropped; };
  for (const FlowEdge& edge : edges) {
    if (isUncountable(edge) && !connected.join(edge.from, edge.to))
      cyclic.push_back(edge.from);
  }
  if (cyclic.empty())
    return;
  std::vector<bool> merged(nodeCount);
  for (uint32_t node : cyclic)
    merged[connected.find(node)] = true;
  const bool withGround = merged[connected.find(kGround)];
  const auto nodeOf = [&](uint32_t node) {
    const uint32_t root = connected.find(node);
    if (!merged[root])
      return node;
    return withGround && root == connected.find(kGround) ? kGround : root;
  };
  for (FlowEdge& edge : edges) {
    edge.dropped |= isUncountable(edge) && merged[connected.find(edge.from)];
    edge.from = nodeOf(edge.from);
    edge.to = nodeOf(edge.to);
  }
}

/// A walk from the entry down: loops go round kIterations times, what looks cold gets nothing, what leaves a
/// loop little, and the rest is shared evenly.
void FlowGraph::estimateWeights(const llvm::Function& function) {
  llvm::ReversePostOrderTraversal<const llvm::Function*> order(&function);
  std::vector<uint32_t> position(blocks.size());
  std::vector<uint32_t> sequence;
  for (const llvm::BasicBlock* block : order) {
    position[indexOf(block)] = static_cast<uint32_t>(sequence.size());
    sequence.push_back(indexOf(block));
  }
  const auto branches = [this](uint32_t block) {
    auto first = edges.begin() + blockEdge[block] + 1;
    auto last = first;
    while (last != edges.end() && last->kind == FlowEdge::Kind::Branch)
      ++last;
    return llvm::make_range(first, last);
  };

  // Cold is what only leads to cold blocks.
  std::vector<bool> cold(blocks.size());
  for (uint32_t b : llvm::reverse(sequence)) {
    auto out = branches(b);
    cold[b] = endsCold(*blocks[b]) ||
              (!out.empty() && llvm::all_of(out, [&](const FlowEdge& edge) { return cold[edge.target]; }));
  }

  llvm::CycleInfo cycles;
  if (!headers.empty())
    cycles.compute(const_cast<llvm::Function&>(function)); // only reads it
  std::vector<bool> isHeader(blocks.size());
  for (uint32_t header : headers)
    isHeader[header] = true;

  std::vector<uint64_t> frequency(blocks.size());
  frequency[0] = kOnce;
  for (uint32_t b : sequence) {
    if (isHeader[b])
      frequency[b] = std::min(kMost / kIterations, frequency[b]) * kIterations;
    edges[blockEdge[b]].weight = frequency[b];
    const llvm::Cycle* cycle = headers.empty() ? nullptr : cycles.getCycle(blocks[b]);
    const auto leaves = [&](const FlowEdge& edge) { return cycle && !cycle->contains(blocks[edge.target]); };
    uint64_t staying = 0;
    uint64_t leaving = 0;
    for (const FlowEdge& edge : branches(b)) {
      if (!cold[edge.target])
        ++(leaves(edge) ? leaving : staying);
    }
    for (FlowEdge& edge : branches(b)) {
      if (!cold[edge.target]) {
        const uint64_t shared = !leaves(edge)
                                    ? (leaving ? frequency[b] - frequency[b] / kIterations : frequency[b])
                                : staying ? frequency[b] / kIterations
                                          : frequency[b];
        edge.weight = shared / (leaves(edge) ? leaving : staying);
      }
      if (position[edge.target] > position[b])
        frequency[edge.target] = clampedAdd(frequency[edge.target], edge.weight);
    }
  }
}

} // namespace tiercel
