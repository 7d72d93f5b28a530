// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One record per function and per global variable of the program: everything that is known about it apart
// from its code. Records never move and are never destroyed before the engine.
#pragma once

#include "tiercel/options.h"

#include "base/ids.h"
#include "base/mark.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tiercel {

/// Where something is defined: the image and the ordinal of its value there (load/image_reader.h). One
/// word, so that it can be replaced by a stronger definition while others read it.
struct Definition {
  ImageId image;
  uint32_t ordinal = ~0u;

  bool exists() const { return image.valid(); }
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
///                               \----- error ----> Failed
///
/// Only the claimer leaves Compiling. In a forked child, Compiling of a thread that does not exist there goes
/// back to Lazy (Engine's fork handler). Ready is final here: later publications replace the cell's content.
enum class FirstCompile : uint32_t { Lazy, Compiling, Ready, Failed };

/// Where running tier-0 code of a function can be left: a continuation per loop header, null while there is
/// none. Published with release; whoever loads an address may enter the code behind it.
struct OsrEntries {
  OsrEntries(uint64_t frameShape, unsigned headers)
      : shape(frameShape), addresses(headers), failed(headers) {}

  const uint64_t shape; ///< of the frame that continuations must expect (osr/frame.h)
  std::vector<std::atomic<void*>> addresses;
  std::vector<std::atomic<bool>> failed; ///< there will be none for this header: it could not be compiled
  std::atomic<bool> any{false};          ///< one of them is set
};

struct TargetTable;

/// Where a function's first code counts (profile/edge_plan.h); in data memory, for the engine's life.
struct FunctionCounts {
  void* counts = nullptr;
  bool wide = false; ///< of 64 bits, else of 32
  unsigned sites = 0;
  TargetTable* targets = nullptr; ///< of indirect calls
  unsigned calls = 0;
  uint64_t hash = 0; ///< of the body, if profiles are read or written; else 0

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
  AtomicDefinition definition; ///< none: undefined so far
  std::atomic<bool> isIfunc{false};

  std::atomic<uint32_t> firstCompile{static_cast<uint32_t>(FirstCompile::Lazy)};
  std::atomic<uint8_t> tier{0};       ///< of the newest published code
  std::atomic<uint32_t> codeBytes{0}; ///< of the newest published code
  std::atomic<bool> pinned{false};    ///< keeps its first version (Reason::PinnedBlockAddress)
  /// Its first code asks at loop headers whether it should go on in newer code: `osr` exists. Stored with
  /// release before that code is published.
  std::atomic<bool> continuable{false};
  std::atomic<Mark> mark{Mark::None}; ///< of its attributes; written before its first publication

  /// Functions that the first version mentions. Written before Ready, constant afterwards.
  std::vector<FunctionId> references;
  /// Of the first version. Null if it has no loops or they cannot be left. Written before Ready.
  std::unique_ptr<OsrEntries> osr;
  /// Of the first version. Null if it does not count. Written before Ready.
  std::unique_ptr<FunctionCounts> counts;

  /// Counter events not looked at yet, as bits, and the link of the list they wait in (tiering/trip_list.h).
  std::atomic<uint32_t> trips{0};
  FunctionRecord* nextTripped = nullptr;
  /// In the compile queue or being compiled for promotion; under the queue's lock.
  bool queued = false;
  uint32_t tripsWhileQueued = 0;
  bool promotionFailed = false;
  unsigned promotions = 0;
  Heat heat;
  /// The loop header where the loop counter last ran out.
  std::atomic<uint32_t> loopHeader{0};

  /// For threads that run the function's code: null if its loops cannot be left.
  OsrEntries* osrEntries() const { return continuable.load(std::memory_order_acquire) ? osr.get() : nullptr; }

  FirstCompile state() const {
    return static_cast<FirstCompile>(firstCompile.load(std::memory_order_acquire));
  }
};

struct GlobalRecord {
  GlobalRecord(GlobalId i, std::string_view n) : id(i), name(n) {}

  const GlobalId id;
  const std::string_view name;
  AtomicDefinition definition;
  // The rest changes with the definition, under the registry's lock, before the global has an address.
  uint64_t size = 0;
  uint64_t alignment = 1;
  bool threadLocal = false;
  std::string_view section;
  std::atomic<bool> constant{false}; ///< by its definition; what a declaration says may be wrong

  /// Set once, under the lock of link/data_materializer.h. Thread-locals: the offset in their image's block.
  std::atomic<std::byte*> address{nullptr};
  bool written = false;                 ///< has its value; under the same lock
  std::atomic<bool> initialised{false}; ///< and so has all that it leads to
};

} // namespace tiercel
