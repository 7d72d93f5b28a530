// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "osr/frame.h"
#include "unit/support/parse_ir.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tiercel {
namespace {

/// Whether `header` reaches a use of the value without passing its definition.
bool liveAt(const llvm::Value& value, const llvm::BasicBlock& header) {
  const auto* definition = llvm::dyn_cast<llvm::Instruction>(&value);
  llvm::SmallPtrSet<const llvm::BasicBlock*, 16> seen;
  llvm::SmallVector<const llvm::BasicBlock*, 16> work = {&header};
  while (!work.empty()) {
    const llvm::BasicBlock* block = work.pop_back_val();
    if ((definition && block == definition->getParent()) || !seen.insert(block).second)
      continue;
    work.append(llvm::succ_begin(block), llvm::succ_end(block));
  }
  return llvm::any_of(value.uses(), [&](const llvm::Use& use) {
    const auto* user = llvm::cast<llvm::Instruction>(use.getUser());
    const auto* phi = llvm::dyn_cast<llvm::PHINode>(user);
    return seen.contains(phi ? phi->getIncomingBlock(use) : user->getParent());
  });
}

/// What lives at a header without being in a slot: none, when the frame is right.
std::string liveOutsideSlots(llvm::Function& function, const OsrFrame& frame) {
  std::string names;
  for (llvm::BasicBlock* header : frame.headers) {
    for (const llvm::PHINode& phi : header->phis())
      names += " phi " + phi.getName().str();
    for (const llvm::Argument& argument : function.args()) {
      if (liveAt(argument, *header))
        names += " argument " + argument.getName().str();
    }
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
      if ((!alloca || !alloca->isStaticAlloca()) && liveAt(instruction, *header))
        names += " value " + instruction.getName().str();
    }
  }
  return names;
}

class OsrFrameTest : public testing::Test {
protected:
  llvm::Function& parse(const std::string& text) {
    modules.push_back(parseIr(text, context));
    llvm::Function* function = modules.back()->getFunction("f");
    EXPECT_NE(function, nullptr);
    return *function;
  }
  OsrFrame frameOf(llvm::Function& function) {
    EXPECT_FALSE(whyNoOsr(function).has_value());
    OsrFrameResult result = makeOsrFrame(function);
    EXPECT_FALSE(result.refused.has_value());
    EXPECT_FALSE(llvm::verifyFunction(function, &llvm::errs()));
    return std::move(result.frame);
  }

  llvm::LLVMContext context;
  std::vector<std::unique_ptr<llvm::Module>> modules;
};

constexpr const char* kNest =
    "declare void @use(i32, i32)\n"
    "define i32 @f(i32 %n, i32 %unused, i32 %before) {\nentry:\n  %dead = add i32 %before, 1\n"
    "  call void @use(i32 %dead, i32 0)\n  %kept = mul i32 %n, 3\n  br label %outer\n"
    "outer:\n  %i = phi i32 [ 0, %entry ], [ %i2, %latch ]\n  %twice = add i32 %i, %i\n  br label %inner\n"
    "inner:\n  %j = phi i32 [ 0, %outer ], [ %j2, %inner ]\n  call void @use(i32 %twice, i32 %kept)\n"
    "  %j2 = add i32 %j, 1\n  %c = icmp slt i32 %j2, %n\n  br i1 %c, label %inner, label %latch\n"
    "latch:\n  %i2 = add i32 %i, 1\n  %d = icmp slt i32 %i2, %n\n  br i1 %d, label %outer, label %done\n"
    "done:\n  ret i32 %j2\n}\n";

TEST_F(OsrFrameTest, WhatLivesAtAHeaderIsInASlot) {
  llvm::Function& function = parse(kNest);
  OsrFrame before;
  before.headers = findLoopHeaders(function);
  EXPECT_NE(liveOutsideSlots(function, before), "") << "the test can fail";
  const OsrFrame frame = frameOf(function);
  EXPECT_EQ(frame.headers.size(), 2u);
  EXPECT_EQ(liveOutsideSlots(function, frame), "");
}

