// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds callers that a redefinition would leave wrong for good. Front ends shape a body by what they know of
// the functions that it calls: without landing pads around what never throws, with nothing behind what never
// returns. No recompilation can undo that, so such a property is part of the callee's type.
// Thread rule: with the load lock, so that the program stays as it is; `session` belongs to the caller.
#pragma once

#include "compile/session.h"
#include "registry/registry.h"

#include <string>
#include <vector>

namespace tiercel {

/// Refuses a redefinition of functions that do what their old definitions said they never do, while functions
/// that rely on it stay as they are. `likeness`: by ordinal of `reader`, the new piece of `module`. Reads the
/// bodies of all possible callers, but only for such redefinitions.
Status checkCallers(Registry& registry, const std::string& module, ImageReader& reader, Session& session,
                    const std::vector<Likeness>& likeness);

} // namespace tiercel
