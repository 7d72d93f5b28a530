// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs that run in single steps, which also show what a processor with shadow stacks would see.
#include "platform/program_state_guard.h"
#include "unit/support/engines.h"
#include "unit/support/single_steps.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace tiercel {
namespace {

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // which delay or follow signals

constexpr const char* kProgram = R"(
  @calls = global i64 0
  define i64 @leaf(i64 %x) {
    %c = load i64, ptr @calls
    %n = add i64 %c, 1
    store i64 %n, ptr @calls
    %y = add i64 %x, 5
    ret i64 %y
  }
  define i64 @through(i64 %x) {
    %a = call i64 @leaf(i64 %x)
    %b = call i64 @leaf(i64 %a)
    ret i64 %b
  }
  define i64 @loop(i64 %n) {
  entry:
    br label %head
  head:
    %i = phi i64 [ 0, %entry ], [ %next, %head ]
    %next = add i64 %i, 1
    %ignored = call i64 @leaf(i64 %i)
    %more = icmp ult i64 %next, %n
    br i1 %more, label %head, label %end
  end:
    ret i64 %next
  })";

/// What a processor keeps of calls and checks returns against.
class ShadowStack {
public:
  void look(const ucontext_t& context) {
    const auto* code = reinterpret_cast<const uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
    const uint64_t top = *reinterpret_cast<const uint64_t*>(context.uc_mcontext.gregs[REG_RSP]);
    ++steps_;
    if (wasCall_ && depth_ < stack_.size())
      stack_[depth_++] = top;
    while (isPrefix(*code))
      ++code;
    wasCall_ = code[0] == 0xe8 || (code[0] == 0xff && (code[1] >> 3 & 7) == 2);
    if ((code[0] == 0xc3 || code[0] == 0xc2) && depth_ > 0)
      wrong_ += stack_[--depth_] != top;
  }
  uint64_t steps() const { return steps_; }
  uint64_t wrong() const { return wrong_; }

private:
  static bool isPrefix(uint8_t byte) {
    return (byte & 0xf0) == 0x40 || byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3;
  }

  std::array<uint64_t, 1024> stack_{};
  size_t depth_ = 0;
  bool wasCall_ = false;
  uint64_t steps_ = 0, wrong_ = 0;
};

TEST(SingleSteps, ReturnsLeadWhereCallsCameFrom) {
  Options options;
  options.sync = true;
  options.loopThreshold = 10;
  auto engine = engineWith(kProgram, options);
  auto* through = function<int64_t(int64_t)>(*engine, "through");
  auto* loop = function<int64_t(int64_t)>(*engine, "loop");
  ShadowStack shadow;
  int64_t first = 0, second = 0, looped = 0;
  {
    const SingleSteps steps([&shadow](const ucontext_t& context) { shadow.look(context); });
    first = through(1); // first calls
    second = through(2);
    looped = loop(100); // trips
  }
  EXPECT_EQ(first, 11);
  EXPECT_EQ(second, 12);
  EXPECT_EQ(looped, 100);
  EXPECT_EQ(*variable<int64_t>(*engine, "calls"), 104);
  EXPECT_GT(shadow.steps(), 500u);
  EXPECT_EQ(shadow.wrong(), 0u);
}

TEST(SingleSteps, StopWhileSignalsAreBlocked) {
  static volatile bool inside;
  uint64_t steps = 0, stepsInside = 0;
  inside = false;
  {
    const SingleSteps look([&](const ucontext_t&) {
      ++steps;
      stepsInside += inside;
    });
    {
      const ProgramStateGuard guard;
      inside = true;
      inside = false;
    }
    steps = 0; // they go on
    inside = false;
  }
  EXPECT_EQ(stepsInside, 0u);
  EXPECT_GT(steps, 0u);
}

#endif

} // namespace
} // namespace tiercel
