// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which handlers of the program are compiled before it gets them.
#include "unit/support/engines.h"

#include <gtest/gtest.h>

#include <csignal>

namespace tiercel {
namespace {

constexpr const char* kProgram = R"(
define void @helper() { ret void }
define void @handler(i32 %signal) { call void @helper() ret void }
define void @other(i32 %signal) { ret void }
declare ptr @signal(i32, ptr)
define void @install(i32 %signal) {
  %before = call ptr @signal(i32 %signal, ptr @handler)
  ret void
})";

/// After the program has installed the handler.
FunctionState stateOf(const char* name, const Options& options) {
  const auto engine = engineWith(kProgram, options);
  function<void(int)>(*engine, "install")(SIGUSR2);
  std::signal(SIGUSR2, SIG_DFL);
  const Result<FunctionInfo> info = engine->describe(name);
  return info ? info->state : FunctionState::Undefined;
}

TEST(Handlers, AreCompiledInAdvanceWhereTheHeapIsShared) {
  EXPECT_EQ(stateOf("handler", {}), FunctionState::Ready);
  EXPECT_EQ(stateOf("helper", {}), FunctionState::Ready);
  EXPECT_EQ(stateOf("other", {}), FunctionState::Lazy);
}

TEST(Handlers, AreCompiledWhenTheyAreCalledWhereItIsNot) {
  Options options;
  options.privateHeap = true;
  EXPECT_EQ(stateOf("handler", options), FunctionState::Lazy);
  EXPECT_EQ(stateOf("helper", options), FunctionState::Lazy);
}

} // namespace
} // namespace tiercel
