// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiering/compile_budget.h"
#include "tiering/compile_model.h"
#include "tiering/sample_window.h"

#include <gtest/gtest.h>

namespace tiercel {
namespace {

TEST(CompileModel, BeginsWithGuessesThatRiseWithTheTier) {
  const CompileModel model;
  for (unsigned tier = 1; tier < kTierCount; ++tier) {
    EXPECT_GT(model.compileNs(tier, 100), model.compileNs(tier - 1, 100));
    EXPECT_LT(model.relativeTime(tier), model.relativeTime(tier - 1));
  }
  EXPECT_EQ(model.relativeTime(0), 1);
  EXPECT_DOUBLE_EQ(model.compileNs(2, 300) - model.compileNs(2, 200),
                   model.compileNs(2, 200) - model.compileNs(2, 100));
  EXPECT_GT(model.compileNs(2, 0), 0) << "nothing is free";
  EXPECT_GT(model.callWork(1000), model.callWork(100));
  EXPECT_EQ(model.callWork(100'000), model.callWork(1000)) << "most of a large function is seldom run";
}

TEST(CompileModel, LearnsCompileTimesTierByTier) {
  CompileModel model;
  const double other = model.compileNs(1, 100), first = model.compileNs(3, 100);
  model.begun(3);
  const double guess = model.compileNs(3, 100);
  EXPECT_LT(guess, first) << "a tier's first compile takes longer";
  model = CompileModel();
  model.compiled(3, 400, uint64_t(guess) * 4 * 10);
  EXPECT_EQ(model.compileNs(3, 100), guess) << "and says nothing about the others";
  model.compiled(3, 400, uint64_t(guess) * 4 * 10);
  EXPECT_GT(model.compileNs(3, 100), guess) << "ten times slower than thought";
  EXPECT_LT(model.compileNs(3, 100), 8 * guess) << "one compile is not all";
  for (int i = 0; i < 1000; ++i)
    model.compiled(3, 400, uint64_t{400} * 20'000);
  EXPECT_NEAR(model.compileNs(3, 400), 400 * 20'000, 400 * 1000);
  EXPECT_EQ(model.compileNs(1, 100), other);
}

TEST(CompileModel, LearnsHowMuchFasterATierIs) {
  CompileModel model;
  for (int i = 0; i < 100; ++i)
    model.ran(1, 0.8, 100);
  EXPECT_NEAR(model.relativeTime(1), 0.8, 0.01);
  for (int i = 0; i < 1000; ++i)
    model.ran(2, 3, 100);
  EXPECT_LE(model.relativeTime(2), 1) << "a tier is not taken to be slower than the first";
  EXPECT_GT(model.relativeTime(2), 0.95);
}

TEST(CompileModel, LearnsWhatEventsCost) {
  CompileModel model;
  const double guess = model.callWork(200);
  for (int i = 0; i < 100'000; ++i)
    model.sampled(1000 * model.callWork(200), 1000 * 3 * guess);
  EXPECT_NEAR(model.callWork(200), 3 * guess, 0.1 * guess);
  EXPECT_DOUBLE_EQ(model.loopWork(200) / CompileModel().loopWork(200), model.callWork(200) / guess);
  model = CompileModel();
  for (int i = 0; i < 1000; ++i)
    model.sampled(1e6, 0);
  EXPECT_GT(model.callWork(200), 0) << "without samples an event still costs something";
}

TEST(CompileBudget, LimitsCompilesToAShareOfTheProgramsTime) {
  CompileBudget budget(0.1);
  EXPECT_TRUE(budget.limited());
  EXPECT_TRUE(budget.allows(10, 100));
  EXPECT_FALSE(budget.allows(11, 100));
  budget.spent(10);
  EXPECT_FALSE(budget.allows(1, 100));
  EXPECT_TRUE(budget.allows(10, 200));
  EXPECT_EQ(budget.spentNs(), 10u);
  CompileBudget none(0);
  none.spent(1'000'000);
  EXPECT_FALSE(none.limited());
  EXPECT_TRUE(none.allows(1e9, 0));
}

TEST(SampleWindow, RemembersTheLastHundred) {
  SampleWindow window;
  const FunctionId a(1), b(2);
  EXPECT_EQ(window.size(), 0u);
  EXPECT_EQ(window.hitsOf(a), 0u);
  for (unsigned i = 0; i < 60; ++i)
    window.add(a);
  EXPECT_EQ(window.size(), 60u);
  EXPECT_EQ(window.hitsOf(a), 60u);
  for (unsigned i = 0; i < 70; ++i)
    window.add(i % 2 ? b : FunctionId());
  EXPECT_EQ(window.size(), 100u);
  EXPECT_EQ(window.hitsOf(a), 30u);
  EXPECT_EQ(window.hitsOf(b), 35u);
}

} // namespace
} // namespace tiercel
