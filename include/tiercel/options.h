// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a host decides when it creates an engine. Plain data; copied by Engine::create.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiercel {

class Error;

/// The code generators, cheapest first. Tier 0 carries counters; tiers 1 to 3 are LLVM's -O1 to -O3.
inline constexpr unsigned kTierCount = 4;
inline constexpr unsigned kTopTier = kTierCount - 1;

/// How hot functions are chosen, and for which tier; docs/tiering.md describes each.
enum class Policy {
  Threshold, ///< the next tier each time a counter runs out
  Window,    ///< the same, and the top tier at once for what most of the last 100 samples hit
  Cost,      ///< what is expected to save more time than its compile takes
};
inline constexpr Policy kDefaultPolicy = Policy::Threshold;

/// More is a mistake that would exhaust the machine.
inline constexpr unsigned kMostCompileThreads = 1024;

/// How the engine knows that nobody can return into code that it wants to free.
enum class Reclaim {
  /// It does not: code is freed at Engine::quiescentPoint only.
  QuiescentPoints,
  /// It looks at the stack of every thread of the process, in the background and at Engine::collect. Threads
  /// that wait in the kernel are not disturbed; those that run get a signal, whose handler is the engine's
  /// and
  /// is installed at the first such look.
  /// docs/living-programs.md says what a host with stacks of its own (coroutines) must know.
  Signals,
};

/// Ways to run that reach rare paths on purpose. Every program must behave the same under each.
struct TestModes {
  /// The first counter event of every function promotes it, through every tier in turn.
  bool promoteAlways = false;
  /// First compiles and promotions pick a tier at random, lower ones included.
  bool randomTier = false;
  /// Loops are left for a continuation, compiled at once at any tier, at headers picked at random.
  bool osrAlways = false;
  /// Retired code is looked for on the stacks, and freed, again and again. Needs Reclaim::Signals.
  bool retireAlways = false;
  /// Code that is freed is never used again, but traps when a thread runs it.
  bool poisonFreed = false;
  /// As if the system refused to map code memory twice: see CodeMapping::Single.
  bool singleMapping = false;
  /// A code limit of 256 KiB, unless Options::codeLimit says otherwise: code memory is full soon.
  bool tinyArena = false;
  /// Seed of randomTier and osrAlways: the same seed and --sync give the same choices.
  uint64_t seed = 0;
};

/// A stage whose output can be looked at with Options::dump.
enum class DumpStage {
  Input,       ///< the unit as extracted, before any change
  Lowered,     ///< the IR handed to the code generator (instrumented or optimised)
  Object,      ///< the relocatable object
  Inlining,    ///< what the inliner decided, a line per call
  Assumptions, ///< what the code takes for granted, a line each (docs/assumptions.md)
};

/// One thing to dump: a stage, for the functions whose name matches a glob pattern.
struct DumpRequest {
  DumpStage stage = DumpStage::Lowered;
  std::string pattern = "*";
};

/// How the installed clang 22 compiles what the program gets as source: C, C++ and assembly.
struct FrontendOptions {
  /// Passed on to it: -I, -D, -std= and the like.
  std::vector<std::string> arguments;
  /// The language of all sources, as clang's -x names it (c, c++, c++-module, cpp-output, c++-cpp-output,
  /// assembler, assembler-with-cpp), or ir. Empty: as a source's name ending says, or else how it begins.
  std::string language;
  /// Gets what it says about a source that it compiles all the same: warnings. Of one that it does not
  /// compile, the error has it. Called on the thread that adds the source. Unset: nobody hears of it.
  std::function<void(std::string_view source, std::string_view messages)> onMessages;
};

struct Options {
  FrontendOptions frontend;

  /// Unset: adaptive. Set: every function is compiled at this tier on its first call and stays there.
  std::optional<unsigned> fixedTier;

  Policy policy = kDefaultPolicy;
  /// Calls of a tier-0 function before the policy looks at it for the first time. At least 1.
  uint32_t callThreshold = 400;
  /// The same for loop iterations. At least 1.
  uint32_t loopThreshold = 8000;
  /// Globs of functions that are compiled at the top tier, in the background, as soon as they are called; and
  /// of functions that keep their first code. They come before the attribute "tiercel-tier"="hot" or "cold"
  /// of a function in the IR; who is both hot and cold is cold.
  std::vector<std::string> hot;
  std::vector<std::string> cold;
  /// Promote on the program's own thread at the moment a counter trips: slow, but the same decisions every
  /// run. No background threads exist then.
  bool sync = false;
  /// Background compile threads, up to kMostCompileThreads; 0 means one per available core, less one, at
  /// least one.
  unsigned compileThreads = 0;

