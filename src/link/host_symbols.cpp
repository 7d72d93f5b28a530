// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/host_symbols.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <utility>

namespace tiercel {

namespace {

/// What compiler drivers link without being asked, in the order of trying.
constexpr const char* kDefaultLibraries[] = {"libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"};

/// A message of dlerror that is the program's, taken out of our way; null if there is none. Few threads have
/// one, and thread-locals of the executable lie on the stack of each.
thread_local char* keptError = nullptr;

void keep(const char* message) {
  static thread_local struct Owner {
    ~Owner() { free(keptError); }
  } owner; // made when it comes here
  free(keptError);
  keptError = strdup(message);
}

void keepProgramError() {
  if (const char* message = dlerror())
    keep(message);
}

/// The libraries that this thread is loading, the last one first. While their constructors run, they are not
/// in the global search yet, and may call functions of the program that refer to them.
struct Loading {
  explicit Loading(const std::string& which) : path(which) { innermost = this; }
  ~Loading() { innermost = outer; }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

  const std::string& path;
  const Loading* const outer = innermost;
  static thread_local const Loading* innermost;
};
thread_local const Loading* Loading::innermost = nullptr;

std::optional<void*> findIn(void* handle, const std::string& name) {
  void* address = dlsym(handle, name.c_str());
  if (!address && dlerror())
    return std::nullopt;
  return address;
}

} // namespace

char* HostSymbols::programError() {
  if (char* message = dlerror()) {
    free(std::exchange(keptError, nullptr));
    return message;
  }
  static thread_local struct Shown { ///< until the next call
    char* text = nullptr;
    ~Shown() { free(text); }
  } shown;
  free(shown.text);
  shown.text = std::exchange(keptError, nullptr);
  return shown.text;
}

void HostSymbols::setProgramError(const std::string& message) {
  dlerror();
  keep(message.c_str());
}

void HostSymbols::forgetProgramError() {
  dlerror();
  free(std::exchange(keptError, nullptr));
}

void HostSymbols::supply(const char* name, void* address) {
  LockGuard lock(mutex_);
  known_[name] = address;
}

void HostSymbols::supplyInstead(const char* name, void* address) {
  const std::optional<void*> inProcess = findInThisThread(name);
  // Hosts and sanitizers put functions of their own before the C library's; RTLD_NEXT finds those behind.
  static void* const library = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
  void* const behind = library ? dlsym(library, name) : nullptr;
  supply(name, address);
  LockGuard lock(mutex_);
  for (void* function : {inProcess.value_or(nullptr), behind}) {
    if (function)
      instead_[function] = address;
  }
}

void* HostSymbols::insteadOf(void* address) {
  LockGuard lock(mutex_);
  const auto found = instead_.find(address);
  return found == instead_.end() ? address : found->second;
}

bool HostSymbols::learn(llvm::StringRef name, bool isData, bool load) {
  {
    LockGuard lock(mutex_);
    if (known_.contains(name))
      return true;
  }
  if (name == "makecontext" || name == "swapcontext" || name == "setcontext")
    switchesStacks_.store(true, std::memory_order_relaxed);
  std::optional<void*> address = findInThisThread(name);
  while (!address && load) {
    const char* library = nullptr;
    {
      LockGuard lock(mutex_);
      if (nextDefaultLibrary_ == std::size(kDefaultLibraries))
        break;
      library = kDefaultLibraries[nextDefaultLibrary_++];
    }
    // A system without one of them is no error; what needs it will say so.
    (void)bool(loadLibrary(library));
    address = findInThisThread(name);
  }
  std::optional<ThreadLocalPlace> place;
  if (address && isData)
    place = findThreadLocal(*address);
  LockGuard lock(mutex_);
  if (!address) {
    absent_.try_emplace(name);
    return false;
  }
  known_.try_emplace(name, *address);
  if (place)
    threadLocals_.try_emplace(name, *place);
  if (const auto found = absent_.find(name); found != absent_.end() && !found->second.isTold)
    absent_.erase(found);
  return true;
}

void HostSymbols::learnAgain() {
  std::vector<std::string> names;
  {
    LockGuard lock(mutex_);
    for (const auto& absent : absent_)
      names.push_back(absent.first().str());
  }
  for (const std::string& name : names)
    learn(name, /*isData=*/true, /*load=*/false);
}

void HostSymbols::forgetWhatWasTold() {
  LockGuard lock(mutex_);
  for (auto& absent : absent_)
    absent.second.isTold = false;
  serial_.fetch_add(1, std::memory_order_release);
}

std::optional<void*> HostSymbols::findLoaded(llvm::StringRef name) {
  for (;;) {
    {
      LockGuard lock(mutex_);
      const auto absent = absent_.find(name);
      if (absent != absent_.end() && absent->second.isTold)
        return std::nullopt;
      if (const auto known = known_.find(name); known != known_.end())
        return known->second;
      if (absent != absent_.end() && !Loading::innermost) {
        // Whoever comes first decides for all that look at the same time.
        absent->second.isTold = true;
        return std::nullopt;
      }
    }
    if (learn(name, /*isData=*/true, /*load=*/false))
      continue;
    LockGuard lock(mutex_);
    absent_[name].isTold = true;
    return std::nullopt;
  }
}

std::optional<void*> HostSymbols::find(llvm::StringRef name) {
  for (bool learned = false;; learned = true) {
    {
      LockGuard lock(mutex_);
      if (const auto known = known_.find(name); known != known_.end())
        return known->second;
      // What a library has that this thread is loading is not in the global search yet.
      if (learned || (absent_.contains(name) && !Loading::innermost))
        return std::nullopt;
    }
    learn(name, /*isData=*/true, /*load=*/false);
  }
}

std::optional<ThreadLocalPlace> HostSymbols::findThreadLocalPlace(llvm::StringRef name) {
  for (bool learned = false;; learned = true) {
    {
      LockGuard lock(mutex_);
      if (const auto found = threadLocals_.find(name); found != threadLocals_.end())
        return found->second;
      if (learned)
        return std::nullopt;
    }
    learn(name, /*isData=*/true, /*load=*/false);
  }
}

std::optional<void*> HostSymbols::findInThisThread(llvm::StringRef name) {
  keepProgramError();
  const std::string text = name.str();
  std::optional<void*> address = findIn(RTLD_DEFAULT, text);
  for (const Loading* library = Loading::innermost; library && !address; library = library->outer) {
    if (void* handle = dlopen(library->path.c_str(), RTLD_LAZY | RTLD_NOLOAD)) {
      address = findIn(handle, text);
      dlclose(handle);
    } else {
      dlerror(); // not mapped yet
    }
  }
  return address;
}

Status HostSymbols::loadLibrary(const std::string& path) {
  keepProgramError();
  std::vector<GlobalId> waiting;
  if (beforeLoad_) {
    Result<std::vector<GlobalId>> prepared = beforeLoad_(path);
    if (!prepared)
      return prepared.takeError();
    waiting = std::move(*prepared);
  }
  // Before: who looked, and found nothing, while it was being loaded must look again.
  forgetWhatWasTold();
  const auto open = [&] {
    const Loading now(path);
    return dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL);
  };
  if (!open())
    return Error(ErrorKind::BadInput, path, std::string("cannot load the library: ") + dlerror());
  learnAgain();
  forgetWhatWasTold();
  return afterLoad_ ? afterLoad_(waiting) : Status();
}

} // namespace tiercel
