// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/loader_search.h"

#include "tiercel/library.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <span>
#include <unistd.h>

namespace tiercel {

namespace {

bool isLoaded(const std::string& name) {
  void* handle = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle)
    dlclose(handle);
  return handle != nullptr;
}

/// The loader's own folders.
struct SystemFolders {
  std::vector<std::string> executable;  ///< of DT_RPATH or DT_RUNPATH
  std::vector<std::string> environment; ///< of LD_LIBRARY_PATH
  std::vector<std::string> defaults;
};

SystemFolders systemFolders() {
  SystemFolders folders;
  void* self = dlopen(nullptr, RTLD_LAZY);
  Dl_serinfo head;
  if (!self || dlinfo(self, RTLD_DI_SERINFOSIZE, &head) != 0)
    return folders;
  std::vector<std::max_align_t> space(head.dls_size / sizeof(std::max_align_t) + 1);
  auto* info = reinterpret_cast<Dl_serinfo*>(space.data());
  if (dlinfo(self, RTLD_DI_SERINFOSIZE, info) == 0 && dlinfo(self, RTLD_DI_SERINFO, info) == 0) {
    for (const Dl_serpath& path : std::span(info->dls_serpath, info->dls_cnt)) {
      if (path.dls_flags & LA_SER_DEFAULT)
        folders.defaults.emplace_back(path.dls_name);
      else if (path.dls_flags & LA_SER_LIBPATH)
        folders.environment.emplace_back(path.dls_name);
      else
        folders.executable.emplace_back(path.dls_name);
    }
  }
  dlclose(self);
  return folders;
}

void replaceAll(std::string& text, llvm::StringRef token, llvm::StringRef by) {
  for (const std::string& written : {"${" + token.str() + "}", "$" + token.str()}) {
    for (size_t at = 0; (at = text.find(written, at)) != text.npos; at += by.size())
      text.replace(at, written.size(), by.str());
  }
}

/// A path or folder in which the loader replaces its tokens; `of` is the library that has it. Empty when the
/// working folder is gone. What glibc takes for the platform depends on its version and on the CPU: one of
/// these.
std::vector<std::string> expandTokens(std::string path, const std::string& of, const SystemFolders& system) {
  if (path.find('$') == path.npos)
    return {path};
  llvm::SmallString<128> origin(of);
  if (llvm::sys::fs::make_absolute(origin))
    return {};
  llvm::sys::path::remove_filename(origin);
  replaceAll(path, "ORIGIN", origin);
  // "/lib64" or "/lib/x86_64-linux-gnu", with or without "/usr" before it.
  llvm::StringRef library = system.defaults.empty() ? "/lib64" : llvm::StringRef(system.defaults.front());
  library.consume_front("/usr");
  replaceAll(path, "LIB", library.trim('/'));
  std::vector<std::string> paths;
  for (const char* platform : {"x86_64", "haswell", "xeon_phi"}) {
    std::string one = path;
    replaceAll(one, "PLATFORM", platform);
    const bool isSame = one == path;
    paths.push_back(std::move(one));
    if (isSame)
      break;
  }
  return paths;
}

/// A list of folders as a library has it; `of` is the library.
std::vector<std::string> expand(const std::string& list, const std::string& of, const SystemFolders& system) {
  std::vector<std::string> folders;
  llvm::SmallVector<llvm::StringRef> parts;
  llvm::StringRef(list).split(parts, ':', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    for (std::string& folder : expandTokens(part.str(), of, system))
      folders.push_back(std::move(folder));
  }
  return folders;
}

std::string pathOfExecutable() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

/// A name as who needs the library has it.
std::string expandName(const std::string& name, const std::string& of, const SystemFolders& system) {
  const std::vector<std::string> paths = expandTokens(name, of, system);
  const auto there =
      std::find_if(paths.begin(), paths.end(), [](const auto& path) { return llvm::sys::fs::exists(path); });
  return there == paths.end() ? name : *there;
}

std::string findIn(const std::vector<std::string>& folders, const std::string& name) {
  for (const std::string& folder : folders) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    if (llvm::sys::fs::exists(path))
      return path.str().str();
  }
  return {};
}

