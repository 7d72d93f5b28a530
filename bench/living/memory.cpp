// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory after many redefinitions, with a collection every hundred of them, and after many modules that came,
// were called and went, each with names of its own, where nobody collects.
#include "living.h"

#include <malloc.h>
#include <unistd.h>

using tiercel::Engine;
using tiercel::Source;

namespace {

constexpr int kBetweenCollections = 100;

double residentKib() {
  long total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1024;
}

void report(Engine& engine, int after) {
  const tiercel::Stats stats = engine.stats();
  const auto say = [after](const char* what, double figure) {
    print((std::to_string(after) + " " + what).c_str(), figure);
  };
  say("resident, KiB", residentKib());
  say("heap in use, KiB", static_cast<double>(mallinfo2().uordblks) / 1024);
  say("code live, bytes", static_cast<double>(stats.codeBytes.live));
  say("code retired, bytes", static_cast<double>(stats.codeBytes.retired));
  say("code memory used, KiB", static_cast<double>(stats.memory.codeUsed) / 1024);
  say("code memory mapped, KiB", static_cast<double>(stats.memory.codeCommitted) / 1024);
  say("data, bytes", static_cast<double>(stats.dataBytes));
}

} // namespace

void measureMemory(int redefinitions) {
  tiercel::Options options;
  options.reclaim = tiercel::Reclaim::Signals;
  auto engine = orFail(Engine::create(std::move(options)));
  orFail(engine->add("pulse", Source::memory(pulseIr(0), "pulse.ll")));
  auto* pulse = orFail(engine->lookup<int64_t(int64_t)>("pulse"));
  int next = kBetweenCollections;
  for (int version = 1; version <= redefinitions; ++version) {
    orFail(engine->redefine("pulse", Source::memory(pulseIr(version), "pulse.ll")));
    if (pulse(0) != 'a' + version % 26 + version)
      fail("the new version is not reached");
    if (version % kBetweenCollections != 0)
      continue;
    const tiercel::CollectReport collected = orFail(engine->collect());
    if (!collected.complete)
      fail("a collection was not complete: " + collected.why);
    if (version == next || version == redefinitions) {
      report(*engine, version);
      next *= 10;
    }
  }
}

void measureModules(int modules, std::string_view who) {
  tiercel::Options options;
  options.reclaim = tiercel::Reclaim::Signals;
  options.sync = who == "sync";
  if (who == "fixed")
    options.fixedTier = 0;
  auto engine = orFail(Engine::create(std::move(options)));
  int next = 1000;
  for (int module = 1; module <= modules; ++module) {
    const std::string name = "module_number_" + std::to_string(module);
    orFail(engine->add(
        name, Source::memory("define i32 @" + name + "(i32 %x) {\n  %y = add i32 %x, 3\n  ret i32 %y\n}\n",
                             name + ".ll")));
    if (orFail(engine->lookup<int(int)>(name))(module) != module + 3)
      fail("the module is not reached");
    orFail(engine->remove(name));
    if (module == next || module == modules) {
      report(*engine, module);
      next *= 10;
    }
  }
}
