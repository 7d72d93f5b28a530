// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a module's code calls __dso_handle: its destructors are registered under it, so that they can be run
// when the module goes. Made when first mentioned, and kept, because registrations refer to them; near the
// code, where native objects expect them. Thread rule: thread-safe.
#pragma once

#include "base/thread_annotations.h"
#include "codemem/arena.h"

#include <map>
#include <string>
#include <vector>

namespace tiercel {

class DsoHandles {
public:
  explicit DsoHandles(Arena& arena) : arena_(arena) {}

  Result<std::byte*> of(const std::string& module) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    const auto found = handles_.find(module);
    if (found != handles_.end())
      return found->second;
    Result<std::byte*> made = arena_.allocateData(1, 1);
    if (made)
      handles_.emplace(module, *made);
    return made;
  }
  /// Null if nothing has asked for it.
  std::byte* find(const std::string& module) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    const auto found = handles_.find(module);
    return found == handles_.end() ? nullptr : found->second;
  }
  std::vector<std::string> modules() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    std::vector<std::string> names;
    names.reserve(handles_.size());
    for (const auto& [module, handle] : handles_)
      names.push_back(module);
    return names;
  }

  Mutex& forkMutex() { return mutex_; }

private:
  Arena& arena_;
  Mutex mutex_;
  std::map<std::string, std::byte*> handles_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
