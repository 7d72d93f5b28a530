// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A registry with what it stands on, filled from textual IR: for tests of everything below the engine.
// Thread rule: as for its parts; meant for one thread.
#pragma once

#include "codemem/arena.h"
#include "codemem/function_table.h"
#include "load/image_reader.h"
#include "load/input.h"
#include "registry/registry.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiercel {

class TestProgram {
public:
  TestProgram()
      : arena_(std::move(*Arena::create())), map_(*arena_), table_(*arena_, map_, nullptr), registry(table_) {
  }

  /// Textual IR as one more image, which must be accepted.
  ImageId add(std::string_view text, const std::string& name = "module") {
    Result<ImageId> id = tryAdd(text, name);
    if (!id) {
      ADD_FAILURE() << id.error().message();
      return {};
    }
    return *id;
  }
  Result<ImageId> tryAdd(std::string_view text, const std::string& name) {
    Result<Input> input =
        classifyInput(llvm::MemoryBuffer::getMemBufferCopy({text.data(), text.size()}, name), name);
    if (!input)
      return input.takeError();
    return addBitcode(std::move(input->bytes), name);
  }
  Result<ImageId> addBitcode(std::unique_ptr<llvm::MemoryBuffer> bytes, const std::string& name) {
    auto image = std::make_shared<ProgramImage>();
    image->name = name;
    image->bytes = std::move(bytes);
    Result<std::unique_ptr<ImageReader>> reader = ImageReader::open(image, context);
    if (!reader)
      return reader.takeError();
    Result<Change> change = registry.add(std::move(image), **reader, {});
    if (!change)
      return change.takeError();
    readers_.push_back(std::move(*reader));
    return change->image;
  }

  ImageReader& reader(ImageId id) { return *readers_[id.value]; }
  /// What `name` means inside `image`.
  SymbolRef resolve(ImageId image, const std::string& name) {
    const llvm::GlobalValue* value = reader(image).module().getNamedValue(name);
    if (!value) {
      ADD_FAILURE() << "the image has no value " << name;
      return {};
    }
    return registry.resolve(image, reader(image).ordinalOf(value), name);
  }
  FunctionRecord& function(const std::string& name) {
    const SymbolRef ref = registry.find(name);
    EXPECT_EQ(ref.kind, SymbolKind::Function) << name;
    return registry.function(FunctionId(ref.id));
  }
  GlobalRecord& global(const std::string& name) {
    const SymbolRef ref = registry.find(name);
    EXPECT_TRUE(ref.kind == SymbolKind::Data || ref.kind == SymbolKind::Thread) << name;
    return registry.global(GlobalId(ref.id));
  }

private:
  std::unique_ptr<Arena> arena_;
  CodeMap map_;
  FunctionTable table_;

public:
  Registry registry;
  llvm::LLVMContext context;

private:
  std::vector<std::unique_ptr<ImageReader>> readers_; ///< by image; goes before the context
};

} // namespace tiercel
