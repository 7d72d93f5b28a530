// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

namespace tiercel {

/// What somebody who knows the program said about a function. Hot and Cold are orders (Options::hot and cold,
/// the attribute "tiercel-tier"); Likely and Unlikely are the front end's opinion (attributes hot and cold),
/// which shifts thresholds and decides nothing.
enum class Mark : uint8_t { None, Likely, Unlikely, Hot, Cold };

} // namespace tiercel
