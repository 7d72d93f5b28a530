// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is about to be added to the program, read as far as that needs nothing of what is there: a large file
// takes its time, and the lock of loads, which forks wait for, is taken afterwards. IR is read by a session
// of its own. Thread rule: one thread.
#pragma once

#include "compile/session_pool.h"
#include "engine/native_objects.h"
#include "events/statistics.h"
#include "load/image.h"
#include "load/input.h"

#include <memory>
#include <optional>
#include <string>
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

struct OpenInput {
  std::string name;
  std::optional<OpenImage> image;             ///< of IR; its constructors and destructors are known
  std::unique_ptr<llvm::MemoryBuffer> object; ///< an object, or the assembly of the IR's module; or null
  std::optional<ObjectSymbols> symbols;       ///< the object's
};

/// Of IR or an object.
Result<OpenInput> openInput(Input input, SessionPool& pool, Statistics& statistics);

} // namespace tiercel
