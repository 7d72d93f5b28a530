// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/block_addresses.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tiercel {
namespace {

/// A function with two blocks whose addresses are taken and a table of them.
class BlockAddresses : public testing::Test {
protected:
  /// `tables` are globals, `body` the entry block of @f(ptr %heap, i64 %n); it may branch to %one and %two.
  BlockAddressUse analyse(const std::string& tables, const std::string& body,
                          const std::string& others = "") {
    const std::string text =
        tables + "\ndeclare void @sink(ptr)\ndeclare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n" +
        "define ptr @f(ptr %heap, i64 %n) {\n" + body + "\none:\n  ret ptr null\ntwo:\n  ret ptr %heap\n}\n" +
        others;
    llvm::SMDiagnostic diagnostic;
    module_ = llvm::parseAssemblyString(text, diagnostic, context_);
    if (!module_) {
      ADD_FAILURE() << diagnostic.getLineNo() << ": " << diagnostic.getMessage().str() << "\n" << text;
      return {};
    }
    EXPECT_TRUE(hasAddressTakenBlocks(*module_->getFunction("f")));
    return findBlockAddressUse(*module_->getFunction("f"));
  }

  static constexpr const char* kTable =
      "@table = internal constant [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]";
  static constexpr const char* kLoad = "  %place = getelementptr [2 x ptr], ptr @table, i64 0, i64 %n\n"
                                       "  %to = load ptr, ptr %place\n";
  static constexpr const char* kJump = "  indirectbr ptr %to, [label %one, label %two]\n";

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

TEST_F(BlockAddresses, TableIntoIndirectBranchStays) {
  const BlockAddressUse use = analyse(kTable, std::string(kLoad) + kJump);
  EXPECT_FALSE(use.escapes);
  ASSERT_EQ(use.tables.size(), 1u);
  EXPECT_EQ(use.tables[0]->getName(), "table");
}

TEST_F(BlockAddresses, ThroughPhiSelectAndComparisonStays) {
  const BlockAddressUse use = analyse(
      kTable, std::string(kLoad) +
                  "  %same = icmp eq ptr %to, blockaddress(@f, %one)\n  br i1 %same, label %a, label %b\n"
                  "a:\n  br label %b\nb:\n  %p = phi ptr [ %to, %0 ], [ blockaddress(@f, %two), %a ]\n"
                  "  %s = select i1 %same, ptr %p, ptr %to\n  indirectbr ptr %s, [label %one, label %two]\n");
  EXPECT_FALSE(use.escapes);
}

TEST_F(BlockAddresses, RelativeTableStays) {
  const BlockAddressUse use =
      analyse("@table = internal constant [2 x i32] [i32 0, i32 trunc (i64 sub (i64 ptrtoint (ptr "
              "blockaddress(@f, %two) to "
              "i64), i64 ptrtoint (ptr blockaddress(@f, %one) to i64)) to i32)]",
              "  %place = getelementptr [2 x i32], ptr @table, i64 0, i64 %n\n  %o = load i32, ptr %place\n"
              "  %w = sext i32 %o to i64\n  %to = getelementptr i8, ptr blockaddress(@f, %one), i64 %w\n" +
                  std::string(kJump));
  EXPECT_FALSE(use.escapes);
  EXPECT_EQ(use.tables.size(), 1u);
}

TEST_F(BlockAddresses, LocalVariablesOfUnoptimisedCodeStay) {
  const BlockAddressUse use = analyse(kTable, "  %v = alloca ptr\n" + std::string(kLoad) +
                                                  "  store ptr %to, ptr %v\n  %back = load ptr, ptr %v\n"
                                                  "  indirectbr ptr %back, [label %one, label %two]\n");
  EXPECT_FALSE(use.escapes);
}

TEST_F(BlockAddresses, AWritableTableThatNobodyWritesStays) {
  const BlockAddressUse use =
      analyse("@table = internal global [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]",
              std::string(kLoad) + kJump);
  EXPECT_FALSE(use.escapes);
}

TEST_F(BlockAddresses, NestedTablesAreFound) {
  const BlockAddressUse use = analyse(
      std::string(kTable) +
          "\n@other = internal constant { i32, [1 x ptr] } { i32 0, [1 x ptr] [ptr blockaddress(@f, %two)] }",
      std::string(kLoad) + kJump);
  EXPECT_FALSE(use.escapes);
  EXPECT_EQ(use.tables.size(), 2u);
}

TEST_F(BlockAddresses, StoredToTheHeapEscapes) {
  EXPECT_TRUE(analyse(kTable, std::string(kLoad) + "  store ptr %to, ptr %heap\n" + kJump).escapes);
  EXPECT_TRUE(analyse("", "  store ptr blockaddress(@f, %one), ptr %heap\n  br label %one\n").escapes);
}

TEST_F(BlockAddresses, WrittenTableEscapes) {
  EXPECT_TRUE(
      analyse("@table = internal global [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]",
              std::string(kLoad) + "  store ptr blockaddress(@f, %one), ptr %place\n" + kJump)
          .escapes);
}

TEST_F(BlockAddresses, ReturnedOrPassedEscapes) {
  EXPECT_TRUE(analyse(kTable, std::string(kLoad) + "  ret ptr %to\n").escapes);
  EXPECT_TRUE(analyse(kTable, std::string(kLoad) + "  call void @sink(ptr %to)\n" + kJump).escapes);
  EXPECT_TRUE(analyse("", "  call void @sink(ptr blockaddress(@f, %one))\n  br label %one\n").escapes);
}

TEST_F(BlockAddresses, TheTableItselfHandedOutEscapes) {
  EXPECT_TRUE(analyse(kTable, "  call void @sink(ptr @table)\n" + std::string(kLoad) + kJump).escapes);
  EXPECT_TRUE(
      analyse(std::string(kTable) + "\n@pointer = global ptr @table", std::string(kLoad) + kJump).escapes);
}

TEST_F(BlockAddresses, ACopyOfTheTableEscapes) {
  EXPECT_TRUE(analyse(kTable, "  %copy = alloca [2 x ptr]\n"
                              "  call void @llvm.memcpy.p0.p0.i64(ptr %copy, ptr @table, i64 16, i1 false)\n"
                              "  %to = load ptr, ptr %copy\n" +
                                  std::string(kJump))
                  .escapes);
}

TEST_F(BlockAddresses, AVariableWhoseAddressIsKnownElsewhereEscapes) {
  EXPECT_TRUE(analyse(kTable, "  %v = alloca ptr\n  call void @sink(ptr %v)\n" + std::string(kLoad) +
                                  "  store ptr %to, ptr %v\n  %back = load ptr, ptr %v\n"
                                  "  indirectbr ptr %back, [label %one, label %two]\n")
                  .escapes);
}

TEST_F(BlockAddresses, AnExternallyVisibleTableEscapes) {
  EXPECT_TRUE(analyse("@table = constant [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]",
                      std::string(kLoad) + kJump)
                  .escapes);
}

TEST_F(BlockAddresses, ATableThatAnotherFunctionReadsEscapes) {
  EXPECT_TRUE(analyse(kTable, std::string(kLoad) + kJump,
                      "define ptr @g() {\n  %v = load ptr, ptr @table\n  ret ptr %v\n}\n")
                  .escapes);
}

} // namespace
} // namespace tiercel
