// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes one function out of an image into a unit. The body is read lazily and its blocks are moved, not
// copied; it is read again from the bytes should another tier want it.
// Thread rule: belongs to a session.
#pragma once

#include "tiercel/error.h"

#include "load/image_reader.h"
#include "registry/registry.h"
#include "unit/unit.h"

namespace tiercel {

/// Knows whether the process outside the program has a symbol (link/host_symbols.h).
class HostSymbolSource {
public:
  virtual ~HostSymbolSource() = default;
  /// `weak`: without loading libraries for it.
  virtual bool has(llvm::StringRef name, bool weak) = 0;
};

struct ExtractOptions {
  /// Calls of the function to itself may stay inside the unit. Not at tier 0, whose activations must reach
  /// better code when they recurse.
  bool directSelfCalls = false;
  /// Calls of functions of the program may be relative ones, in the form of unit/direct_calls.h.
  bool directCalls = false;
  bool verify = true;
};

Result<Unit> extractUnit(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                         const FunctionRecord& record, const ExtractOptions& options);

} // namespace tiercel
