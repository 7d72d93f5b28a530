// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What names lead to while modules come, change and go: definitions in reserve, aliases, bodies that were
// hints, native objects.
#include "unit/support/living.h"

#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <unistd.h>

namespace tiercel {
namespace {

using testing::HasSubstr;

using LivingLinks = LivingTest;

// --- definitions in reserve -------------------------------------------------------------------------------

TEST_F(LivingLinks, AReserveKeepsItsImageAndItsNumber) {
  add("a", ir("define weak i32 @t() { ret i32 1 }"));
  add("b", ir("define weak i32 @t() { ret i32 2 }  define i32 @fb() { %r = call i32 @t() ret i32 %r }"));
  // Of b's first piece only the reserve is left.
  redefine("b",
           ir("declare i32 @t()  define i32 @fb() { %r = call i32 @t() %s = add i32 %r, 10 ret i32 %s }"));
  EXPECT_EQ(call("fb"), 11);
  engine->quiescentPoint();
  add("other", ir(returning("x", 77) + returning("y", 78)));
  EXPECT_EQ(call("x") + call("y"), 155);
  auto* t = function<int()>(*engine, "t");
  EXPECT_OK(engine->remove("a"));
  EXPECT_EQ(call("fb"), 12);
  EXPECT_EQ(t(), 2);
  EXPECT_EQ(function<int()>(*engine, "t"), t) << "the same address, whoever defines it";
}

TEST_F(LivingLinks, OneReserveForEachModule) {
  add("a", ir("define weak i32 @t() { ret i32 1 }"));
  add("b", ir("define weak i32 @t() { ret i32 2 }" + returning("fb", 0)));
  for (int i = 3; i <= 6; ++i) {
    redefine("a", ir("define weak i32 @t() { ret i32 " + std::to_string(10 * i) + " }"));
    EXPECT_EQ(call("t"), 10 * i);
    redefine("b", ir("define weak i32 @t() { ret i32 " + std::to_string(i) + " }"));
    EXPECT_EQ(call("t"), i) << "what was changed on purpose is in force";
  }
  EXPECT_OK(engine->remove("b"));
  EXPECT_EQ(call("t"), 60) << "the newest of the other";
  add("b", ir("define weak i32 @t() { ret i32 6 }" + returning("fb", 0)));
  EXPECT_EQ(call("t"), 60);
  EXPECT_OK(engine->remove("a"));
  EXPECT_EQ(call("t"), 6);
  redefine("b", ir("define weak i32 @t() { ret i32 7 }"));
  EXPECT_EQ(call("t"), 7);
  EXPECT_OK(engine->remove("b"));
  EXPECT_FALSE(engine->lookup<int()>("t")) << "nothing older comes back";
}

// --- aliases ----------------------------------------------------------------------------------------------

TEST_F(LivingLinks, AliasesFollowEveryRedefinition) {
  add("m", ir("@alias = alias i32 (), ptr @f\n" + returning("f", 1)));
  add("user", ir("declare i32 @alias()  define i32 @g() { %r = call i32 @alias() ret i32 %r }"));
  EXPECT_EQ(call("alias") + call("f") + call("g"), 3);
  for (int i = 2; i <= 4; ++i) {
    redefine("m", ir(returning("f", i)));
    EXPECT_EQ(call("alias"), i);
    EXPECT_EQ(call("f"), i);
    EXPECT_EQ(call("g"), i);
  }
}

TEST_F(LivingLinks, ARedefinedDefinitionKeepsItsAliasWhenAStrongerOneComes) {
  add("m", ir("@alias = alias i32 (), ptr @f\n define weak i32 @f() { ret i32 1 }"));
  redefine("m", ir("define weak i32 @f() { ret i32 2 }"));
  add("other", ir(returning("f", 3)));
  EXPECT_EQ(call("f"), 3);
  EXPECT_EQ(call("alias"), 2) << "it stands for the definition of its own module";
}

TEST_F(LivingLinks, AliasesGoWithTheirModule) {
  make(with99());
  add("m", ir("@alias = alias i32 (), ptr @f\n" + returning("f", 1)));
  add("user", ir("declare i32 @alias()  define i32 @g() { %r = call i32 @alias() ret i32 %r }"));
  EXPECT_EQ(call("g"), 1);
  EXPECT_OK(engine->remove("m", {.force = true}));
  EXPECT_EQ(call("g"), 99);
  EXPECT_FALSE(engine->lookup<int()>("alias"));
  // The names are free: for the same, and for definitions of their own.
  add("again", ir("@alias = alias i32 (), ptr @f\n" + returning("f", 2)));
  EXPECT_EQ(call("alias"), 2);
  EXPECT_OK(engine->remove("again", {.force = true}));
  add("apart", ir(returning("alias", 3) + returning("f", 4)));
  EXPECT_EQ(call("alias"), 3);
  EXPECT_EQ(call("f"), 4);
}

TEST_F(LivingLinks, AliasesOfVariablesFollowToo) {
  add("m", ir("@limit = constant i32 1  @alias = alias i32, ptr @limit\n"
              "define i32 @get() { %v = load i32, ptr @limit ret i32 %v }"));
  add("user",
      ir("@alias = external constant i32  define i32 @copy() { %v = load i32, ptr @alias ret i32 %v }"));
  EXPECT_EQ(call("get") + call("copy"), 2);
  for (int i = 5; i <= 7; ++i) {
    redefine("m", ir("@limit = constant i32 " + std::to_string(i)));
    EXPECT_EQ(call("get"), i);
    EXPECT_EQ(*variable<int>(*engine, "alias"), i);
  }
}

// --- hints ------------------------------------------------------------------------------------------------

TEST_F(LivingLinks, CodeMadeWithAHintIsLeftWhenTheFunctionChanges) {
  Options options = reclaiming();
  options.sync = true;
  make(options);
  add("user", ir("define available_externally i32 @f() { ret i32 1 }\n"
                 "define i32 @g() { %r = call i32 @f() ret i32 %r }"));
  EXPECT_EQ(call("g"), 1);
  EXPECT_OK(engine->prepare({"g"}));
  ASSERT_THAT(engine->dependents("f"), testing::ElementsAre("g"));
  add("m", ir(returning("f", 1)));
  EXPECT_EQ(call("f"), 1);
  redefine("m", ir(returning("f", 2)));
  EXPECT_EQ(call("g"), 2);
  EXPECT_OK(engine->prepare({"g"}));
  EXPECT_EQ(call("g"), 2);
}

// --- what is the same -------------------------------------------------------------------------------------

TEST_F(LivingLinks, ACallThroughAnotherTypeIsAnotherBody) {
  const auto calling = [](const std::string& type) {
    return ir("define i32 @f(ptr %p) { %r = call " + type + " %p(i32 1) ret i32 %r }");
  };
  add("m", calling("i32 (i32)"));
  redefine("m", calling("i32 (i32)"));
  EXPECT_EQ(engine->describe("f")->version, 1u);
  redefine("m", calling("i32 (i32, ...)"));
  EXPECT_EQ(engine->describe("f")->version, 2u);
}

TEST_F(LivingLinks, AModuleWithABrokenBodyIsNotAdded) {
  llvm::LLVMContext context;
  llvm::Module module("broken", context);
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), false);
  auto* broken = llvm::Function::Create(type, llvm::Function::ExternalLinkage, "broken", module);
  llvm::IRBuilder<>(llvm::BasicBlock::Create(context, "entry", broken)).CreateRetVoid();
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  llvm::WriteBitcodeToFile(module, stream);
  EXPECT_THAT(messageOf(engine->add("m", Source::memory(bytes, "broken.bc"))), HasSubstr("not valid"));
  add("m", ir(returning("broken", 1))); // neither the module's name nor the function's is taken
  EXPECT_EQ(call("broken"), 1);
}

