// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors that LLVM has no way to report: an operation that a code generator cannot select, a table that is
// too large, memory that it does not get. LLVM would end the process. Here they end one call.
//
// LLVM's handler of such errors is one per process and no signal handler. Where no recovery point is set, it
// does what LLVM does without one, so that others who use the same LLVM notice nothing. It is called without
// locks of LLVM's. The frames that it leaves must not hold any of ours, nor be called by ones that do; but
// memory may run out wherever a container of LLVM's grows. So a call is ended only from inside LLVM's passes,
// which RecoverableCode marks.
// Thread rule: recovery points belong to their thread and nest.
#pragma once

#include <optional>
#include <string>
#include <type_traits>

namespace tiercel {

/// Makes recoverFromFatalErrors work from now on. Again is no harm.
void handleFatalErrors();

/// While it exists its thread runs passes of LLVM's, with no lock of ours and no callback of the host's
/// between recovery point and here. Elsewhere a fatal error ends the process.
class RecoverableCode {
public:
  RecoverableCode();
  ~RecoverableCode();
  RecoverableCode(const RecoverableCode&) = delete;
  RecoverableCode& operator=(const RecoverableCode&) = delete;

private:
  const bool outer_;
};

std::optional<std::string> callWithRecovery(void (*function)(void*), void* argument);

/// Calls `body` and returns when it has. If LLVM meets a fatal error in RecoverableCode meanwhile, returns
/// what it said, and `body` is left without unwinding: what its frames owned is lost, and what they worked on
/// may be in any state, so that it must be kept and not be touched again. The stack below the caller is free
/// again.
template <typename Body> std::optional<std::string> recoverFromFatalErrors(Body&& body) {
  return callWithRecovery([](void* argument) { (*static_cast<std::remove_reference_t<Body>*>(argument))(); },
                          const_cast<void*>(static_cast<const void*>(&body)));
}

} // namespace tiercel
