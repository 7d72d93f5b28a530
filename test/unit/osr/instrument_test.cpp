// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/trip_kind.h"
#include "osr/instrument.h"
#include "unit/link_name.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tiercel {
namespace {

class InstrumentTest : public testing::Test {
protected:
  static constexpr uint32_t kId = 0x1a3;

  void instrument(const std::string& text) {
    llvm::SMDiagnostic diagnostic;
    unit.module = llvm::parseAssemblyString(text, diagnostic, context);
    ASSERT_TRUE(unit.module) << diagnostic.getLineNo() << ": " << diagnostic.getMessage().str();
    unit.function = unit.module->getFunction("f");
    unit.id = FunctionId(kId);
    instrumentUnit(unit, /*loops=*/true, nullptr);
    ASSERT_FALSE(llvm::verifyModule(*unit.module, &llvm::errs()));
  }
  /// Places that count events of this kind.
  unsigned places(TripKind kind) {
    unsigned count = 0;
    const uint64_t argument = uint64_t(kId) << 2 | static_cast<uint32_t>(kind);
    for (const llvm::Instruction& instruction : llvm::instructions(*unit.function)) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      if (!call || !call->getCalledFunction() ||
          call->getCalledFunction()->getName() != makeLinkName("", LinkKind::Trip, 0))
        continue;
      count += llvm::cast<llvm::ConstantInt>(call->getArgOperand(0))->getZExtValue() == argument;
    }
    return count;
  }

  llvm::LLVMContext context;
  Unit unit;
};

TEST_F(InstrumentTest, StraightCodeCountsCalls) {
  instrument("define i32 @f(i32 %x) { ret i32 %x }");
  EXPECT_EQ(places(TripKind::Calls), 1u);
  EXPECT_EQ(places(TripKind::Loops), 0u);
  const llvm::GlobalVariable* counters =
      unit.module->getGlobalVariable(makeLinkName("", LinkKind::Counters, kId));
  ASSERT_NE(counters, nullptr);
  EXPECT_TRUE(counters->isDeclaration());
  EXPECT_TRUE(counters->isDSOLocal()) << "reached without the GOT";
}

TEST_F(InstrumentTest, EachLoopOnce) {
  instrument(
      "define void @f(i32 %n) {\nentry:\n  br label %outer\n"
      "outer:\n  %i = phi i32 [ 0, %entry ], [ %i2, %latch ]\n  br label %inner\n"
      "inner:\n  %j = phi i32 [ 0, %outer ], [ %j2, %again ], [ %j2, %other ]\n  %j2 = add i32 %j, 1\n"
      "  %odd = trunc i32 %j to i1\n  br i1 %odd, label %again, label %other\n" // two back edges, one header
      "again:\n  %c = icmp slt i32 %j2, %n\n  br i1 %c, label %inner, label %latch\n"
      "other:\n  br label %inner\n"
      "latch:\n  %i2 = add i32 %i, 1\n  %d = icmp slt i32 %i2, %n\n  br i1 %d, label %outer, label %done\n"
      "done:\n  ret void\n}");
  EXPECT_EQ(places(TripKind::Calls), 1u);
  EXPECT_EQ(places(TripKind::Loops), 2u);
}

TEST_F(InstrumentTest, OneBlockLoopsAndEndlessOnes) {
  instrument("define void @f() {\n  br label %l\nl:\n  br label %l\n}");
  EXPECT_EQ(places(TripKind::Loops), 1u);
}

TEST_F(InstrumentTest, FixedStackSlotsStayInTheEntryBlock) {
  // Behind a split they would become dynamic ones, and the frame would grow with every loop.
  instrument("declare void @use(ptr, ptr)\ndefine void @f(i64 %n) {\n  %a = alloca i32\n  call void @use(ptr "
             "%a, ptr %a)\n"
             "  %b = alloca [16 x i8]\n  %dynamic = alloca i8, i64 %n\n  call void @use(ptr %b, ptr "
             "%dynamic)\n  ret void\n}");
  unsigned fixed = 0;
  for (const llvm::Instruction& instruction : llvm::instructions(*unit.function)) {
    if (const auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
      fixed += slot->isStaticAlloca();
  }
  EXPECT_EQ(fixed, 2u);
}

TEST_F(InstrumentTest, AHandlerMayBeALoopHeader) {
  instrument("declare void @may()\ndeclare i32 @__gxx_personality_v0(...)\n"
             "define void @f() personality ptr @__gxx_personality_v0 {\nentry:\n"
             "  invoke void @may() to label %done unwind label %retry\n"
             "retry:\n  %pad = landingpad { ptr, i32 } cleanup\n"
             "  invoke void @may() to label %done unwind label %retry\n"
             "done:\n  ret void\n}");
  EXPECT_EQ(places(TripKind::Loops), 1u);
}

TEST_F(InstrumentTest, TailCallsStayTailCalls) {
  instrument("declare i32 @next(i32)\ndefine i32 @f(i32 %x) {\n  %r = musttail call i32 @next(i32 %x)\n  ret "
             "i32 %r\n}");
  EXPECT_EQ(places(TripKind::Calls), 1u); // the verifier looks after the rest
}

} // namespace
} // namespace tiercel
