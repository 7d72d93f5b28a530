// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/host_symbols.h"

#include <cstdio>
#include <dlfcn.h>

namespace tiercel {

namespace {

/// What compiler drivers link without being asked, in the order of trying.
constexpr const char* kDefaultLibraries[] = {"libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"};

/// A message of dlerror that is the program's, taken out of our way.
struct KeptError {
  bool kept = false;
  char text[512];
};
thread_local KeptError keptError;

void keepProgramError() {
  if (const char* message = dlerror()) {
    keptError.kept = true;
    snprintf(keptError.text, sizeof keptError.text, "%s", message);
  }
}

} // namespace

char* HostSymbols::programError() {
  char* message = dlerror();
  if (!message && keptError.kept)
    message = keptError.text;
  keptError.kept = false;
  return message;
}

void HostSymbols::setProgramError(const std::string& message) {
  dlerror();
  keptError.kept = true;
  snprintf(keptError.text, sizeof keptError.text, "%s", message.c_str());
}

void HostSymbols::supply(const char* name, void* address) {
  LockGuard lock(mutex_);
  known_[name] = address;
}

std::optional<void*> HostSymbols::findLoaded(llvm::StringRef name) {
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
  void* address = dlsym(RTLD_DEFAULT, name.str().c_str());
  if (!address && dlerror())
    return std::nullopt;
  return address;
}

std::optional<void*> HostSymbols::find(llvm::StringRef name) {
  for (;;) {
    if (std::optional<void*> address = findLoaded(name))
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
  if (beforeLoad_) {
    if (Status status = beforeLoad_(path); !status)
      return status;
  }
  // Before: who looked, and found nothing, while it was being loaded must look again.
  serial_.fetch_add(1, std::memory_order_release);
  if (!dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL))
    return Error(ErrorKind::BadInput, path, std::string("cannot load the library: ") + dlerror());
  serial_.fetch_add(1, std::memory_order_release);
  if (afterLoad_)
    afterLoad_();
  return {};
}

} // namespace tiercel
