// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JITLink relaxes accesses through the global offset table to what lies below 4 GiB into instructions that
// hold the address itself. These are wrong: a call's operand counts from the instruction, and most others
// extend the sign of an address of 2 GiB or more. (A host linked without PIE has all its symbols there.)
//
// Thread rule: the graph is the caller's.
#pragma once

namespace llvm {
class Error;
namespace jitlink {
class LinkGraph;
} // namespace jitlink
} // namespace llvm

namespace tiercel {

/// Has them stay loads from the table. To run when addresses are known, before JITLink's own relaxation.
llvm::Error keepGotLoads(llvm::jitlink::LinkGraph& graph);

} // namespace tiercel
