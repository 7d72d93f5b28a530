// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace tiercel {
namespace {

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(globMatches("main", "main"));
  EXPECT_FALSE(globMatches("main", "mainly"));
  EXPECT_FALSE(globMatches("main", "domain"));
  EXPECT_FALSE(globMatches("", "main"));
  EXPECT_TRUE(globMatches("", ""));
}

TEST(Glob, QuestionMarkIsExactlyOneCharacter) {
  EXPECT_TRUE(globMatches("f?", "f1"));
  EXPECT_FALSE(globMatches("f?", "f"));
  EXPECT_FALSE(globMatches("f?", "f12"));
}

TEST(Glob, StarIsAnyRun) {
  EXPECT_TRUE(globMatches("*", ""));
  EXPECT_TRUE(globMatches("_ZN*Ev", "_ZN1a1bEv"));
  EXPECT_FALSE(globMatches("_ZN*Ev", "_ZN1a1bEi"));
  EXPECT_TRUE(globMatches("a**b", "ab"));
  EXPECT_TRUE(globMatches("*ab", "aab")); // the first candidate is the wrong one
  EXPECT_TRUE(globMatches("*a?b*c", "xaabaabc"));
}

TEST(Glob, ManyStarsStayFast) {
  // Exponential for a matcher that reconsiders every star.
  EXPECT_FALSE(globMatches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

} // namespace
} // namespace tiercel
