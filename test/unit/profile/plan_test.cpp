// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/annotate.h"
#include "profile/edge_plan.h"
#include "profile/insert_counters.h"
#include "profile/reconstruct.h"
#include "profile/target_table.h"
#include "unit/support/parse_ir.h"

#include "llvm/Analysis/ProfileSummaryInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/ProfDataUtils.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tiercel {
namespace {

using testing::ElementsAre;

std::vector<std::string> namesOf(const EdgePlan& plan) {
  std::vector<std::string> names;
  for (const CounterSite& site : plan.sites) {
    std::string name = site.block->getName().str();
    if (site.kind == CounterSite::Kind::Edge)
      name += "->" + site.terminator->getSuccessor(site.successor)->getName().str();
    names.push_back((site.always ? "+" : "") + name);
  }
  return names;
}

class PlanTest : public testing::Test {
protected:
  llvm::Function& parse(std::string_view text) {
    module = parseIr(text, context);
    return *module->getFunction("f");
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
};

constexpr const char* kLoop = "define void @f(i1 %c) {\nentry:\n  br label %header\n"
                              "header:\n  br i1 %c, label %body, label %done\n"
                              "body:\n  br label %header\n"
                              "done:\n  ret void\n}";

TEST_F(PlanTest, ASimpleLoopNeedsItsHeaderOnly) {
  EXPECT_THAT(namesOf(EdgePlan(parse(kLoop))), ElementsAre("+entry", "+header"));
}

TEST_F(PlanTest, NestedLoopsNeedTheirHeadersOnly) {
  const EdgePlan plan(parse("define void @f(i1 %c) {\nentry:\n  br label %outer\n"
                            "outer:\n  br label %inner\n"
                            "inner:\n  br i1 %c, label %inner, label %latch\n"
                            "latch:\n  br i1 %c, label %outer, label %done\n"
                            "done:\n  ret void\n}"));
  EXPECT_THAT(namesOf(plan), ElementsAre("+entry", "+outer", "+inner"));
}

TEST_F(PlanTest, OfTwoWaysTheColdOneIsCounted) {
  const EdgePlan plan(parse("declare void @fail() cold\n"
                            "define void @f(i1 %c) {\nentry:\n  br label %loop\n"
                            "loop:\n  br i1 %c, label %bad, label %good\n"
                            "bad:\n  call void @fail()\n  br label %latch\n"
                            "good:\n  br label %latch\n"
                            "latch:\n  br i1 %c, label %loop, label %done\n"
                            "done:\n  ret void\n}"));
  EXPECT_THAT(namesOf(plan), ElementsAre("+entry", "+loop", "bad"));
}

TEST_F(PlanTest, ABlockThatEndsTheProgramIsCountedRatherThanTheLoopAroundIt) {
  const EdgePlan plan(parse("declare void @exit(i32)\n"
                            "define void @f(i1 %c) {\nentry:\n  br label %loop\n"
                            "loop:\n  br i1 %c, label %bad, label %good\n"
                            "bad:\n  call void @exit(i32 1)\n  unreachable\n"
                            "good:\n  br i1 %c, label %loop, label %done\n"
                            "done:\n  ret void\n}"));
  EXPECT_THAT(namesOf(plan), ElementsAre("+entry", "+loop", "bad"));
}

TEST_F(PlanTest, UnwindEdgesAreNotCounted) {
  const EdgePlan plan(parse("declare void @may()\ndeclare i32 @__gxx_personality_v0(...)\n"
                            "define void @f() personality ptr @__gxx_personality_v0 {\nentry:\n"
                            "  invoke void @may() to label %second unwind label %pad\n"
                            "second:\n  invoke void @may() to label %done unwind label %pad\n"
                            "pad:\n  %p = landingpad { ptr, i32 } cleanup\n  ret void\n"
                            "done:\n  ret void\n}"));
  EXPECT_THAT(namesOf(plan), ElementsAre("+entry", "pad"))
      << "a shared pad costs nothing while nothing is thrown";
  const Frequencies none = reconstruct(plan, std::vector<uint64_t>{9, 0});
  EXPECT_THAT(none.blocks, ElementsAre(9, 9, 0, 9));
  EXPECT_TRUE(none.exact);
  const Frequencies thrown = reconstruct(plan, std::vector<uint64_t>{9, 4});
  EXPECT_THAT(thrown.successorsOf(0), ElementsAre(9, 2));
  EXPECT_FALSE(thrown.exact);
}

TEST_F(PlanTest, HandlersOfAnInterpreterAreCountedAllButOne) {
  const EdgePlan plan(parse("declare ptr @next()\n"
                            "define void @f() {\nentry:\n  br label %dispatch\n"
                            "dispatch:\n  %t = call ptr @next()\n"
                            "  indirectbr ptr %t, [label %a, label %b, label %c, label %out]\n"
                            "a:\n  br label %dispatch\nb:\n  br label %dispatch\nc:\n  br label %dispatch\n"
                            "out:\n  ret void\n}"));
  EXPECT_EQ(plan.sites.size(), 2u + 2u);
  for (size_t i = 2; i < plan.sites.size(); ++i)
    EXPECT_EQ(plan.sites[i].kind, CounterSite::Kind::Block);
}

TEST_F(PlanTest, UnreachableBlocksHaveNoPart) {
  const EdgePlan plan(parse("define void @f() {\nentry:\n  br label %done\n"
                            "lost:\n  br label %done\ndone:\n  ret void\n}"));
  EXPECT_THAT(namesOf(plan), ElementsAre("+entry"));
  EXPECT_THAT(reconstruct(plan, std::vector<uint64_t>{7}).blocks, ElementsAre(7, 0, 7));
}

TEST_F(PlanTest, IndirectCallsInOrder) {
  llvm::Function& function = parse("declare void @known()\n"
                                   "define void @f(ptr %a, ptr %b) {\n"
                                   "  call void %b()\n  call void @known()\n  call void asm \"\", \"\"()\n"
                                   "  call void null()\n  call void %a()\n  ret void\n}");
  const std::vector<llvm::CallBase*> calls = indirectCalls(function);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0]->getCalledOperand(), function.getArg(1));
  EXPECT_EQ(calls[1]->getCalledOperand(), function.getArg(0));
}

