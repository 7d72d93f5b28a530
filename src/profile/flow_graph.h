// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The control flow of a function as a network in which as much flows into a node as out of it. A block is an
// edge from its "in" node to its "out" node, a branch an edge from one block's "out" to another's "in", and
// what leaves the function ends in the ground, the one node where nothing has to add up. Whoever knows the
// counts of enough edges knows them all (edge_plan.h chooses, reconstruct.h solves).
//
// What is not in the network: blocks that cannot be reached, and edges of which no place in the code can be
// told apart and counted:
//   * unwind edges into a landing pad that several invokes share. The pad counts as a source of its own, so
//     counts are exact as long as nothing is thrown there;
//   * edges of several indirectbr or callbr that share targets. Their ends are merged into one node, so that
//     block counts stay exact.
//
// The graph follows from the order of blocks and successors alone, never from addresses: the same IR gives
// the same graph in every process. Thread rule: pure functions over the IR of the caller's context. A graph
// points into the function and is valid while its blocks and terminators exist; instructions may be added.
#pragma once

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Function.h"

#include <cstdint>
#include <vector>

namespace tiercel {

struct FlowEdge {
  enum class Kind : uint8_t { Block, Branch, Exit };
  Kind kind;
  /// A place in the code can be made that runs once whenever this edge is taken.
  bool countable;
  /// Counting it needs a new block.
  bool critical = false;
  /// Not part of the network: estimated.
  bool dropped = false;
  uint32_t block;         ///< the block, or where the edge comes from
  uint32_t target = 0;    ///< of a branch: the block it goes to
  uint32_t successor = 0; ///< of a branch: the first of the terminator's successors that is `target`
  uint32_t from = 0;      ///< nodes
  uint32_t to = 0;
  /// Relative estimate of how often it is taken.
  uint64_t weight = 0;
};

struct FlowGraph {
  static constexpr uint32_t kGround = 0;

  explicit FlowGraph(const llvm::Function& function);

  uint32_t indexOf(const llvm::BasicBlock* block) const { return index.lookup(block); }

  std::vector<const llvm::BasicBlock*> blocks; ///< all, in the function's order
  llvm::DenseMap<const llvm::BasicBlock*, uint32_t> index;
  std::vector<bool> reachable;   ///< by block
  std::vector<uint32_t> headers; ///< targets of llvm::FindFunctionBackedges, in the function's order
  /// The edge of block b, for reachable ones, then its branches follow it directly; ~0u for unreachable ones.
  std::vector<uint32_t> blockEdge;
  std::vector<FlowEdge> edges;
  uint32_t nodeCount = 0;

private:
  void findBlocks(const llvm::Function& function);
  void addEdges();
  void estimateWeights(const llvm::Function& function);
  void mergeIndirect();
};

/// Sets of nodes that grow together (union by size, path halving).
class NodeSets {
public:
  explicit NodeSets(uint32_t count);
  uint32_t find(uint32_t node);
  /// False when both were in one set already.
  bool join(uint32_t a, uint32_t b);

private:
  std::vector<uint32_t> parent_;
  std::vector<uint32_t> size_;
};

} // namespace tiercel
