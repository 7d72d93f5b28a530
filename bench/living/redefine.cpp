// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Redefining one function of a program and calling its new version, through a caller that has run before.
#include "living.h"

using tiercel::Engine;
using tiercel::Source;

void measureRedefinitions(const char* program, const char* target, int count, bool hotCallers) {
  const std::string text = readText(target);
  auto engine = orFail(Engine::create({}));
  orFail(engine->add("program", Source::file(program)));
  const double start = nowUs();
  orFail(engine->lookup<int64_t(int64_t)>("f0"))(1);
  print("half of the program compiled, ms", (nowUs() - start) / 1e3);
  auto* caller = orFail(engine->lookup<int64_t(int64_t)>("caller0"));

  // The first time the body before has to be found in the whole program; said apart.
  for (int version = 1; version <= count + 1; ++version) {
    if (hotCallers) {
      orFail(
          engine->prepare({"caller*"})); // with the function in them, as programs that ran for long have it
    } else {
      engine->waitIdle();
    }
    std::string source = versionOf(text, version);
    const double begin = nowUs();
    orFail(engine->redefine("program", Source::memory(std::move(source), "target.ll")));
    const double replaced = nowUs();
    const int64_t result = caller(version);
    const double end = nowUs();
    if (result != targetOf(version, version))
      fail("a caller does not reach the new version");
    if (version == 1) {
      print("the first one, us", end - begin);
      continue;
    }
    print("redefine and call, us", end - begin);
    print("of it redefine, us", replaced - begin);
  }
}
