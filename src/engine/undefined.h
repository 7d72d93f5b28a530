// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <vector>

namespace tiercel {

/// Which common libraries of the system define some of the symbols: "; try -lz", or nothing. Reads the
/// libraries' tables, which only the way to an error message may.
std::string adviceFor(const std::vector<std::string>& symbols);

} // namespace tiercel
