// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/input.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace tiercel {

namespace {

constexpr const char* kSystemFolders[] = {"/lib/x86_64-linux-gnu",
                                          "/usr/lib/x86_64-linux-gnu",
                                          "/usr/local/lib",
                                          "/lib64",
                                          "/usr/lib64",
                                          "/lib",
                                          "/usr/lib"};

/// Part of libc.so.6 since glibc 2.34; their libNAME.so may not exist any more.
bool isInLibc(llvm::StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"c", "pthread", "dl", "rt", "util", "anl"}, true)
      .Default(false);
}

/// libm.so and others may be linker scripts: "GROUP ( /lib/…/libm.so.6 AS_NEEDED ( … ) )". The first path
/// that exists is the library.
std::string followLinkerScript(const std::string& path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes = llvm::MemoryBuffer::getFile(path);
  if (!bytes || (*bytes)->getBuffer().starts_with("\177ELF") || (*bytes)->getBuffer().starts_with("!<arch>"))
    return path;
  llvm::SmallVector<llvm::StringRef, 32> words;
  llvm::SplitString((*bytes)->getBuffer(), words, " \t\r\n()");
  for (llvm::StringRef word : words) {
    if (word.starts_with("/") && !word.starts_with("/*") && llvm::sys::fs::exists(word))
      return word.str();
  }
  return path;
}

std::string findIn(llvm::StringRef folder, const std::string& name) {
  for (const char* ending : {".so", ".a"}) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, "lib" + name + ending);
    if (llvm::sys::fs::exists(path))
      return followLinkerScript(path.str().str());
  }
  return {};
}

/// Without the development package there is no libNAME.so, only libNAME.so.N: good enough to run with.
std::string findVersioned(llvm::StringRef folder, const std::string& name) {
  const std::string prefix = "lib" + name + ".so.";
  std::string best;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator entry(folder, error), end; entry != end && !error;
       entry.increment(error)) {
    llvm::StringRef file = llvm::sys::path::filename(entry->path());
    if (file.starts_with(prefix) && (best.empty() || file.size() < llvm::sys::path::filename(best).size()))
      best = entry->path();
  }
  return best;
}

} // namespace

Result<std::string> findLibrary(const std::string& name, const std::vector<std::string>& directories) {
  for (const std::string& folder : directories) {
    if (std::string path = findIn(folder, name); !path.empty())
      return path;
  }
  if (isInLibc(name))
    return std::string();
  for (const char* folder : kSystemFolders) {
    if (std::string path = findIn(folder, name); !path.empty())
      return path;
  }
  for (const char* folder : kSystemFolders) {
    if (std::string path = findVersioned(folder, name); !path.empty())
      return path;
  }
  std::string searched = llvm::join(directories, ", ");
  if (!searched.empty())
    searched += " or ";
  return Error(ErrorKind::BadInput, "-l" + name,
               "found neither lib" + name + ".so nor lib" + name + ".a in " + searched +
                   "the system's folders");
}

} // namespace tiercel
