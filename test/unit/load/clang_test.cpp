// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding clang 22 and running programs.
#include "load/clang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tiercel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Changes a variable of the environment, and puts it back.
class Variable {
public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name); before != nullptr)
      before_ = before;
    ::setenv(name, value, 1);
  }
  ~Variable() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

private:
  const char* name_;
  std::optional<std::string> before_;
};

class FindClang : public testing::Test {
protected:
  Variable path{"PATH", "/nowhere"};
  Variable cc{"CC", ""};
  Variable cxx{"CXX", ""};
};

constexpr llvm::StringRef kLlvmFolder[] = {"/usr/lib/llvm-22/bin"};

TEST_F(FindClang, LooksBesidePath) {
  Result<std::vector<std::string>> found = findClang("a.c", kLlvmFolder);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(*found, ElementsAre("/usr/lib/llvm-22/bin/clang-22"));
}

TEST_F(FindClang, TakesTheCompilerOfTheEnvironmentWithItsArguments) {
  const Variable compiler("CXX", "/usr/lib/llvm-22/bin/clang++ -DADDED");
  Result<std::vector<std::string>> found = findClang("a.c", {});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(*found, ElementsAre("/usr/lib/llvm-22/bin/clang++", "-DADDED"));
}

TEST_F(FindClang, ACompilerOfAnotherKindIsNamedInTheError) {
  const Variable compiler("CC", "/bin/true");
  const Result<std::vector<std::string>> found = findClang("a.c", {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().what(), "a.c");
  EXPECT_THAT(found.error().why(), HasSubstr("clang-22 is needed to compile it"));
  EXPECT_THAT(found.error().why(), HasSubstr("CC is '/bin/true', which is no clang 22"));
}

TEST(RunTool, SeparatesWhatAProgramWrites) {
  const Result<ToolRun> run = runTool({"/bin/sh", "-c", "echo out; echo err >&2; cat; exit 3"});
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, 3);
  EXPECT_EQ(run->output, "out\n");
  EXPECT_EQ(run->messages, "err\n");
}

TEST(RunTool, GivesInputAndNoOtherDescriptor) {
  const Result<ToolRun> run = runTool({"/bin/sh", "-c", "cat; ls /proc/$$/fd"}, "in\n");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->output, "in\n0\n1\n2\n");
}

TEST(RunTool, AProgramThatDoesNotStartIsAnError) {
  const Result<ToolRun> run = runTool({"/nowhere/tool"});
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().why(), HasSubstr("No such file or directory"));
}

TEST(RunTool, DoesNotDependOnTheDispositionOfChildren) {
  struct sigaction ignored = {}, before = {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignored, &before);
  const Result<ToolRun> run = runTool({"/bin/sh", "-c", "/bin/sh -c 'exit 4'; exit $?"});
  ::sigaction(SIGCHLD, &before, nullptr);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, 4);
}

std::atomic<int> childSignals = 0;

// A thread of the host that waits for whatever child there is, and a handler: neither notices the tool.
TEST(RunTool, IsNoChildThatTheHostNotices) {
  struct sigaction counting = {}, before = {};
  counting.sa_handler = [](int) { ++childSignals; };
  ::sigaction(SIGCHLD, &counting, &before);
  const pid_t child = ::fork();
  if (child == 0) {
    while (true)
      ::pause();
  }
  pid_t found = 0;
  std::thread waiting([&found] { // interrupted by our signals, and not by the tool
    while ((found = ::wait(nullptr)) < 0 && errno == EINTR) {
    }
  });
  for (int i = 0; i < 10; ++i) {
    const Result<ToolRun> run = runTool({"/bin/sh", "-c", "exit 5"});
    EXPECT_TRUE(run && run->status == 5);
  }
  EXPECT_EQ(childSignals, 0);
  ::kill(child, SIGKILL);
  waiting.join();
  ::sigaction(SIGCHLD, &before, nullptr);
  EXPECT_EQ(found, child);
  EXPECT_EQ(childSignals, 1);
}

TEST(RunTool, AProgramThatASignalEndsIsAnError) {
  const Result<ToolRun> run = runTool({"/bin/sh", "-c", "echo why >&2; kill -9 $$"});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().what(), "/bin/sh");
  EXPECT_THAT(run.error().why(), HasSubstr("why"));
}

} // namespace
} // namespace tiercel
