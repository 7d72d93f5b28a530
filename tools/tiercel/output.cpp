// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tiercel::cli {

bool writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return false;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Result<std::string> readAll(const std::string& file, const std::string& name) {
  const int descriptor = file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const auto failed = [&name] {
    return Error(ErrorKind::Environment, name.empty() ? "''" : name, std::strerror(errno));
  };
  if (descriptor < 0)
    return failed();
  std::string text;
  while (true) {
    char chunk[1 << 16];
    const ssize_t size = ::read(descriptor, chunk, sizeof chunk);
    if (size == 0)
      break;
    if (size > 0)
      text.append(chunk, static_cast<size_t>(size));
    else if (errno != EINTR)
      return failed();
  }
  if (descriptor != STDIN_FILENO)
    ::close(descriptor);
  return text;
}

Output::Output(int descriptor) {
  // Far above the numbers that programs get, so that theirs are what they are natively; not so far that the
  // kernel's table of descriptors becomes large.
  constexpr int kLowestOwn = 500;
  descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kLowestOwn);
  if (descriptor_ < 0 && errno == EINVAL) // a tight limit on open files
    descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  struct stat status;
  if (::fstat(descriptor_, &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

Output Output::standardError() { return Output(STDERR_FILENO); }

Result<Output> Output::file(const std::string& path, const std::string& option) {
  int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return Error(ErrorKind::Environment, option, fmt::format("cannot be written: {}", std::strerror(errno)));
  Output output(descriptor);
  ::close(descriptor);
  return output;
}

bool Output::write(std::string_view text) const {
  // The program may call us in the middle of anything, so its errno must survive.
  int saved = errno;
  struct stat status;
  bool mine = ::fstat(descriptor_, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  bool done = mine && writeAll(descriptor_, text);
  errno = saved;
  return done;
}

} // namespace tiercel::cli
