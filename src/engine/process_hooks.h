// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine has the process do: at forks and at its exit. Thread rule: any thread.
#pragma once

#include "tiercel/error.h"

#include "base/thread_annotations.h"

#include <vector>

namespace tiercel {

class EngineImpl;

/// While it is held no other thread forks: between making code memory and registering its engine, and between
/// the end of that and hiding the memory from children, or a child would share it with its parent.
Mutex& forkDelay();
/// Enters the engine into the process's fork handlers.
Status registerForFork(EngineImpl& engine) TIERCEL_REQUIRES(forkDelay());
/// Those that are entered.
std::vector<EngineImpl*>& engines() TIERCEL_REQUIRES(forkDelay());
void unregisterForFork(EngineImpl& engine) TIERCEL_REQUIRES(forkDelay());
/// Has runDestructors called when the process exits, if the engine still exists then.
void registerDestructors(EngineImpl& engine);

} // namespace tiercel
