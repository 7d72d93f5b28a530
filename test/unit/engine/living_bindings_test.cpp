// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What calls are bound to when definitions come and go in places that do not know of each other: late,
// native, in reserve, in the middle of a removal.
#include "engine/engine_impl.h"
#include "unit/support/living.h"

#include <gmock/gmock.h>

#include <link.h>
#include <string>

namespace tiercel {
namespace {

class LibraryTest : public LivingTest {
protected:
  static std::string library(const std::string& name, const std::string& text) {
    const std::string object = compiled(name, text, "-fPIC");
    std::string path = object + ".so";
    const std::string link = "clang-22 -shared -o " + path + " " + object;
    EXPECT_EQ(system(link.c_str()), 0); // NOLINT(bugprone-command-processor): a fixed command
    return path;
  }
};

/// As `extern char g[];` for what is only passed on as an address.
TEST_F(LibraryTest, AFunctionMayBeDeclaredAsAVariable) {
  add("f", ir(returning("g", 7)));
  add("user", ir("@g = external global i8  define i32 @call() { %r = call i32 @g() ret i32 %r }\n"
                 "define ptr @address() { ret ptr @g }"));
  EXPECT_EQ(call("call"), 7);
  EXPECT_EQ(function<void*()>(*engine, "address")(), reinterpret_cast<void*>(function<int()>(*engine, "g")));
}

TEST_F(LibraryTest, LibrariesSeeWhatTheHostDefines) {
  static int counter = 5;
  const std::string path =
      library("host-symbols.o", "extern int lhs_counter; int lhs_add(int);"
                                "int lhs_use(int x) { return lhs_add(x) * 10 + lhs_counter; }");
  EXPECT_OK(engine->defineSymbol("lhs_add", reinterpret_cast<void*>(+[](int x) { return x + counter; })));
  EXPECT_OK(engine->defineSymbol("lhs_counter", &counter));
  EXPECT_OK(engine->addFile(path));
  addText(*engine, "declare i32 @lhs_use(i32)\n"
                   "define i32 @f() { %r = call i32 @lhs_use(i32 2)  ret i32 %r }");
  EXPECT_EQ(call("f"), 75);
}

TEST_F(LibraryTest, WhatLeadsIntoALibraryThatTheProgramOpensIsNotShownToIt) {
  const std::string path =
      library("opened.o", "int lo_data = 3; __attribute__((weak)) int* lo_pointer = &lo_data;"
                          "int lo_get(void) { return *lo_pointer; }");
  addText(
      *engine,
      "@lo_data = external global i32\n@lo_pointer = global ptr @lo_data\n"
      "@path = private constant [" +
          std::to_string(path.size() + 1) + " x i8] c\"" + path +
          "\\00\"\n"
          "@name = private constant [7 x i8] c\"lo_get\\00\"\n"
          "declare ptr @dlopen(ptr, i32)\ndeclare ptr @dlsym(ptr, ptr)\n"
          "define i32 @opened() {\n  %l = call ptr @dlopen(ptr @path, i32 258)\n"
          "  %f = call ptr @dlsym(ptr %l, ptr @name)\n  %r = call i32 %f()\n  ret i32 %r\n}\n"
          "define i32 @own() {\n  %p = load ptr, ptr @lo_pointer\n  %r = load i32, ptr %p\n  ret i32 %r\n}");
  EXPECT_EQ(call("opened"), 3);
  EXPECT_EQ(call("own"), 3);
}

using testing::HasSubstr;

/// A module with a function in assembly, which makes it a native object.
Source native(const std::string& name, int value) {
  return ir("module asm \".globl " + name + "\"\nmodule asm \".type " + name +
            ", @function\"\nmodule asm \"" + name + ": movl $" + std::to_string(value) +
            ", %eax\"\nmodule asm \"ret\"\n");
}

Options withHost(int (*standIn)()) {
  Options options;
  options.onUndefined = [standIn](std::string_view) { return reinterpret_cast<void*>(standIn); };
  return options;
}

TEST(LivingBindings, WhatWasBoundLateIsBoundAgain) {
  const auto engine = makeEngine(withHost([] { return -7; }));
  ASSERT_TRUE(engine->add("m", ir("declare i32 @late()\n"
                                  "define i32 @f() { %r = call i32 @late() ret i32 %r }")));
  auto* f = function<int()>(*engine, "f");
  EXPECT_EQ(f(), -7) << "compiled while nothing defined it";
  ASSERT_TRUE(engine->add("native", native("late", 1)));
  EXPECT_EQ(f(), 1);
  ASSERT_TRUE(engine->remove("native", {.force = true}));
  EXPECT_EQ(f(), -7);
  ASSERT_TRUE(engine->defineSymbol("late", reinterpret_cast<void*>(+[] { return 2; })));
  EXPECT_EQ(f(), 2);
}

TEST(LivingBindings, AnInternalFunctionThatIsGoneIsNobodyElses) {
  const auto engine = makeEngine(withHost([] { return -7; }));
  ASSERT_TRUE(engine->add("m", ir("define internal i32 @abs(i32 %x) { ret i32 77 }\n"
                                  "define ptr @get() { ret ptr @abs }")));
  auto* address = function<int (*())(int)>(*engine, "get")();
  EXPECT_EQ(address(-3), 77);
  ASSERT_TRUE(engine->remove("m"));
  EXPECT_EQ(address(-3), -7) << "libc's function of this name is another one";
}

TEST(LivingBindings, NativeCodeWhoseAddressIsKnownStays) {
  const auto engine = makeEngine(withHost([] { return -7; }));
  ASSERT_TRUE(engine->add("called", native("called", 1)));
  ASSERT_TRUE(engine->add("kept", native("kept", 2)));
  ASSERT_TRUE(engine->add("m", ir("declare i32 @called()\ndeclare i32 @kept()\n"
                                  "define i32 @f() { %r = call i32 @called() ret i32 %r }\n"
                                  "define ptr @address() { ret ptr @kept }")));
  EXPECT_EQ(function<int()>(*engine, "f")(), 1);
  auto* kept = function<int (*())()>(*engine, "address")();
  EXPECT_EQ(kept(), 2);
  ASSERT_TRUE(engine->remove("called", {.force = true}));
  ASSERT_TRUE(engine->remove("kept", {.force = true}));
  engine->quiescentPoint();
  const CollectReport report = engine->quiescentPoint();
  EXPECT_EQ(report.held, 0u);
  EXPECT_EQ(report.pinned, 1u) << "of the two, the one whose address the program has";
  EXPECT_EQ(kept(), 2);
  EXPECT_EQ(function<int()>(*engine, "f")(), -7);
}

TEST(LivingBindings, ExitHandlersOfNativeCodeRunWhenItIsRemoved) {
  static int ran = 0;
  ran = 0;
  const auto engine = makeEngine();
  ASSERT_TRUE(engine->defineSymbol("note", reinterpret_cast<void*>(+[](void*) { ++ran; })));
  ASSERT_TRUE(engine->add("native", ir("module asm \".globl enter\"\nmodule asm \".type enter, @function\"\n"
                                       "module asm \"enter: lea note@GOTPCREL(%rip), %rdi\"\n"
                                       "module asm \"movq (%rdi), %rdi\"\nmodule asm \"xorl %esi, %esi\"\n"
                                       "module asm \"leaq __dso_handle(%rip), %rdx\"\n"
                                       "module asm \"jmp __cxa_atexit@PLT\"\n")));
  EXPECT_EQ(function<int()>(*engine, "enter")(), 0);
  EXPECT_EQ(ran, 0);
  ASSERT_TRUE(engine->remove("native"));
  EXPECT_EQ(ran, 1);
}

TEST(LivingBindings, AModuleThatIsBeingRemovedSaysSo) {
  static Engine* self = nullptr;
  static std::string removal, redefinition, addition;
  const auto engine = makeEngine();
  self = engine.get();
  ASSERT_TRUE(engine->defineSymbol("leaving", reinterpret_cast<void*>(+[] {
                                     removal = messageOf(self->remove("m"));
                                     redefinition =
                                         messageOf(self->redefine("m", ir("define i32 @f() { ret i32 2 }")));
                                     addition =
                                         messageOf(self->add("m", ir("define i32 @g() { ret i32 2 }")));
                                   })));
  ASSERT_TRUE(engine->add(
      "m", ir("declare void @leaving()\n@llvm.global_dtors = appending global [1 x {i32, ptr, ptr}] "
              "[{i32, ptr, ptr} {i32 65535, ptr @leaving, ptr null}]\ndefine i32 @f() { ret i32 1 }")));
  ASSERT_TRUE(engine->runConstructors());
  EXPECT_TRUE(engine->remove("m"));
  EXPECT_THAT(removal, HasSubstr("it is being removed"));
  EXPECT_THAT(redefinition, HasSubstr("it is being removed"));
  EXPECT_THAT(addition, HasSubstr("there is one of this name"));
  EXPECT_TRUE(engine->add("m", ir("define i32 @f() { ret i32 3 }")));
  EXPECT_EQ(function<int()>(*engine, "f")(), 3);
}

TEST(LivingBindings, AFunctionWithPrefixDataKeepsItsAddress) {
  const auto engine = makeEngine();
  const auto version = [](int value) {
    return ir("define i32 @f() prefix i32 1234 { ret i32 " + std::to_string(value) + " }");
  };
  ASSERT_TRUE(engine->add("m", version(0)));
  auto* f = function<int()>(*engine, "f");
  ASSERT_EQ(f(), 0);
  ASSERT_TRUE(engine->redefine("m", version(1)));
  ASSERT_EQ(f(), 1);
  engine->quiescentPoint();
  const uint64_t used = engine->stats().memory.codeUsed;
  for (int i = 2; i < 20; ++i) {
    ASSERT_TRUE(engine->redefine("m", version(i)));
    ASSERT_EQ(f(), i);
    engine->quiescentPoint();
  }
  EXPECT_EQ(function<int()>(*engine, "f"), f);
  EXPECT_EQ(reinterpret_cast<const int*>(f)[-1], 1234);
  EXPECT_EQ(engine->stats().memory.codeUsed, used) << "no prefix for every redefinition";
}

TEST(LivingBindings, ThreadLocalsGoWithTheirEngine) {
  const auto libraries = [] {
    int count = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* found) {
          *static_cast<int*>(found) +=
              std::string_view(info->dlpi_name).find("tiercel-thread-locals") != std::string_view::npos;
          return 0;
        },
        &count);
    return count;
  };
  const int before = libraries();
  for (const bool removed : {false, true}) {
    const auto engine = makeEngine();
    ASSERT_TRUE(engine->add("m", ir("@t = thread_local global i32 5\n"
                                    "define i32 @f() { %r = load i32, ptr @t ret i32 %r }")));
    EXPECT_EQ(function<int()>(*engine, "f")(), 5);
    if (removed) {
      ASSERT_TRUE(engine->remove("m"));
    }
  }
  EXPECT_EQ(libraries(), before);
}

TEST(LivingBindings, ImagesThatWaitForTheirEndAreCounted) {
  const auto engine = makeEngine();
  const auto version = [](int value) {
    return ir("define i32 @f() { ret i32 " + std::to_string(value) + " }");
  };
  ASSERT_TRUE(engine->add("m", version(0)));
  auto* f = function<int()>(*engine, "f");
  ASSERT_EQ(f(), 0);
  Registry& registry = engine->impl().registry();
  EXPECT_EQ(registry.pendingBytes(), 0u);
  ASSERT_TRUE(engine->redefine("m", version(1)));
  EXPECT_GT(registry.pendingBytes(), 100u) << "its code may still run";
  engine->quiescentPoint();
  EXPECT_EQ(registry.pendingBytes(), 0u);
  EXPECT_EQ(f(), 1);
}

} // namespace
} // namespace tiercel
