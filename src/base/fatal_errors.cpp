// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/fatal_errors.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/PrettyStackTrace.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace tiercel {

namespace {

struct RecoveryPoint {
  RecoveryPoint* outer;
  jmp_buf place;
  /// The first line of what was said, in memory that is there already: there may be no more.
  std::array<char, 1024> said{};
};
thread_local RecoveryPoint* innermost = nullptr;
thread_local bool recoverable = false;

/// Without memory, and whole whatever other threads write.
void tell(const char* what, const char* reason) {
  std::array<char, 1024> line{};
  size_t length = 0;
  for (const char* part : {"LLVM ERROR: ", what, reason, "\n"}) {
    const size_t more = std::min(std::strlen(part), line.size() - 1 - length);
    std::memcpy(line.data() + length, part, more);
    length += more;
  }
  line[length - 1] = '\n';
  (void)!write(STDERR_FILENO, line.data(), length);
}

/// To the recovery point, if there is one and the thread may leave what it is at.
void recover(const char* reason) {
  RecoveryPoint* point = innermost;
  if (!point || !recoverable)
    return;
  // Further lines show data structures of LLVM's.
  const size_t length = std::min(std::strcspn(reason, "\n"), point->said.size() - 1);
  std::memcpy(point->said.data(), reason, length);
  longjmp(point->place, 1);
}

/// If it returns, LLVM ends the process.
void onFatalError(void* /*data*/, const char* reason, bool /*crash*/) {
  recover(reason);
  tell("", reason);
}

/// Must not return: LLVM's code goes on as if it could not.
[[noreturn]] void onBadAlloc(void* /*data*/, const char* reason, bool /*crash*/) {
  recover(reason);
  tell("out of memory: ", reason);
  abort();
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
    llvm::install_bad_alloc_error_handler(onBadAlloc);
    return true;
  }();
  (void)installed;
}

RecoverableCode::RecoverableCode() : outer_(std::exchange(recoverable, true)) {}

RecoverableCode::~RecoverableCode() { recoverable = outer_; }

std::optional<std::string> callWithRecovery(void (*function)(void*), void* argument) {
  RecoveryPoint point{.outer = innermost, .place = {}};
  // LLVM keeps a list of what the thread does, with entries on the stack.
  const void* doing = llvm::SavePrettyStackState();
  const bool outerRecoverable = std::exchange(recoverable, false);
  innermost = &point;
  const bool returned = callFrom(point, function, argument);
  innermost = point.outer;
  recoverable = outerRecoverable;
  if (returned)
    return std::nullopt;
  llvm::RestorePrettyStackState(doing);
  return std::string(point.said.data());
}

} // namespace tiercel
