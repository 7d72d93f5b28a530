// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/host_symbols.h"

#include <dlfcn.h>

namespace tiercel {

namespace {

/// What compiler drivers link without being asked, in the order of trying.
constexpr const char* kDefaultLibraries[] = {"libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"};

} // namespace

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
  // Without the lock: dlsym takes the loader's, under which a library's constructor may be calling us.
  dlerror();
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
  if (beforeLoad_) {
    if (Status status = beforeLoad_(path); !status)
      return status;
  }
  if (!dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL))
    return Error(ErrorKind::BadInput, path, std::string("cannot load the library: ") + dlerror());
  return {};
}

} // namespace tiercel
