// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One record per function and per global variable of the program: everything that is known about it apart
// from its code. Records never move and are never destroyed before the engine.
#pragma once

#include "tiercel/options.h"

#include "artifact/claims.h"
#include "base/ids.h"
#include "base/mark.h"
#include "registry/osr_entries.h"

#include "llvm/ADT/SmallVector.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace llvm {
template <typename Value> class StringMapEntry;
}

namespace tiercel {

struct NameEntry; // registry/entries.h
using Name = llvm::StringMapEntry<NameEntry>;

/// Where something is defined: the image and the ordinal of its value there (load/image_reader.h). One
/// word, so that it can be replaced by a stronger definition while others read it.
struct Definition {
  ImageId image;
  uint32_t ordinal = ~0u;

  bool exists() const { return image.valid(); }
  bool operator==(const Definition&) const = default;
};

class AtomicDefinition {
public:
  Definition load() const {
    const uint64_t word = word_.load(std::memory_order_acquire);
    return {ImageId(static_cast<uint32_t>(word >> 32)), static_cast<uint32_t>(word)};
  }
  void store(Definition d) {
    word_.store(uint64_t(d.image.value) << 32 | d.ordinal, std::memory_order_release);
  }

private:
  std::atomic<uint64_t> word_{~uint64_t(0)};
};

/// Progress of a function's first compile. The word is also what waiting callers sleep on (futex).
///
///     Lazy --claim (CAS)--> Compiling --publish--> Ready
///      ^                     |      \-- error ---> Failed
///      \---------------------+----------------------/ /
///      \---- redefined, removed, code discarded -----/
///
/// Only the claimer leaves Compiling; if the function was changed meanwhile, to Lazy. In a forked child,
/// Compiling of a thread that does not exist there goes back to Lazy (Engine's fork handler). Later
/// publications replace the cell's content and leave Ready as it is. Back to Lazy goes a function under the
/// lock of the versions (engine/versions.h), together with its cell.
enum class FirstCompile : uint32_t { Lazy, Compiling, Ready, Failed };

struct TargetTable;

/// Where a function's first code counts (profile/edge_plan.h). Copies keep the memory.
struct FunctionCounts {
  std::shared_ptr<const void> owner;
  void* counts = nullptr;
  bool wide = false; ///< of 64 bits, else of 32
  unsigned sites = 0;
  TargetTable* targets = nullptr; ///< of indirect calls
  unsigned calls = 0;
  uint64_t hash = 0;   ///< of the body, if profiles are read or written; else 0
  uint32_t serial = 0; ///< of the definition that it counts

  /// The same sites; code may be counting there.
  void copyFrom(const FunctionCounts& before) {
    for (unsigned site = 0; site < sites; ++site) {
      if (wide)
        static_cast<std::atomic<uint64_t>*>(counts)[site].store(before.count(site),
                                                                std::memory_order_relaxed);
      else
        static_cast<std::atomic<uint32_t>*>(counts)[site].store(static_cast<uint32_t>(before.count(site)),
                                                                std::memory_order_relaxed);
    }
  }
  uint64_t count(unsigned site) const {
    return wide ? static_cast<std::atomic<uint64_t>*>(counts)[site].load(std::memory_order_relaxed)
                : static_cast<std::atomic<uint32_t>*>(counts)[site].load(std::memory_order_relaxed);
  }
};

/// What was counted and sampled of a function. Under the queue's lock (engine/promoter.h).
struct Heat {
  /// What the counters were last set to, and all that was counted before that.
  uint32_t armedCalls = 0, armedLoops = 0;
  uint64_t calls = 0, loops = 0;
  /// Samples that hit its code, by the tier of the code, and how many of them when calls were last armed.
  std::array<uint32_t, kTierCount> samples{};
  uint32_t samplesAtArm = 0;
  /// Nanoseconds per call by tier, where calls and enough samples were counted over the same time; else 0.
  std::array<float, kTierCount> callNs{};
  /// Sampling had begun when it was first compiled; what its events and samples have taught so far.
  bool sampledFromStart = false;
  uint64_t learnedCalls = 0, learnedLoops = 0;
  uint32_t learnedSamples = 0;
  uint32_t firstBytes = 0; ///< size of the first code: what compile times and costs of events scale with
};

struct FunctionRecord {
  FunctionRecord(FunctionId i, std::string_view n) : id(i), name(n) {}

