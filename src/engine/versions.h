// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who owns all linked code, and the only place where it changes state (codemem/code_version.h):
//
//  - It knows for every function its newest code, the continuations that activations of its first code may go
//    on in, and what of it is retired.
//  - It knows for everything that code may take for granted (artifact/assumptions.h) which code does, so that
//    a change reaches it, and it decides whether that still holds.
//  - A collection takes the retired code that no stack leads into and gives it back (engine/collector.h).
//
// One lock decides between a change of the program and a compile that was made from what it was before: who
// publishes checks under it that function and inlined bodies are still those that the compile saw; who
// changes a definition does it, and withdraws all code made from the old one, without letting go of the lock.
// So no new code can be published, and therefore none run, before all entries of old code are closed.
//
// Lock order: after materialise, before the registry's; see docs/threading.md.
// Thread rule: members need the lock where they say so. Ownership: versions belong to it until they are
// freed.
#pragma once

#include "base/thread_annotations.h"
#include "codemem/code_version.h"
#include "link/linker.h"
#include "registry/registry.h"
#include "unit/extractor.h"

#include "llvm/ADT/SmallPtrSet.h"

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace tiercel {

/// What there is of one function.
struct FunctionCode {
  CodeVersion* current = nullptr;
  std::map<uint32_t, CodeVersion*> continuations; ///< by loop header
  /// Code of tier 0 of this epoch that is still there, retired or current: calls can go back to it. Loops in
  /// it, and in nothing else, enter continuations.
  std::vector<CodeVersion*> first;
  unsigned retired = 0;
};

class Versions {
public:
  Versions(const LinkEnvironment& environment, Registry& registry, const HostSymbolSource& process,
           const StrongHash& cpu)
      : environment_(environment), registry_(registry), process_(process), cpu_(cpu) {}
  ~Versions();

  Mutex& mutex() TIERCEL_RETURN_CAPABILITY(mutex_) { return mutex_; }
  const LinkEnvironment& environment() const { return environment_; }

  /// Whether what code was told of the rest of the program is still true. The only place that decides so.
  /// `note`: has changes of its names noted from now on.
  bool stillHold(const Assumptions& assumptions, bool note = false) TIERCEL_REQUIRES(mutex_);
  /// Whether code made for this epoch of the function may be published.
  bool isCurrent(const FunctionRecord& record, uint32_t epoch, const Assumptions& assumptions,
                 std::span<const ObjectId> objects) TIERCEL_REQUIRES(mutex_);
  /// From now on code that has its addresses is out of date.
  void objectRemoved(ObjectId id) TIERCEL_REQUIRES(mutex_) {
    if (removedObjects_.size() <= id.value)
      removedObjects_.resize(id.value + 1);
    removedObjects_[id.value] = true;
  }
  /// The function's newest code from now on. Returns what it replaces, which is retired, or null.
  CodeVersion* publish(std::unique_ptr<CodeVersion> version) TIERCEL_REQUIRES(mutex_);
  /// Native objects, which belong to no function.
  CodeVersion* adopt(std::unique_ptr<CodeVersion> version) TIERCEL_REQUIRES(mutex_);
  /// Nobody has run it: gives it back at once.
  void discard(std::unique_ptr<CodeVersion> version);

  const FunctionCode* find(FunctionId id) TIERCEL_REQUIRES(mutex_);
  /// Retires all code of the function. The caller closes its entries.
  void withdraw(FunctionRecord& record) TIERCEL_REQUIRES(mutex_);
  void withdrawContinuation(FunctionRecord& record, uint32_t header) TIERCEL_REQUIRES(mutex_);
  /// Makes an older version at tier 0 the newest again, if there is one.
  CodeVersion* revive(FunctionRecord& record) TIERCEL_REQUIRES(mutex_);
  void retire(CodeVersion& version) TIERCEL_REQUIRES(mutex_);

  /// Code, retired or not, that may hold the body of a function; the second for bodies that were hints only.
  std::vector<CodeVersion*> dependents(FunctionId id) TIERCEL_REQUIRES(mutex_);
  std::vector<CodeVersion*> dependents(const std::string& hint) TIERCEL_REQUIRES(mutex_);
  /// Code, retired or not, that assumed something that does not hold any more: about a function, about
  /// whether a name is defined, or that the process does not have a symbol.
  std::vector<CodeVersion*> disappointed(FunctionId id) TIERCEL_REQUIRES(mutex_);
  std::vector<CodeVersion*> disappointed(const std::string& name) TIERCEL_REQUIRES(mutex_);
  std::vector<CodeVersion*> disappointedByProcess() TIERCEL_REQUIRES(mutex_);
  /// Code, retired or not, that believes of the function what `claims` do not say.
  std::vector<CodeVersion*> believers(FunctionId id, const Claims& claims) TIERCEL_REQUIRES(mutex_);
  /// Code that is not retired and mentions the function; code, retired or not, with addresses of an object.
  std::vector<CodeVersion*> users(FunctionId id) TIERCEL_REQUIRES(mutex_);

  std::vector<CodeVersion*> users(ObjectId id) TIERCEL_REQUIRES(mutex_);

  // --- collection ---
  /// Retired code that may be freed, and from now on counts as looked at.
  std::vector<CodeVersion*> beginCollection() TIERCEL_REQUIRES(mutex_);
  /// `kept` is not freed before `holder` is: code that runs in one may go on in the other.
  void keep(CodeVersion& holder, CodeVersion& kept) TIERCEL_REQUIRES(mutex_);
  /// After the stacks were looked at: what code that stays keeps counts as seen, too.
  void seeKept() TIERCEL_REQUIRES(mutex_);
  /// Whether endCollection frees it.
  bool isToGo(const CodeVersion& version) const TIERCEL_REQUIRES(mutex_);
  /// Frees those that are still retired, were so at the beginning, and were not seen.
  struct Freed {
    uint64_t versions = 0, bytes = 0;
  };
  Freed endCollection(std::span<CodeVersion* const> candidates) TIERCEL_REQUIRES(mutex_);
  /// What is retired now may refer to storage that the image is to give back with its end.
  void holdForRetired(ImageId image) TIERCEL_REQUIRES(mutex_);
  // Figures: bytes that calls reach, bytes that wait, and how many versions were ever retired.
  /// Counts what may have broken assumptions: who is thrown away again and again while it stands still is
  /// wrong.
  uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  void noteChange() { changes_.fetch_add(1, std::memory_order_release); }
  uint64_t liveBytes() const { return liveBytes_.load(std::memory_order_relaxed); }
  uint64_t retiredBytes() const { return retiredBytes_.load(std::memory_order_relaxed); }
  uint64_t everRetired() const { return everRetired_.load(std::memory_order_relaxed); }
  uint64_t pinnedVersions() TIERCEL_REQUIRES(mutex_);

private:
  template <typename Set> std::vector<CodeVersion*> disappointedOf(const Set* users) TIERCEL_REQUIRES(mutex_);
  void enter(CodeVersion& version) TIERCEL_REQUIRES(mutex_);
  void leave(CodeVersion& version) TIERCEL_REQUIRES(mutex_);

  const LinkEnvironment environment_;
  Registry& registry_;
  const HostSymbolSource& process_;
  const StrongHash cpu_;
  Mutex mutex_;
  std::unordered_map<CodeVersion*, std::unique_ptr<CodeVersion>> all_ TIERCEL_GUARDED_BY(mutex_);
  std::unordered_map<uint32_t, FunctionCode> functions_ TIERCEL_GUARDED_BY(mutex_);
  /// Who assumed something, by what it is about: bodies and claims of functions, names, and whoever found a
  /// symbol absent from the process.
  using Users = llvm::SmallPtrSet<CodeVersion*, 2>;
  std::unordered_map<uint32_t, Users> byFunction_ TIERCEL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Users> byName_ TIERCEL_GUARDED_BY(mutex_);
  Users byAbsence_ TIERCEL_GUARDED_BY(mutex_);
  std::unordered_map<uint32_t, Users> objectUsers_ TIERCEL_GUARDED_BY(mutex_);
  std::vector<bool> removedObjects_ TIERCEL_GUARDED_BY(mutex_); ///< by id
  std::set<CodeVersion*> holders_ TIERCEL_GUARDED_BY(mutex_);   ///< that keep others
  std::set<CodeVersion*> retired_ TIERCEL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> changes_{0};
  std::atomic<uint64_t> liveBytes_{0}, retiredBytes_{0}, everRetired_{0};
  uint64_t collections_ TIERCEL_GUARDED_BY(mutex_) = 0;
};

} // namespace tiercel
