// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile/edge_plan.h"
#include "profile/promote_indirect.h"
#include "unit/support/parse_ir.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/ProfDataUtils.h"
#include "llvm/IR/Verifier.h"
#include "llvm/ProfileData/InstrProf.h"
#include "llvm/Support/raw_ostream.h"

namespace tiercel {
namespace {

class PromoteIndirectTest : public testing::Test {
protected:
  void parse(std::string_view body) {
    module = parseIr("declare i32 @a(i32)\ndeclare i32 @b(i32)\ndeclare i32 @c(i32)\ndeclare i32 @d(i32)\n"
                     "declare void @other(double, double)\ndeclare i32 @__gxx_personality_v0(...)\n" +
                         std::string(body),
                     context);
    call = indirectCalls(*module->getFunction("f")).front();
  }
  std::vector<std::string> promote(const std::vector<std::pair<const char*, uint64_t>>& targets,
                                   uint64_t total) {
    std::vector<PromotionCandidate> candidates;
    candidates.reserve(targets.size());
    for (auto [name, count] : targets)
      candidates.push_back({module->getFunction(name), count});
    std::vector<std::string> names;
    for (llvm::CallBase* direct : promoteIndirectCall(*call, candidates, total))
      names.push_back(direct->getCalledFunction()->getName().str());
    EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
    return names;
  }
  uint64_t remaining() {
    uint64_t total = 0;
    llvm::getValueProfDataFromInst(*call, llvm::IPVK_IndirectCallTarget, 8, total);
    return total;
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  llvm::CallBase* call = nullptr;
};

using Names = std::vector<std::string>;
constexpr const char* kCall = "define i32 @f(ptr %p) {\n  %r = call i32 %p(i32 1)\n  ret i32 %r\n}";

TEST_F(PromoteIndirectTest, OneTargetBecomesACheckAndADirectCall) {
  parse(kCall);
  EXPECT_EQ(promote({{"a", 100}}, 100), Names{"a"});
  uint64_t taken = 0;
  uint64_t other = 1;
  ASSERT_TRUE(
      llvm::extractBranchWeights(*module->getFunction("f")->getEntryBlock().getTerminator(), taken, other));
  EXPECT_EQ(taken, 100u);
  EXPECT_EQ(other, 0u);
  EXPECT_EQ(call->getMetadata(llvm::LLVMContext::MD_prof), nullptr)
      << "nothing is left to say about the rest";
}

TEST_F(PromoteIndirectTest, EachMustBeThirtyPercentOfWhatRemains) {
  parse(kCall);
  EXPECT_EQ(promote({{"a", 60}, {"b", 20}, {"c", 5}, {"d", 4}}, 100), (Names{"a", "b"}));
  EXPECT_EQ(remaining(), 20u);
}

TEST_F(PromoteIndirectTest, NoMoreThanThree) {
  parse(kCall);
  EXPECT_EQ(promote({{"a", 50}, {"b", 25}, {"c", 13}, {"d", 12}}, 100), (Names{"a", "b", "c"}));
}

TEST_F(PromoteIndirectTest, RareTargetsStayIndirectWithTheirProfile) {
  parse(kCall);
  EXPECT_EQ(promote({{"a", 25}, {"b", 20}}, 100), Names{});
  EXPECT_TRUE(call->isIndirectCall());
  EXPECT_EQ(remaining(), 100u);
}

TEST_F(PromoteIndirectTest, TargetsThatDoNotFitTheCallStayIndirect) {
  parse(kCall);
  EXPECT_EQ(promote({{"other", 100}}, 100), Names{});
}

TEST_F(PromoteIndirectTest, NoCallsNoChange) {
  parse(kCall);
  EXPECT_EQ(promote({{"a", 0}}, 0), Names{});
  EXPECT_EQ(promote({}, 0), Names{});
}

TEST_F(PromoteIndirectTest, Invokes) {
  parse("define i32 @f(ptr %p) personality ptr @__gxx_personality_v0 {\n"
        "  %r = invoke i32 %p(i32 1) to label %ok unwind label %pad\nok:\n  ret i32 %r\n"
        "pad:\n  %l = landingpad { ptr, i32 } cleanup\n  ret i32 0\n}");
  EXPECT_EQ(promote({{"a", 60}, {"b", 40}}, 100), (Names{"a", "b"}));
}

TEST_F(PromoteIndirectTest, TailCallsThatMustStayTailCalls) {
  parse("define i32 @f(i32 %x, ptr %p) {\n  %r = musttail call i32 %p(i32 %x, ptr %p)\n  ret i32 %r\n}\n"
        "declare i32 @same(i32, ptr)");
  EXPECT_EQ(promote({{"same", 100}}, 100), Names{"same"});
}

TEST_F(PromoteIndirectTest, MoreCallsOfTargetsThanInTotal) {
  parse(kCall);
  EXPECT_EQ(promote({{"a", 150}, {"b", 20}}, 100), Names{"a"}) << "racing threads count like that";
}

} // namespace
} // namespace tiercel
