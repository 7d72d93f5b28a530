// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine remembers of modules for their constructors and destructors. Thread rule: plain data, under
// the load lock.
#pragma once

#include "base/ids.h"
#include "load/image.h"
#include "registry/symbols.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tiercel {

/// A constructor or destructor of the program.
struct Initialisation {
  uint32_t priority;
  SymbolRef function;
  std::byte* native = nullptr; ///< of objects: not in the registry
  std::string module = {};
};

/// An image or an object, in the order of adding, which is that of their initialisation.
struct Added {
  ImageId image;
  ObjectId object; ///< valid: not an image
  std::string module;
  std::weak_ptr<const ProgramImage> bytes; ///< of the image
};

} // namespace tiercel
