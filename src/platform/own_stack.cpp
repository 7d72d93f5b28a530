// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/own_stack.h"

#include "platform/proc_threads.h"
#include "platform/stack.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <pthread.h>
#include <sys/resource.h>

namespace tiercel {

namespace {

/// An address range.
struct Range {
  uintptr_t begin = 0;
  size_t size = 0;
  bool contains(uintptr_t address) const { return address - begin < size; }
};

struct Layout {
  std::optional<size_t> offset; ///< in libc's record of a thread: of the begin and size of its stack
  Range main;                   ///< the stack of the process
};

const uintptr_t* recordOfThread() { return reinterpret_cast<const uintptr_t*>(pthread_self()); }

/// On a thread that libc has made. Its record is at the upper end of its stack.
void* findOffset(void* raw) {
  auto& offset = *static_cast<std::optional<size_t>*>(raw);
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0)
    return nullptr;
  void* usable = nullptr; // the guard pages are not
  size_t usableSize = 0;
  const bool known = pthread_attr_getstack(&attributes, &usable, &usableSize) == 0;
  pthread_attr_destroy(&attributes);
  const uintptr_t end = reinterpret_cast<uintptr_t>(usable) + usableSize;
  const uintptr_t* record = recordOfThread();
  const auto* last = reinterpret_cast<const uintptr_t*>(end) - 1;
  for (const uintptr_t* word = record; known && word < last; ++word) {
    if (word[0] + word[1] == end && word[0] <= reinterpret_cast<uintptr_t>(usable) && word[1] != 0) {
      offset = static_cast<size_t>(word - record);
      return nullptr;
    }
  }
  return nullptr;
}

/// As far as the process's stack may grow: its limit, or what lies below.
Range mainStack() {
  const std::vector<Mapping> mappings = mappingsOfProcess();
  const auto found = std::find_if(mappings.begin(), mappings.end(),
                                  [](const Mapping& mapping) { return mapping.isMainStack; });
  if (found == mappings.end())
    return {};
  uintptr_t size = found->end - (found == mappings.begin() ? 0 : (found - 1)->end);
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    size = std::min<uintptr_t>(size, std::max<uintptr_t>(limit.rlim_cur, found->end - found->begin));
  return {found->end - size, size};
}

const Layout& layout() {
  static const Layout found = [] {
    Layout result;
    sigset_t all, before; // the thread is to handle none of the program's signals
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    if (pthread_create(&thread, nullptr, findOffset, &result.offset) == 0)
      pthread_join(thread, nullptr);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    result.main = mainStack();
    return result;
  }();
  return found;
}

Range alternateStack() {
  stack_t alternate{};
  if (sigaltstack(nullptr, &alternate) != 0 || (alternate.ss_flags & SS_DISABLE) != 0)
    return {};
  return {reinterpret_cast<uintptr_t>(alternate.ss_sp), alternate.ss_size};
}

/// What the thread was made with. Its mapping may hold more: stacks of coroutines that come from the same
/// pool, or that the kernel has merged it with.
Range primaryStack() {
  const Layout& known = layout();
  if (!known.offset)
    return {};
  const uintptr_t* words = recordOfThread() + *known.offset;
  return words[1] != 0 ? Range{words[0], words[1]} : known.main; // libc has made all but the first
}

} // namespace

void prepareOwnStack() { layout(); }

bool isOwnStack(uintptr_t sp) {
  return primaryStack().contains(sp) || Stack::contains(sp) || alternateStack().contains(sp);
}

} // namespace tiercel
