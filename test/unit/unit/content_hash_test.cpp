// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/content_hash.h"
#include "unit/support/parse_ir.h"

#include <set>

namespace tiercel {
namespace {

uint64_t hashOfF(const std::string& text, const char* name = "f") {
  llvm::LLVMContext context;
  return contentHash(*parseIr(text, context)->getFunction(name));
}

constexpr const char* kPrelude =
    "@x = global i32 0\n@y = global i32 0\n@.str.1 = private constant [2 x i8] c\"a\\00\"\n"
    "declare i32 @g(i32)\ndeclare i32 @h(i32)\n";

uint64_t hashOfBody(const std::string& body) {
  return hashOfF(std::string(kPrelude) + "define i32 @f(i32 %a, i32 %b) {\n" + body + "\n}");
}

TEST(ContentHashTest, IsTheSameInEveryProcess) {
  // Were this to change, profiles on disk would be lost: change the plan's version with it.
  EXPECT_EQ(hashOfF("define i32 @f(i32 %a) {\n  %r = add i32 %a, 1\n  ret i32 %r\n}"), 0xc1e4c231a5baa2a3ull);
}

TEST(ContentHashTest, NamesOfLocalValuesAndOfTheFunctionDoNotMatter) {
  EXPECT_EQ(hashOfF("define i32 @f(i32 %a) {\nstart:\n  %r = add i32 %a, 1\n  ret i32 %r\n}"),
            hashOfF("define i32 @k(i32 %0) {\n  %2 = add i32 %0, 1\n  ret i32 %2\n}", "k"));
}

TEST(ContentHashTest, TheRestOfTheModuleDoesNotMatter) {
  const std::string function = "define ptr @f() {\n  %r = call i32 @g(i32 1)\n  ret ptr @.str.";
  EXPECT_EQ(
      hashOfF("declare i32 @g(i32)\n@.str.1 = private constant [2 x i8] c\"a\\00\"\n" + function + "1\n}"),
      hashOfF("@new = global i64 7\n@.str.1 = private constant [2 x i8] c\"z\\00\"\n"
              "@.str.2 = private constant [2 x i8] c\"a\\00\"\ndeclare void @more()\n" +
              function + "2\n}\ndeclare i32 @g(i32)"));
}

TEST(ContentHashTest, AUnitsLinkNamesDoNotMatter) {
  EXPECT_EQ(hashOfF("@x = internal global i32 0\ndefine internal i32 @g() {\n  ret i32 0\n}\n"
                    "define i32 @f() {\n  %a = call i32 @f()\n  %b = call i32 @g()\n  %c = load i32, ptr @x\n"
                    "  ret i32 %c\n}"),
            hashOfF("@\"x#d7\" = external global i32\ndeclare i32 @\"g#f1a\"()\ndeclare i32 @\"f#f3\"()\n"
                    "define i32 @\"f#e3\"() {\n  %a = call i32 @\"f#f3\"()\n  %b = call i32 @\"g#f1a\"()\n"
                    "  %c = load i32, ptr @\"x#d7\"\n  ret i32 %c\n}",
                    "f#e3"));
}

TEST(ContentHashTest, AnAliasIsWhatItStandsFor) {
  EXPECT_EQ(hashOfF("@c1 = alias void (), ptr @c2\ndefine void @c2() {\n  ret void\n}\n"
                    "define void @f() {\n  call void @c1()\n  ret void\n}"),
            hashOfF("declare void @c2()\ndefine void @f() {\n  call void @c2()\n  ret void\n}"));
}

TEST(ContentHashTest, MetadataAndAttributesDoNotMatter) {
  EXPECT_EQ(hashOfF("define i32 @f(i32 %a) {\n  %r = add i32 %a, 1\n  ret i32 %r\n}"),
            hashOfF("define i32 @f(i32 noundef %a) \"target-cpu\"=\"skylake\" optnone noinline {\n"
                    "  %r = add i32 %a, 1, !note !0\n  ret i32 %r\n}\n!0 = !{i32 1}"));
}

TEST(ContentHashTest, EveryPartOfABodyMatters) {
  // NOLINTBEGIN(bugprone-suspicious-missing-comma): some bodies have several lines
  const std::vector<std::string> bodies = {
      "  ret i32 %a",
      "  ret i32 %b",
      "  ret i32 1",
      "  ret i32 2",
      "  %r = add i32 %a, %b\n  ret i32 %r",
      "  %r = add nsw i32 %a, %b\n  ret i32 %r",
      "  %r = sub i32 %a, %b\n  ret i32 %r",
      "  %r = sub i32 %b, %a\n  ret i32 %r",
      "  %c = icmp slt i32 %a, %b\n  %r = zext i1 %c to i32\n  ret i32 %r",
      "  %c = icmp ult i32 %a, %b\n  %r = zext i1 %c to i32\n  ret i32 %r",
      "  %r = load i32, ptr @x\n  ret i32 %r",
      "  %r = load i32, ptr @y\n  ret i32 %r",
      "  %r = load volatile i32, ptr @x\n  ret i32 %r",
      "  %r = load atomic i32, ptr @x acquire, align 4\n  ret i32 %r",
      "  %r = load i32, ptr getelementptr (i32, ptr @x, i64 1)\n  ret i32 %r",
      "  %r = load i32, ptr getelementptr (i32, ptr @x, i64 2)\n  ret i32 %r",
      "  %r = call i32 @g(i32 %a)\n  ret i32 %r",
      "  %r = call i32 @h(i32 %a)\n  ret i32 %r",
      "  %r = call i32 @f(i32 %a, i32 %b)\n  ret i32 %r",
      "  %r = call i32 asm \"nop\", \"=r\"()\n  ret i32 %r",
      "  %r = call i32 asm \"hlt\", \"=r\"()\n  ret i32 %r",
      "  %p = alloca i32\n  %r = load i32, ptr %p\n  ret i32 %r",
      "  %p = alloca i64\n  %r = load i32, ptr %p\n  ret i32 %r",
      "  %r = atomicrmw add ptr @x, i32 %a seq_cst\n  ret i32 %r",
      "  %r = atomicrmw sub ptr @x, i32 %a seq_cst\n  ret i32 %r",
      "  %r = extractvalue { i32, i32 } { i32 1, i32 2 }, 0\n  ret i32 %r",
      "  %r = extractvalue { i32, i32 } { i32 1, i32 2 }, 1\n  ret i32 %r",
      "  %v = shufflevector <2 x i32> <i32 1, i32 2>, <2 x i32> poison, <2 x i32> <i32 0, i32 1>\n  ret i32 "
      "0",
      "  %v = shufflevector <2 x i32> <i32 1, i32 2>, <2 x i32> poison, <2 x i32> <i32 1, i32 0>\n  ret i32 "
      "0",
      "  %c = trunc i32 %a to i1\n  br i1 %c, label %p, label %q\np:\n  ret i32 1\nq:\n  ret i32 2",
      "  %c = trunc i32 %a to i1\n  br i1 %c, label %q, label %p\np:\n  ret i32 1\nq:\n  ret i32 2",
      "  switch i32 %a, label %p [i32 1, label %q]\np:\n  ret i32 1\nq:\n  ret i32 2",
      "  switch i32 %a, label %p [i32 2, label %q]\np:\n  ret i32 1\nq:\n  ret i32 2",
  };
  // NOLINTEND(bugprone-suspicious-missing-comma)
  std::set<uint64_t> hashes;
  for (const std::string& body : bodies)
    EXPECT_TRUE(hashes.insert(hashOfBody(body)).second) << "no different from an earlier one:\n" << body;
}

TEST(ContentHashTest, WhereAPhiComesFromMatters) {
  const auto body = [](const char* phi) {
    return hashOfBody(
        std::string("  %c = trunc i32 %a to i1\n  br i1 %c, label %p, label %q\np:\n  br label %j\n"
                    "q:\n  br label %j\nj:\n  %r = phi i32 ") +
        phi + "\n  ret i32 %r");
  };
  EXPECT_NE(body("[ 1, %p ], [ 2, %q ]"), body("[ 1, %q ], [ 2, %p ]"));
}

} // namespace
} // namespace tiercel
