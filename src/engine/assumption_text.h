// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spells out what code assumes, so that it means the same in every process: names for what has one
// everywhere, and for what only one module knows its name and the content hash of the module's bitcode.
// Thread rule: thread-safe; what is named may be removed meanwhile, and then has no module.
#pragma once

#include "artifact/assumptions.h"
#include "registry/registry.h"

#include <string>

namespace tiercel {

/// A line for each assumption, sorted.
std::string assumptionText(const Assumptions& assumptions, Registry& registry);

} // namespace tiercel