TEST_F(PlanTest, CountsThatDoNotFitBecomeZeroNotNegative) {
  llvm::Function& function = parse(kLoop);
  // More entries than iterations, as when threads lose each other's updates.
  const Frequencies found = reconstruct(EdgePlan(function), std::vector<uint64_t>{10, 4});
  EXPECT_FALSE(found.exact);
  for (uint64_t count : found.blocks)
    EXPECT_LE(count, 10u);
}

TEST_F(PlanTest, AnnotatesBranchesAndEntry) {
  llvm::Function& function = parse(kLoop);
  annotate(function, reconstruct(EdgePlan(function), std::vector<uint64_t>{10, 110}));
  ASSERT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  ASSERT_TRUE(function.getEntryCount());
  EXPECT_EQ(function.getEntryCount()->getCount(), 10u);
  uint64_t body = 0;
  uint64_t done = 0;
  ASSERT_TRUE(llvm::extractBranchWeights(*std::next(function.begin())->getTerminator(), body, done));
  EXPECT_EQ(body, 100u);
  EXPECT_EQ(done, 10u);
}

TEST_F(PlanTest, LargeCountsKeepTheirRatio) {
  llvm::Function& function = parse(kLoop);
  const uint64_t big = uint64_t(1) << 40;
  annotate(function, reconstruct(EdgePlan(function), std::vector<uint64_t>{big, 4 * big}));
  uint64_t body = 0;
  uint64_t done = 0;
  ASSERT_TRUE(llvm::extractBranchWeights(*std::next(function.begin())->getTerminator(), body, done));
  EXPECT_EQ(body, 3 * done);
}

TEST_F(PlanTest, ABranchNeverReachedKeepsItsPrediction) {
  llvm::Function& function =
      parse("define void @f(i1 %c) {\nentry:\n  br i1 %c, label %a, label %b, !prof !0\n"
            "a:\n  br i1 %c, label %b, label %d, !prof !0\nb:\n  ret void\nd:\n  ret void\n}\n"
            "!0 = !{!\"branch_weights\", i32 1, i32 2000}");
  const EdgePlan plan(function);
  std::vector<uint64_t> counts(plan.sites.size());
  counts[0] = 8;
  annotate(function, reconstruct(plan, counts));
  uint64_t first = 0;
  uint64_t second = 0;
  ASSERT_TRUE(llvm::extractBranchWeights(*std::next(function.begin())->getTerminator(), first, second));
  EXPECT_EQ(first + second, 2001u);
  ASSERT_TRUE(llvm::extractBranchWeights(*function.getEntryBlock().getTerminator(), first, second));
  EXPECT_EQ(first + second, 8u);
}

TEST_F(PlanTest, TheSummaryTellsHotFromCold) {
  parse(kLoop);
  SummaryBuilder builder;
  builder.add(std::vector<uint64_t>{1, 1000000});
  for (unsigned i = 0; i < 100; ++i)
    builder.add(std::vector<uint64_t>{2, 3});
  builder.apply(*module);
  ASSERT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  llvm::ProfileSummaryInfo info(*module);
  ASSERT_TRUE(info.hasInstrumentationProfile());
  EXPECT_TRUE(info.isHotCount(1000000));
  EXPECT_TRUE(info.isColdCount(2));
  EXPECT_FALSE(info.isHotCount(2));
}

TEST_F(PlanTest, FixedStackSlotsStayFixed) {
  llvm::Function& function = parse("declare void @use(ptr)\n@poll = external global i32\n"
                                   "define void @f() {\n  call void @use(ptr null)\n  %slot = alloca i32\n"
                                   "  call void @use(ptr %slot)\n  ret void\n}");
  insertGate(*function.getEntryBlock().begin(), *module->getNamedGlobal("poll"));
  ASSERT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  unsigned fixed = 0;
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    fixed += slot && slot->isStaticAlloca();
  }
  EXPECT_EQ(fixed, 1u);
}

TEST_F(PlanTest, RecordersNameTheirTable) {
  llvm::Function& function =
      parse("@poll = external global i32\n@tables = internal global [144 x i8] zeroinitializer\n"
            "declare void @record(ptr, ptr)\n"
            "define i32 @f(ptr %g, ptr %place) {\nentry:\n  %slot = alloca i32\n  %h = load ptr, ptr %place\n"
            "  call void %g(ptr %slot)\n  %r = musttail call i32 %h(ptr %g, ptr %place)\n  ret i32 %r\n}");
  static_assert(sizeof(TargetTable) == 72);
  llvm::Function& record = *module->getFunction("record");
  insertTargetRecorders(indirectCalls(function), *module->getNamedGlobal("poll"),
                        *module->getNamedGlobal("tables"), record);
  ASSERT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  std::vector<std::string> targets;
  for (const llvm::User* user : record.users())
    targets.push_back(llvm::cast<llvm::CallInst>(user)->getArgOperand(1)->getName().str());
  EXPECT_THAT(targets, testing::UnorderedElementsAre("g", "h"));
}

} // namespace
} // namespace tiercel
