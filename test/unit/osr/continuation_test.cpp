// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "osr/continuation.h"
#include "unit/link_name.h"
#include "unit/support/parse_ir.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tiercel {
namespace {

constexpr uint32_t kId = 0x1a3;

/// `depth` loops in each other, which use values of all of them.
std::string nest(unsigned depth) {
  std::string heads, latches;
  for (unsigned k = 0; k < depth; ++k) {
    const std::string before = k == 0 ? "entry" : fmt::format("h{}", k - 1);
    const std::string inside = k + 1 == depth ? fmt::format("l{}", k) : fmt::format("h{}", k + 1);
    const std::string behind = k == 0 ? "done" : fmt::format("l{}", k - 1);
    heads += fmt::format("h{0}:\n  %i{0} = phi i32 [ 0, %{1} ], [ %n{0}, %l{0} ]\n"
                         "  call void @use(i32 %i{0}, i32 %i0)\n  br label %{2}\n",
                         k, before, inside);
    latches += fmt::format("l{0}:\n  %n{0} = add i32 %i{0}, 1\n  %c{0} = icmp slt i32 %n{0}, %n\n"
                           "  br i1 %c{0}, label %h{0}, label %{1}\n",
                           k, behind);
  }
  return "declare void @use(i32, i32)\ndefine i32 @f(i32 %n) {\nentry:\n  br label %h0\n" + heads + latches +
         "done:\n  ret i32 %n0\n}\n";
}

unsigned deepest(llvm::Function& function) {
  const llvm::DominatorTree dominators(function);
  const llvm::LoopInfo loops(dominators);
  unsigned depth = 0;
  for (const llvm::BasicBlock& block : function)
    depth = std::max(depth, loops.getLoopDepth(&block));
  return depth;
}

class ContinuationTest : public testing::Test {
protected:
  void parse(const std::string& text) {
    unit = Unit();
    unit.module = parseIr(text, context);
    unit.function = unit.module->getFunction("f");
    unit.id = FunctionId(kId);
    ASSERT_NE(unit.function, nullptr);
  }
  /// Shape of the frame of the code to be left, and how many headers it has.
  OsrFrame frameOf(const std::string& text) {
    parse(text);
    OsrFrameResult result = makeOsrFrame(*unit.function);
    EXPECT_FALSE(result.refused.has_value());
    OsrFrame frame;
    frame.shape = result.frame.shape;
    frame.headers = result.frame.headers; // of a module that goes: to be counted only
    return frame;
  }
  std::optional<Reason> make(const std::string& text, unsigned header, uint64_t shape) {
    parse(text);
    std::optional<Reason> reason = makeContinuation(unit, header, shape);
    EXPECT_FALSE(llvm::verifyModule(*unit.module, &llvm::errs()));
    return reason;
  }
  llvm::Function* body() {
    llvm::Function* found = unit.module->getFunction(makeLinkName("osr", LinkKind::Private, kId));
    EXPECT_NE(found, nullptr);
    return found;
  }

  llvm::LLVMContext context;
  Unit unit;
};

class NestTest : public ContinuationTest, public testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Depths, NestTest, testing::Range(1u, 5u));

TEST_P(NestTest, IsEnteredAtANaturalLoopWithTheNestIntact) {
  const unsigned depth = GetParam();
  const OsrFrame old = frameOf(nest(depth));
  ASSERT_EQ(old.headers.size(), depth);
  for (unsigned header = 0; header < depth; ++header) {
    SCOPED_TRACE("header " + std::to_string(header));
    ASSERT_FALSE(make(nest(depth), header, old.shape).has_value());
    ASSERT_EQ(unit.function->arg_size(), 1u) << "the table";
    llvm::Function& continuation = *body();
    const llvm::DominatorTree dominators(continuation);
    const llvm::LoopInfo loops(dominators);
    // Every target of a back edge heads a natural loop: nothing became irreducible.
    for (llvm::BasicBlock* target : findLoopHeaders(continuation))
      EXPECT_TRUE(loops.isLoopHeader(target));
    EXPECT_EQ(deepest(continuation), depth) << "the original nest is there as it was";
    const llvm::BasicBlock* entered = continuation.getEntryBlock().getSingleSuccessor();
    ASSERT_NE(entered, nullptr);
    EXPECT_TRUE(loops.isLoopHeader(entered));
    EXPECT_EQ(loops.getLoopDepth(entered), 1u)
        << "around it is no loop that would have to be entered in the middle";
  }
}