  /// At errors that LLVM has no way to report it ends the process, for instance at an operation that its code
  /// generator cannot translate for this CPU. Instead the engine ends the one compile; the function keeps the
  /// code that it has. For that it installs LLVM's fatal-error handler, of which there is one for all users
  /// of one copy of LLVM. Errors of others go the way that they would without. Off: for a host that uses the
  /// engine's copy of LLVM and has a handler of its own.
  bool handleLlvmErrors = true;

  /// On-stack replacement: a running loop goes on in better code without returning first.
  bool osr = true;

  /// Gives what the heap keeps of freed memory back to the system: for hosts with a heap other than libc's.
  /// Unset: malloc_trim. Called on a compile worker, by one at a time: when nothing has been compiled for two
  /// seconds and what the compilers kept was freed, and at most every five seconds while the program is being
  /// changed. malloc_trim locks one part of the heap after the other, so that who allocates may wait some
  /// milliseconds.
  std::function<void()> giveBackHeap;

  /// The engine and its LLVM allocate from another heap than the program. Signal handlers that interrupt the
  /// program in `malloc` may then run code for the first time. Otherwise the handlers that the program
  /// installs are compiled before it gets them, with what they mention.
  bool privateHeap = false;

  /// Freeing code that has been replaced or removed.
  Reclaim reclaim = Reclaim::QuiescentPoints;
  /// The signal for Reclaim::Signals: SIGUSR1, SIGUSR2 or a real-time signal that nobody handles. 0: the
  /// highest such real-time signal.
  int reclaimSignal = 0;

  /// The CPU code is made for: "native", or a name that LLVM knows.
  std::string cpu = "native";

  /// Code of tiers above 0 calls functions of the program directly, by calls that are turned when the callee
  /// is published again. Off: it loads the callee's address at every call.
  bool directCalls = true;

  /// Most bytes that code may take up at a time. Where it is reached, functions stay in the code that they
  /// have; one that has none cannot be called. 0: what the address range has room for, 512 MiB.
  size_t codeLimit = 0;
  /// Ask the system for huge pages for code and globals.
  bool hugePages = false;

  /// Count in first code what the top tier then knows: branches, and targets of indirect calls.
  bool profile = true;
  /// Inlining of other functions at the top tier, by the cluster around the function that is hot.
  bool inlining = true;
  /// Frequent targets of indirect calls are called directly, behind a comparison.
  bool promoteIndirect = true;
  /// May the body of `callee` become part of `caller`'s code? Asked before each inlining, on the thread that
  /// compiles; must be thread-safe, and call no code of the engine. Unset: always.
  std::function<bool(std::string_view caller, std::string_view callee)> mayInline;
  /// Profiles of earlier runs; and where to write this run's when the engine is told to
  /// (Engine::writeProfile). With `wholeProfile` counting goes on as long as first code runs, so that a fixed
  /// tier 0 counts it all.
  std::vector<std::string> profileIn;
  bool wholeProfile = false;

  /// Verify the IR of every function when it is read (always done for textual IR).
  bool verify = true;
  /// Glob of the functions that may be promoted: for bisecting a miscompile. Empty: all.
  std::string only;
  TestModes modes;

  /// Receives what `dump` asks for. Called from the thread that compiles; must be thread-safe, and call no
  /// code of the engine: stacks of compiles are not looked at before code is freed.
  std::vector<DumpRequest> dump;
  std::function<void(const DumpRequest&, const std::string& function, const std::string& text)> onDump;

  /// The program calls `name`, which nothing defines, or nothing any more. Returns where this call shall go:
  /// to a function of the same type. Null: the call goes to `name` after all if it has been added meanwhile,
  /// otherwise it is an error for onFatal. Called on the program's thread, at every such call.
  std::function<void*(std::string_view name)> onUndefined;

  /// The program called a function that nothing defines, or that could not be compiled; or, in a forked
  /// child, there was no memory for its copy of the code. Called on the program's thread, with all signals
  /// blocked. It must not return, nor, in a child, call the engine: the program cannot go on. When unset the
  /// engine raises SIGABRT, as a native program's failed lazy binding would end it.
  std::function<void(const Error&)> onFatal;
};

} // namespace tiercel