// --- numbers of images ------------------------------------------------------------------------------------

TEST_F(LivingLinks, ConstructorsOfAnImageThatEndedAreNotThoseOfTheNextWithItsNumber) {
  const auto counting = [](const std::string& name) {
    return "@count = external global i32\n"
           "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] "
           "[{ i32, ptr, ptr } { i32 65535, ptr @" +
           name + ", ptr null }]\ndefine void @" + name +
           "() { %c = load i32, ptr @count %n = add i32 %c, 1 store i32 %n, ptr @count ret void }";
  };
  add("counts", ir("@count = global i32 0"));
  add("m", ir(counting("first")));
  redefine("m", ir("define void @first() { ret void }")); // the first image ends before its constructors ran
  add("other", ir(counting("second")));
  EXPECT_OK(engine->runConstructors());
  EXPECT_EQ(*variable<int>(*engine, "count"), 1);
}

// --- native objects ---------------------------------------------------------------------------------------

TEST_F(LivingLinks, NoCodeGoesBackToARemovedObject) {
  Options options = with99();
  options.sync = true;
  make(options);
  add("object", Source::file(compiled("native.o", "int native(void) { return 4; }", "")));
  add("user", c("int native(void); int get(void) { return native(); }"));
  EXPECT_EQ(call("get"), 4);
  EXPECT_OK(engine->prepare({"get"})); // the first code, which is retired, has the object's address, too
  EXPECT_EQ(call("get"), 4);
  EXPECT_OK(engine->remove("object", {.force = true}));
  EXPECT_EQ(call("get"), 99);
  EXPECT_OK(engine->prepare({"get"}));
  EXPECT_EQ(call("get"), 99);
  add("other", c("int native(void) { return 5; }"));
  EXPECT_EQ(call("get"), 5);
}

