// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run: an engine, the threads that use and change its program, and the checks of what they see.
//
// Thread rule: run() is called once; the members below it are the bodies of the threads that it starts.
#pragma once

#include "tiercel/engine.h"

#include "book.h"
#include "program.h"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tiercel::stress {

struct Configuration {
  uint64_t seed = 0;
  double seconds = 20;
  unsigned callers = 8;
  unsigned redefiners = 4;
  unsigned changers = 2; ///< that remove and add modules
  bool forks = true;
  Options options;
};

class Stress {
public:
  explicit Stress(Configuration configuration);
  ~Stress();
  /// True if all invariants held.
  bool run();
  /// Called by the library's constructor.
  static void inConstructor();

private:
  /// What a thread has called, to be compared with what the statics counted.
  using Calls = std::array<uint64_t, size_t(kGroups) * kSlots>;

  bool setUp();
  /// Fails the check, with the error, unless `status` is success.
  bool mustSucceed(const Status& status, const std::string& what);
  void mustBeRefused(const Status& status, ErrorKind kind, const std::string& what);
  void watch(); ///< until the time is over; prints figures
  void settle();

  // --- threads ---
  void call(uint64_t seed);
  void throwAndCatch(uint64_t seed);
  void redefine(unsigned number, uint64_t seed);
  void redefineOnce(unsigned group, unsigned number, unsigned step, Random& random);
  void tryWhatFails(unsigned group, Random& random);
  void change(unsigned number, uint64_t seed);
  void changeOnce(unsigned temp);
  void changeAssumed(uint64_t seed); ///< assumptions.cpp
  void changeAssumedOnce(Assumed which);
  void collect();
  void observe(uint64_t seed); ///< asks about the program, discards code
  void fork(uint64_t seed);
  uint64_t replacedAtMost() const;
  bool inChild(uint64_t seed);
  // sandbox.cpp
  void restrict(uint64_t seed); ///< enters what this thread alone is in, again and again
  void enterSandbox(Random& random);
  void share(uint64_t seed); ///< makes processes that run on this memory
  static int runSharer(void* self);
  void callALittle(Random& random, Calls& calls);
  // places.cpp
  void useSmallStacks(uint64_t seed);
  static void* runOnSmallStack(void* small);
  void interruptMalloc(uint64_t seed);
  static void handle(int signal);
  void loadLibraries(uint64_t seed);

  // --- calls, each with its checks (calls.cpp) ---
  void callLeaf(Random& random, Calls& calls);
  void callOuter(Random& random, Calls& calls);
  void callLoop(Random& random, Calls& calls, uint64_t longest);
  void callTemp(Random& random, Calls& calls);
  void callBeliever(Random& random); ///< assumptions.cpp
  void checkBelieve();
  void checkWeakly(uint64_t x);
  void checkCapital();
  void callThrower(Random& random, Calls& calls);
  void callCatcher(Random& random, Calls& calls);
  void lookUp(Random& random);
  static Item pick(Random& random, Kind kind);
  /// A value that a call of `item` returned, whose oldest version was read before it.
  void checkValue(const Item& item, uint64_t value, uint64_t argument, uint64_t oldest);
  void checkVersion(const Item& item, uint64_t version, uint64_t oldest);
  template <typename Fn> Fn* address(const Item& item) {
    return reinterpret_cast<Fn*>(functions_[item.index()]);
  }
  void add(const Calls& calls);

  // --- called by the program ---
  static void mismatch(uint64_t expected, uint64_t constant);
  static void throwValues(uint64_t leaf, uint64_t own);
  static void unwound(uint64_t own);
  static void constructed(uint64_t value);
  static void destroyed(uint64_t value);
  static uint64_t fallback(uint64_t argument);

  const Configuration configuration_;
  Ledger ledger_;
  std::unique_ptr<Engine> engine_;
  std::atomic<bool> stop_{false};
  std::array<History, kItems> items_;
  /// A temporary module's: odd versions are there, even ones are not.
  std::array<History, kTemps> temps_;
  /// Versions of the claim; of the others, odd ones are there.
  std::array<History, kAssumed> assumed_;
  void *believe_ = nullptr, *weakly_ = nullptr, *capital_ = nullptr, *steady_ = nullptr;
  std::atomic<uint64_t> miscounted_{0};     ///< by handlers
  static inline Stress* running_ = nullptr; ///< whom handlers and constructors call; set before the threads
  static inline std::atomic<uint64_t> constructors_{0};
  std::array<void*, kItems> functions_{};
  std::array<void*, kTemps> tempFunctions_{}, users_{};
  std::array<std::atomic<uint64_t>*, size_t(kGroups) * kSlots> statics_{};
  void* table_ = nullptr;
  std::array<std::atomic<uint64_t>, size_t(kGroups) * kSlots> leafCalls_{};
  std::atomic<uint64_t> constructed_{0}, destroyed_{0}, added_{0}, removed_{0};
  std::atomic<uint64_t> changes_{0}, callsMade_{0}, children_{0}, thrown_{0};
  std::atomic<uint64_t> complete_{0};
  std::map<std::string, uint64_t> incomplete_; ///< why collections were; by the collecting thread alone
  std::atomic<double> longestPauseUs_{0};
};

} // namespace tiercel::stress
