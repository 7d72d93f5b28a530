// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/frame_registration.h"
#include "link/unwind.h"
#include "unit/support/interrupted.h"

#include <gtest/gtest.h>

#include <array>

namespace tiercel {
namespace {

std::array<std::byte, 64> code; // nobody runs it
const int fde = 0;

std::vector<FrameRange> rangesIn(size_t begin) {
  return {{&code[begin], &code[begin + 8], &fde}, {&code[begin + 16], &code[begin + 24], &fde}};
}

TEST(FrameRegistration, FindsWhatIsRegistered) {
  ASSERT_TRUE(UnwindRegistration::isInterposed());
  {
    const FrameRegistration first(rangesIn(0), nullptr), second(rangesIn(32), nullptr);
    EXPECT_EQ(FrameRegistration::find(&code[7]).begin, code.data());
    EXPECT_EQ(FrameRegistration::find(&code[8]).fde, nullptr);
    EXPECT_EQ(FrameRegistration::find(&code[48]).begin, &code[48]);
    EXPECT_EQ(FrameRegistration::find(&code[56]).fde, nullptr);
  }
  EXPECT_EQ(FrameRegistration::find(&code[7]).fde, nullptr);
}

TEST(FrameRegistration, LookupsThatAreNeverFinishedHoldNobodyUp) {
  ASSERT_TRUE(UnwindRegistration::isInterposed());
  const FrameRegistration first(rangesIn(0), nullptr);
  interrupt(300, [] { (void)FrameRegistration::find(&code[20]); });
  {
    const FrameRegistration second(rangesIn(32), nullptr);
    EXPECT_EQ(FrameRegistration::find(&code[32]).fde, &fde);
  }
  EXPECT_EQ(FrameRegistration::find(&code[32]).fde, nullptr);
}

} // namespace
} // namespace tiercel
