// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exceptions through compiled code. The unwinder of libgcc asks _Unwind_Find_FDE for the frame description of
// every frame, through the PLT, so a definition in the executable (or an earlier library) is the one it
// calls. Ours looks into the engines' code maps first. Against __register_frame, which keeps one list of
// objects, sorted on the first throw and searched from its beginning for every frame, this costs nothing per
// function and the same for one function as for a hundred thousand; and nothing has to be taken back.
//
// Where the host's link does not let our definition come first, `isInterposed` says so, and the linker
// registers each object with __register_frame instead.
// Thread rule: thread-safe; lookups take no lock.
#pragma once

#include "codemem/code_map.h"

namespace tiercel {

/// Makes an engine's code known to the unwinder for as long as the object lives.
class UnwindRegistration {
public:
  explicit UnwindRegistration(const CodeMap& map);
  ~UnwindRegistration();
  UnwindRegistration(const UnwindRegistration&) = delete;
  UnwindRegistration& operator=(const UnwindRegistration&) = delete;

  /// Whether libgcc calls our _Unwind_Find_FDE in this process.
  static bool isInterposed();

private:
  std::atomic<const CodeMap*>* slot_;
};

/// The code at an address, in whichever engine, if it is compiled code.
std::optional<CodeRange> findCode(const void* address);

} // namespace tiercel
