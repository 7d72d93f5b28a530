// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "osr/continuation.h"
#include "osr/frame.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tiercel {
namespace {

/// A promise about one round of the outer loop, as inlining leaves it behind: the inner loop lies within.
constexpr const char* kScopes = R"(
define i32 @f(ptr %p, ptr %q, i32 %n) {
entry:
  br label %outer
outer:
  %i = phi i32 [ 0, %entry ], [ %i2, %latch ]
  call void @llvm.experimental.noalias.scope.decl(metadata !0)
  br label %inner
inner:
  %j = phi i32 [ 0, %outer ], [ %j2, %inner ]
  %v = load i32, ptr %p, !alias.scope !0
  store i32 %v, ptr %q, !noalias !0
  %j2 = add i32 %j, 1
  %more = icmp slt i32 %j2, %n
  br i1 %more, label %inner, label %latch
latch:
  store i32 %j2, ptr %q, !noalias !0
  %i2 = add i32 %i, 1
  %again = icmp slt i32 %i2, %n
  br i1 %again, label %outer, label %done
done:
  ret i32 %i2
}
declare void @llvm.experimental.noalias.scope.decl(metadata)
!0 = !{!1}
!1 = distinct !{!1, !2}
!2 = distinct !{!2}
)";

// Entered in the inner loop, the rest of that round is a copy. It must not share the promise with later
// rounds.
TEST(Continuation, CopiesOfLoopsHaveScopesOfTheirOwn) {
  llvm::LLVMContext context;
  const auto parse = [&](Unit& unit) {
    llvm::SMDiagnostic diagnostic;
    unit.module = llvm::parseAssemblyString(kScopes, diagnostic, context);
    ASSERT_TRUE(unit.module) << diagnostic.getMessage().str();
    unit.function = unit.module->getFunction("f");
    unit.id = FunctionId(1);
  };
  Unit first;
  parse(first);
  const OsrFrameResult frame = makeOsrFrame(*first.function);
  ASSERT_FALSE(frame.refused);
  ASSERT_EQ(frame.frame.headers.size(), 2u);

  bool copied = false;
  for (unsigned header = 0; header < 2; ++header) {
    Unit unit;
    parse(unit);
    ASSERT_FALSE(makeContinuation(unit, header, frame.frame.shape));
    ASSERT_FALSE(llvm::verifyModule(*unit.module, &llvm::errs()));
    std::set<const llvm::MDNode*> promises;
    unsigned loads = 0;
    for (const llvm::Function& function : *unit.module) {
      for (const llvm::Instruction& instruction : llvm::instructions(function)) {
        if (const llvm::MDNode* scope = instruction.getMetadata(llvm::LLVMContext::MD_alias_scope)) {
          ++loads;
          promises.insert(scope);
        }
      }
    }
    EXPECT_EQ(promises.size(), loads) << "header " << header;
    copied |= loads == 2;
  }
  EXPECT_TRUE(copied) << "at the inner loop's header";
}

} // namespace
} // namespace tiercel
