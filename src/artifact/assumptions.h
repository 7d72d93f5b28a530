// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lists what code takes for granted beyond the body of its own function: everything that the compiler was
// told about the rest of the program and may have folded into the code. docs/assumptions.md has the table of
// all kinds, with the places that record and check them.
//
// Each assumption is a pair of what it is about and of what was found there, which means the same in every
// process once ids are spelled out (engine/assumption_text.h). Serials and epochs stand for contents within
// this process: while a record's serial is the one that was noted, the content is the one that was seen.
//
// One function decides whether assumptions still hold: Versions::stillHold (engine/versions.h). Whoever
// publishes asks it, and whoever changes the program asks it for all code that assumed something about what
// changed.
//
// Thread rule: plain data. Ownership: `believed` points to sets that the registry keeps for ever.
#pragma once

#include "artifact/claims.h"
#include "base/ids.h"
#include "base/strong_hash.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

/// The code may hold a copy of a function's body.
struct BodyAssumption {
  FunctionId function;
  uint32_t serial = 0; ///< of the definition whose body was taken
  uint32_t epoch = 0;  ///< of that function's code: changes also with what the body uses
  StrongHash content;  ///< of the body (unit/content_hash.h)
};

/// The code relies on what the definition of a function that it mentions says of itself. Holds while that
/// definition, if there is one, says all of it.
struct ClaimsAssumption {
  FunctionId function;
  const Claims* believed = nullptr;
};

/// What the code was told about a variable that it mentions.
struct DataAssumption {
  GlobalId global;
  uint32_t serial = 0; ///< of the variable's definition and memory
  uint64_t alignment = 1;
  bool constant = false;           ///< loads from it may be moved and joined
  bool near = false;               ///< reached by 32-bit offsets
  bool threadLocal = false;        ///< reached through the thread
  std::optional<StrongHash> value; ///< of a constant whose value was shown to the compiler
};

/// What the code was told about a name that its function's image does not define.
struct NameAssumption {
  enum class Use : uint8_t {
    Outside, ///< nothing in the program defines it: the code is bound to the process's
    Absent,  ///< neither does the process: a weak reference is null
    Hint,    ///< as Outside; the code may hold a body that an image gave as a hint
    Defined, ///< the program defines it: a weak reference is not null
  };
  std::string name; ///< as linkers spell it
  Use use = Use::Outside;
  uint64_t processSerial = 0; ///< Absent: of what the process has (Registry::processSerial)

  /// Whether the program was found to define the name.
  bool defined() const { return use == Use::Defined; }
};

struct Assumptions {
  std::vector<BodyAssumption> bodies;
  std::vector<ClaimsAssumption> claims;
  std::vector<DataAssumption> data;
  std::vector<NameAssumption> names;
  StrongHash cpu; ///< of the CPU and its features that the code may use

  void add(const std::vector<BodyAssumption>& more) { bodies.insert(bodies.end(), more.begin(), more.end()); }
  /// Drops what is there twice: the bodies in one unit often assume the same.
  void tidy();
};

} // namespace tiercel
