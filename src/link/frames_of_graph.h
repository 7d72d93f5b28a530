// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Thread rule: belongs to a link.
#pragma once

#include "llvm/ADT/DenseMap.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"

namespace tiercel {

/// The frame description entries of a graph that has its addresses, by that of the code they describe.
llvm::DenseMap<uint64_t, const void*> findFrames(llvm::jitlink::LinkGraph& graph);

} // namespace tiercel
