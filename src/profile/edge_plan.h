// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where to count, so that the count of every block and edge of a function follows (Knuth, "Optimal
// measurement points for program frequency counts"; Ball and Larus): the edges that are not counted must form
// a forest in the function's flow graph. The entry and all loop headers are counted in any case, since
// instrumentation has a poll there anyway; beyond them the forest is the heaviest by estimated frequency, so
// counters end up where code seldom runs. A simple loop needs none but its header's.
//
// The plan is a function of the IR alone: a later compile of the same body makes the same plan again, and a
// profile need only hold the counts. kPlanVersion changes whenever the choice does.
// Thread rule: pure function over the IR of the caller's context; the plan points into it as its graph does.
#pragma once

#include "profile/flow_graph.h"

#include "llvm/IR/InstrTypes.h"

#include <vector>

namespace tiercel {

/// Profiles made by another version cannot be used (tiercel/profile.h writes it to files).
inline constexpr unsigned kPlanVersion = 1;

/// One counter; its index in EdgePlan::sites is its index among the function's counts.
struct CounterSite {
  enum class Kind : uint8_t { Block, Edge };
  Kind kind;
  /// The entry or a loop header: counted by whoever instruments those (unit/instrument.h).
  bool always;
  const llvm::BasicBlock* block;       ///< counted, or where the edge comes from
  const llvm::Instruction* terminator; ///< of an edge: stays with it when the block is split
  unsigned successor;                  ///< of an edge; parallel successors are counted with the first of them
  uint32_t edge;                       ///< in the graph
};

struct EdgePlan {
  explicit EdgePlan(const llvm::Function& function);

  FlowGraph graph;
  /// The entry first, then loop headers, then the rest, each in the function's order.
  std::vector<CounterSite> sites;
};

/// The calls whose targets are worth recording, in the order of the function's instructions.
std::vector<llvm::CallBase*> indirectCalls(llvm::Function& function);

} // namespace tiercel
