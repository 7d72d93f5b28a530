// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding clang 22.
#include "load/clang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

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

TEST(RunTool, AProgramThatASignalEndsIsAnError) {
  const Result<ToolRun> run = runTool({"/bin/sh", "-c", "echo why >&2; kill -9 $$"});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().what(), "/bin/sh");
  EXPECT_THAT(run.error().why(), HasSubstr("why"));
}

} // namespace
} // namespace tiercel
