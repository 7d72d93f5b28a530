// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a module's code calls __dso_handle: its destructors are registered under it, so that they can be run
// when the module goes. Made when first mentioned, and kept, because registrations refer to them.
// Thread rule: thread-safe.
#pragma once

#include "base/thread_annotations.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tiercel {

class DsoHandles {
public:
  char* of(const std::string& module) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    std::unique_ptr<char>& handle = handles_[module];
    if (!handle)
      handle = std::make_unique<char>();
    return handle.get();
  }
  /// Null if nothing has asked for it.
  char* find(const std::string& module) TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    const auto found = handles_.find(module);
    return found == handles_.end() ? nullptr : found->second.get();
  }
  std::vector<std::string> modules() TIERCEL_EXCLUDES(mutex_) {
    LockGuard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [module, handle] : handles_)
      names.push_back(module);
    return names;
  }

  Mutex& forkMutex() { return mutex_; }

private:
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<char>> handles_ TIERCEL_GUARDED_BY(mutex_);
};

} // namespace tiercel
