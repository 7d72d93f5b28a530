// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "command.h"

#include "output.h"

#include <llvm/ADT/StringRef.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace tiercel::cli {

ExitStatus exitStatusFor(ErrorKind kind) {
  return kind == ErrorKind::Internal ? kInternalFailure : kCannotRun;
}

int show(std::string_view text) {
  if (writeAll(STDOUT_FILENO, text))
    return 0;
  printError(Error(ErrorKind::Environment, "standard output", std::strerror(errno)));
  return kCannotRun;
}

void printError(const Error& error) {
  writeAll(STDERR_FILENO, fmt::format("tiercel: error: {}\n", error.message()));
}

int wrongCommandLine(const std::string& what, const std::string& why, std::string_view tryThis) {
  writeAll(STDERR_FILENO, fmt::format("tiercel: error: {}: {}\nTry '{}'.\n", what, why, tryThis));
  return kWrongCommandLine;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  // Two edits are a typing mistake; in a short word they make another word, in a shorter one even one does.
  unsigned best = word.size() < 3 ? 1 : word.size() < 4 ? 2 : 3;
  std::string_view found;
  for (std::string_view candidate : known) {
    unsigned distance =
        llvm::StringRef(word).edit_distance(candidate, /*AllowReplacements=*/true, /*MaxEditDistance=*/best);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

} // namespace tiercel::cli
