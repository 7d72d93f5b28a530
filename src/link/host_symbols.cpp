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

std::optional<void*> HostSymbols::findLoaded(llvm::StringRef name) {
  for (;;) {
    const uint64_t before = serial();
    {
      LockGuard lock(mutex_);
      if (absent_.contains(name))
        return std::nullopt;
    }
    const std::optional<void*> address = findNow(name);
    // Whoever comes first decides for all that look at the same time.
    LockGuard lock(mutex_);
    if (serial() != before)
      continue; // perhaps the library that came has it
    if (absent_.contains(name))
      return std::nullopt;
    if (address)
      return address;
    if (const auto known = known_.find(name); known != known_.end())
      return known->second;
    absent_.insert(name);
    return std::nullopt;
  }
}

std::optional<void*> HostSymbols::findNow(llvm::StringRef name) {
  {
    LockGuard lock(mutex_);
    if (auto found = known_.find(name); found != known_.end())
      return found->second;
  }
  if (name == "makecontext" || name == "swapcontext" || name == "setcontext")
    switchesStacks_.store(true, std::memory_order_relaxed);
  // Without our lock: dlsym takes the loader's, under which a library's constructor may be calling us.
  const std::optional<void*> address = findInThisThread(name);
  if (!address)
    return std::nullopt;
  // Remembered, so that compiles seldom call dlsym: it takes the loader's lock, which a thread may hold that
  // is running a library's constructor and waiting for one of our compiles.
  LockGuard lock(mutex_);
  known_.try_emplace(name, *address);
  return address;
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

std::optional<void*> HostSymbols::find(llvm::StringRef name) {
  for (;;) {
    if (std::optional<void*> address = findNow(name))
      return address;
    const char* library = nullptr;
    {
      LockGuard lock(mutex_);
      if (nextDefaultLibrary_ == std::size(kDefaultLibraries))
        return std::nullopt;
      library = kDefaultLibraries[nextDefaultLibrary_++];
    }
    // A system without one of them is no error; what needs it will say so.
    (void)bool(loadLibrary(library));
  }
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
  const auto lookAgain = [this] {
    LockGuard lock(mutex_);
    absent_.clear();
    serial_.fetch_add(1, std::memory_order_release);
  };
  // Before: who looked, and found nothing, while it was being loaded must look again.
  lookAgain();
  const auto open = [&] {
    const Loading now(path);
    return dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL);
  };
  if (!open())
    return Error(ErrorKind::BadInput, path, std::string("cannot load the library: ") + dlerror());
  lookAgain();
  return afterLoad_ ? afterLoad_(waiting) : Status();
}

} // namespace tiercel
