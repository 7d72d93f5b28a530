// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What JITLink would refuse about a native object's references, in terms of the object. Thread rule: any
// thread.
#pragma once

#include "tiercel/error.h"

#include "llvm/ExecutionEngine/JITLink/JITLink.h"

namespace tiercel {

/// Of a graph whose blocks have their addresses: an error if a reference does not reach what it is to.
Status checkReach(llvm::jitlink::LinkGraph& graph);

} // namespace tiercel
