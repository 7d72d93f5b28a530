// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Variables, constants and thread-locals while modules come, change and go: what is in them, and for how
// long.
#include "unit/support/living.h"

#include <gmock/gmock.h>

#include <cstring>
#include <functional>
#include <link.h>
#include <numeric>
#include <sstream>

namespace tiercel {
namespace {

using testing::HasSubstr;

size_t loadedLibraries() {
  size_t count = 0;
  dl_iterate_phdr(
      [](dl_phdr_info*, size_t, void* counter) {
        ++*static_cast<size_t*>(counter);
        return 0;
      },
      &count);
  return count;
}

class LivingData : public LivingTest {
protected:
  /// Variables that take the place of whatever was given back too early: 4 to 128 bytes full of 0x77.
  void fillFreedMemory() {
    const std::string name = "filler" + std::to_string(fillers_++);
    std::ostringstream text;
    for (int i = 0; i < 24; ++i) {
      const int length = 1 << (i % 6);
      text << "@" << name << "_" << i << " = global [" << length << " x i32] [";
      for (int j = 0; j < length; ++j)
        text << (j ? ", i32 " : "i32 ") << 0x77777777;
      text << "]\n";
    }
    add(name, ir(text.str()));
    for (int i = 0; i < 24; ++i)
      variable<int>(*engine, name + "_" + std::to_string(i));
  }

private:
  int fillers_ = 0;
};

// --- constants --------------------------------------------------------------------------------------------

std::string tableReader(const std::string& name, int more) {
  return "define i32 @" + name + "(i64 %i) { %p = getelementptr i32, ptr @table, i64 %i\n" +
         "%v = load volatile i32, ptr %p %r = add i32 %v, " + std::to_string(more) + " ret i32 %r }\n";
}
const char* const kTable = "@table = internal constant [4 x i32] [i32 11, i32 12, i32 13, i32 14]\n";

TEST_F(LivingData, ASharedConstantStaysWhenTheImageItCameWithEnds) {
  add("m", ir(kTable + tableReader("f", 0)));
  const auto f = function<int(int64_t)>(*engine, "f");
  EXPECT_EQ(f(1), 12);
  // Nothing is left of the first image but the constant, which all later ones say again.
  for (int i = 1; i <= 5; ++i) {
    redefine("m", ir(kTable + tableReader("f", i)));
    engine->quiescentPoint();
    fillFreedMemory();
    EXPECT_EQ(f(1), 12 + i);
    EXPECT_EQ(f(3), 14 + i);
  }
}

TEST_F(LivingData, ASharedConstantStaysWhenALaterImageEnds) {
  add("m", ir(kTable + tableReader("f", 0)));
  redefine("m", ir(kTable + tableReader("g", 100)));
  const auto f = function<int(int64_t)>(*engine, "f");
  EXPECT_EQ(f(2), 13);
  redefine("m", ir("define i32 @g(i64 %i) { ret i32 0 }"));
  engine->quiescentPoint();
  fillFreedMemory();
  EXPECT_EQ(f(2), 13);
  EXPECT_OK(engine->prepare({"f"}));
  EXPECT_EQ(f(2), 13);
}

TEST_F(LivingData, AConstantThatIsTheSameAgainKeepsItsPlace) {
  const auto version = [](int i) {
    return ir("define ptr @at() { %p = getelementptr i8, ptr @text, i64 " + std::to_string(i) +
              " ret ptr %p }\n@text = internal constant [100000 x i8] c\"" + std::string(100000, 'x') + "\"");
  };
  add("m", version(0));
  const auto at = function<const char*()>(*engine, "at");
  const char* const text = at();
  const uint64_t bytes = engine->stats().dataBytes;
  for (int i = 1; i <= 5; ++i) {
    redefine("m", version(i));
    EXPECT_EQ(at(), text + i);
    engine->quiescentPoint();
    EXPECT_EQ(engine->stats().dataBytes, bytes);
  }
}

TEST_F(LivingData, OldCodeReadsItsConstantsAfterTheModuleIsGone) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  add("m", ir("@limit = constant i32 5  declare void @pause()\n"
              "define i32 @f() { call void @pause() %v = load volatile i32, ptr @limit ret i32 %v }"));
  static std::function<void()> change;
  change = [this] {
    redefine("m", ir("@limit = constant i32 6\n" + returning("g", 1)));
    EXPECT_EQ(call("g"), 1); // code that has to be freed before this image ends
    redefine("m", ir("@limit = constant i32 7\n" + returning("g", 2) + returning("f", 0)));
    redefine("m", ir(returning("last", 3))); // the heir of all that has to stay as long as the module
    EXPECT_OK(engine->collect());
    EXPECT_OK(engine->remove("m"));
    EXPECT_OK(engine->collect());
    fillFreedMemory();
  };
  EXPECT_OK(engine->defineSymbol("pause", reinterpret_cast<void*>(+[] { change(); })));
  EXPECT_EQ(call("f"), 5);
}

// --- constness --------------------------------------------------------------------------------------------

const char* const kUser =
    "@limit = external global i32  define i32 @copy() { %v = load i32, ptr @limit ret i32 %v }";
std::string limit(const std::string& kind, int value) {
  return "@limit = " + kind + " i32 " + std::to_string(value) +
         "\ndefine i32 @get() { %v = load i32, ptr @limit ret i32 %v }\n";
}

TEST_F(LivingData, AConstantMayBecomeAVariable) {
  for (const bool optimised : {false, true}) {
    make(reclaiming());
    add("m", ir(limit("constant", 10)));
    add("user", ir(kUser));
    EXPECT_EQ(call("get") + call("copy"), 20);
    if (optimised)
      EXPECT_OK(engine->prepare({"get", "copy"}));
    redefine("m", ir(limit("global", 20)));
    EXPECT_EQ(call("get") + call("copy"), 40);
    if (optimised)
      EXPECT_OK(engine->prepare({"get", "copy"}));
    *variable<int>(*engine, "limit") = 30; // code that took it for a constant does not see this
    EXPECT_EQ(call("get"), 30);
    EXPECT_EQ(call("copy"), 30);
  }
}

TEST_F(LivingData, AVariableMayBecomeAConstant) {
  add("m", ir(limit("global", 10)));
  add("user", ir(kUser));
  EXPECT_EQ(call("get") + call("copy"), 20);
  *variable<int>(*engine, "limit") = 30;
  redefine("m", ir(limit("constant", 20)));
  EXPECT_EQ(call("get"), 20) << "constants have no value but their own";
  EXPECT_EQ(call("copy"), 20);
}

TEST_F(LivingData, AFunctionThatReadsAConstantIsNotTheSameAsOneThatReadsAVariable) {
  const auto version = [](const std::string& kind) {
    return ir("@v = external " + kind + " i32  define i32 @f() { %r = load i32, ptr @v ret i32 %r }");
  };
  add("data", ir("@v = global i32 1"));
  add("m", version("constant"));
  redefine("m", version("constant"));
  EXPECT_EQ(engine->describe("f")->version, 1u);
  redefine("m", version("global"));
  EXPECT_EQ(engine->describe("f")->version, 2u);
}

// --- types ------------------------------------------------------------------------------------------------

TEST_F(LivingData, MemoryOfAnotherTypeStaysUntilTheModuleIsRemoved) {
  const auto version = [](int count) {
    return "@v = global [" + std::to_string(count) + " x i64] zeroinitializer\n" +
           "define ptr @at() { ret ptr @v }\n";
  };
  add("m", ir(version(1)));
  const auto at = function<int64_t*()>(*engine, "at");
  int64_t* const first = at();
  *first = 42;
  for (int i = 2; i <= 6; ++i) {
    redefine("m", ir(version(i)), {.changeTypes = true});
    EXPECT_NE(at(), first);
    engine->quiescentPoint();
    fillFreedMemory();
  }
  EXPECT_EQ(*first, 42);
}

// --- takeovers --------------------------------------------------------------------------------------------

TEST_F(LivingData, WhatTakesAVariablesPlaceKeepsContentAndAddress) {
  add("a", ir("@v = weak global i32 1  define void @set(i32 %x) { store i32 %x, ptr @v ret void }"));
  add("b", ir("@v = weak global i32 2  define i32 @get() { %x = load i32, ptr @v ret i32 %x }"));
  EXPECT_EQ(call("get"), 1);
  function<void(int)>(*engine, "set")(42);
  int* const v = variable<int>(*engine, "v");
  EXPECT_OK(engine->remove("a"));
  engine->quiescentPoint();
  fillFreedMemory();
  EXPECT_EQ(call("get"), 42);
  EXPECT_EQ(variable<int>(*engine, "v"), v);
}

TEST_F(LivingData, ALargerVariableThatTakesThePlaceHasRoom) {
  add("a", ir("@v = weak global i32 1" + returning("f", 0)));
  add("b", ir("@v = weak global [64 x i32] [" + [] {
        std::string values = "i32 0";
        for (int i = 1; i < 64; ++i)
          values += ", i32 " + std::to_string(i);
        return values;
      }() + "]"));
  EXPECT_OK(engine->remove("a"));
  const int* v = variable<int>(*engine, "v");
  fillFreedMemory(); // also what comes behind it
  EXPECT_EQ(std::accumulate(v, v + 64, 0), 63 * 64 / 2);
}

// --- thread-locals ----------------------------------------------------------------------------------------

std::string threadLocal(const std::string& prefix, const std::string& declaration) {
  return "@t = " + declaration + "\ndefine i32 @" + prefix + "get() { %v = load i32, ptr @t ret i32 %v }\n" +
         "define void @" + prefix + "set(i32 %x) { store i32 %x, ptr @t ret void }\n";
}

TEST_F(LivingData, AThreadLocalStaysAsLongAsItIsMentioned) {
  add("m", ir(threadLocal("m", "thread_local global i32 1")));
  add("user", ir(threadLocal("user", "external thread_local global i32")));
  EXPECT_EQ(call("mget"), 1);
  function<void(int)>(*engine, "userset")(42);
  EXPECT_OK(engine->remove("m", {.force = true}));
  engine->quiescentPoint();
  EXPECT_EQ(call("userget"), 42);
  add("m", ir(threadLocal("m", "thread_local global i32 1")));
  EXPECT_EQ(call("mget"), 42) << "its module is back and finds it";
  function<void(int)>(*engine, "mset")(43);
  EXPECT_EQ(call("userget"), 43);
}

TEST_F(LivingData, AThreadLocalMayComeAndGoAgainAndAgain) {
  const std::string text =
      "@t = thread_local global i32 1\n"
      "define i32 @next() { %x = load i32, ptr @t %y = add i32 %x, 1 store i32 %y, ptr @t "
      "ret i32 %y }";
  add("m", ir(text));
  add("user",
      ir("@t = external thread_local global i32  define i32 @get() { %x = load i32, ptr @t ret i32 %x }"));
  for (int i = 2; i < 6; ++i) {
    EXPECT_EQ(call("next"), i);
    EXPECT_EQ(call("get"), i);
    EXPECT_OK(engine->remove("m", {.force = true}));
    EXPECT_EQ(call("get"), i);
    add("m", ir(text));
    redefine("m", ir(text));
  }
}

TEST_F(LivingData, AThreadLocalInReserveDoesNotTakeThePlaceOfOneThatIsUsed) {
  add("a", ir(threadLocal("a", "weak thread_local global i32 1")));
  add("b", ir(threadLocal("b", "weak thread_local global i32 2")));
  EXPECT_EQ(call("bget"), 1);
  function<void(int)>(*engine, "bset")(42);
  EXPECT_OK(engine->remove("a"));
  engine->quiescentPoint();
  add("c",
      ir("@other = thread_local global [16 x i32] zeroinitializer  define ptr @at() { ret ptr @other }"));
  memset(function<void*()>(*engine, "at")(), 0x77, 64);
  EXPECT_EQ(call("bget"), 42) << "its place is in the block of the module that has gone";
  EXPECT_OK(engine->discardCode({"bget"}));
  EXPECT_EQ(call("bget"), 42);
}

TEST_F(LivingData, ThreadLocalsDoNotChangeTheirTypes) {
  add("m", ir(threadLocal("m", "thread_local global i32 1")));
  function<void(int)>(*engine, "mset")(42);
  for (const char* other : {"@t = thread_local global i64 2", "@t = global i32 2"})
    EXPECT_THAT(messageOf(engine->redefine("m", ir(other), {.changeTypes = true})), HasSubstr("its type is"));
  EXPECT_EQ(call("mget"), 42);
  add("n", ir("@u = global i32 3"));
  EXPECT_THAT(messageOf(engine->redefine("n", ir("@u = thread_local global i32 4"), {.changeTypes = true})),
              HasSubstr("its type is"));
  EXPECT_EQ(*variable<int>(*engine, "u"), 3);
}

TEST_F(LivingData, BlocksOfThreadLocalsAreGivenBack) {
  const auto round = [this] {
    add("m", ir(threadLocal("m", "thread_local global i32 5")));
    EXPECT_EQ(call("mget"), 5);
    EXPECT_OK(engine->remove("m"));
    engine->quiescentPoint();
  };
  round();
  const size_t before = loadedLibraries();
  for (int i = 0; i < 5; ++i)
    round();
  EXPECT_EQ(loadedLibraries(), before);
}

} // namespace
} // namespace tiercel
