// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What children compile their parent has for the next one; and what they write to it cannot do harm.
#include "unit/support/engines.h"
#include "unit/support/in_child.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

constexpr int kFunctions = 20;

/// Functions without code, and an engine that has its workers.
class WantedByChildren : public testing::Test {
protected:
  WantedByChildren() {
    std::string text = "define i32 @first() { ret i32 1 }\n";
    for (int n = 0; n < kFunctions; ++n)
      text += fmt::format("define i32 @f{0}(i32 %x) {{ %r = add i32 %x, {0} ret i32 %r }}\n", n);
    addText(*engine, text, "functions");
    EXPECT_EQ(function<int()>(*engine, "first")(), 1);
    for (int n = 0; n < kFunctions; ++n)
      functions.push_back(function<int(int)>(*engine, fmt::format("f{}", n)));
  }

  /// A fork is when the parent looks.
  void listen() {
    EXPECT_TRUE(inChild([] { return true; }));
    engine->waitIdle();
  }
  bool hasCode(int n) { return hasCode(fmt::format("f{}", n)); }
  bool hasCode(const std::string& name) {
    const Result<FunctionInfo> info = engine->describe(name);
    return info && info->state == FunctionState::Ready;
  }
  bool works(int n) { return functions[static_cast<size_t>(n)](100) == 100 + n; }

  std::unique_ptr<Engine> engine = makeEngine();
  std::vector<int (*)(int)> functions;
};

/// The single pages that this process shares with others, as /proc has them: those in which children tell.
std::vector<std::span<std::atomic<uint32_t>>> sharedMemory() {
  std::vector<std::span<std::atomic<uint32_t>>> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0, end = 0;
    std::array<char, 5> rights{};
    if (sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights.data()) == 3 &&
        strcmp(rights.data(), "rw-s") == 0 && end - begin == 4096 &&
        line.find("/dev/zero") != std::string::npos)
      found.emplace_back(reinterpret_cast<std::atomic<uint32_t>*>(begin), (end - begin) / sizeof(uint32_t));
  }
  return found;
}

TEST_F(WantedByChildren, TheNextChildFindsTheCode) {
  ASSERT_TRUE(inChild([&] { return works(3) && works(4); }));
  listen();
  EXPECT_TRUE(hasCode(3) && hasCode(4));
  EXPECT_FALSE(hasCode(5)) << "nobody has asked for it";
  EXPECT_TRUE(inChild([&] {
    const uint64_t before = engine->stats().functions.compiledTier0;
    return works(3) && works(4) && engine->stats().functions.compiledTier0 == before;
  }));
}

TEST_F(WantedByChildren, NobodyIsToldWhereTheTierIsFixed) {
  Options options;
  options.fixedTier = 0;
  engine = engineWith("define i32 @f0(i32 %x) { ret i32 %x }\n", options);
  auto* f = function<int(int)>(*engine, "f0");
  ASSERT_TRUE(inChild([&] { return f(7) == 7 && sharedMemory().empty(); }));
  listen();
  EXPECT_FALSE(hasCode(0));
}

TEST_F(WantedByChildren, ChildrenOfChildrenAreHeardAfterTheirParent) {
  ASSERT_TRUE(
      inChild([&] { return inChild([&] { return works(6) && inChild([&] { return works(7); }); }); }));
  listen();
  EXPECT_TRUE(hasCode(6) && hasCode(7));
}

TEST_F(WantedByChildren, AChildLearnsFromItsOwn) {
  EXPECT_TRUE(inChild([&] {
    const bool called = inChild([&] { return works(8); });
    listen();
    return called && hasCode(8);
  }));
}

TEST_F(WantedByChildren, WhoHasLostItsParentHasAPageForEachChild) {
  std::array<int, 2> pipes{};
  ASSERT_EQ(pipe(pipes.data()), 0);
  ASSERT_TRUE(inChild([&] {
    const pid_t middle = getpid();
    if (fork() != 0)
      return true; // ends
    while (getppid() == middle)
      usleep(1000);
    char ok = inChild([&] { return works(9) && sharedMemory().size() == 1; }) ? 1 : 0;
    ok &= inChild([&] { return sharedMemory().size() == 1 && !hasCode(10); }) ? 1 : 0;
    listen();
    ok &= hasCode(9) ? 1 : 0;
    _exit(write(pipes[1], &ok, 1) == 1 ? 0 : 1);
  }));
  close(pipes[1]);
  char ok = 0;
  EXPECT_EQ(read(pipes[0], &ok, 1), 1);
  EXPECT_EQ(ok, 1);
  close(pipes[0]);
}

TEST_F(WantedByChildren, ManyChildrenSeeNothingOfEachOther) {
  for (int round = 0; round < 40; ++round) {
    ASSERT_TRUE(inChild([&] {
      const auto pages = sharedMemory();
      bool untouched = pages.size() == 1;
      for (const std::atomic<uint32_t>& word : pages.front())
        untouched &= word.load() == 0;
      return untouched && works(round % kFunctions);
    }));
  }
  engine->waitIdle();
  EXPECT_LE(sharedMemory().size(), 16U) << "those of the youngest";
  listen();
  for (int n = 0; n < kFunctions; ++n)
    EXPECT_TRUE(hasCode(n) && works(n));
}

TEST_F(WantedByChildren, WhatIsGoneIsNotMade) {
  ASSERT_TRUE(inChild([&] { return works(11) && works(12); }));
  ASSERT_TRUE(engine->removeFunction("f11"));
  listen();
  EXPECT_FALSE(hasCode(11));
  EXPECT_TRUE(hasCode(12));
}

TEST_F(WantedByChildren, WhatOnlyTheChildCanMakeIsLeftAlone) {
  addText(*engine, "declare i32 @absent()\ndefine i32 @user() { %r = call i32 @absent() ret i32 %r }\n",
          "user");
  auto* user = function<int()>(*engine, "user");
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(inChild([&] {
      addText(*engine, "define i32 @absent() { ret i32 5 }\n", "absent");
      addText(*engine, "define i32 @new() { ret i32 6 }\n", "new");
      return user() == 5 && function<int()>(*engine, "new")() == 6 && works(round);
    }));
    listen();
    EXPECT_TRUE(hasCode(round)) << "others are still listened to";
  }
  addText(*engine, "define i32 @absent() { ret i32 8 }\n", "absent");
  EXPECT_EQ(user(), 8);
}

TEST_F(WantedByChildren, HostileNumbersAreHarmless) {
  std::array<int, 2> pipes{};
  ASSERT_EQ(pipe(pipes.data()), 0);
  const pid_t child = fork();
  if (child == 0) { // writes whatever comes into its head, until it is killed
    const auto pages = sharedMemory();
    if (pages.size() != 1 || write(pipes[1], "", 1) != 1)
      _exit(1);
    std::mt19937 random(1); // NOLINT: the same every run
    for (;;) {
      for (std::atomic<uint32_t>& word : pages.front())
        word = random() % 4 == 0 ? static_cast<uint32_t>(random()) : static_cast<uint32_t>(random() % 64);
    }
  }
  close(pipes[1]); // a child that ends is not waited for
  char begun = 1;
  ASSERT_EQ(read(pipes[0], &begun, 1), 1);
  for (int round = 0; round < 30; ++round)
    listen(); // ends, although the page never stops changing
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(engine->stats().functions.total, static_cast<uint64_t>(kFunctions) + 1);
  for (int n = 0; n < kFunctions; ++n)
    EXPECT_TRUE(works(n));
  close(pipes[0]);
}

} // namespace
} // namespace tiercel
