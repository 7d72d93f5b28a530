// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How units name the program's things towards the linker: "name#k1a3", where name is the one in the IR (for
// readers of dumps), k the kind and 1a3 the id in hexadecimal. The linker only looks behind the '#', so
// internal names of different images never meet and no name is looked up twice.
#pragma once

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiercel {

enum class LinkKind : char {
  Function = 'f',  ///< FunctionId: the stub; calls through the GOT go to the cell instead
  Entry = 'e',     ///< FunctionId: the code that the unit defines for it
  Data = 'd',      ///< GlobalId
  Thread = 't',    ///< GlobalId of a thread-local
  Counters = 'c',  ///< FunctionId: its codemem Counters
  Private = 'p',   ///< ordinal: a copy that only this unit has; never looked up
  Trip = 'r',      ///< 0: the runtime entry for counters that ran out
  Counts = 'n',    ///< FunctionId: the counts of its profile, defined by its unit
  Targets = 'v',   ///< FunctionId: the targets of its indirect calls, defined by its unit
  DsoHandle = 'h', ///< ImageId: its module's __dso_handle
  Record = 'q',    ///< 0: the runtime entry that records a target
};

struct LinkName {
  LinkKind kind;
  uint32_t id;
};

inline std::string makeLinkName(std::string_view name, LinkKind kind, uint32_t id) {
  std::string text(name);
  text += '#';
  text += static_cast<char>(kind);
  text += llvm::utohexstr(id, /*LowerCase=*/true);
  return text;
}

/// Empty for names that are not of this form: the program's external names, used as they are.
inline std::optional<LinkName> parseLinkName(llvm::StringRef text) {
  const size_t mark = text.rfind('#');
  if (mark == llvm::StringRef::npos || mark + 2 >= text.size())
    return std::nullopt;
  uint32_t id = 0;
  if (text.drop_front(mark + 2).getAsInteger(16, id))
    return std::nullopt;
  return LinkName{static_cast<LinkKind>(text[mark + 1]), id};
}

} // namespace tiercel
