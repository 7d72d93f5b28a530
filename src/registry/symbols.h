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
  bool operator==(const SymbolRef&) const = default;
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
    /// Only found by those who ask at run time: it keeps its memory, but does not count among what is used.
    bool perhaps = false;
  };
  std::vector<Undefined> undefined; ///< strong references only
};

/// How a definition of a redefinition compares with the one that the module has.
enum class Likeness : uint8_t {
  Different,   ///< or new
  SameStorage, ///< another initial value of a variable: it stays as it is if the program has begun to use it
  Same,
};

/// How an image's definitions meet those that are there.
struct AddRules {
  std::string module =
      {}; ///< the image belongs to; internal names of one module are one thing in all its images
  /// Definitions take the place of those that the module has.
  bool redefine = false;
  std::vector<Likeness> likeness = {}; ///< of a redefinition, by ordinal
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
struct Released {
  std::vector<FreedVariable> variables;
  std::vector<ImageId> images; ///< their numbers will be given to others
};

struct UndefinedName {
  std::string name;
  bool isData;
  bool isWeak; ///< nothing refers to it that cannot do without
};

} // namespace tiercel
