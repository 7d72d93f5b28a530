// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One context's lazy view of an image: the module with every global, and function bodies that are read when
// asked for and dropped after use.
//
// Global values are named by ordinal: their position in the module as the reader makes it (functions, then
// variables, aliases, ifuncs). The same bytes give the same ordinals in every reader, which is how threads
// talk about values without sharing IR. Definitions without a name have got one (load/unnamed_values.h).
//
// Thread rule: belongs to whoever owns the context.
#pragma once

#include "tiercel/error.h"

#include "load/image.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Module.h"

#include <memory>
#include <vector>

namespace tiercel {

class ImageReader {
public:
  /// Fails on bytes that are not bitcode of a known version.
  static Result<std::unique_ptr<ImageReader>> open(std::shared_ptr<const ProgramImage> image,
                                                   llvm::LLVMContext& context);

  const ProgramImage& image() const { return *image_; }
  llvm::Module& module() { return *module_; }
  /// The module with what it has not read yet; the reader must not be used afterwards.
  std::unique_ptr<llvm::Module> takeModule() { return std::move(module_); }
  size_t valueCount() const { return values_.size(); }
  llvm::GlobalValue* value(uint32_t ordinal) const { return values_[ordinal]; }
  /// ~0u for values that are not the image's own, such as intrinsics declared by the reader later on.
  uint32_t ordinalOf(const llvm::GlobalValue* value) const {
    auto found = ordinals_.find(value);
    return found == ordinals_.end() ? ~0u : found->second;
  }

  /// Reads the body of `function`, without what load/type_checks.h takes out or refuses. No effect when it is
  /// there already.
  Status readBody(llvm::Function& function);
  /// Reads all bodies, if some may be refused, so that the module is refused when it is loaded.
  Status checkBodies();
  /// The body has been taken away (spliced into a unit): the next readBody reads it again from the bytes.
  void forgetBody(llvm::Function& function);

private:
  ImageReader(std::shared_ptr<const ProgramImage> image, std::unique_ptr<llvm::Module> module);

  const std::shared_ptr<const ProgramImage> image_; ///< its bytes are read from at any time
  std::unique_ptr<llvm::Module> module_;
  const bool mayCheckTypes_;
  std::vector<llvm::GlobalValue*> values_;
  llvm::DenseMap<const llvm::GlobalValue*, uint32_t> ordinals_;
};

} // namespace tiercel