  const FunctionId id;
  const std::string_view name; ///< as in the IR
  bool internal = false;       ///< the name means something in one module only; constant once it has users
  AtomicDefinition definition; ///< none: undefined so far, or removed
  /// Of the definition in force; null without one. Who reads it and believes it notes that
  /// (artifact/assumptions.h).
  std::atomic<const Claims*> claims{nullptr};
  std::atomic<bool> isIfunc{false};
  /// Counts changes of the definition, after each: who reads the serial, then takes the body, and finds the
  /// serial unchanged later, has the current body.
  std::atomic<uint32_t> serial{0};
  /// The epoch of the code: changes with the serial, and when the code is dropped for another reason. Never
  /// 0.
  std::atomic<uint32_t> epoch{1};
  std::atomic<bool> removed{false}; ///< was defined once

  std::atomic<uint32_t> firstCompile{static_cast<uint32_t>(FirstCompile::Lazy)};
  std::atomic<uint8_t> tier{0};       ///< of the newest published code
  std::atomic<uint32_t> codeBytes{0}; ///< of the newest published code
  std::atomic<bool> pinned{false};    ///< keeps its first version (Reason::PinnedBlockAddress)
  /// Its first code asks at loop headers whether it should go on in newer code: `osr` is of its epoch. Stored
  /// with release before that code is published.
  std::atomic<bool> continuable{false};
  std::atomic<Mark> mark{Mark::None}; ///< of its attributes; written before its first publication

  /// Where first code can be left. Null as long as no first code had loops that can be; replaced only by a
  /// larger one, and the smaller one stays. Under the lock of the versions.
  std::atomic<OsrEntries*> osr{nullptr};
  std::vector<std::unique_ptr<OsrEntries>> osrStorage;

  /// Counter events not looked at yet, as bits, and the link of the list they wait in (tiering/trip_list.h).
  std::atomic<uint32_t> trips{0};
  FunctionRecord* nextTripped = nullptr;
  /// In the compile queue or being compiled for promotion; under the queue's lock.
  bool queued = false;
  uint32_t tripsWhileQueued = 0;
  bool promotionFailed = false;
  unsigned promotions = 0;
  uint32_t overtaken = 0; ///< how often a change of what it was compiled from has undone a promotion
  Heat heat;
  /// The loop header where the loop counter last ran out.
  std::atomic<uint32_t> loopHeader{0};

  /// The entries of the code of this epoch: null if its loops cannot be left, or it is not the newest epoch.
  OsrEntries* osrEntries(uint32_t ofEpoch) const {
    OsrEntries* entries = osr.load(std::memory_order_acquire);
    return entries && entries->epoch() == ofEpoch ? entries : nullptr;
  }

  FirstCompile state() const {
    return static_cast<FirstCompile>(firstCompile.load(std::memory_order_acquire));
  }
};

struct GlobalRecord {
  GlobalRecord(GlobalId i, std::string_view n) : id(i), name(n) {}

  const GlobalId id;
  std::string_view name; ///< changes when the record is used for another variable
  AtomicDefinition definition;
  /// Counts changes of all that follows but the address, after each.
  std::atomic<uint32_t> serial{0};
  // The rest changes with the definition, under the registry's lock, while the global has no address.
  uint64_t size = 0;
  uint64_t alignment = 1;
  bool threadLocal = false;
  llvm::SmallVector<Name*, 1> names; ///< that mean it; Registry::bind
  std::vector<Definition> sharers;   ///< of a constant: other images that say the same
  bool holdsImage = false; ///< counted among what is in force of its image: all but internal constants
  std::string_view section;
  std::atomic<bool> constant{false}; ///< by its definition; what a declaration says may be wrong

  /// Set once, under the lock of link/data_materializer.h. Thread-locals: the offset in their image's block.
  std::atomic<std::byte*> address{nullptr};
  bool written = false; ///< has its value; under the same lock
  /// That value has addresses of what the process had when it was written, or nothing where that had nothing.
  std::atomic<bool> leadsOutside{false};
  std::atomic<bool> initialised{false}; ///< and so has all that it leads to
};

} // namespace tiercel
