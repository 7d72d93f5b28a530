// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Watching an engine work. With `sync` it promotes in the foreground, at the very call that reaches the
// threshold, so that this prints the same in every run; without it, worker threads do so in the background.
//
// Output: loaded square.ll
// Output: published square at tier 0
// Output: promoting square to tier 1: calls reached the threshold
// Output: retired square at tier 0
// Output: published square at tier 1
// Output: the sum of 100 squares is 328350
// Output: 1 compiled at tier 0, 1 promoted
#include <tiercel/engine.h>

#include <cstdio>

constexpr const char* kProgram = R"(
define i32 @square(i32 %x) {
  %result = mul i32 %x, %x
  ret i32 %result
}
)";

/// Called on whichever thread does the work: with `sync` that is the caller's. Strings live during the call.
class Log : public tiercel::EventListener {
public:
  void onEvent(const tiercel::Event& event) override {
    const int length = static_cast<int>(event.name.size());
    const char* name = event.name.data();
    switch (event.kind) {
    case tiercel::EventKind::ModuleLoaded:
      std::printf("loaded %.*s\n", length, name);
      break;
    case tiercel::EventKind::PromotionDecided:
      std::printf("promoting %.*s to tier %u: %.*s\n", length, name, event.tier,
                  static_cast<int>(event.reason.size()), event.reason.data());
      break;
    case tiercel::EventKind::CodePublished:
      std::printf("published %.*s at tier %u\n", length, name, event.tier);
      break;
    case tiercel::EventKind::CodeRetired:
      std::printf("retired %.*s at tier %u\n", length, name, event.tier);
      break;
    default:
      break;
    }
  }
};

int main() {
  Log log; // before the engine: it must outlive it
  tiercel::Options options;
  options.sync = true;
  options.policy = tiercel::Policy::Threshold;
  options.callThreshold = 50;
  auto engine = tiercel::Engine::create(options);
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().message().c_str());
    return 1;
  }
  (*engine)->addListener(&log);
  if (auto added = (*engine)->addBytes(kProgram, "square.ll"); !added) {
    std::fprintf(stderr, "%s\n", added.error().message().c_str());
    return 1;
  }
  auto square = (*engine)->lookup<int(int)>("square");
  if (!square) {
    std::fprintf(stderr, "%s\n", square.error().message().c_str());
    return 1;
  }

  int sum = 0;
  for (int i = 0; i < 100; ++i)
    sum += (*square)(i);
  std::printf("the sum of 100 squares is %d\n", sum);

  const tiercel::Stats stats = (*engine)->stats();
  std::printf("%d compiled at tier 0, %d promoted\n", static_cast<int>(stats.functions.compiledTier0),
              static_cast<int>(stats.functions.promoted));
  return 0;
}