TEST_F(OsrFrameTest, NothingElseIs) {
  llvm::Function& function = parse(kNest);
  const OsrFrame frame = frameOf(function);
  // n, kept, i, twice, j, and i once more, as loaded in its header and used behind the inner one. j2 is
  // computed anew before it is used behind the loop.
  EXPECT_EQ(frame.slots.size(), 6u);
  EXPECT_EQ(function.getArg(1)->getNumUses(), 0u);
  for (const llvm::User* user : function.getArg(2)->users())
    EXPECT_FALSE(llvm::isa<llvm::StoreInst>(user)) << "used before the loop only";
}

TEST_F(OsrFrameTest, TheSameIrHasTheSameShape) {
  const OsrFrame one = frameOf(parse(kNest)), other = frameOf(parse(kNest));
  EXPECT_EQ(one.shape, other.shape);
  ASSERT_EQ(one.headers.size(), other.headers.size());
  for (size_t i = 0; i < one.headers.size(); ++i)
    EXPECT_EQ(one.headers[i]->getName(), other.headers[i]->getName());
  ASSERT_EQ(one.slots.size(), other.slots.size());
  for (size_t i = 0; i < one.slots.size(); ++i)
    EXPECT_EQ(one.slots[i]->getName(), other.slots[i]->getName());
}

TEST_F(OsrFrameTest, AnotherSlotIsAnotherShape) {
  const auto with = [](const std::string& type) {
    return "define void @f() {\n  %x = alloca " + type + "\n  br label %l\nl:\n  br label %l\n}\n";
  };
  const uint64_t shape = frameOf(parse(with("i32"))).shape;
  EXPECT_EQ(shape, frameOf(parse(with("i32"))).shape);
  EXPECT_NE(shape, frameOf(parse(with("i64"))).shape);
  EXPECT_NE(shape, frameOf(parse(with("float"))).shape);
  EXPECT_NE(shape, frameOf(parse(with("i32, align 16"))).shape);
  EXPECT_NE(shape, frameOf(parse(with("i32\n  %y = alloca i32"))).shape);
}

TEST_F(OsrFrameTest, ValuesOfInvokesAreStoredOnTheirWay) {
  llvm::Function& function = parse("declare i32 @may(i32)\ndeclare i32 @__gxx_personality_v0(...)\n"
                                   "define i32 @f() personality ptr @__gxx_personality_v0 {\nentry:\n"
                                   "  %first = invoke i32 @may(i32 0) to label %loop unwind label %pad\n"
                                   "loop:\n  %x = phi i32 [ %first, %entry ], [ %again, %loop ]\n"
                                   "  %again = invoke i32 @may(i32 %x) to label %loop unwind label %pad\n"
                                   "pad:\n  %last = phi i32 [ -1, %entry ], [ %x, %loop ]\n"
                                   "  %p = landingpad { ptr, i32 } cleanup\n  ret i32 %last\n}\n");
  const OsrFrame frame = frameOf(function);
  EXPECT_EQ(frame.slots.size(), 1u);
  EXPECT_EQ(liveOutsideSlots(function, frame), "");
}

TEST_F(OsrFrameTest, ALandingPadThatHeadsALoopCannotBeEntered) {
  llvm::Function& function = parse("declare void @may()\ndeclare i32 @__gxx_personality_v0(...)\n"
                                   "define void @f() personality ptr @__gxx_personality_v0 {\nentry:\n"
                                   "  invoke void @may() to label %loop unwind label %retry\n"
                                   "retry:\n  %pad = landingpad { ptr, i32 } cleanup\n"
                                   "  invoke void @may() to label %loop unwind label %retry\n"
                                   "loop:\n  br label %loop\n}");
  const OsrFrame frame = frameOf(function);
  ASSERT_EQ(frame.headers.size(), 2u);
  unsigned enterable = 0;
  for (llvm::BasicBlock* header : frame.headers) {
    EXPECT_EQ(canLeaveAt(*header), header->getName() == "loop");
    enterable += canLeaveAt(*header);
  }
  EXPECT_EQ(enterable, 1u);
}

