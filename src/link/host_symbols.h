// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The process around the program: libraries that are loaded, those a native link would have added by itself
// (libm, the C++ runtime), and functions that the engine supplies instead of the library's (runtime
// functions: those that would not know about compiled code, and those that exist only in libc_nonshared.a).
// Thread rule: thread-safe.
#pragma once

#include "tiercel/error.h"

#include "base/ids.h"
#include "base/thread_annotations.h"
#include "unit/extractor.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tiercel {

class HostSymbols : public HostSymbolSource {
public:
  /// Takes precedence over libraries. Before any code runs.
  void supply(const char* name, void* address) TIERCEL_EXCLUDES(mutex_);
  /// The same of a function that the program shall get wherever it finds the process's own.
  void supplyInstead(const char* name, void* address) TIERCEL_EXCLUDES(mutex_);
  /// What the program gets for a function that it has found in the process.
  void* insteadOf(void* address) TIERCEL_EXCLUDES(mutex_);
  /// Called with the path of each library before it is loaded, so that what it refers to in the program can
  /// be made visible to it. Returns variables whose values have to wait for the library.
  using BeforeLoad = std::function<Result<std::vector<GlobalId>>(const std::string& path)>;
  void onLoad(BeforeLoad hook) { beforeLoad_ = std::move(hook); }

  bool has(llvm::StringRef name, bool weak) override {
    return (weak ? findLoaded(name) : find(name)).has_value();
  }
  uint64_t serial() const override { return serial_.load(std::memory_order_acquire); }
  /// Called when a library has been loaded, with what has waited for it: names that nobody had may be there
  /// now.
  using AfterLoad = std::function<Status(std::span<const GlobalId> waiting)>;
  void onLoaded(AfterLoad hook) { afterLoad_ = std::move(hook); }

  /// Loads default libraries if that helps; do not ask for weak references.
  std::optional<void*> find(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// For weak references: without loading anything. The first answer holds for all who ask, whatever the
  /// program itself opens and closes, until loadLibrary loads something.
  std::optional<void*> findLoaded(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);

  /// The calling thread's instance of a thread-local; found anew every time.
  std::optional<void*> findInThisThread(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);

  /// dlerror for the program. Looking symbols up in the middle of a program's calls would lose the message of
  /// a failed dlsym or dlopen that the program has not asked for yet; the engine keeps it (per thread).
  static char* programError();
  /// Has the program's next dlerror say this: we failed where the loader would not have.
  static void setProgramError(const std::string& message);
  /// As after each success of such a function: nothing has failed.
  static void forgetProgramError();

  /// dlopen for all to see.
  Status loadLibrary(const std::string& path) TIERCEL_EXCLUDES(mutex_);

  /// The program refers to functions with which it can run on stacks of its own.
  bool switchesStacks() const { return switchesStacks_.load(std::memory_order_relaxed); }

  Mutex& forkMutex() { return mutex_; }

private:
  std::optional<void*> findNow(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);

  BeforeLoad beforeLoad_;
  AfterLoad afterLoad_;
  std::atomic<uint64_t> serial_{0};
  std::atomic<bool> switchesStacks_{false};
  Mutex mutex_;
  llvm::StringMap<void*> known_ TIERCEL_GUARDED_BY(mutex_);
  /// What weak references were told is not there, since a library was loaded last.
  llvm::StringSet<> absent_ TIERCEL_GUARDED_BY(mutex_);
  llvm::DenseMap<void*, void*> instead_ TIERCEL_GUARDED_BY(mutex_);
  unsigned nextDefaultLibrary_ TIERCEL_GUARDED_BY(mutex_) = 0;
};

} // namespace tiercel