/// /etc/ld.so.cache, as glibc's ldconfig has written it since 2.2: a header, entries, and strings by their
/// offset in the file.
std::string findInCache(const std::string& name) {
  struct Header {
    char magic[20];
    uint32_t entries;
    uint32_t unused[6];
  } header;
  struct Entry {
    int32_t flags;
    uint32_t name, path, unused;
    uint64_t hardware;
  } entry;
  static_assert(sizeof(Header) == 48 && sizeof(Entry) == 24);
  constexpr llvm::StringRef kMagic = "glibc-ld.so.cache1.1";
  constexpr int32_t kX86_64 = 0x303;

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile("/etc/ld.so.cache");
  if (!file || !(*file)->getBuffer().starts_with(kMagic) || (*file)->getBufferSize() < sizeof header)
    return {};
  const llvm::StringRef bytes = (*file)->getBuffer();
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto textAt = [&](uint32_t offset) { return bytes.drop_front(offset).split('\0').first; };
  for (uint64_t i = 0; i < header.entries; ++i) {
    const uint64_t at = sizeof header + i * sizeof entry;
    if (at + sizeof entry > bytes.size())
      break;
    std::memcpy(&entry, bytes.data() + at, sizeof entry);
    if (entry.flags == kX86_64 && entry.name < bytes.size() && entry.path < bytes.size() &&
        textAt(entry.name) == name)
      return textAt(entry.path).str();
  }
  return {};
}

/// A library that somebody needs, and where that says it is.
struct Wanted {
  std::string name;
  std::vector<std::string> first;          ///< DT_RPATH, of who needs it and of who needs that
  std::vector<std::string> beforeDefaults; ///< DT_RUNPATH of who needs it
};

std::string find(const Wanted& wanted, const SystemFolders& system) {
  if (wanted.name.find('/') != std::string::npos)
    return wanted.name;
  for (const auto* folders : {&wanted.first, &system.environment, &wanted.beforeDefaults}) {
    if (std::string path = findIn(*folders, wanted.name); !path.empty())
      return path;
  }
  std::string path = findInCache(wanted.name);
  return path.empty() ? findIn(system.defaults, wanted.name) : path;
}

} // namespace

Result<std::vector<DynamicLibrary>> librariesToLoad(const std::string& name) {
  const SystemFolders system = systemFolders();
  std::vector<DynamicLibrary> libraries;
  llvm::StringSet<> seen;
  std::vector<Wanted> open{{expandName(name, pathOfExecutable(), system), system.executable, {}}};
  for (size_t next = 0; next < open.size(); ++next) {
    const Wanted wanted = open[next];
    if (!seen.insert(wanted.name).second || isLoaded(wanted.name))
      continue;
    const std::string path = find(wanted, system);
    if (path.empty())
      continue;
    if (Status status = checkNotCutShort(path); !status) {
      dlerror();
      return status.takeError();
    }
    Result<DynamicLibrary> library = readDynamicLibrary(path);
    if (!library)
      continue;
    // With a DT_RUNPATH, DT_RPATH means nothing.
    std::vector<std::string> first, beforeDefaults = expand(library->searchBeforeDefaults, path, system);
    if (beforeDefaults.empty()) {
      first = expand(library->searchFirst, path, system);
      first.insert(first.end(), wanted.first.begin(), wanted.first.end());
    }
    for (const std::string& needed : library->needed)
      open.push_back({expandName(needed, path, system), first, beforeDefaults});
    libraries.push_back(std::move(*library));
  }
  dlerror();
  return libraries;
}

Status checkLibrary(const std::string& name) {
  Result<std::vector<DynamicLibrary>> libraries = librariesToLoad(name);
  return libraries ? Status() : Status(libraries.takeError());
}

} // namespace tiercel
