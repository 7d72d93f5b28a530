// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IR that is about to be added to the program, read by a session of its own. Thread rule: one thread.
#pragma once

#include "compile/session_pool.h"
#include "load/image.h"
#include "load/input.h"

#include <memory>
#include <utility>

namespace tiercel {

struct OpenImage {
  OpenImage(SessionPool::Lease session, std::shared_ptr<ProgramImage> image,
            std::unique_ptr<ImageReader> reader)
      : session(std::move(session)), image(std::move(image)), reader(std::move(reader)) {}
  OpenImage(OpenImage&&) = default;
  OpenImage& operator=(OpenImage&&) = delete;
  ~OpenImage() {
    if (reader && session->isAbandoned()) // belongs to what must not be touched again
        [[maybe_unused]]
      const ImageReader* kept = reader.release();
  }

  SessionPool::Lease session;
  std::shared_ptr<ProgramImage> image; ///< owns the input's bytes
  std::unique_ptr<ImageReader> reader; ///< the session may adopt it, and else is not to outlive it
};

/// An error if the input is no module for this machine.
Result<OpenImage> openImage(Input input, SessionPool& pool);

} // namespace tiercel
