// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the registry's tables hold, and how names are written. Thread rule: the registry's lock.
#pragma once

#include "load/image.h"
#include "load/image_reader.h"
#include "registry/records.h"
#include "registry/symbols.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiercel {

enum class Strength : uint8_t { Undefined, Weak, Common, Strong };
/// A definition that is not in force, but will be if the one that is goes away.
struct Spare {
  Definition where;
  Strength strength;
  uint64_t size; ///< of a variable
  bool isFunction;
};
/// One of the names that an image mentions, and which of the name's `mentioners` says so.
struct Mention {
  Name* name;
  uint32_t place;
  bool weak; ///< an extern_weak declaration: it can do without
};
/// One of the images that mention a name, and which of the image's `mentioned` says so.
struct Mentioner {
  ImageId image;
  uint32_t place;
};
/// What an external name means.
struct NameEntry {
  SymbolRef ref = {};
  /// Images that mention it, their own definitions included, until they are released. In any order.
  llvm::SmallVector<Mentioner, 1> mentioners = {};
  uint32_t mentions = 0;       ///< by how many images that are not removed, their own definitions included
  uint32_t nativeMentions = 0; ///< by native objects, which count above, too
  uint32_t weakMentions = 0;   ///< the same by images that can do without; they do not count above
  bool assumed = false;        ///< code was made that depends on whether it is defined
  std::unique_ptr<std::vector<Spare>> spares = nullptr;
  Strength strength = Strength::Undefined;
  bool inComdat = false;
  bool isData = false;  ///< of undefined names: referred to as a variable
  bool hidden = false;  ///< not visible to dlsym and libraries
  bool inHost = false;  ///< of undefined names: the host has it
  bool aliased = false; ///< an alias stands for this very definition
  Definition alias =
      {}; ///< of an alias, or of what goes on as another's definition: itself. It holds its image
  bool ownsRecord = false; ///< `ref` was made for this name, not for the target of an alias
  bool orphaned = false;   ///< a variable whose module is gone; it lives as long as others mention it
  std::shared_ptr<const std::string> definedIn = nullptr; ///< for messages; null while it is undefined
};
/// A module that is there.
struct ModuleEntry {
  std::vector<ImageId> images; ///< in force, in the order of adding
  uint32_t incarnation = 0;    ///< another each time that a module comes
  /// Memory of constants of images that ended. While the module is there it stays: what the program keeps may
  /// lead to it, as to strings and virtual tables.
  std::vector<FreedVariable> replacedConstants;
};
struct ImageEntry {
  std::shared_ptr<const ProgramImage> image; ///< null: free for another
  std::string module;
  uint32_t incarnation = 0;                ///< the module's
  std::shared_ptr<const std::string> name; ///< the image's
  std::vector<FunctionId> functions;       ///< whose definitions are or were in it
  std::vector<GlobalId> globals;           ///< the same
  std::vector<Mention> mentioned;          ///< each once
  std::vector<const Claims*> claims;       ///< by ordinal, of the functions that it defines
  bool redefines = false;                  ///< came as a new piece of its module
  uint32_t inForce = 0;                    ///< definitions that hold the image: those in force, and spares
  int32_t uses = 0;                        ///< by versions of code
  bool removed = false;                    ///< nothing is in force, or its module is gone
  bool leaving = false;                    ///< its definitions are being, or were, taken out of the program
  bool suspected = false;                  ///< in the list of those to be looked at
  std::vector<SymbolRef> values;           ///< by ordinal; None: look the name up
  llvm::StringMap<uint32_t> internalNames; ///< to ordinals
  std::vector<GlobalId> threadLocals;
  std::vector<FreedVariable> formerStorage;       ///< of variables that it gave another type
  std::vector<FreedVariable> replacedConstants;   ///< its module's, of which it was the last image
  llvm::DenseMap<uint32_t, SymbolRef> overridden; ///< definitions that lost their name and have aliases
};

/// A leading \01 tells LLVM to leave the rest of the name alone; the linker never sees it.
inline llvm::StringRef linkerName(llvm::StringRef name) {
  return llvm::GlobalValue::dropLLVMManglingEscape(name);
}
inline bool isVariable(const SymbolRef& ref) {
  return ref.kind == SymbolKind::Data || ref.kind == SymbolKind::Thread;
}
/// One key for a module's internal name; neither has a zero byte.
inline std::string internalKey(llvm::StringRef module, llvm::StringRef name) {
  return (module + llvm::Twine('\0') + name).str();
}

/// A list in which an id that comes and goes may be more than once.
template <typename Id> void sortOut(std::vector<Id>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}
/// Enters an id without a look at the list, but keeps that from growing with every return.
template <typename Id> void enter(std::vector<Id>& ids, Id id) {
  if (ids.size() == ids.capacity()) {
    sortOut(ids);
    ids.reserve(2 * ids.size() + 1);
  }
  ids.push_back(id);
}
inline std::string_view view(llvm::StringRef text) { return {text.data(), text.size()}; }

/// What a module itself has under a name.
struct OwnDefinition {
  SymbolRef ref;
  Definition where;
  bool isAlias = false;
};

/// An addition in progress.
struct Adding {
  ImageId id;
  ImageEntry& entry;
  ImageReader& reader;
  const AddRules& rules;
  std::vector<FunctionId> changed = {};
  std::vector<GlobalId> renewed = {};
  std::vector<SymbolRef> before = {}; ///< by ordinal: of the module, under the same internal name
};

} // namespace tiercel
