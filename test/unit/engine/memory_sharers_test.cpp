// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that a child made with clone(CLONE_VM) may be in is kept, and freed once it is gone.
#include "tiercel/system_calls.h"

#include "unit/support/engines.h"
#include "unit/support/living.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <linux/sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tiercel {
namespace {

constexpr const char* kOld =
    "declare i32 @wait_there()\n"
    "define i32 @step() { %r = call i32 @wait_there() %s = add i32 %r, 7 ret i32 %s }\n";
constexpr const char* kNew = "define i32 @step() { ret i32 8 }\n";

std::atomic<bool> there, leave;
int waitThere() {
  there = true;
  while (!leave)
    usleep(1000);
  return 0;
}

class MemorySharersTest : public testing::Test {
protected:
  void SetUp() override {
    if (!kLooksAtStacks) // nor does it know of a second process on its memory
      GTEST_SKIP() << "ThreadSanitizer delays signals";
  }
  MemorySharersTest() {
    there = leave = false;
    Options options;
    options.reclaim = Reclaim::Signals;
    options.fixedTier = 0;
    engine = makeEngine(options);
    EXPECT_TRUE(engine->defineSymbol("wait_there", reinterpret_cast<void*>(waitThere)));
    addText(*engine, kOld, "step");
    step = function<int()>(*engine, "step");
    stack = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    leave = true;
    EXPECT_EQ(step(), 7); // has code: a child with this thread's thread-locals must not compile
    there = leave = false;
  }
  ~MemorySharersTest() override { munmap(stack, kStack); }

  static int runStep(void* self) { return static_cast<MemorySharersTest*>(self)->step(); }
  int makeChild(int flags) {
    return tiercel::libc::clone(runStep, static_cast<char*>(stack) + kStack, flags | SIGCHLD, this, nullptr,
                                nullptr, nullptr);
  }
  void redefine() {
    while (!there)
      usleep(1000);
    ASSERT_TRUE(engine->redefine("step", Source::memory(kNew, "step.ll")));
  }

  static constexpr size_t kStack = 256 << 10;
  std::unique_ptr<Engine> engine;
  int (*step)() = nullptr;
  void* stack = nullptr;
};

TEST_F(MemorySharersTest, CodeIsKeptAndThenFreed) {
  const int child = makeChild(CLONE_VM | CLONE_FILES);
  ASSERT_GT(child, 0);
  redefine();
  Result<CollectReport> report = engine->collect();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_FALSE(report->complete);
  EXPECT_EQ(report->freed, 0u);
  EXPECT_NE(report->why.find("clone(CLONE_VM)"), std::string::npos) << report->why;
  leave = true;
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(info.si_status, 7);
  report = engine->collect(); // it has ended, though nobody has waited for it
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete) << report->why;
  EXPECT_EQ(report->freed, 1u);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(MemorySharersTest, ManyThatHaveGone) {
  leave = true;
  for (int i = 0; i < 600; ++i) {
    const int child = makeChild(CLONE_VM);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 7);
  }
  redefine();
  const Result<CollectReport> report = engine->collect();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete) << report->why;
  EXPECT_EQ(report->freed, 1u);
}

/// Its stack is nobody's that scans know, which makes it no coroutine's.
TEST_F(MemorySharersTest, ChildThatCompiles) {
  addText(*engine,
          "declare i32 @step()\n"
          "define i32 @first() { %r = call i32 @step() %s = add i32 %r, 1 ret i32 %s }\n",
          "first");
  const auto first = function<int()>(*engine, "first");
  leave = true;
  const int child = tiercel::libc::clone([](void* raw) { return reinterpret_cast<int (*)()>(raw)(); },
                                         static_cast<char*>(stack) + kStack, CLONE_VM | SIGCHLD,
                                         reinterpret_cast<void*>(first), nullptr, nullptr, nullptr);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 8);
  redefine();
  const Result<CollectReport> report = engine->collect();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete) << report->why;
  EXPECT_GE(report->freed, 1u);
}

TEST_F(MemorySharersTest, ChildDoesNotCollect) {
  leave = there = true;
  redefine();
  const int child = tiercel::libc::clone(
      [](void* raw) {
        const Result<CollectReport> report = static_cast<Engine*>(raw)->collect();
        return report && !report->complete && report->freed == 0 ? 0 : 1;
      },
      static_cast<char*>(stack) + kStack, CLONE_VM | SIGCHLD, engine.get(), nullptr, nullptr, nullptr);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const Result<CollectReport> report = engine->collect();
  EXPECT_TRUE(report && report->complete && report->freed == 1);
}

TEST_F(MemorySharersTest, OneWithMemoryOfItsOwnDoesNotCount) {
  const int child = makeChild(0);
  ASSERT_GT(child, 0);
  there = true;
  redefine();
  const Result<CollectReport> report = engine->collect();
  EXPECT_TRUE(report && report->complete && report->freed == 1);
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(MemorySharersTest, ForkedChildHasNone) {
  const int sharer = makeChild(CLONE_VM);
  ASSERT_GT(sharer, 0);
  redefine();
  const pid_t child = fork();
  if (child == 0) {
    const Result<CollectReport> report = engine->collect();
    _exit(report && report->complete && report->freed == 1 ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  leave = true;
  EXPECT_EQ(waitpid(sharer, &status, 0), sharer);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

/// Natively the child goes on; here nobody is left who compiles for it, and it must not wait for ever.
TEST(MemorySharers, AreToldWhenTheProcessOfTheirMemoryIsKilled) {
  if (!kLooksAtStacks)
    GTEST_SKIP() << "ThreadSanitizer does not know of a second process on its memory";
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  constexpr int kTold = 42;
  constexpr size_t kStack = 256 << 10;
  const pid_t owner = fork();
  if (owner == 0) {
    Options options;
    options.onFatal = [](const Error&) { _exit(kTold); };
    static const std::unique_ptr<Engine> engine = makeEngine(options);
    addText(*engine, "define i32 @never() { ret i32 1 }\n", "never");
    static auto* const never = function<int()>(*engine, "never");
    static const pid_t self = getpid();
    addText(*engine, "define i32 @hot() { ret i32 1 }\n", "hot");
    if (!engine->prepare({"hot"})) // has threads started
      _exit(1);
    void* stack = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const auto child = [](void*) {
      while (getppid() == self)
        usleep(1000);
      return never();
    };
    if (tiercel::libc::clone(child, static_cast<char*>(stack) + kStack, CLONE_VM | SIGCHLD, nullptr, nullptr,
                             nullptr, nullptr) < 0)
      _exit(1);
    kill(self, SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(owner, &status, 0), owner);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  ASSERT_GT(waitpid(-1, &status, 0), 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kTold) << std::hex << status;
  EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

} // namespace
} // namespace tiercel
