// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What adding, redefining and removing a module costs among so many others.
#include "living.h"

using tiercel::Engine;
using tiercel::Source;

void measureChanges(int modules) {
  auto engine = orFail(Engine::create({}));
  const auto source = [](int module, int constant) {
    const std::string number = std::to_string(module);
    return Source::memory(
        "@common = external global i32\ndefine i32 @f" + number +
            "(i32 %x) {\n  %v = load i32, ptr @common\n  %s = add i32 %v, %x\n  %y = add i32 %s, " +
            std::to_string(constant) + "\n  ret i32 %y\n}\n",
        number + ".ll");
  };
  const auto nameOf = [](int module) { return "module" + std::to_string(module); };
  orFail(engine->add("common", Source::memory("@common = global i32 1\n", "common.ll")));
  for (int module = 0; module < modules; ++module)
    orFail(engine->add(nameOf(module), source(module, 0)));
  for (int sample = 0; sample < 100; ++sample) {
    const int module = sample * (modules / 100);
    double start = nowUs();
    orFail(engine->redefine(nameOf(module), source(module, 1 + sample)));
    print("redefine", nowUs() - start);
    start = nowUs();
    orFail(engine->remove(nameOf(module)));
    print("remove", nowUs() - start);
    start = nowUs();
    orFail(engine->add(nameOf(module), source(module, 0)));
    print("add", nowUs() - start);
  }
}
