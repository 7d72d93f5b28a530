// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What everything that writes addresses (the linker, initialisers of globals) asks the engine for.
#pragma once

#include "base/ids.h"
#include "registry/registry.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace tiercel {

/// Who uses the address of a native object's symbol: not everybody can follow when the object is removed.
struct ObjectUser {
  bool callsOnly = false; ///< code of the program's, which is made anew then
  ObjectId object;        ///< valid: another native object
};

class AddressSource {
public:
  virtual ~AddressSource() = default;
  /// The function's stub.
  virtual std::byte* function(FunctionId id) = 0;
  /// Initialised data of the program.
  virtual Result<std::byte*> data(GlobalId id) = 0;
  /// What the module that an image or an object belongs to registers its destructors under.
  virtual Result<std::byte*> dsoHandle(ImageId image) = 0;
  virtual Result<std::byte*> dsoHandle(ObjectId object) = 0;
  /// The module that an object belongs to.
  virtual std::string moduleOf(ObjectId object) = 0;
  /// A symbol of a native object, which is linked now if it was not yet.
  virtual Result<std::byte*> object(ObjectId id, int64_t symbol, const ObjectUser& user) = 0;
  /// Whether a native object refers to the name.
  virtual bool isUsedByObjects(llvm::StringRef name) = 0;
  /// Outside the program. `weak`: do not go to any lengths.
  virtual std::optional<void*> host(llvm::StringRef name, bool weak) = 0;
};

} // namespace tiercel
