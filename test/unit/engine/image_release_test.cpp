// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is left of a module after it was redefined many times.
#include "engine/engine_impl.h"
#include "unit/support/engines.h"

#include <string>

namespace tiercel {
namespace {

Source version(int number) {
  return Source::memory("@text = private constant [4 x i8] c\"ab" + std::to_string(number % 10) +
                            "\\00\"\ndefine ptr @text_of(i32 %x) {\n  ret ptr @text\n}\n"
                            "define i32 @same(i32 %x) {\n  %y = add i32 %x, 1\n  ret i32 %y\n}\n",
                        "version.ll");
}

TEST(ImageRelease, ImagesEndWhenOnlyConstantsAreLeft) {
  const auto engine = makeEngine();
  ASSERT_TRUE(engine->add("module", version(0)));
  const auto textOf = function<const char*(int)>(*engine, "text_of");
  const auto same = function<int(int)>(*engine, "same");
  const std::string_view first = textOf(0);
  EXPECT_EQ(same(1), 2);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(engine->redefine("module", version(i)));
    EXPECT_EQ(textOf(0), "ab" + std::to_string(i % 10));
    EXPECT_GT(engine->quiescentPoint().freed, 0u);
  }
  EXPECT_EQ(same(1), 2);
  // The first has the function that is still the same, the last the other.
  EXPECT_EQ(engine->impl().registry().imagesOf("module").size(), 2u);
  EXPECT_EQ(engine->impl().registry().releases(), 19u);
  EXPECT_EQ(first, "ab0") << "the program may have kept the address";
}

TEST(ImageRelease, ARedefinitionThatChangesNothingLeavesNothing) {
  const auto engine = makeEngine();
  ASSERT_TRUE(engine->add("module", version(3)));
  const auto textOf = function<const char*(int)>(*engine, "text_of");
  EXPECT_STREQ(textOf(0), "ab3");
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(engine->redefine("module", version(3)));
  EXPECT_STREQ(textOf(0), "ab3");
  EXPECT_EQ(engine->impl().registry().imagesOf("module").size(), 1u);
}

TEST(ImageRelease, ConstantsEndWithTheirModule) {
  const auto engine = makeEngine();
  const auto round = [&engine] {
    ASSERT_TRUE(engine->add("module", version(0)));
    for (int i = 1; i <= 5; ++i) {
      EXPECT_NE(function<const char*(int)>(*engine, "text_of")(0), nullptr);
      ASSERT_TRUE(engine->redefine("module", version(i)));
    }
    ASSERT_TRUE(engine->remove("module"));
    engine->quiescentPoint();
  };
  round();
  const uint64_t used = engine->stats().dataBytes;
  for (int i = 0; i < 5; ++i)
    round();
  EXPECT_EQ(engine->stats().dataBytes, used);
}

} // namespace
} // namespace tiercel
