// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A code object: what it was compiled to, where that is linked now, and how it moves. Knows nothing of the
// engine that made it.
// Thread rule: as for CodeObject. Ownership: owns the code; the memory too, unless it is the client's.
#pragma once

#include "tiercel/code_object.h"

#include "link/frame_registration.h"
#include "object/exit_handlers.h"
#include "object/object_linker.h"
#include "object/relocatable_code.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace tiercel {

class CodeObjectImpl {
public:
  /// `outside` is asked once for everything that the code refers to.
  static Result<std::unique_ptr<CodeObjectImpl>> make(RelocatableCode code, BindSymbol outside,
                                                      const CodeObjectOptions& options);
  ~CodeObjectImpl();

  Result<void*> lookupFunction(std::string_view name, std::string_view signature) const;
  Result<void*> lookupData(std::string_view name) const;
  const SectionSizes& sizes() const { return linked_.sizes; }
  const Placement& placement() const { return linked_.place; }
  /// `owned` is `&memory`, or null if the memory is the client's.
  Result<CodeMove> relocate(CodeMemory& memory, std::unique_ptr<CodeMemory> owned);

private:
  explicit CodeObjectImpl(RelocatableCode code) : code_(std::move(code)) {}
  Status link(BindSymbol outside, CodeMemory& memory, std::unique_ptr<CodeMemory> owned);
  Status placeSlots();
  std::optional<void*> bound(llvm::StringRef name) const;
  void* symbol(llvm::StringRef name) const;
  CodeMove moveTo(const LinkedCode& next) const;
  Status takeVariables(const LinkedCode& next) const;

  RelocatableCode code_;
  std::vector<SlotRun> slots_; ///< in the writable section
  ExitHandlers exit_;
  CodeMemory* memory_ = nullptr; ///< null: there is no code yet
  std::unique_ptr<CodeMemory> owned_;
  LinkedCode linked_;
  std::optional<FrameRegistration> frames_;
};

} // namespace tiercel
