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
  /// Changes before the process has more symbols than before.
  virtual uint64_t serial() const = 0;
};

class DeclaredAttributes; // registry/claims.h

struct ExtractOptions {
  /// Calls of the function to itself may stay inside the unit. Not at tier 0, whose activations must reach
  /// better code when they recurse.
  bool directSelfCalls = false;
  /// Calls of functions of the program may be relative ones, in the form of unit/direct_calls.h.
  bool directCalls = false;
  bool verify = true;
  /// What only optimising passes read comes along: values of the program's constants, what accesses say of
  /// what they may overlap (to verify that takes a third of all verifying), what calls are not to be made of.
  bool forPasses = false;
  /// Remembers answers for the context; null: they are found anew each time.
  DeclaredAttributes* attributes = nullptr;
};

/// clang -O0 puts optnone on everything, which demands noinline. Neither was meant for us. A noinline of its
/// own was written by somebody and stays.
void dropUnoptimisedMarks(llvm::Function& function);

// All of these take the definition that the caller found: by the time they run, a stronger one may have
// replaced it in the record. `reader` is that of the definition's image.

/// Adds the body of another function to a unit, for inlining only: what is not inlined still calls the
/// function itself. Null if the unit does not call it or its body cannot be inlined.
Result<llvm::Function*> importBody(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                                   const FunctionRecord& callee, Definition where,
                                   const ExtractOptions& options, Unit& unit);

/// The function as other units know it, declared in `unit`.
llvm::Function* declareInUnit(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                              const FunctionRecord& function, Definition where, const ExtractOptions& options,
                              Unit& unit);

Result<Unit> extractUnit(Registry& registry, HostSymbolSource& host, ImageReader& reader,
                         const FunctionRecord& record, Definition where, const ExtractOptions& options);

} // namespace tiercel