TEST_F(LivingLinks, NothingIsCountedWhenAllIsGone) {
  Options options;
  options.sync = true;
  make(options);
  add("object", Source::file(compiled("counted.o", "int native(void) { return 4; }", "")));
  add("m", ir(returning("f", 1) + "declare i32 @native()\n"
                                  "define i32 @g() { %r = call i32 @f() ret i32 %r }\n"
                                  "define i32 @h() { %r = call i32 @native() ret i32 %r }"));
  EXPECT_EQ(call("f") + call("g") + call("h"), 6);
  EXPECT_OK(engine->prepare({"g", "h"}));
  redefine("m", ir(returning("f", 2))); // g falls back to its first code, which was retired
  EXPECT_EQ(call("g"), 2);
  EXPECT_OK(engine->remove("m"));
  EXPECT_OK(engine->remove("object"));
  EXPECT_EQ(engine->stats().codeBytes.live, 0u);
  engine->quiescentPoint();
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.codeBytes.live, 0u);
  EXPECT_EQ(stats.codeBytes.retired, 0u);
  EXPECT_EQ(stats.functions.retired, stats.functions.freed);
}

TEST_F(LivingLinks, ObjectsOfOneModuleMayUseEachOther) {
  const std::string a = compiled("a.o", "int inner(void); int outer(void) { return inner() + 1; }", "");
  const std::string b = compiled("b.o", "int inner(void) { return 41; }", "");
  add("user", c("int outer(void); int get(void) { return outer(); }"));
  add("library", Source::file(archive("ab.a", a + " " + b)));
  EXPECT_EQ(call("get"), 42);
  EXPECT_THAT(messageOf(engine->remove("library")),
              testing::AllOf(HasSubstr("'outer' (used by 'get')"), testing::Not(HasSubstr("'inner'"))));
  EXPECT_OK(engine->remove("user"));
  EXPECT_OK(engine->remove("library"));
}

TEST_F(LivingLinks, ModulesThatAreGoneUseNothing) {
  make({}); // nothing is freed, so that their images stay
  add("object", Source::file(compiled("used.o", "int native(void) { return 4; }", "")));
  add("m", ir(returning("f", 1)));
  add("user", c("int native(void); int f(void); int get(void) { return native() + f(); }"));
  EXPECT_EQ(call("get"), 5);
  EXPECT_THAT(messageOf(engine->removeFunction("f")), HasSubstr("'f' (used by 'get')"));
  redefine("user", c("int native(void); int get(void) { return native(); }"));
  EXPECT_OK(engine->removeFunction("f"));
  EXPECT_THAT(messageOf(engine->remove("object")), HasSubstr("'native' (used by 'get')"));
  EXPECT_OK(engine->remove("user"));
  EXPECT_OK(engine->remove("object"));
}

TEST_F(LivingLinks, WhatIsInternalToAMemberIsNotSeenByAnother) {
  make(with99());
  const std::string bitcode = "-O0 -emit-llvm";
  const std::string a = compiled("a.bc",
                                 "static int helper(void) { return 1; } int outer(void); "
                                 "int first(void) { return helper() + outer(); }",
                                 bitcode);
  const std::string b = compiled("b.bc", "int helper(void); int outer(void) { return helper(); }", bitcode);
  add("user", c("int first(void); int get(void) { return first(); }"));
  add("library", Source::file(archive("internal.a", a + " " + b)));
  EXPECT_EQ(call("get"), 100) << "the other's helper is missing";
  EXPECT_THAT(messageOf(engine->redefine("library", c("int helper(void); int outer(void) { return 1; }"))),
              HasSubstr("it came from an archive"))
      << "which member's helper would it be?";
}

} // namespace
} // namespace tiercel
