// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What happens in an engine, as it happens. A listener hears of every load, compile, publication and failure.
// Thread rule: called on whichever thread does the work, concurrently, with no engine lock held, but that
// ModuleLoaded is reported while no other module can be added; a listener must be thread-safe, must not
// throw, and must not call back into the engine except for Engine::stats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tiercel {

enum class EventKind {
  ModuleLoaded,     ///< name: the module; bytes: size of its image
  CounterTripped,   ///< a function's counter reached its threshold
  PromotionDecided, ///< reason: why the policy chose `tier`
  PromotionDropped, ///< reason: why nothing was done
  CodePublished,    ///< calls reach the code at `code` from now on
  CodeRetired,      ///< replaced; still allocated
  CodeFreed,        ///< bytes: of retired code, given back at once
  ModuleRemoved,    ///< name: the module
  CompileFailed,    ///< reason: the message
  FunctionPinned,   ///< reason: why it keeps one version
  OsrPublished,     ///< running activations go on at `code` when they reach the loop header
  OsrExcluded,      ///< reason: why running activations of it cannot be left
};

/// Valid during the call only.
struct Event {
  EventKind kind;
  std::string_view name; ///< function or module
  unsigned tier = 0;
  std::string_view reason; ///< see base/reasons.h for the list
  const void* code = nullptr;
  size_t bytes = 0;
  double milliseconds = 0; ///< how long the work took, where it took time
};

class EventListener {
public:
  virtual ~EventListener() = default;
  virtual void onEvent(const Event& event) = 0;
};

} // namespace tiercel
