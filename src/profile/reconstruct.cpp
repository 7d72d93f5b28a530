// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/reconstruct.h"

#include "llvm/IR/Instructions.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>

namespace tiercel {

namespace {

uint64_t saturatingSubtract(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

/// The share of `amount` that `part` of `whole` gets.
uint64_t share(uint64_t amount, uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<uint64_t>(static_cast<unsigned __int128>(amount) * part / whole);
}

class Solver {
public:
  Solver(const EdgePlan& plan, std::span<const uint64_t> counts)
      : graph_(plan.graph), value_(graph_.edges.size()), known_(graph_.edges.size()), in_(graph_.nodeCount),
        out_(graph_.nodeCount), unknown_(graph_.nodeCount) {
    for (size_t i = 0; i < plan.sites.size(); ++i) {
      value_[plan.sites[i].edge] = counts[i];
      known_[plan.sites[i].edge] = true;
    }
  }

  Frequencies run() {
    listUnknown();
    solve();
    estimateDropped();
    return result();
  }

private:
  /// Of every node its edges that are yet to be found.
  void listUnknown() {
    const std::vector<FlowEdge>& edges = graph_.edges;
    for (uint32_t e = 0; e < edges.size(); ++e) {
      if (edges[e].dropped)
        continue;
      if (known_[e]) {
        addKnown(e);
      } else {
        ++unknown_[edges[e].from];
        ++unknown_[edges[e].to];
      }
    }
    first_.resize(graph_.nodeCount + 1);
    for (uint32_t node = 0; node < graph_.nodeCount; ++node)
      first_[node + 1] = first_[node] + unknown_[node];
    incident_.resize(first_.back());
    std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
    for (uint32_t e = 0; e < edges.size(); ++e) {
      if (!edges[e].dropped && !known_[e]) {
        incident_[next[edges[e].from]++] = e;
        incident_[next[edges[e].to]++] = e;
      }
    }
  }

  void addKnown(uint32_t edge) {
    out_[graph_.edges[edge].from] = llvm::SaturatingAdd(out_[graph_.edges[edge].from], value_[edge]);
    in_[graph_.edges[edge].to] = llvm::SaturatingAdd(in_[graph_.edges[edge].to], value_[edge]);
  }

  /// From the leaves of the forest inwards. A tree with the ground in it has as many edges as other nodes;
  /// one without has an edge less, and its last node is not needed.
  void solve() {
    std::vector<uint32_t> ready;
    for (uint32_t node = 0; node < graph_.nodeCount; ++node) {
      if (node != FlowGraph::kGround && unknown_[node] == 1)
        ready.push_back(node);
    }
    while (!ready.empty()) {
      const uint32_t node = ready.back();
      ready.pop_back();
      if (unknown_[node] == 0)
        continue;
      uint32_t edge = ~0u;
      for (uint32_t i = first_[node]; i < first_[node + 1] && edge == ~0u; ++i) {
        if (!known_[incident_[i]])
          edge = incident_[i];
      }
      assert(edge != ~0u);
      const FlowEdge& found = graph_.edges[edge];
      const uint64_t plus = found.from == node ? in_[node] : out_[node];
      const uint64_t minus = found.from == node ? out_[node] : in_[node];
      exact_ &= plus >= minus;
      value_[edge] = saturatingSubtract(plus, minus);
      known_[edge] = true;
      addKnown(edge);
      --unknown_[node];
      const uint32_t other = found.from == node ? found.to : found.from;
      if (--unknown_[other] == 1 && other != FlowGraph::kGround)
        ready.push_back(other);
    }
  }

  uint64_t blockCount(uint32_t block) const {
    return graph_.reachable[block] ? value_[graph_.blockEdge[block]] : 0;
  }

  /// Edges out of the network. What is thrown into a shared landing pad comes from its invokes in proportion
  /// to their counts; what leaves an indirect branch goes to its targets in proportion to theirs.
  void estimateDropped() {
    const std::vector<FlowEdge>& edges = graph_.edges;
    std::vector<uint64_t> sources(graph_.blocks.size()); // of a pad: counts of all that unwind there
    std::vector<uint64_t> targets(graph_.blocks.size()); // of a block: counts of all its dropped targets
    std::vector<uint64_t> left(graph_.blocks.size());    // of a block: what its other branches do not take
    for (const FlowEdge& edge : edges) {
      if (edge.kind != FlowEdge::Kind::Branch)
        continue;
      if (edge.dropped) {
        sources[edge.target] = llvm::SaturatingAdd(sources[edge.target], blockCount(edge.block));
        targets[edge.block] = llvm::SaturatingAdd(targets[edge.block], blockCount(edge.target));
      } else {
        left[edge.block] = llvm::SaturatingAdd(left[edge.block], value_[&edge - edges.data()]);
      }
    }
    for (uint32_t e = 0; e < edges.size(); ++e) {
      const FlowEdge& edge = edges[e];
      if (!edge.dropped || edge.kind != FlowEdge::Kind::Branch)
        continue;
      const uint64_t there = blockCount(edge.target);
      value_[e] = graph_.blocks[edge.target]->isEHPad()
                      ? share(there, blockCount(edge.block), sources[edge.target])
                      : share(saturatingSubtract(blockCount(edge.block), left[edge.block]), there,
                              targets[edge.block]);
      exact_ &= there == 0;
    }
  }

  Frequencies result() const {
    Frequencies frequencies;
    frequencies.exact = exact_;
    frequencies.blocks.resize(graph_.blocks.size());
    frequencies.firstSuccessor.resize(graph_.blocks.size());
    for (uint32_t b = 0; b < graph_.blocks.size(); ++b) {
      const llvm::Instruction& terminator = *graph_.blocks[b]->getTerminator();
      frequencies.blocks[b] = blockCount(b);
      const size_t first = frequencies.successors.size();
      frequencies.firstSuccessor[b] = static_cast<uint32_t>(first);
      frequencies.successors.resize(first + terminator.getNumSuccessors());
      if (graph_.reachable[b])
        fillSuccessors(b, std::span(frequencies.successors).subspan(first));
    }
    return frequencies;
  }

  void fillSuccessors(uint32_t block, std::span<uint64_t> counts) const {
    llvm::SmallDenseMap<uint32_t, uint32_t, 8> parallel; // by target
    const llvm::Instruction& terminator = *graph_.blocks[block]->getTerminator();
    for (unsigned s = 0; s < counts.size(); ++s)
      ++parallel[graph_.indexOf(terminator.getSuccessor(s))];
    llvm::SmallDenseMap<uint32_t, uint64_t, 8> total;
    for (uint32_t e = graph_.blockEdge[block] + 1;
         e < graph_.edges.size() && graph_.edges[e].kind == FlowEdge::Kind::Branch; ++e)
      total[graph_.edges[e].target] = value_[e];
    for (unsigned s = 0; s < counts.size(); ++s) {
      const uint32_t target = graph_.indexOf(terminator.getSuccessor(s));
      // What remains for the last of them includes what does not divide evenly.
      counts[s] = total[target] / parallel[target];
      total[target] -= counts[s];
      --parallel[target];
    }
  }

  const FlowGraph& graph_;
  std::vector<uint64_t> value_; ///< by edge
  std::vector<bool> known_;
  std::vector<uint64_t> in_, out_; ///< by node: sums of known edges
  std::vector<uint32_t> unknown_;  ///< by node: how many edges are not known yet
  std::vector<uint32_t> first_, incident_;
  bool exact_ = true;
};

} // namespace

Frequencies reconstruct(const EdgePlan& plan, std::span<const uint64_t> counts) {
  assert(counts.size() == plan.sites.size());
  return Solver(plan, counts).run();
}

} // namespace tiercel
