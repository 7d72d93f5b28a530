// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What has to be there before code of the program runs, because a first call must not get it: that would take
// the dynamic loader's lock, or libc's heap, while the thread may be in a handler that interrupted malloc, or
// while another one holds the loader's lock, runs a library's constructor and waits for the compile. That is
//
//  - addresses of what is outside the program, which the loader knows;
//  - the place of thread-locals in every thread, for which a library is loaded;
//  - the engine's threads.
//
// Thread rule: any thread without locks of the engine, but not in a first call or a trip.
#pragma once

#include "tiercel/error.h"

#include <atomic>
#include <cstdint>

namespace tiercel {

class EngineImpl;
struct UndefinedName;

class Readiness {
public:
  explicit Readiness(EngineImpl& engine) : engine_(engine) {}

  /// Libraries that the program needs are loaded now, as a native start would: their initialisation and
  /// termination lie around the program's. Fails where a variable is missing and something uses it.
  Status beforeConstructors();
  /// Before the host gets an address that it may call. What is missing is missed when it is used.
  void beforeCall();
  /// Before a library is loaded that sees the program: its constructors may call it.
  void beforeLibrary();
  /// After the program has changed: what there is to do at once, if its code may run already.
  void afterChange();

private:
  bool learn(const UndefinedName& name, bool load);
  /// Whether all that the program cannot do without is there.
  bool learnAll(bool load);
  void makeThreadBlocks();
  void begin();
  Status checkMissing();

  EngineImpl& engine_;
  std::atomic<bool> begun_{false}; ///< code may run: what `begin` prepares is there
  /// Changes after which something was missing, and how many of them beforeCall has seen.
  std::atomic<uint32_t> due_{1}, done_{0};
};

} // namespace tiercel
