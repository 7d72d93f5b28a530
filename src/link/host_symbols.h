// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The process around the program: libraries that are loaded, those a native link would have added by itself
// (libm, the C++ runtime), and functions that the engine supplies instead of the library's (runtime
// functions: those that would not know about compiled code, and those that exist only in libc_nonshared.a).
//
// The dynamic loader has a lock, under which it runs constructors of libraries, and these may call the
// program. A compile that asked the loader could wait for a constructor that waits for the compile. So names
// are learned when they come into the program and when libraries come, by threads without locks, and compiles
// use what has been learned. They ask the loader only for a name that nobody has foreseen.
//
// Thread rule: thread-safe.
#pragma once

#include "tiercel/error.h"

#include "base/ids.h"
#include "base/thread_annotations.h"
#include "link/dynamic_symbols.h"
#include "unit/extractor.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

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

  /// Asks the loader for a name of the program, unless it is known, and remembers the answer. With `load`,
  /// default libraries are loaded where that helps. Whether the process has it. Without locks.
  bool learn(llvm::StringRef name, bool isData, bool load) TIERCEL_EXCLUDES(mutex_);
  /// Asks again for all that was not there: libraries have come. Without locks.
  void learnAgain() TIERCEL_EXCLUDES(mutex_);

  bool has(llvm::StringRef name, bool weak) override {
    return (weak ? findLoaded(name) : find(name)).has_value();
  }
  uint64_t serial() const override { return serial_.load(std::memory_order_acquire); }
  /// Called when a library has been loaded, with what has waited for it: names that nobody had may be there
  /// now.
  using AfterLoad = std::function<Status(std::span<const GlobalId> waiting)>;
  void onLoaded(AfterLoad hook) { afterLoad_ = std::move(hook); }

  /// By what has been learned; not for weak references.
  std::optional<void*> find(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// The same for weak references. The first answer holds for all who ask, whatever the program itself opens
  /// and closes, until loadLibrary loads something.
  std::optional<void*> findLoaded(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);
  /// Where a thread-local outside the program is, in any thread.
  std::optional<ThreadLocalPlace> findThreadLocalPlace(llvm::StringRef name) TIERCEL_EXCLUDES(mutex_);

  /// Asks the loader. Of a thread-local, the calling thread's instance.
  static std::optional<void*> findInThisThread(llvm::StringRef name);

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
  /// What loadLibrary changes for those who look at the same time.
  void forgetWhatWasTold() TIERCEL_EXCLUDES(mutex_);

  BeforeLoad beforeLoad_;
  AfterLoad afterLoad_;
  std::atomic<uint64_t> serial_{0};
  std::atomic<bool> switchesStacks_{false};
  Mutex mutex_;
  llvm::StringMap<void*> known_ TIERCEL_GUARDED_BY(mutex_);
  struct Absent {
    bool isTold = false; ///< weak references were told so, since a library was loaded last
  };
  /// What was not there when the loader was asked last.
  llvm::StringMap<Absent> absent_ TIERCEL_GUARDED_BY(mutex_);
  llvm::StringMap<ThreadLocalPlace> threadLocals_ TIERCEL_GUARDED_BY(mutex_);
  llvm::DenseMap<void*, void*> instead_ TIERCEL_GUARDED_BY(mutex_);
  unsigned nextDefaultLibrary_ TIERCEL_GUARDED_BY(mutex_) = 0;
};

} // namespace tiercel