TEST_F(ContinuationTest, PrivateSlotsBecomeValuesAndOthersAreUsedWhereTheyAre) {
  const std::string text =
      "declare void @keep(ptr)\ndefine i32 @f() {\nentry:\n  %escapes = alloca i64\n"
      "  %number = alloca i32\n  %array = alloca [4 x i32]\n  %large = alloca [400 x i8]\n"
      "  call void @keep(ptr %escapes)\n  store i32 0, ptr %number\n  br label %loop\n"
      "loop:\n  %x = load i32, ptr %number\n  store i32 %x, ptr %array\n"
      "  store i32 %x, ptr %large\n"
      "  %y = add i32 %x, 1\n  store i32 %y, ptr %number\n  %c = icmp slt i32 %y, 9\n"
      "  br i1 %c, label %loop, label %done\ndone:\n  ret i32 %y\n}\n";
  const OsrFrame old = frameOf(text);
  ASSERT_FALSE(make(text, 0, old.shape).has_value());
  const llvm::Function& continuation = *body();
  ASSERT_EQ(continuation.arg_size(), 5u) << "four slots and the labels";
  EXPECT_TRUE(continuation.getArg(0)->getType()->isPointerTy());
  EXPECT_FALSE(continuation.getArg(0)->hasNoAliasAttr()) << "somebody else has its address";
  EXPECT_TRUE(continuation.getArg(1)->getType()->isIntegerTy(32));
  EXPECT_TRUE(continuation.getArg(2)->hasNoAliasAttr());
  EXPECT_TRUE(continuation.getArg(3)->hasNoAliasAttr());
  // Own memory: the number and the small array, not the large one.
  unsigned own = 0;
  for (const llvm::Instruction& instruction : continuation.getEntryBlock())
    own += llvm::isa<llvm::AllocaInst>(instruction);
  EXPECT_EQ(own, 2u);
}

TEST_F(ContinuationTest, LabelsAreTranslated) {
  const std::string text = "define void @f() {\nentry:\n  %where = alloca ptr\n"
                           "  store ptr blockaddress(@f, %loop), ptr %where\n  br label %loop\n"
                           "loop:\n  %to = load ptr, ptr %where\n"
                           "  store ptr blockaddress(@f, %done), ptr %where\n"
                           "  indirectbr ptr %to, [label %loop, label %done]\ndone:\n  ret void\n}\n";
  const OsrFrame old = frameOf(text);
  ASSERT_FALSE(make(text, 0, old.shape).has_value());
  const llvm::GlobalVariable* labels =
      unit.module->getGlobalVariable(makeLinkName("osr.labels", LinkKind::Private, kId), true);
  ASSERT_NE(labels, nullptr);
  for (const llvm::Use& label : labels->getInitializer()->operands())
    EXPECT_EQ(llvm::cast<llvm::BlockAddress>(label)->getFunction(), body());
}

TEST_F(ContinuationTest, AFrameThatIsNotTheSameIsRefused) {
  const std::string text = nest(2);
  const OsrFrame old = frameOf(text);
  EXPECT_EQ(make(text, 0, old.shape + 1), Reason::OsrShape);
  EXPECT_EQ(make(text, 2, old.shape), Reason::OsrShape) << "it has two headers";
}

TEST_F(ContinuationTest, LandingPadsAreNotEntered) {
  const std::string text = "declare void @may()\ndeclare i32 @__gxx_personality_v0(...)\n"
                           "define void @f() personality ptr @__gxx_personality_v0 {\nentry:\n"
                           "  invoke void @may() to label %done unwind label %retry\n"
                           "retry:\n  %pad = landingpad { ptr, i32 } cleanup\n"
                           "  invoke void @may() to label %done unwind label %retry\ndone:\n  ret void\n}\n";
  const OsrFrame old = frameOf(text);
  ASSERT_EQ(old.headers.size(), 1u);
  EXPECT_EQ(make(text, 0, old.shape), Reason::OsrHandler);
}

TEST_F(ContinuationTest, WhatHasNoFrameKeepsItsReason) {
  EXPECT_EQ(make("define void @f(i1 %c) {\nentry:\n  br label %l\nl:\n  br i1 %c, label %l, label %d\nd:\n"
                 "  musttail call void @f(i1 %c)\n  ret void\n}\n",
                 0, 0),
            Reason::OsrMustTail);
}

} // namespace
} // namespace tiercel