TEST_F(OsrFrameTest, LabelsInVariablesAreKnown) {
  llvm::Function& function =
      parse("define void @f(i1 %c) {\nentry:\n  %where = alloca ptr\n  %other = alloca ptr\n"
            "  store ptr blockaddress(@f, %loop), ptr %where\n  br label %loop\n"
            "loop:\n  store ptr null, ptr %other\n  %to = load ptr, ptr %where\n"
            "  indirectbr ptr %to, [label %loop, label %done]\n"
            "done:\n  ret void\n}");
  const OsrFrame frame = frameOf(function);
  ASSERT_EQ(frame.labels.size(), 1u);
  EXPECT_EQ(frame.labels[0]->getName(), "loop");
  ASSERT_EQ(frame.labelSlots.size(), 1u);
  EXPECT_EQ(frame.slots[frame.labelSlots[0]]->getName(), "where");
}

TEST_F(OsrFrameTest, SomethingComputedFromLabelsIsRefused) {
  llvm::Function& function = parse(
      "@table = internal constant [2 x ptr] [ptr blockaddress(@f, %loop), ptr blockaddress(@f, %done)]\n"
      "define void @f(i64 %n) {\nentry:\n  %labels = alloca ptr\n  store ptr @table, ptr %labels\n"
      "  br label %loop\nloop:\n  %t = load ptr, ptr %labels\n"
      "  %at = getelementptr [2 x ptr], ptr %t, i64 0, i64 %n\n  %to = load ptr, ptr %at\n"
      "  indirectbr ptr %to, [label %loop, label %done]\ndone:\n  ret void\n}\n");
  EXPECT_FALSE(whyNoOsr(function).has_value());
  EXPECT_EQ(makeOsrFrame(function).refused, Reason::OsrLabelTable);
  EXPECT_FALSE(llvm::verifyFunction(function, &llvm::errs()));
}

// --- reasons ----------------------------------------------------------------------------------------------

struct Refusal {
  const char* name;
  Reason reason;
  const char* text;
};
void PrintTo(const Refusal& refusal, std::ostream* stream) { *stream << refusal.name; }

class OsrRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(OsrRefusal, HasItsReason) {
  llvm::LLVMContext context;
  const auto module = parseIr(GetParam().text, context);
  llvm::Function* function = module->getFunction("f");
  ASSERT_NE(function, nullptr);
  const std::optional<Reason> reason = whyNoOsr(*function);
  ASSERT_TRUE(reason.has_value());
  EXPECT_EQ(reasonText(*reason), reasonText(GetParam().reason));
}

#define LOOP "  br label %loop\nloop:\n  br i1 %c, label %loop, label %done\ndone:\n"

