// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A living program: what can be handed to a running engine, how it is changed, and what the engine tells
// about it. Plain data; Engine's members that take or return it are in engine.h.
//
// A module has a name, by which it is redefined and removed. Its functions and variables that other modules
// can see belong to the program as a whole, as in a native link.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tiercel {

/// Where a module's content comes from.
struct Source {
  /// A file; what it is, is found out from its content, the language of a text as FrontendOptions says.
  static Source file(std::string path) { return {std::move(path), {}, false}; }
  /// Bytes in memory. `name` is used in messages, and its ending tells the language as that of a file does.
  static Source memory(std::string bytes, std::string name) {
    return {std::move(name), std::move(bytes), true};
  }

  std::string name;
  std::string bytes;
  bool inMemory = false;
};

struct RedefineOptions {
  /// A function may come back with another type, and a variable with another size or alignment. Code that was
  /// compiled for the old type goes on calling the function as before.
  bool changeTypes = false;
};

struct RemoveOptions {
  /// Remove also what others still use: their calls are looked up again when they are made, and reach
  /// Options::onUndefined if nothing has taken the place. Off: refused, and the users are named.
  bool force = false;
};

/// What one collection found and did. Versions are pieces of code: of functions or of continuations.
struct CollectReport {
  uint64_t freed = 0;      ///< versions whose memory was given back
  uint64_t freedBytes = 0; ///< of code
  uint64_t held = 0;       ///< retired versions that some stack still leads into
  uint64_t pinned = 0;     ///< retired versions whose code addresses are kept in the program's data
  unsigned threads = 0;    ///< whose stacks were looked at
  bool complete = false;   ///< every thread's; if not, nothing was freed
  std::string why;         ///< if not complete
  double longestPauseUs = 0;
};

/// Who uses a function, and how.
struct FunctionUser {
  std::string function;     ///< the name of the user
  uint64_t directCalls = 0; ///< places in its code that call directly and are turned at every change
  bool mentions = false;    ///< its code calls through the cell or takes the address
  bool inlines = false;     ///< its code was made with the body at hand
};

enum class FunctionState {
  Undefined, ///< mentioned; nothing in the program defines it
  Removed,   ///< was defined once
  Lazy,      ///< compiled when it is called next
  Compiling,
  Ready,
  Failed, ///< could not be compiled
};

/// One entry of the function map: descriptor and state.
struct FunctionInfo {
  std::string name;
  std::string type;    ///< in IR syntax; empty when undefined
  std::string linkage; ///< in IR syntax
  std::string module;  ///< that defines it
  FunctionState state = FunctionState::Undefined;
  unsigned tier = 0;          ///< of the newest code
  uint64_t version = 0;       ///< counts its changes, removals included: 1 when first defined
  void* address = nullptr;    ///< the same for the engine's life
  const void* code = nullptr; ///< where calls arrive now; null when there is none
  uint64_t codeBytes = 0;
  uint64_t continuations = 0;
  uint64_t retired = 0; ///< older pieces of code that are not freed yet
  std::vector<FunctionUser> users;
};

struct ModuleInfo {
  std::string name;
  uint64_t functions = 0; ///< definitions that are in force
  uint64_t variables = 0;
};

} // namespace tiercel
