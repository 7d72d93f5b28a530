// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine has the process do: at forks and at its exit. Thread rule: any thread.
#pragma once

namespace tiercel {

class EngineImpl;

/// Enters the engine into the process's fork handlers.
void registerForFork(EngineImpl& engine);
void unregisterForFork(EngineImpl& engine);
/// Has runDestructors called when the process exits, if the engine still exists then.
void registerDestructors(EngineImpl& engine);

} // namespace tiercel
