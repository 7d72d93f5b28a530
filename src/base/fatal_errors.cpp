// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/fatal_errors.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/PrettyStackTrace.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

namespace tiercel {

namespace {

struct RecoveryPoint {
  RecoveryPoint* outer;
  jmp_buf place;
  /// The first line of what was said, in memory that is there already: there may be no more.
  std::array<char, 1024> said{};
};
thread_local RecoveryPoint* innermost = nullptr;

/// If it returns, LLVM ends the process.
void onFatalError(void* /*data*/, const char* reason, bool /*crash*/) {
  RecoveryPoint* point = innermost;
  if (!point) {
    std::fprintf(stderr, "LLVM ERROR: %s\n", reason);
    return;
  }
  // Further lines show data structures of LLVM's.
  const size_t length = std::min(std::strcspn(reason, "\n"), point->said.size() - 1);
  std::memcpy(point->said.data(), reason, length);
  longjmp(point->place, 1);
}

/// The call that returns twice, in a frame with nothing that could change in between.
__attribute__((noinline)) bool callFrom(RecoveryPoint& point, void (*function)(void*), void* argument) {
  if (_setjmp(point.place) != 0)
    return false;
  function(argument);
  return true;
}

} // namespace

void handleFatalErrors() {
  static const bool installed = [] {
    llvm::install_fatal_error_handler(onFatalError);
    llvm::install_bad_alloc_error_handler(onFatalError);
    return true;
  }();
  (void)installed;
}

std::optional<std::string> callWithRecovery(void (*function)(void*), void* argument) {
  RecoveryPoint point{.outer = innermost, .place = {}};
  // LLVM keeps a list of what the thread does, with entries on the stack.
  const void* doing = llvm::SavePrettyStackState();
  innermost = &point;
  const bool returned = callFrom(point, function, argument);
  innermost = point.outer;
  if (returned)
    return std::nullopt;
  llvm::RestorePrettyStackState(doing);
  return std::string(point.said.data());
}

} // namespace tiercel
