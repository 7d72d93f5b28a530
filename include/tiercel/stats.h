// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A snapshot of what an engine has done so far. Plain data, units in the names.
#pragma once

#include "tiercel/options.h"

#include <array>
#include <cstdint>

namespace tiercel {

/// Where samples of what runs come from.
enum class SamplingSource {
  Off,      ///< the policy needs none, or the program has not run for long enough
  Kernel,   ///< the kernel looks at the program's threads once per millisecond of processor time
  Counters, ///< the system does not allow that, or Options::sync: every counter that runs out is a sample
};

/// How code memory is written.
enum class CodeMapping {
  Dual,   ///< through a second mapping: nothing is writable and executable at one address
  Single, ///< where it is executed: the system does not allow a second mapping
};

struct TierStats {
  uint64_t functions = 0;     ///< compiles of whole functions published at this tier
  uint64_t continuations = 0; ///< of running loops; in the two below as well
  double compileMs = 0;       ///< extraction, compilation and linking; wall time summed over threads
  uint64_t bytes = 0;         ///< machine code and its constants
};

struct Stats {
  struct {
    uint64_t total = 0;         ///< function definitions known to the registry
    uint64_t compiledTier0 = 0; ///< functions that began at tier 0
    uint64_t promoted = 0;      ///< publications that replaced older code
    uint64_t continuations = 0; ///< compiled for loops that were running
    uint64_t osrEntries = 0;    ///< activations that went on in one
    uint64_t osrExcluded = 0;   ///< functions whose loops cannot be left, with a reason in the event log
    uint64_t failed = 0;     ///< compiles that failed; the function stays on its working code if it has any
    uint64_t fatal = 0;      ///< of these, ended by a fatal error of LLVM's; what they used stays allocated
    uint64_t retired = 0;    ///< versions and continuations that were replaced, redefined or removed
    uint64_t freed = 0;      ///< retired versions whose memory was given back
    uint64_t superseded = 0; ///< compiles thrown away because the program had changed meanwhile
    uint64_t pinned = 0;     ///< functions held at one version, with a reason in the event log
  } functions;
  struct {
    double foreground = 0; ///< the program waited for this
    double background = 0;
  } compileMs;
  /// Parts of the above, summed over threads.
  struct {
    double read = 0;     ///< function bodies out of bitcode
    double extract = 0;  ///< into units, with instrumentation
    double optimize = 0; ///< IR passes
    double codegen = 0;  ///< to object code
    double data = 0;     ///< initialising globals
    double link = 0;     ///< JITLink, code memory, publishing
  } phaseMs;
  struct {
    uint64_t live = 0;
    uint64_t retired = 0;
    uint64_t freed = 0;
  } codeBytes;
  uint64_t dataBytes = 0;
  /// Of these, constants that redefinitions replaced. They stay until their module is removed, because the
  /// program may hold their addresses.
  uint64_t replacedConstantBytes = 0;
  struct {
    uint64_t redefinitions = 0; ///< of modules
    uint64_t removals = 0;      ///< of modules and functions
    uint64_t collections = 0;   ///< looks at all stacks that found out who can return where
    uint64_t incomplete = 0;    ///< looks that did not, so that nothing was freed
    uint64_t flushes = 0;       ///< code memory was full, so all code that did not run was dropped
    double longestPauseUs = 0;  ///< of a thread that looked at its own stack
  } living;
  /// Where code lies; sizes in bytes.
  struct {
    CodeMapping mapping = CodeMapping::Dual;
    uint64_t codeCommitted = 0; ///< mapped so far
    uint64_t codeUsed = 0;      ///< of it, by code, stubs and constants
    uint64_t codeFree = 0;      ///< of it, free to use
    double codeFragmentation =
        0;                 ///< how scattered that is: 0 when it is in one piece, near 1 in many small ones
    uint64_t resident = 0; ///< of the whole process, now
  } memory;
  struct {
    uint64_t direct =
        0; ///< places in code of tiers above 0 that call a function directly, not through its cell
    uint64_t patches = 0; ///< of them turned when their callee was published, each time counted
  } calls;
  std::array<TierStats, kTierCount> tiers;
  struct {
    uint64_t maxDepth = 0;
    uint64_t dropped = 0; ///< counters that ran out without a promotion: EventKind::PromotionDropped
  } queue;
  struct {
    SamplingSource source = SamplingSource::Off;
    uint64_t samples = 0;
  } sampling;
  struct {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t bytes = 0;
  } cache;
};

} // namespace tiercel
