// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/fatal_errors.h"
#include "platform/stack.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/PrettyStackTrace.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace tiercel {
namespace {

/// As LLVM's passes are run.
template <typename Body> std::optional<std::string> inPasses(Body&& body) {
  return recoverFromFatalErrors([&] {
    const RecoverableCode passes;
    body();
  });
}

class FatalErrors : public testing::Test {
protected:
  void SetUp() override { handleFatalErrors(); }
};
using FatalErrorsDeathTest = FatalErrors;

TEST_F(FatalErrors, EndTheCallThatMetThem) {
  bool went = false;
  EXPECT_EQ(inPasses([&] {
              llvm::report_fatal_error("Cannot select: x\nIn function: f");
              went = true;
            }),
            "Cannot select: x");
  EXPECT_FALSE(went);
  EXPECT_EQ(inPasses([&] { llvm::reportFatalUsageError("no such thing"); }), "no such thing");
  EXPECT_EQ(inPasses([&] { llvm::report_bad_alloc_error("no memory"); }), "no memory");
  EXPECT_EQ(inPasses([&] { llvm::report_fatal_error(std::string(5000, 'x').c_str()); }),
            std::string(1023, 'x'));
}

TEST_F(FatalErrors, LetOthersReturn) {
  bool went = false;
  EXPECT_EQ(inPasses([&] { went = true; }), std::nullopt);
  EXPECT_TRUE(went);
}

TEST_F(FatalErrors, EndTheInnermostCall) {
  std::optional<std::string> inner;
  const auto outer = inPasses([&] {
    inner = inPasses([] { llvm::report_fatal_error("inner"); });
    llvm::report_fatal_error("outer");
  });
  EXPECT_EQ(inner, "inner");
  EXPECT_EQ(outer, "outer");
}

TEST_F(FatalErrors, LeaveTheStackAndTheThreadAsTheyWere) {
  Result<Stack> stack = Stack::create();
  ASSERT_TRUE(stack);
  const void* doing = llvm::SavePrettyStackState();
  for (int i = 0; i < 1000; ++i) {
    std::optional<std::string> said;
    stack->run([&] {
      said = inPasses([&] {
        const llvm::PrettyStackTraceString entry("busy");
        std::vector<char> lost(64);
        volatile char deep[60'000];
        deep[0] = lost[0];
        llvm::report_fatal_error("deep");
      });
    });
    ASSERT_EQ(said, "deep");
  }
  EXPECT_EQ(llvm::SavePrettyStackState(), doing);
}

TEST_F(FatalErrors, BelongToTheirThread) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        ASSERT_EQ(inPasses([&] { llvm::report_fatal_error(text.c_str()); }), text);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

TEST_F(FatalErrorsDeathTest, OfOthersEndTheProcess) {
  EXPECT_DEATH(llvm::report_fatal_error("of another"), "LLVM ERROR: of another");
  EXPECT_EQ(inPasses([] {}), std::nullopt);
  EXPECT_DEATH(llvm::report_fatal_error("after a call"), "LLVM ERROR: after a call");
}

TEST_F(FatalErrorsDeathTest, OutOfMemoryOfOthersAborts) {
  EXPECT_EXIT(llvm::report_bad_alloc_error("no room"), testing::KilledBySignal(SIGABRT),
              "LLVM ERROR: out of memory: no room\n");
  const std::string text(5000, 'x');
  EXPECT_EXIT(llvm::report_bad_alloc_error(text.c_str()), testing::KilledBySignal(SIGABRT), "xxx\n");
}

TEST_F(FatalErrorsDeathTest, OutsideOfPassesEndTheProcess) {
  // There may be locks to be given back.
  EXPECT_EXIT((void)recoverFromFatalErrors([] { llvm::report_bad_alloc_error("no room"); }),
              testing::KilledBySignal(SIGABRT), "LLVM ERROR: out of memory: no room");
  EXPECT_DEATH((void)recoverFromFatalErrors([] { llvm::report_fatal_error("elsewhere"); }),
               "LLVM ERROR: elsewhere");
  const auto behindPasses = [] {
    (void)recoverFromFatalErrors([] {
      {
        const RecoverableCode passes;
      }
      llvm::report_bad_alloc_error("behind passes");
    });
  };
  EXPECT_EXIT(behindPasses(), testing::KilledBySignal(SIGABRT), "behind passes");
  const auto inACallback = [] {
    (void)inPasses([] { (void)recoverFromFatalErrors([] { llvm::report_bad_alloc_error("inner"); }); });
  };
  EXPECT_EXIT(inACallback(), testing::KilledBySignal(SIGABRT), "inner");
}

TEST_F(FatalErrorsDeathTest, AfterARecoveryAreStillOfOthers) {
  EXPECT_EQ(inPasses([] { llvm::report_bad_alloc_error("no memory"); }), "no memory");
  EXPECT_EXIT(llvm::report_bad_alloc_error("later"), testing::KilledBySignal(SIGABRT), "later");
}

} // namespace
} // namespace tiercel
