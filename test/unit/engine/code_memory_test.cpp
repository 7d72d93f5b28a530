// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the options of code memory do to an engine.
#include "unit/support/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <unistd.h>

namespace tiercel {
namespace {

using testing::HasSubstr;

constexpr const char* kProgram = "define i32 @square(i32 %x) { %r = mul i32 %x, %x  ret i32 %r }\n"
                                 "define void @large() {\n"
                                 "  call void asm sideeffect \".skip 300000, 0x90\", \"\"()\n  ret void\n}\n";

Options promotingAtOnce() {
  Options options;
  options.sync = true;
  options.policy = Policy::Threshold;
  options.callThreshold = 1;
  return options;
}

/// Bytes that code takes up when @square has its first code.
size_t neededForFirstCode() {
  const auto engine = engineWith(kProgram);
  EXPECT_EQ(function<int(int)>(*engine, "square")(3), 9);
  return engine->stats().memory.codeUsed;
}

TEST(CodeMemory, APromotionThatFindsNoRoomLeavesTheCodeThatIsThere) {
  Options options = promotingAtOnce();
  options.codeLimit = neededForFirstCode();
  Events events;
  const auto engine = makeEngine(options);
  engine->addListener(&events);
  addText(*engine, kProgram);
  const auto square = function<int(int)>(*engine, "square");
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(square(i), i * i);
  std::string reason;
  for (const Events::Entry& entry : events.of("square")) {
    if (entry.kind == EventKind::CompileFailed)
      reason = entry.reason;
  }
  EXPECT_THAT(reason, HasSubstr("code memory: the limit of "));
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.functions.promoted, 0u);
  EXPECT_GE(stats.functions.failed, 1u);
  EXPECT_LE(stats.functions.failed, 7u) << "each attempt comes after twice as many calls";
  EXPECT_EQ(stats.memory.codeUsed, options.codeLimit) << "failed links give back their memory";
}

TEST(CodeMemory, FiguresCoverWhatIsMapped) {
  const auto engine = engineWith(kProgram);
  const Stats before = engine->stats();
  EXPECT_EQ(before.memory.mapping, CodeMapping::Dual);
  EXPECT_EQ(before.memory.codeCommitted, before.memory.codeUsed + before.memory.codeFree);
  function<void()>(*engine, "large")();
  EXPECT_GE(engine->stats().memory.codeUsed, before.memory.codeUsed + 300000);
  EXPECT_LT(engine->stats().memory.codeFragmentation, 1);
  EXPECT_GT(engine->stats().memory.resident, engine->stats().memory.codeUsed) << "of the whole process";
}

TEST(CodeMemory, ATinyArenaHoldsSmallProgramsOnly) {
  Options options;
  options.modes.tinyArena = true;
  const auto engine = engineWith(kProgram, options);
  EXPECT_EQ(function<int(int)>(*engine, "square")(3), 9);
  const Status status = engine->prepare({"large"}, 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::Environment);
  EXPECT_THAT(status.error().message(), HasSubstr("the limit of 256 KiB is reached"));

  options.codeLimit = size_t(1) << 20; // said explicitly, that counts
  const auto larger = engineWith(kProgram, options);
  EXPECT_TRUE(larger->prepare({"large"}, 0));
}

TEST(CodeMemory, ALimitBelowTheStubsIsAnError) {
  Options options;
  options.codeLimit = 4096;
  const Result<std::unique_ptr<Engine>> engine = Engine::create(options);
  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().message(), HasSubstr("code memory: the limit of 4 KiB is reached"));
}

TEST(CodeMemoryDeathTest, AFirstCallWithoutRoomIsFatal) {
  Options options;
  options.modes.tinyArena = true;
  options.onFatal = [](const Error& error) {
    fprintf(stderr, "%s\n", error.message().c_str());
    _exit(3);
  };
  EXPECT_EXIT(function<void()>(*engineWith(kProgram, options), "large")(), testing::ExitedWithCode(3),
              "function large: .*the limit of 256 KiB is reached");
}

TEST(CodeMemory, ProgramsRunWithOneMapping) {
  Options options = promotingAtOnce();
  options.modes.singleMapping = true;
  options.modes.promoteAlways = true;
  const auto engine = engineWith(kProgram, options);
  const auto square = function<int(int)>(*engine, "square");
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(square(i), i * i);
  EXPECT_GT(engine->stats().functions.promoted, 0u);
  EXPECT_EQ(engine->stats().memory.mapping, CodeMapping::Single);
}

} // namespace
} // namespace tiercel
