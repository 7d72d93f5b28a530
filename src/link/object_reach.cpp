// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/object_reach.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"
#include "llvm/Support/MathExtras.h"

#include <cstdint>
#include <string>

namespace tiercel {

namespace {

namespace jl = llvm::jitlink;
namespace x86 = llvm::jitlink::x86_64;

/// As x86_64.h says how each kind is computed.
bool reaches(const jl::Block& block, const jl::Edge& edge) {
  const uint64_t target = edge.getTarget().getAddress().getValue() + static_cast<uint64_t>(edge.getAddend());
  const auto distance = static_cast<int64_t>(target - block.getFixupAddress(edge).getValue());
  switch (edge.getKind()) {
  case x86::Delta32:
    return llvm::isInt<32>(distance);
  case x86::PCRel32:
  case x86::BranchPCRel32:
  case x86::BranchPCRel32ToPtrJumpStub:
  case x86::BranchPCRel32ToPtrJumpStubBypassable:
  case x86::PCRel32GOTLoadRelaxable:
  case x86::PCRel32GOTLoadREXRelaxable:
    return llvm::isInt<32>(distance - 4);
  case x86::Delta16:
    return llvm::isInt<16>(distance);
  case x86::Delta8:
    return llvm::isInt<8>(distance);
  default:
    return true; // reaches everything, or JITLink refuses it
  }
}

std::string nameOf(const jl::Symbol& symbol) {
  if (symbol.hasName())
    return "'" + (*symbol.getName()).str() + "'";
  return symbol.isDefined() ? "its section '" + symbol.getSection().getName().str() + "'"
                            : std::string("an address");
}

} // namespace

Status checkReach(jl::LinkGraph& graph) {
  for (const jl::Section& section : graph.sections()) {
    for (const jl::Block* block : section.blocks()) {
      for (const jl::Edge& edge : block->edges()) {
        if (!reaches(*block, edge))
          return Error(
              ErrorKind::BadInput, "linking",
              "in its section '" + section.getName().str() + "', what refers to " + nameOf(edge.getTarget()) +
                  " does not reach it; compile it with -fPIC, or, if it was, make it again: the file "
                  "may be damaged");
      }
    }
  }
  return {};
}

} // namespace tiercel