INSTANTIATE_TEST_SUITE_P(
    Reasons, OsrRefusal,
    testing::Values(
        Refusal{"ReturnsTwice", Reason::OsrReturnsTwice,
                "declare i32 @setjmp(ptr) returns_twice\ndefine void @f(ptr %b, i1 %c) {\n"
                "  %x = call i32 @setjmp(ptr %b) returns_twice\n" LOOP "  ret void\n}"},
        Refusal{"MustTail", Reason::OsrMustTail,
                "define void @f(i1 %c) {\n" LOOP "  musttail call void @f(i1 %c)\n  ret void\n}"},
        Refusal{"AsmGoto", Reason::OsrAsmGoto,
                "define void @f(i1 %c) {\n  callbr void asm sideeffect \"\", \"!i\"() to label %start [label "
                "%start]\nstart:\n" LOOP "  ret void\n}"},
        Refusal{"VarArgs", Reason::OsrVarArgs,
                "declare void @llvm.va_start.p0(ptr)\ndefine void @f(i1 %c, ...) {\n"
                "  %list = alloca [24 x i8]\n" LOOP
                "  call void @llvm.va_start.p0(ptr %list)\n  ret void\n}"},
        Refusal{"FrameAddress", Reason::OsrFrameAddress,
                "declare ptr @llvm.frameaddress.p0(i32)\ndefine ptr @f(i1 %c) {\n" LOOP
                "  %a = call ptr @llvm.frameaddress.p0(i32 0)\n  ret ptr %a\n}"},
        Refusal{"ReturnAddress", Reason::OsrFrameAddress,
                "declare ptr @llvm.returnaddress(i32)\ndefine ptr @f(i1 %c) {\n" LOOP
                "  %a = call ptr @llvm.returnaddress(i32 0)\n  ret ptr %a\n}"},
        Refusal{"DynamicStack", Reason::OsrDynamicStack,
                "declare ptr @llvm.stacksave.p0()\ndeclare void @llvm.stackrestore.p0(ptr)\n"
                "define void @f(i1 %c) {\n  %s = call ptr @llvm.stacksave.p0()\n" LOOP
                "  call void @llvm.stackrestore.p0(ptr %s)\n  ret void\n}"},
        Refusal{"InAlloca", Reason::OsrSpecialArguments,
                "define void @f(i1 %c, ptr inalloca(i32) %x) {\n" LOOP "  ret void\n}"},
        Refusal{"SwiftError", Reason::OsrSpecialArguments,
                "define void @f(i1 %c) {\n  %e = alloca swifterror ptr\n" LOOP "  ret void\n}"},
        Refusal{"Naked", Reason::OsrSpecialArguments,
                "define void @f(i1 %c) naked {\n  call void asm \"ret\", \"\"()\n  unreachable\n}"},
        Refusal{"Coroutine", Reason::OsrSpecialArguments,
                "define void @f(i1 %c) presplitcoroutine {\n" LOOP "  ret void\n}"},
        Refusal{"Tiles", Reason::OsrTokens,
                "declare x86_amx @llvm.x86.tilezero.internal(i16, i16)\ndefine void @f(i1 %c) {\n"
                "  %t = call x86_amx @llvm.x86.tilezero.internal(i16 8, i16 8)\n" LOOP "  ret void\n}"}),
    [](const testing::TestParamInfo<Refusal>& info) { return info.param.name; });

class OsrAccepted : public testing::TestWithParam<Refusal> {};

TEST_P(OsrAccepted, IsLeft) {
  llvm::LLVMContext context;
  const auto module = parseIr(GetParam().text, context);
  const std::optional<Reason> reason = whyNoOsr(*module->getFunction("f"));
  EXPECT_FALSE(reason.has_value()) << reasonText(*reason);
}

INSTANTIATE_TEST_SUITE_P(
    NextToRefused, OsrAccepted,
    testing::Values(Refusal{"ArgumentsTakenUpBeforeTheLoop",
                            {},
                            "declare void @llvm.va_start.p0(ptr)\ndefine void @f(i1 %c, ...) {\n"
                            "  %list = alloca [24 x i8]\n  call void @llvm.va_start.p0(ptr %list)\n" LOOP
                            "  ret void\n}"},
                    Refusal{
                        "BlockGivenBackInTheIteration",
                        {},
                        "declare ptr @llvm.stacksave.p0()\ndeclare void @llvm.stackrestore.p0(ptr)\n"
                        "define void @f(i1 %c, i32 %n) {\nentry:\n  br label %loop\nloop:\n"
                        "  %s = call ptr @llvm.stacksave.p0()\n  %b = alloca i8, i32 %n\n"
                        "  call void @llvm.stackrestore.p0(ptr %s)\n  br i1 %c, label %loop, label %done\n"
                        "done:\n  ret void\n}"},
                    Refusal{"TailCallThatMayBeOne",
                            {},
                            "define void @f(i1 %c) {\n" LOOP "  tail call void @f(i1 %c)\n  ret void\n}"}),
    [](const testing::TestParamInfo<Refusal>& info) { return info.param.name; });

#undef LOOP

} // namespace
} // namespace tiercel
