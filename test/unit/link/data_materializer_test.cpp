// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes of globals, looked at through an engine. Expected values are what the x86-64 psABI and LLVM's
// layout rules say, spelled out by hand.
#include "unit/support/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace tiercel {
namespace {

using testing::HasSubstr;

/// `count` bytes of @g, which the text defines, as hexadecimal digits.
std::string bytesOf(const std::string& text, size_t count) {
  const auto engine =
      engineWith("target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-"
                 "n8:16:32:64-S128\"\ntarget triple = \"x86_64-pc-linux-gnu\"\n" +
                 text);
  const auto* data = variable<const uint8_t>(*engine, "g");
  std::string result;
  for (size_t i = 0; data && i < count; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    result += kDigits[data[i] >> 4];
    result += kDigits[data[i] & 15];
  }
  return result;
}

TEST(DataMaterializer, Integers) {
  EXPECT_EQ(bytesOf("@g = global i1 true", 1), "01");
  EXPECT_EQ(bytesOf("@g = global i8 -2", 1), "fe");
  EXPECT_EQ(bytesOf("@g = global i16 258", 2), "0201");
  EXPECT_EQ(bytesOf("@g = global i24 66051", 4), "03020100");
  EXPECT_EQ(bytesOf("@g = global i32 -559038737", 4), "efbeadde");
  EXPECT_EQ(bytesOf("@g = global i64 72623859790382856", 8), "0807060504030201");
  EXPECT_EQ(bytesOf("@g = global i128 1339673755198158349044581307228491536", 16),
            "100f0e0d0c0b0a090807060504030201");
  EXPECT_EQ(bytesOf("@g = global i65 -1", 16), "ffffffffffffffff0100000000000000");
}

TEST(DataMaterializer, FloatingPoint) {
  EXPECT_EQ(bytesOf("@g = global half 1.5", 2), "003e");
  EXPECT_EQ(bytesOf("@g = global bfloat 1.5", 2), "c03f");
  EXPECT_EQ(bytesOf("@g = global float -2.0", 4), "000000c0");
  EXPECT_EQ(bytesOf("@g = global double 0x400921FB54442D18", 8), "182d4454fb210940");
  EXPECT_EQ(bytesOf("@g = global double -0.0", 8), "0000000000000080"); // not "null"
  EXPECT_EQ(bytesOf("@g = global double 0x7FF8000000000001", 8), "010000000000f87f");
  EXPECT_EQ(bytesOf("@g = global x86_fp80 0xK3FFF8000000000000000", 16), "0000000000000080ff3f000000000000");
  EXPECT_EQ(bytesOf("@g = global fp128 0xL00000000000000003FFF000000000000", 16),
            "0000000000000000000000000000ff3f");
}

TEST(DataMaterializer, AggregatesAndTheirPadding) {
  EXPECT_EQ(bytesOf("@g = global [4 x i16] [i16 1, i16 2, i16 3, i16 4]", 8), "0100020003000400");
  EXPECT_EQ(bytesOf("@g = global [6 x i8] c\"ab\\00\\FFcd\"", 6), "616200ff6364");
  EXPECT_EQ(bytesOf("@g = global { i8, i32, i16 } { i8 1, i32 2, i16 3 }", 12), "010000000200000003000000");
  EXPECT_EQ(bytesOf("@g = global <{ i8, i32, i16 }> <{ i8 1, i32 2, i16 3 }>", 7), "01020000000300");
  EXPECT_EQ(
      bytesOf(
          "@g = global [2 x { i8, x86_fp80 }] [{ i8, x86_fp80 } { i8 1, x86_fp80 0xK3FFF8000000000000000 }, "
          "{ i8, x86_fp80 } { i8 2, x86_fp80 zeroinitializer }]",
          48),
      "010000000000000000000000000000000000000000000080ff3f00000000000002000000000000000000000000000000");
  EXPECT_EQ(bytesOf("@g = global { [0 x i8], i8, [0 x i64] } { [0 x i8] zeroinitializer, i8 7, [0 x i64] "
                    "zeroinitializer }",
                    1),
            "07");
  EXPECT_EQ(bytesOf("@g = global [3 x i24] [i24 1, i24 2, i24 3]", 12), "010000000200000003000000");
  EXPECT_EQ(bytesOf("@g = global [3 x i1] [i1 1, i1 0, i1 1]", 3), "010001");
}

TEST(DataMaterializer, UndefinedPartsDoNotDisturbTheOthers) {
  EXPECT_EQ(bytesOf("@g = global { i8, i8, i8 } { i8 1, i8 undef, i8 3 }", 3).substr(4), "03");
  EXPECT_EQ(bytesOf("@g = global <4 x i8> <i8 1, i8 poison, i8 3, i8 4>", 4).substr(4), "0304");
  EXPECT_EQ(bytesOf("@g = global { i32, { i32, i32 } } { i32 1, { i32, i32 } zeroinitializer }", 12),
            "010000000000000000000000");
}

TEST(DataMaterializer, VectorsArePacked) {
  EXPECT_EQ(bytesOf("@g = global <4 x i32> <i32 1, i32 2, i32 3, i32 4>", 16),
            "01000000020000000300000004000000");
  EXPECT_EQ(bytesOf("@g = global <8 x i1> <i1 1, i1 0, i1 1, i1 1, i1 0, i1 0, i1 0, i1 1>", 1), "8d");
  EXPECT_EQ(
      bytesOf(
          "@g = global <12 x i1> <i1 1, i1 0, i1 0, i1 0, i1 0, i1 0, i1 0, i1 0, i1 0, i1 1, i1 0, i1 1>",
          2),
      "010a");
  EXPECT_EQ(bytesOf("@g = global <4 x i24> <i24 1, i24 2, i24 3, i24 -1>", 12), "010000020000030000ffffff");
  EXPECT_EQ(bytesOf("@g = global <2 x half> <half 1.5, half -0.0>", 4), "003e0080");
  EXPECT_EQ(bytesOf("@g = global <3 x float> <float 1.0, float 2.0, float 3.0>", 12),
            "0000803f0000004000004040");
  EXPECT_EQ(bytesOf("@g = global <4 x i32> splat (i32 5)", 16), "05000000050000000500000005000000");
  EXPECT_EQ(bytesOf("@g = global { i8, <3 x i32> } { i8 1, <3 x i32> <i32 2, i32 3, i32 4> }", 28).substr(32),
            "020000000300000004000000");
}

TEST(DataMaterializer, VectorsOfPointers) {
  const auto engine = engineWith("@a = global i32 1  @g = global <3 x ptr> <ptr @a, ptr null, ptr @f>\n"
                                 "define void @f() { ret void }");
  auto* const* pointers = variable<void*>(*engine, "g");
  EXPECT_EQ(pointers[0], variable<void>(*engine, "a"));
  EXPECT_EQ(pointers[1], nullptr);
  EXPECT_EQ(pointers[2], reinterpret_cast<void*>(function<void()>(*engine, "f")));
}

TEST(DataMaterializer, AddressArithmetic) {
  const auto engine = engineWith(
      "@array = global [10 x i32] [i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8, i32 9]\n"
      "@struct = global { i8, [4 x i64] } { i8 1, [4 x i64] [i64 10, i64 11, i64 12, i64 13] }\n"
      "@element = global ptr getelementptr ([10 x i32], ptr @array, i64 0, i64 7)\n"
      "@field = global ptr getelementptr inbounds ({ i8, [4 x i64] }, ptr @struct, i64 0, i32 1, i64 2)\n"
      "@before = global ptr getelementptr (i32, ptr getelementptr (i32, ptr @array, i64 5), i64 -2)\n"
      "@distance = global i64 sub (i64 ptrtoint (ptr getelementptr (i32, ptr @array, i64 9) to i64), i64 "
      "ptrtoint (ptr "
      "@array to i64))\n"
      "@relative = global [2 x i32] [i32 0, i32 trunc (i64 sub (i64 ptrtoint (ptr @array to i64), i64 "
      "ptrtoint (ptr "
      "@relative to i64)) to i32)]\n"
      "@tagged = global i64 add (i64 ptrtoint (ptr @array to i64), i64 3)\n"
      "@wide = global i128 ptrtoint (ptr @array to i128)\n"
      "@absolute = global ptr inttoptr (i64 4660 to ptr)\n"
      "@untagged = global ptr inttoptr (i64 xor (i64 ptrtoint (ptr @array to i64), i64 0) to ptr)");
  EXPECT_EQ(**variable<int*>(*engine, "element"), 7);
  EXPECT_EQ(**variable<int64_t*>(*engine, "field"), 12);
  EXPECT_EQ(**variable<int*>(*engine, "before"), 3);
  EXPECT_EQ(*variable<int64_t>(*engine, "distance"), 36);
  const auto array = reinterpret_cast<uint64_t>(variable<void>(*engine, "array"));
  const auto* relative = variable<int32_t>(*engine, "relative");
  EXPECT_EQ(reinterpret_cast<uint64_t>(relative) + static_cast<uint64_t>(int64_t(relative[1])), array);
  EXPECT_EQ(*variable<uint64_t>(*engine, "tagged"), array + 3);
  EXPECT_EQ(variable<uint64_t>(*engine, "wide")[0], array);
  EXPECT_EQ(variable<uint64_t>(*engine, "wide")[1], 0u);
  EXPECT_EQ(*variable<uint64_t>(*engine, "absolute"), 4660u);
  EXPECT_EQ(*variable<uint64_t>(*engine, "untagged"), array);
}

TEST(DataMaterializer, WhatIsPointedToIsInitialisedToo) {
  struct Node {
    const Node* next;
    int value;
  };
  const auto engine = engineWith("@a = global { ptr, i32 } { ptr @b, i32 1 }\n"
                                 "@b = internal global { ptr, i32 } { ptr @c, i32 2 }\n"
                                 "@c = internal global { ptr, i32 } { ptr @a, i32 3 }\n"
                                 "@self = global { ptr, i32 } { ptr @self, i32 4 }");
  const Node* a = variable<Node>(*engine, "a");
  EXPECT_EQ(a->next->value, 2);
  EXPECT_EQ(a->next->next->value, 3);
  EXPECT_EQ(a->next->next->next, a) << "one object however it is reached";
  const Node* self = variable<Node>(*engine, "self");
  EXPECT_EQ(self->next, self);
}

TEST(DataMaterializer, AcrossModulesOneObject) {
  const auto engine = makeEngine();
  addText(*engine, "@p = global ptr @v  @v = external global i32", "user");
  addText(*engine, "@v = global i32 42", "owner");
  EXPECT_EQ(*variable<int*>(*engine, "p"), variable<int>(*engine, "v"));
  EXPECT_EQ(**variable<int*>(*engine, "p"), 42);
}

TEST(DataMaterializer, FunctionPointersAreStubs) {
  const auto engine = engineWith("declare void @nowhere()\n"
                                 "define i32 @f() { ret i32 1 }  @alias = alias i32 (), ptr @f\n"
                                 "define ptr @address() { ret ptr @f }\n"
                                 "@table = global [3 x ptr] [ptr @f, ptr @alias, ptr @nowhere]");
  auto* const* table = variable<void*>(*engine, "table");
  void* const f = reinterpret_cast<void*>(function<int()>(*engine, "f"));
  EXPECT_EQ(table[0], f);
  EXPECT_EQ(table[1], f);
  EXPECT_EQ(function<void*()>(*engine, "address")(), f);
  EXPECT_NE(table[2], nullptr) << "an error only when it is called";
  EXPECT_EQ(engine->stats().tiers[0].functions, 1u) << "a pointer compiles nothing";
}

TEST(DataMaterializer, WeakReferencesToNothingAreNull) {
  const auto engine = engineWith("declare extern_weak void @nowhere()  @gone = extern_weak global i32\n"
                                 "@g = global [3 x ptr] [ptr @nowhere, ptr @gone, ptr @g]");
  auto* const* g = variable<void*>(*engine, "g");
  EXPECT_EQ(g[0], nullptr);
  EXPECT_EQ(g[1], nullptr);
  EXPECT_EQ(g[2], g);
}

TEST(DataMaterializer, SectionsAreArrays) {
  const char* user =
      "@__start_list = external global [0 x ptr]  @__stop_list = external global [0 x ptr]\n"
      "define ptr @begin() { ret ptr @__start_list }  define ptr @end() { ret ptr @__stop_list }";
  const auto engine =
      engineWith("@a = internal global i64 1, section \"list\"  @b = global i64 2, section \"list\"\n"
                 "@llvm.used = appending global [1 x ptr] [ptr @a], section \"llvm.metadata\"\n" +
                 std::string(user));
  addText(*engine, "@a = internal global [2 x i64] [i64 3, i64 4], section \"list\"\n"
                   "@llvm.used = appending global [1 x ptr] [ptr @a], section \"llvm.metadata\"");
  const auto* begin = static_cast<int64_t*>(function<void*()>(*engine, "begin")());
  const auto* end = static_cast<int64_t*>(function<void*()>(*engine, "end")());
  EXPECT_THAT(std::vector<int64_t>(begin, end), testing::ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(variable<const int64_t>(*engine, "b"), begin + 1);
}

TEST(DataMaterializer, AlignmentAndLargeGlobals) {
  const auto engine =
      engineWith("@page = global i8 1, align 4096\n"
                 "@big = global [20000000 x i8] zeroinitializer\n"
                 "define i8 @f(i64 %n) { %p = getelementptr i8, ptr @big, i64 %n  store i8 7, ptr %p\n"
                 "  %h = load i8, ptr @page  %v = load i8, ptr %p  %s = add i8 %v, %h  ret i8 %s }");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(variable<char>(*engine, "page")) % 4096, 0u);
  EXPECT_EQ(function<char(long)>(*engine, "f")(19999999), 8);
  EXPECT_EQ(variable<char>(*engine, "big")[19999999], 7);
}

TEST(DataMaterializer, CommonsAreZeroAndLargeEnough) {
  const auto engine = makeEngine();
  addText(*engine, "@c = common global i32 0", "small");
  addText(*engine, "@c = common global [100 x i64] zeroinitializer", "large");
  const auto* c = variable<int64_t>(*engine, "c");
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(c[i], 0);
}

TEST(DataMaterializer, WhatCannotBeIsAnErrorThatNamesIt) {
  const auto engine =
      engineWith("@missing = external global i32  @g = global ptr @missing  @fine = global i32 5\n"
                 "define i32 @f() { %x = load i32, ptr @fine  ret i32 %x }");
  const Result<void*> data = engine->lookupData("g");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().kind(), ErrorKind::MissingSymbol);
  EXPECT_THAT(data.error().message(), HasSubstr("'g'"));
  EXPECT_THAT(data.error().message(), HasSubstr("'missing'"));
  EXPECT_EQ(function<int()>(*engine, "f")(), 5) << "the rest works";
}

} // namespace
} // namespace tiercel
