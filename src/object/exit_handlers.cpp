// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object/exit_handlers.h"

#include "platform/program_state_guard.h"

#include <dlfcn.h>

extern "C" void __cxa_finalize(void* dso);

namespace tiercel {

int ExitHandlers::add(void (*function)(void*), void* argument, void* handle) {
  // Looked up, because a host may wrap its own registrations.
  using Register = int (*)(void (*)(void*), void*, void*);
  auto* self = static_cast<ExitHandlers*>(handle);
  const ProgramStateGuard guard; // no handler of the program's leaves it with the lock held
  static const auto tellLibc = reinterpret_cast<Register>(dlsym(RTLD_DEFAULT, "__cxa_atexit"));
  LockGuard lock(self->mutex_);
  if (!self->known_) {
    if (!tellLibc || tellLibc(run, self, self) != 0)
      return -1;
    self->known_ = true;
  }
  self->handlers_.push_back({function, argument});
  return 0;
}

void ExitHandlers::run(void* handlers) {
  auto* self = static_cast<ExitHandlers*>(handlers);
  for (;;) {
    Handler last;
    {
      const ProgramStateGuard guard;
      LockGuard lock(self->mutex_);
      if (self->handlers_.empty())
        return;
      last = self->handlers_.back();
      self->handlers_.pop_back();
    }
    last.function(last.argument); // may add others
  }
}

void ExitHandlers::finish() {
  run(this);
  __cxa_finalize(this);
}

void ExitHandlers::follow(const CodeMove& move) {
  LockGuard lock(mutex_);
  for (Handler& handler : handlers_) {
    handler.function = reinterpret_cast<void (*)(void*)>(move(reinterpret_cast<void*>(handler.function)));
    handler.argument = move(handler.argument);
  }
}

} // namespace tiercel
