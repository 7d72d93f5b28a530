// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of compiled code: from the host through a function's stub, and between two functions of the program.
#include "living.h"

#include <dlfcn.h>

extern "C" long call_kernel_step(long value);
extern "C" long call_kernel_loop(long value, long calls);
extern "C" long call_kernel_through(long (*step)(long), long value, long calls);

using tiercel::Engine;

namespace {

using Step = long (*)(long);

/// The function as part of a shared library: as far from here as compiled code is, which processors notice.
Step farStep() {
  void* library = dlopen(CALL_KERNEL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  void* step = library ? dlsym(library, "call_kernel_step") : nullptr;
  if (!step || step == reinterpret_cast<void*>(call_kernel_step))
    fail("no shared library with the kernel");
  return reinterpret_cast<Step>(step);
}

template <typename Loop> void measure(const char* name, int calls, Loop loop) {
  const double start = nowUs();
  const long result = loop();
  print(name, (nowUs() - start) * 1e3 / calls);
  if (result != call_kernel_loop(1, calls))
    fail(std::string(name) + ": wrong result");
}

} // namespace

void measureCalls(int calls, int rounds) {
  tiercel::Options options;
  options.mayInline = [](std::string_view, std::string_view) { return false; };
  auto engine = orFail(Engine::create(std::move(options)));
  orFail(engine->addFile(CALL_KERNEL));
  orFail(engine->prepare({"call_kernel_*"}));
  auto* step = orFail(engine->lookup<long(long)>("call_kernel_step"));
  auto* loop = orFail(engine->lookup<long(long, long)>("call_kernel_loop"));
  auto* through = orFail(engine->lookup<long(void*, long, long)>("call_kernel_through"));
  const Step far = farStep();
  if (engine->stats().calls.direct == 0)
    fail("there is no direct call");
  for (int round = 0; round < rounds; ++round) {
    measure("native, direct", calls, [&] { return call_kernel_loop(1, calls); });
    measure("JIT to JIT, direct", calls, [&] { return loop(1, calls); });
    measure("native, through a pointer", calls,
            [&] { return call_kernel_through(call_kernel_step, 1, calls); });
    measure("JIT to JIT, through the stub", calls,
            [&] { return through(reinterpret_cast<void*>(step), 1, calls); });
    measure("native, into a shared library", calls, [&] { return call_kernel_through(far, 1, calls); });
    measure("host through the stub", calls, [&] { return call_kernel_through(step, 1, calls); });
  }
  // Where the loop's call goes after its callee was replaced: it was turned, and costs the same.
  for (int version = 0; version < 3; ++version) {
    orFail(engine->discardCode({"call_kernel_step"}));
    orFail(engine->prepare({"call_kernel_step"}));
  }
  for (int round = 0; round < rounds; ++round) {
    measure("native, direct (2)", calls, [&] { return call_kernel_loop(1, calls); });
    measure("JIT to JIT, turned", calls, [&] { return loop(1, calls); });
  }
}
