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

/// Variables of removed modules are held by those who mention them; that may go around in a circle.
TEST(ImageRelease, RemovedModulesThatMentionEachOthersVariablesEndTogether) {
  const auto engine = makeEngine();
  const auto user = [](const std::string& own, const std::string& other) {
    return Source::memory("@" + own + " = global i32 1\n@" + other +
                              " = external global i32\ndefine i32 @f_" + own +
                              "() {\n  %v = load i32, ptr @" + other + "\n  ret i32 %v\n}\n",
                          own + ".ll");
  };
  const uint64_t before = engine->impl().registry().pendingBytes();
  ASSERT_TRUE(engine->add("a", user("a", "b")));
  ASSERT_TRUE(engine->add("b", user("b", "c")));
  ASSERT_TRUE(engine->add("c", user("c", "a")));
  EXPECT_EQ(function<int()>(*engine, "f_a")(), 1);
  *static_cast<int*>(*engine->lookupData("b")) = 7;
  ASSERT_TRUE(engine->remove("b", {.force = true}));
  ASSERT_TRUE(engine->remove("c", {.force = true}));
  engine->quiescentPoint();
  EXPECT_EQ(function<int()>(*engine, "f_a")(), 7) << "`a` mentions it";
  EXPECT_EQ(engine->impl().registry().releases(), 0u) << "and what `b` mentions";
  ASSERT_TRUE(engine->remove("a"));
  EXPECT_EQ(engine->impl().registry().releases(), 0u) << "code of `a` may run";
  engine->quiescentPoint();
  EXPECT_EQ(engine->impl().registry().pendingBytes(), before);
  EXPECT_FALSE(engine->lookupData("b"));
}

TEST(ImageRelease, WhatHeldAVariableOfARemovedModuleGoesOneAfterTheOther) {
  const auto engine = makeEngine();
  ASSERT_TRUE(engine->add("owner", Source::memory("@v = global i32 3\n", "owner.ll")));
  for (const std::string name : {"one", "two"})
    ASSERT_TRUE(engine->add(name, Source::memory("@v = external global i32\ndefine i32 @" + name +
                                                     "() {\n  %r = load i32, ptr @v\n  ret i32 %r\n}\n",
                                                 name)));
  EXPECT_EQ(function<int()>(*engine, "one")(), 3);
  ASSERT_TRUE(engine->remove("owner", {.force = true}));
  ASSERT_TRUE(engine->remove("one"));
  engine->quiescentPoint();
  EXPECT_EQ(function<int()>(*engine, "two")(), 3);
  EXPECT_GT(engine->impl().registry().pendingBytes(), 0u);
  ASSERT_TRUE(engine->remove("two"));
  engine->quiescentPoint();
  EXPECT_EQ(engine->impl().registry().pendingBytes(), 0u);
  // It comes back as a new one.
  ASSERT_TRUE(engine->add("owner", Source::memory("@v = global i32 4\n", "owner.ll")));
  EXPECT_EQ(*static_cast<int*>(*engine->lookupData("v")), 4);
}

} // namespace
} // namespace tiercel
