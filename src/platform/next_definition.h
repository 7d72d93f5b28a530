// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <atomic>
#include <dlfcn.h>

namespace tiercel {

/// A function of a library that a definition of ours in the executable comes before. `find` asks the loader,
/// once; call it before the function is needed, as a handler may have interrupted the loader by then.
/// Constant-initialised and without the guard of a static variable of a function, which a handler that leaves
/// by siglongjmp would leave in the making. Thread rule: any thread.
template <typename Function> class NextDefinition {
public:
  explicit constexpr NextDefinition(const char* name) : name_(name) {}

  /// Null if there is none.
  Function* find() {
    Function* found = found_.load(std::memory_order_relaxed);
    if (!found) {
      found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_));
      found_.store(found, std::memory_order_relaxed);
    }
    return found;
  }

private:
  const char* const name_;
  std::atomic<Function*> found_{nullptr};
};

} // namespace tiercel
