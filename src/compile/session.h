// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything one thread needs to compile: a context, lazy readers of the images, code generators, and a stack
// to run on. Sessions share nothing with each other but the registry's tables, so compiles run in parallel.
// Thread rule: used by one thread at a time; may move between threads between compiles.
#pragma once

#include "tiercel/options.h"
#include "tiercel/profile.h"

#include "artifact/artifact.h"
#include "base/diagnostics.h"
#include "compile/fatal_compiles.h"
#include "load/image_reader.h"
#include "platform/host_cpu.h"
#include "platform/stack.h"
#include "registry/image_pins.h"
#include "unit/code_generator.h"
#include "unit/extractor.h"
#include "unit/target_attributes.h"

#include "llvm/IR/LLVMContext.h"

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace tiercel {

/// What all sessions of an engine have in common. Outlives them; immutable but for the registry.
struct CompileEnvironment {
  const Options& options;
  const HostCpu& cpu;
  Registry& registry;
  HostSymbolSource& host;
  const Profile* profileIn; ///< of earlier runs, or null
};

class Session {
public:
  static Result<std::unique_ptr<Session>> create(const CompileEnvironment& environment, FatalCompiles& fatal);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Fatal errors of LLVM's are errors, too, after which this session is abandoned. What ended so before is
  /// refused with the same error.
  Result<Artifact> compile(const CompileRequest& request);
  /// The tier of the last compile.
  unsigned lastTier() const { return lastTier_; }
  /// The reader of an image; opened on first use.
  Result<ImageReader*> reader(ImageId image);
  /// The same for a definition of the function that was read before. Null if it is not in force any more: its
  /// image may be gone, and the id stand for another. The image stays until the next compile or `rest`.
  Result<ImageReader*> readerOf(const FunctionRecord& record, const Definition& where);
  /// A reader of an image that has no id yet, which `adopt` enters when it has one.
  Result<std::unique_ptr<ImageReader>> open(std::shared_ptr<const ProgramImage> image);
  void adopt(ImageId image, std::unique_ptr<ImageReader> reader);
  /// An LLVM context never forgets a constant or type, so that one through which more and more images pass
  /// grows without bound. A worn session is replaced by a new one when it has done its work.
  bool isWorn() const { return gone_ >= kMostGone; }
  /// Between uses, when nobody holds a reader: closes those that have not been used for longest, so that an
  /// engine does not hold what LLVM makes of every image, some tens of kilobytes for the smallest.
  void rest();
  /// LLVM ended a compile in the middle. Nothing may be done with the session any more but to `abandon` it,
  /// which leaves all of it but its stack allocated: it may be in any state.
  bool isAbandoned() const { return abandoned_; }
  static void abandon(std::unique_ptr<Session> session);
  Stack& stack() { return stack_; }
  /// Assembles module-level inline assembly into an object.
  Result<llvm::SmallVector<char, 0>> assemble(ImageReader& reader);

private:
  Session(const CompileEnvironment& environment, FatalCompiles& fatal, Stack stack);
  /// What `compile` and `assemble` do unless a fatal error of LLVM's ends them.
  Result<Artifact> compileUnit(const CompileRequest& request, Definition where);
  Result<llvm::SmallVector<char, 0>> assembleModule(ImageReader& reader);
  Result<CodeGenerator*> generator(unsigned tier);
  /// The unit of a request, with its attributes set and ready to be optimised.
  Result<Unit> prepare(const CompileRequest& request, Definition where, ImageReader& source,
                       Artifact& artifact);
  void instrument(Unit& unit, uint32_t epoch, Artifact& artifact);
  /// Not at tier 0, which is replaced soon and whose calls should cost the linker little.
  bool directCalls(unsigned tier) const { return tier > 0 && environment_.options.directCalls; }
  void dump(DumpStage stage, const FunctionRecord& record, const llvm::Module& module);
  void dumpObject(const FunctionRecord& record, const llvm::SmallVectorImpl<char>& object);

  const CompileEnvironment& environment_;
  FatalCompiles& fatal_;
  Stack stack_;
  std::optional<llvm::LLVMContext> context_; ///< begins and ends on the stack above
  DiagnosticCollector* diagnostics_;         ///< owned by the context
  TargetAttributes attributes_;
  DeclaredAttributes declared_;
  struct OpenReader {
    ImageId image;
    std::unique_ptr<ImageReader> reader;
  };
  using Readers = std::list<OpenReader>;
  void enter(ImageId image, std::unique_ptr<ImageReader> reader);
  /// Closes readers of images that were released.
  void forgetReleased();

  ImagePins pins_;  ///< of the compile in progress, until what it made is published
  Readers readers_; ///< the last used first
  llvm::DenseMap<uint32_t, Readers::iterator> places_;
  static constexpr size_t kMostReaders = 256;
  static constexpr unsigned kMostGone = 64;
  unsigned gone_ = 0; ///< images that were read and are not in the program, any more or yet
  /// Of images that were released: the unit in progress may still be made from one.
  std::vector<std::unique_ptr<ImageReader>> retiredReaders_;
  uint64_t releasesSeen_ = 0;
  unsigned lastTier_ = 0;
  bool abandoned_ = false;
  std::array<std::unique_ptr<CodeGenerator>, kTierCount> generators_;
};

} // namespace tiercel
