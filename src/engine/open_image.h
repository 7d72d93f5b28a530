// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IR that is about to be added to the program, read by a session of its own. Thread rule: one thread.
#pragma once

#include "compile/session_pool.h"
#include "load/image.h"
#include "load/input.h"

#include <memory>

namespace tiercel {

struct OpenImage {
  SessionPool::Lease session;
  std::shared_ptr<ProgramImage> image; ///< owns the input's bytes
  std::unique_ptr<ImageReader> reader; ///< the session may adopt it, and else is not to outlive it
};

/// An error if the input is no module for this machine.
Result<OpenImage> openImage(Input input, SessionPool& pool);

} // namespace tiercel
