// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the registry is given and what it answers. Thread rule: plain data.
#pragma once

#include "tiercel/module.h"

#include "base/ids.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tiercel {

enum class SymbolKind : uint8_t {
  None,     ///< not known (yet)
  Function, ///< id: FunctionId; offset 0
  Data,     ///< id: GlobalId; offset into it (aliases)
  Thread,   ///< id: GlobalId of a thread-local
  Object,   ///< id: ObjectId; offset: index among the object's definitions
  Absolute, ///< offset: the address
};

/// What a name or an image's value stands for.
struct SymbolRef {
  SymbolKind kind = SymbolKind::None;
  uint32_t id = 0;
  int64_t offset = 0;
};

/// Symbols of an ELF object as its reader found them.
struct ObjectSymbol {
  std::string name;
  bool weak = false; ///< also members of a section group: the first definition wins
  bool common = false;
  bool hidden = false;
  bool isFunction = false;
};
struct ObjectSymbols {
  std::string name; ///< of the object, for messages
  std::vector<ObjectSymbol> defined;
  struct Undefined {
    std::string name;
    bool isData; ///< not only called: nothing can stand in for it until it is used
  };
  std::vector<Undefined> undefined; ///< strong references only
};

/// How an image's definitions meet those that are there.
struct AddRules {
  std::string module =
      {}; ///< the image belongs to; internal names of one module are one thing in all its images
  /// Definitions take the place of those that the module has.
  bool redefine = false;
  /// Of a redefinition, by ordinal: what stays as it is, functions with the same body for instance.
  std::vector<bool> unchanged = {};
};

/// What an addition or a removal did to functions that may have code.
struct Change {
  ImageId image;                   ///< added
  std::vector<FunctionId> changed; ///< have another definition, or none: their code is out of date
  std::vector<GlobalId> renewed;   ///< have new memory
};

/// Memory of variables that are gone.
struct FreedVariable {
  std::byte* address;
  uint64_t size, alignment;
};

} // namespace tiercel
