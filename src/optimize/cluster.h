// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a unit of one function to a cluster (DESIGN decision D7): the hot function with the bodies of what it
// calls, from any image, for inlining. Bodies come in the order of how often they are called from what is in
// the cluster already, until the cluster is as large as its compile may be.
//
// What was counted in the functions' first code guides all of it: it becomes branch weights and entry counts
// on every body, and hot targets of indirect calls become direct ones behind a comparison.
// Thread rule: belongs to a session.
#pragma once

#include "tiercel/options.h"
#include "tiercel/profile.h"

#include "optimize/known_profile.h"
#include "registry/registry.h"
#include "unit/extractor.h"
#include "unit/target_attributes.h"
#include "unit/unit.h"

#include "llvm/IR/ValueHandle.h"

#include <functional>
#include <vector>

namespace tiercel {

struct ClusterEnvironment {
  const Options& options;
  Registry& registry;
  HostSymbolSource& host;
  TargetAttributes& attributes;
  /// Null for a definition that is not in force any more.
  std::function<Result<ImageReader*>(const FunctionRecord&, const Definition&)> reader;
  const ExtractOptions& extract;
  const Profile* profileIn; ///< of earlier runs, or null
};

class Cluster {
public:
  Cluster(Unit& unit, const ClusterEnvironment& environment);

  /// Gives the unit's function its profile. Before anything changes its control flow; the blocks may move to
  /// another function afterwards.
  void annotateRoot();
  /// Promotes the indirect calls that the root still has.
  Status promoteRootCalls();
  /// Adds bodies, annotated.
  Status grow();
  /// Tells the module which counts are hot. Last.
  void summarise();

  /// Whose bodies were added.
  const std::vector<BodyAssumption>& members() const { return members_; }
  /// And from which images.
  const std::vector<ImageId>& images() const { return images_; }

private:
  struct Site {
    FunctionId callee;
    uint64_t count; ///< how often it was called from here
  };

  /// Indirect calls and what is known of their targets. Calls may disappear meanwhile.
  struct IndirectCalls {
    std::vector<llvm::WeakVH> calls;
    std::vector<KnownCall> known;
  };
  /// `called`: how often from what is in the cluster, for functions of which nothing else is known.
  IndirectCalls annotate(llvm::Function& function, const FunctionRecord& record, uint64_t called);
  Status promoteCalls(const IndirectCalls& indirect);
  /// In instructions; 0 for what cannot be inlined.
  static Result<size_t> bodySize(ImageReader& reader, Definition where);
  void collectSites(llvm::Function& function);
  bool wants(uint64_t count, size_t instructions) const;
  bool mayReplaceLater(const FunctionRecord& callee) const;

  Unit& unit_;
  const ClusterEnvironment& environment_;
  llvm::DenseMap<const llvm::BasicBlock*, uint64_t> blockCounts_;
  std::vector<Site> sites_;
  IndirectCalls rootCalls_;
  std::vector<BodyAssumption> members_;
  std::vector<ImageId> images_;
  std::vector<uint64_t> allCounts_;
  uint64_t hottest_ = 0; ///< of all blocks in the cluster
  bool profiled_ = false;
};

} // namespace tiercel
