// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "optimize/vectorizer_guard.h"
#include "unit/support/parse_ir.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Metadata.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace tiercel {
namespace {

/// What the loop whose latch is `block` says about its vectorisation.
std::optional<int> vectorizeHint(llvm::Module& module, llvm::StringRef function, llvm::StringRef block) {
  for (const llvm::BasicBlock& candidate : *module.getFunction(function)) {
    if (candidate.getName() != block)
      continue;
    const llvm::MDNode* id = candidate.getTerminator()->getMetadata(llvm::LLVMContext::MD_loop);
    for (unsigned i = 1; id && i < id->getNumOperands(); ++i) {
      const auto* hint = llvm::cast<llvm::MDNode>(id->getOperand(i));
      const auto* name = llvm::dyn_cast<llvm::MDString>(hint->getOperand(0));
      if (name && name->getString() == "llvm.loop.vectorize.enable")
        return static_cast<int>(
            llvm::mdconst::extract<llvm::ConstantInt>(hint->getOperand(1))->getZExtValue());
    }
    return {};
  }
  ADD_FAILURE() << "no block " << block.str();
  return {};
}

TEST(VectorizerGuard, LoopsThatAllocateStayScalarAndSoDoThoseAround) {
  llvm::LLVMContext context;
  const auto module = parseIr("define void @f(i32 %n) {\nentry:\n  %fixed = alloca i32\n  br label %outer\n"
                              "outer:\n  br label %inner\n"
                              "inner:\n  %block = alloca i32\n  store i32 1, ptr %block\n"
                              "  %c = icmp eq i32 %n, 1\n  br i1 %c, label %inner, label %plain\n"
                              "plain:\n  store i32 1, ptr %fixed\n"
                              "  %d = icmp eq i32 %n, 2\n  br i1 %d, label %plain, label %latch\n"
                              "latch:\n  %e = icmp eq i32 %n, 3\n  br i1 %e, label %outer, label %done\n"
                              "done:\n  ret void\n}",
                              context);
  guardVectorizer(*module);
  EXPECT_EQ(vectorizeHint(*module, "f", "inner"), 0);
  EXPECT_EQ(vectorizeHint(*module, "f", "latch"), 0);
  EXPECT_EQ(vectorizeHint(*module, "f", "plain"), std::nullopt);
}

TEST(VectorizerGuard, ADemandOfTheProgramsIsOverruled) {
  llvm::LLVMContext context;
  const auto module =
      parseIr("define void @f(i1 %c) {\nentry:\n  br label %loop\nloop:\n  %block = alloca i32\n"
              "  br i1 %c, label %loop, label %done, !llvm.loop !0\ndone:\n  ret void\n}\n"
              "!0 = distinct !{!0, !1}\n!1 = !{!\"llvm.loop.vectorize.enable\", i1 true}\n",
              context);
  guardVectorizer(*module);
  EXPECT_EQ(vectorizeHint(*module, "f", "loop"), 0);
}

TEST(VectorizerGuard, AllocationsOutsideLoopsDoNotMatter) {
  llvm::LLVMContext context;
  const auto module =
      parseIr("define void @f(i1 %c) {\nentry:\n  br label %once\nonce:\n  %block = alloca i32\n"
              "  br label %loop\nloop:\n  store i32 1, ptr %block\n"
              "  br i1 %c, label %loop, label %done\ndone:\n  ret void\n}\n",
              context);
  guardVectorizer(*module);
  EXPECT_EQ(vectorizeHint(*module, "f", "loop"), std::nullopt);
}

} // namespace
} // namespace tiercel
