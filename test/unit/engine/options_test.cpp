// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options: values that no engine can work with are refused when it is created. And what a compiler says about
// a source reaches the host as a value.
#include "tiercel/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Why no engine is created with these options; empty if one is.
template <typename Change> std::string refusal(Change&& change) {
  Options options;
  change(options);
  const Result<std::unique_ptr<Engine>> engine = Engine::create(options);
  if (engine)
    return {};
  EXPECT_EQ(engine.error().kind(), ErrorKind::BadInput);
  return engine.error().message();
}

std::string refusalOfSignal(int signal) {
  return refusal([signal](Options& options) {
    options.reclaim = Reclaim::Signals;
    options.reclaimSignal = signal;
  });
}

TEST(Options, ASignalThatCannotServeIsRefused) {
  for (const int signal : {-1, SIGKILL, SIGSTOP, SIGSEGV, SIGTERM, SIGCHLD, 32, 33, SIGRTMAX + 1, 1000})
    EXPECT_THAT(refusalOfSignal(signal), HasSubstr("must be SIGUSR1, SIGUSR2 or a real-time signal"))
        << signal;
}

TEST(Options, ASignalThatTheProcessHandlesIsRefused) {
  const int signal = SIGRTMIN + 5;
  struct sigaction handled{}, previous{};
  handled.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(signal, &handled, &previous), 0);
  EXPECT_THAT(refusalOfSignal(signal), HasSubstr("handles or ignores it already"));
  ASSERT_EQ(::sigaction(signal, &previous, nullptr), 0);
  EXPECT_EQ(refusalOfSignal(signal), "");
  EXPECT_EQ(refusalOfSignal(SIGUSR2), "");
}

TEST(Options, ValuesOutOfRangeAreRefused) {
  EXPECT_THAT(refusal([](Options& o) { o.fixedTier = 4; }), HasSubstr("tiers are 0 to 3"));
  EXPECT_THAT(refusal([](Options& o) { o.callThreshold = 0; }), HasSubstr("at least 1"));
  EXPECT_THAT(refusal([](Options& o) { o.compileThreads = kMostCompileThreads + 1; }), HasSubstr("1024"));
  EXPECT_THAT(refusal([](Options& o) { o.policy = static_cast<Policy>(9); }), StartsWith("policy: "));
  EXPECT_THAT(refusal([](Options& o) { o.reclaim = static_cast<Reclaim>(9); }), StartsWith("reclaim: "));
  EXPECT_THAT(refusal([](Options& o) { o.cpu = "abacus"; }), HasSubstr("CPU 'abacus'"));
  EXPECT_THAT(refusal([](Options& o) { o.frontend.language = "pascal"; }), HasSubstr("language 'pascal'"));
  EXPECT_THAT(refusal([](Options& o) {
                o.wholeProfile = true;
                o.profile = false;
              }),
              StartsWith("wholeProfile: "));
}

/// Compiles C with warnings, and catches what reaches the process's standard error.
class Quiet : public testing::Test {
protected:
  Quiet() {
    options.frontend.arguments = {"-Wunused-variable", "-DRESULT=7"};
    options.frontend.onMessages = [this](std::string_view source, std::string_view text) {
      messages.push_back(std::string(source) + ": " + std::string(text));
    };
  }

  Status add(const std::string& text) {
    Result<std::unique_ptr<Engine>> created = Engine::create(options);
    if (!created)
      return created.takeError();
    testing::internal::CaptureStderr();
    Status added = (*created)->addBytes(text, "unit.c");
    printed = testing::internal::GetCapturedStderr();
    return added;
  }

  Options options;
  std::vector<std::string> messages;
  std::string printed;
};

TEST_F(Quiet, WarningsGoToTheHost) {
  EXPECT_TRUE(add("int main(void) { int unused; return RESULT; }"));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_THAT(messages.front(), StartsWith("unit.c: unit.c:1:22: warning: unused variable"));
  EXPECT_EQ(printed, "");
}

TEST_F(Quiet, WithoutAReceiverNobodyHearsOfThem) {
  options.frontend.onMessages = nullptr;
  EXPECT_TRUE(add("int main(void) { int unused; return RESULT; }"));
  EXPECT_EQ(printed, "");
}

TEST_F(Quiet, ErrorsAreInTheError) {
  const Status added = add("int main(void) { return nothing; }");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().what(), "unit.c");
  EXPECT_THAT(added.error().why(), HasSubstr("unit.c:1:25: error: use of undeclared identifier 'nothing'"));
  EXPECT_TRUE(messages.empty());
  EXPECT_EQ(printed, "");
}

} // namespace
} // namespace tiercel
