// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Leads calls out of code that is out of date. Such code believes of a function what the definition in force
// does not say (artifact/assumptions.h): that it leaves memory alone, that it returns what it was given. An
// activation of it may be in the middle of everything when the definition changes, and it finishes in that
// code. So that what it believes stays true for it, its calls go on reaching the definition that they were
// compiled for, while all other calls reach the new one:
//
//     caller that is out of date ---\                    /--> code of the definition before
//                                    > cell --> thunk --<
//     any other caller -------------/                    \--> code of the definition in force
//
// The thunk (codemem/caller_thunk.h) takes the place of the function's code as long as such callers are
// there. A collection that frees them frees the old code, too. The first call of the new definition, which
// may have come from such a caller before the change or after it, also goes on through the cell.
//
// What is not led: calls of a definition that had no code when it changed. A redefinition first compiles it.
//
// Thread rule: under the lock of the versions. Ownership: thunks are versions without a function
// (codemem/code_version.h).
#pragma once

#include "tiercel/error.h"

#include "base/ids.h"
#include "engine/versions.h"
#include "link/linker.h"
#include "load/image_reader.h"
#include "registry/symbols.h"

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace tiercel {

class OutdatedCallers {
public:
  /// Lists the functions that a redefinition takes something back of which callers believe, and that have no
  /// code that these callers could go on calling.
  std::vector<FunctionId> withoutCode(Versions& versions, const std::string& module, ImageReader& reader,
                                      std::span<const Likeness> likeness) TIERCEL_REQUIRES(versions.mutex());

  /// What calls of a function reach.
  struct Reached {
    FunctionId function;
    void* code = nullptr;
    CodeVersion* version = nullptr; ///< null: not code of the engine's
  };
  /// What they reach now; nothing for functions without code.
  std::vector<Reached> reached(Versions& versions, std::span<const FunctionId> functions)
      TIERCEL_REQUIRES(versions.mutex());
  /// After these functions were changed and closed: callers that believe too much go on reaching that.
  void changed(Versions& versions, std::span<const Reached> before) TIERCEL_REQUIRES(versions.mutex());

  /// Makes sure of the memory that entry() needs. Fails when the arena is full.
  Status prepare(Versions& versions, FunctionId function, void* code) TIERCEL_REQUIRES(versions.mutex());
  /// Returns where calls are to go so that they reach `code` if their callers are not out of date: `code`, a
  /// thunk or, if there is no memory for that, the engine.
  void* entry(Versions& versions, FunctionId function, void* code) TIERCEL_REQUIRES(versions.mutex());

  /// Forgets the callers that a collection is about to free. Returns what the functions that they called
  /// reach otherwise and must be published for anew.
  std::vector<Reached> forgetFreed(Versions& versions) TIERCEL_REQUIRES(versions.mutex());

private:
  struct Caller {
    CodeVersion* code;
    void* target;
  };
  struct Led {
    std::vector<Caller> callers;
    void* code = nullptr;         ///< what other callers reach; null: none yet
    CodeVersion* thunk = nullptr; ///< to that
  };

  void* codeOf(Versions& versions, FunctionId function) const TIERCEL_REQUIRES(versions.mutex());
  Status makeThunk(Versions& versions, Led& led, void* code) TIERCEL_REQUIRES(versions.mutex());
  void dropThunk(Versions& versions, Led& led) TIERCEL_REQUIRES(versions.mutex());

  std::unordered_map<uint32_t, Led> led_; ///< by function
};

} // namespace tiercel
