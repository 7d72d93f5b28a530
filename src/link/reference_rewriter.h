// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides what each reference of a link graph becomes.
// Thread rule: one instance per link.
#pragma once

#include "link/linker.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"

#include <optional>
#include <string>
#include <vector>

namespace tiercel {

class ReferenceRewriter {
public:
  /// `scope`: the image whose internal names count for textual references; `self`: the object being linked.
  ReferenceRewriter(const LinkEnvironment& environment, ImageId scope, ObjectId self,
                    ThreadLocalSource& threads)
      : environment_(environment), scope_(scope), self_(self), threads_(threads) {}

  /// Symbols of the object that stand for what a resolver returns (link/prepared_object.h). Before `resolve`.
  void setIfuncs(llvm::StringSet<> names) { ifuncNames_ = std::move(names); }
  struct Ifunc {
    std::string name;
    bool isExported;
    FunctionId function; ///< in whose stub it got its address
    llvm::jitlink::Symbol* resolver;
  };
  const std::vector<Ifunc>& ifuncs() const { return ifuncs_; }

  /// Before pruning: gives external symbols their addresses. Those that belong to other objects stay external
  /// until this object's own addresses are known.
  llvm::Error resolve(llvm::jitlink::LinkGraph& graph);
  /// Before GOT and PLT are built: makes most of their entries unnecessary.
  llvm::Error rewrite(llvm::jitlink::LinkGraph& graph);
  /// When blocks have their addresses: gives each call that the code generator prepared for it
  /// (unit/direct_calls.h) the form that its place allows.
  void placeDirectCalls(llvm::jitlink::LinkGraph& graph);
  /// When the code is complete: aims them at the newest code of their callees. Returns how many there are.
  size_t enterDirectCalls();
  /// Whom they call, each once.
  std::vector<FunctionId> directCallees() const;
  /// For what resolve left external. Nothing for weak symbols and for errors, which reportMissing collects.
  std::optional<uint64_t> lateAddress(llvm::StringRef name, bool weak);
  llvm::Error reportMissing();
  /// Native objects whose addresses it was given.
  const std::vector<ObjectId>& objects() const { return objects_; }
  /// Names that it bound to what the process has.
  const std::vector<NameAssumption>& outside() const { return outside_; }

  /// Of a name that the object, or the code, refers to.
  Result<ThreadLocalPlace> threadLocalPlace(llvm::StringRef name);

  llvm::Error fail(Error error);
  bool failed() const { return error_.has_value(); }
  Error takeError() { return std::move(*error_); }

private:
  struct Target {
    std::optional<uint64_t> address;
    FunctionId function; ///< valid: calls may go through its cell
    bool late = false;
  };

  Target find(llvm::StringRef name, bool weak);
  /// What is behind an address; notes an error.
  Target data(Result<std::byte*> address, int64_t offset = 0);
  Target findByLinkName(llvm::StringRef name);
  void dropOverridden(llvm::jitlink::LinkGraph& graph);
  llvm::Error standInForIfuncs(llvm::jitlink::LinkGraph& graph);
  static void keepInitialisers(llvm::jitlink::LinkGraph& graph);
  bool isOutOfReach(const llvm::jitlink::Edge& edge) const;
  void rewriteThreadLocal(llvm::jitlink::LinkGraph& graph, llvm::jitlink::Edge& edge);
  void rewriteCall(llvm::jitlink::LinkGraph& graph, llvm::jitlink::Block& block, llvm::jitlink::Edge& edge);
  void placeDirectCall(llvm::jitlink::LinkGraph& graph, llvm::jitlink::Block& block,
                       llvm::jitlink::Edge& edge, FunctionId callee);
  llvm::jitlink::Symbol& cellOf(llvm::jitlink::LinkGraph& graph, FunctionId function);
  void rewriteLoad(llvm::jitlink::LinkGraph& graph, llvm::jitlink::Block& block, llvm::jitlink::Edge& edge);

  const LinkEnvironment& environment_;
  const ImageId scope_;
  const ObjectId self_;
  ThreadLocalSource& threads_;
  std::optional<Error> error_;
  std::vector<std::string> missing_;
  std::vector<ObjectId> objects_;
  std::vector<NameAssumption> outside_;
  llvm::StringSet<> ifuncNames_;
  std::vector<Ifunc> ifuncs_;
  llvm::StringSet<> addressTaken_; ///< what is left external and not only called
  llvm::DenseMap<llvm::jitlink::Symbol*, FunctionId> functions_;
  llvm::DenseMap<uint32_t, llvm::jitlink::Symbol*> cells_; ///< by function
  llvm::DenseMap<llvm::jitlink::Symbol*, llvm::jitlink::Symbol*> threadEntries_;
  std::vector<CallSite> directCalls_;
};

} // namespace tiercel
