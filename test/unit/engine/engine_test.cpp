// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The public interface: adding, looking up, running, errors.
#include "tiercel/engine.h"
#include "tiercel/llvm.h"

#include "unit/support/engines.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace tiercel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSquare = "define i32 @square(i32 %x) { %r = mul i32 %x, %x  ret i32 %r }";

// ---- looking up -----------------------------------------------------------------------------------------

TEST(Engine, LookupGivesTheFunction) {
  const auto engine = engineWith(kSquare);
  EXPECT_EQ(engine->stats().functions.total, 1u);
  int (*const square)(int) = function<int(int)>(*engine, "square");
  EXPECT_EQ(engine->stats().functions.compiledTier0, 0u) << "looking up compiles nothing";
  EXPECT_EQ(square(7), 49);
  EXPECT_EQ(square(-3), 9);
  EXPECT_EQ(engine->stats().functions.compiledTier0, 1u);
  EXPECT_EQ(function<int(int)>(*engine, "square"), square);
}

TEST(Engine, EverySupportedTypeOfArgument) {
  const auto engine = engineWith(
      "define double @mix(i8 signext %a, i16 signext %b, i32 %c, i64 %d, float %e, double %f, ptr %p) {\n"
      "  %a1 = sitofp i8 %a to double\n  %b1 = sitofp i16 %b to double\n  %c1 = sitofp i32 %c to double\n"
      "  %d1 = sitofp i64 %d to double\n  %e1 = fpext float %e to double\n  %p1 = load double, ptr %p\n"
      "  %s1 = fadd double %a1, %b1\n  %s2 = fadd double %s1, %c1\n  %s3 = fadd double %s2, %d1\n"
      "  %s4 = fadd double %s3, %e1\n  %s5 = fadd double %s4, %f\n  %s6 = fadd double %s5, %p1\n  ret double "
      "%s6\n}\n"
      "define i1 @not(i1 zeroext %x) { %r = xor i1 %x, true  ret i1 %r }\n"
      "define void @clear(ptr %p) { store double 0.0, ptr %p  ret void }");
  double seven = 7;
  const auto mix = function<double(char, short, int, long, float, double, double*)>(*engine, "mix");
  EXPECT_EQ(mix(1, 20, 300, 4000, 0.5f, 0.25, &seven), 4328.75);
  EXPECT_FALSE(function<bool(bool)>(*engine, "not")(true));
  function<void(double*)>(*engine, "clear")(&seven);
  EXPECT_EQ(seven, 0);
}

TEST(Engine, AWrongSignatureIsAnErrorThatShowsBoth) {
  const auto engine = engineWith(kSquare);
  const auto wrong = engine->lookup<long(int, void*)>("square");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(wrong.error().what(), "square");
  EXPECT_THAT(wrong.error().why(), HasSubstr("'i64 (i32, ptr)'"));
  EXPECT_THAT(wrong.error().why(), HasSubstr("'i32 (i32)'"));
  EXPECT_TRUE(engine->lookupFunction("square")) << "without a signature there is no check";
}

TEST(Engine, WhatIsNotThereIsMissing) {
  const auto engine = engineWith("@v = global i32 1  declare void @declared()\n"
                                 "define internal void @hidden() { ret void }\n"
                                 "define void @f() { call void @declared()  call void @hidden()  ret void }");
  for (const char* name : {"nothing", "declared", "hidden", "v", ""}) {
    const Result<void*> found = engine->lookupFunction(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().kind(), ErrorKind::MissingSymbol);
    EXPECT_EQ(found.error().what(), name);
  }
  for (const char* name : {"nothing", "f"}) {
    const Result<void*> found = engine->lookupData(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().kind(), ErrorKind::MissingSymbol);
  }
}

TEST(Engine, DataIsSharedWithTheProgram) {
  const auto engine =
      engineWith("@v = global i32 5  define i32 @read() { %x = load i32, ptr @v  ret i32 %x }\n"
                 "define void @write(i32 %x) { store i32 %x, ptr @v  ret void }");
  int* const v = variable<int>(*engine, "v");
  EXPECT_EQ(*v, 5);
  *v = 6;
  EXPECT_EQ(function<int()>(*engine, "read")(), 6);
  function<void(int)>(*engine, "write")(7);
  EXPECT_EQ(*v, 7);
  EXPECT_EQ(variable<int>(*engine, "v"), v);
}

TEST(Engine, HostSymbols) {
  static int counter = 0;
  const auto engine = makeEngine();
  ASSERT_TRUE(engine->defineSymbol("host_add", reinterpret_cast<void*>(+[](int x) { return counter += x; })));
  ASSERT_TRUE(engine->defineSymbol("host_counter", &counter));
  addText(*engine,
          "declare i32 @host_add(i32)  @host_counter = external global i32\n"
          "define i32 @f(i32 %x) { %a = call i32 @host_add(i32 %x)  %c = load i32, ptr @host_counter\n"
          "  %r = mul i32 %a, %c  ret i32 %r }");
  counter = 1;
  EXPECT_EQ(function<int(int)>(*engine, "f")(2), 9);
  const Status again = engine->defineSymbol("f", &counter);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind(), ErrorKind::DuplicateSymbol);
}

TEST(Engine, ModulesReferToEachOther) {
  const auto engine =
      engineWith("declare i1 @odd(i32)\ndefine i1 @even(i32 %n) {\n  %z = icmp eq i32 %n, 0\n"
                 "  br i1 %z, label %yes, label %no\nyes:\n  ret i1 true\nno:\n  %m = sub i32 %n, 1\n"
                 "  %r = call i1 @odd(i32 %m)\n  ret i1 %r\n}");
  addText(*engine, "declare i1 @even(i32)\ndefine i1 @odd(i32 %n) {\n  %z = icmp eq i32 %n, 0\n"
                   "  br i1 %z, label %no, label %yes\nno:\n  ret i1 false\nyes:\n  %m = sub i32 %n, 1\n"
                   "  %r = call i1 @even(i32 %m)\n  ret i1 %r\n}");
  EXPECT_TRUE(function<bool(int)>(*engine, "even")(10));
  EXPECT_FALSE(function<bool(int)>(*engine, "even")(7));
}

// ---- adding ---------------------------------------------------------------------------------------------

TEST(Engine, AModuleOfTheHostsIsCopied) {
  const auto engine = makeEngine();
  {
    llvm::LLVMContext context;
    llvm::Module module("built", context);
    llvm::IRBuilder<> builder(context);
    llvm::Type* i32 = builder.getInt32Ty();
    auto* triple = llvm::Function::Create(llvm::FunctionType::get(i32, {i32}, false),
                                          llvm::GlobalValue::ExternalLinkage, "triple", &module);
    builder.SetInsertPoint(llvm::BasicBlock::Create(context, "", triple));
    builder.CreateRet(builder.CreateMul(triple->getArg(0), builder.getInt32(3)));
    const Status status = addModule(*engine, module);
    ASSERT_TRUE(status) << status.error().message();
  }
  EXPECT_EQ(function<int(int)>(*engine, "triple")(5), 15);
}

TEST(Engine, AnInvalidModuleIsRefused) {
  const auto engine = makeEngine();
  llvm::LLVMContext context;
  llvm::Module module("broken", context);
  auto* function = llvm::Function::Create(llvm::FunctionType::get(llvm::Type::getVoidTy(context), false),
                                          llvm::GlobalValue::ExternalLinkage, "f", &module);
  llvm::BasicBlock::Create(context, "", function); // without a terminator
  const Status status = addModule(*engine, module);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::BadInput);
  EXPECT_EQ(status.error().what(), "broken: function f");
  EXPECT_FALSE(engine->lookupFunction("f"));
}

TEST(Engine, ErrorsLeaveItUsable) {
  const auto engine = engineWith(kSquare);
  const std::string bitcodeMagic = "BC\xC0\xDE";
  struct Case {
    std::string bytes;
    ErrorKind kind;
  };
  const Case cases[] = {
      {"", ErrorKind::BadInput},
      {"define i32 @new(", ErrorKind::BadInput},
      {"define i32 @new() { ret i64 1 }", ErrorKind::BadInput},
      {bitcodeMagic + std::string(100, '\x7f'), ErrorKind::BadInput},
      {std::string("\x7f"
                   "ELF\0\0\0",
                   7),
       ErrorKind::BadInput},
      {std::string(10, '\0'), ErrorKind::BadInput},
      {"target triple = \"aarch64-linux-gnu\"\ndefine void @new() { ret void }", ErrorKind::BadInput},
      {"define void @new() { ret void }  define i32 @square(i32 %x) { ret i32 0 }",
       ErrorKind::DuplicateSymbol}};
  for (const Case& c : cases) {
    const Status status = engine->addBytes(c.bytes, "bad.ll");
    ASSERT_FALSE(status) << c.bytes;
    EXPECT_EQ(status.error().kind(), c.kind) << status.error().message();
    EXPECT_THAT(status.error().what(), HasSubstr("bad.ll"));
    EXPECT_FALSE(status.error().why().empty());
  }
  EXPECT_EQ(engine->stats().functions.total, 1u);
  addText(*engine, "define void @new() { ret void }");
  function<void()>(*engine, "new")();
  EXPECT_EQ(function<int(int)>(*engine, "square")(4), 16);
}

TEST(Engine, FilesAndTheirErrors) {
  const std::filesystem::path folder = testing::TempDir();
  const std::string path = folder / "engine-test.ll";
  std::ofstream(path) << kSquare;
  const auto engine = makeEngine();
  const Status added = engine->addFile(path);
  ASSERT_TRUE(added) << added.error().message();
  std::filesystem::remove(path);
  EXPECT_EQ(function<int(int)>(*engine, "square")(5), 25) << "the file is needed no more";
  for (const std::string& bad : {path, folder.string()}) {
    const Status status = engine->addFile(bad);
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error().kind(), ErrorKind::BadInput);
    EXPECT_EQ(status.error().what(), bad);
  }
  const Status library = engine->addLibrary("no-such-library-anywhere", {folder});
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message(), HasSubstr("no-such-library-anywhere"));
}

TEST(Engine, WrongOptionsAreErrors) {
  Options tier, threshold, loops, cpu, dump;
  tier.fixedTier = kTierCount;
  threshold.callThreshold = 0;
  loops.loopThreshold = 0;
  cpu.cpu = "no-such-cpu";
  dump.dump.push_back({});
  for (const Options& options : {tier, threshold, loops, cpu, dump}) {
    const Result<std::unique_ptr<Engine>> engine = Engine::create(options);
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().kind(), ErrorKind::BadInput);
    EXPECT_FALSE(engine.error().what().empty());
  }
}

// ---- running as a whole ---------------------------------------------------------------------------------

constexpr const char* kConstructors =
    "@log = global i64 0\n"
    "define internal void @note(i64 %n) { %o = load i64, ptr @log  %t = mul i64 %o, 10  %s = add i64 %t, %n\n"
    "  store i64 %s, ptr @log  ret void }\n"
    "define internal void @late() { call void @note(i64 3)  ret void }\n"
    "define internal void @early() { call void @note(i64 1)  ret void }\n"
    "define internal void @early2() { call void @note(i64 2)  ret void }\n"
    "@llvm.global_ctors = appending global [3 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr "
    "@late, ptr null },\n"
    "  { i32, ptr, ptr } { i32 101, ptr @early, ptr null }, { i32, ptr, ptr } { i32 101, ptr @early2, ptr "
    "null }]\n";

TEST(Engine, ConstructorsRunOnceByPriority) {
  const auto engine = engineWith(kConstructors);
  const auto* log = variable<int64_t>(*engine, "log");
  EXPECT_EQ(*log, 0);
  ASSERT_TRUE(engine->runConstructors());
  EXPECT_EQ(*log, 123);
  ASSERT_TRUE(engine->runConstructors());
  EXPECT_EQ(*log, 123);
  addText(*engine,
          "@log = external global i64\ndefine internal void @more() { store i64 9, ptr @log  ret void }\n"
          "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr "
          "@more, ptr null }]");
  ASSERT_TRUE(engine->runConstructors());
  EXPECT_EQ(*log, 9);
}

TEST(Engine, ConstructorsOfWhatDidNotPrevailDoNotRun) {
  const std::string text = "@v = linkonce_odr global i32 0\n@count = weak global i32 0\n"
                           "define internal void @init() { %c = load i32, ptr @count  %d = add i32 %c, 1\n"
                           "  store i32 %d, ptr @count  ret void }\n"
                           "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } "
                           "{ i32 65535, ptr @init, ptr @v }]";
  const auto engine = engineWith(text);
  addText(*engine, text, "again.ll");
  ASSERT_TRUE(engine->runConstructors());
  EXPECT_EQ(*variable<int>(*engine, "count"), 1);
}

TEST(Engine, MainGetsItsArguments) {
  const auto engine =
      engineWith(kConstructors + std::string("define i32 @main(i32 %argc, ptr %argv) {\n  %p = getelementptr "
                                             "ptr, ptr %argv, i64 1\n  %a = load ptr, ptr %p\n"
                                             "  %c = load i8, ptr %a\n  %w = zext i8 %c to i32\n  %n = mul "
                                             "i32 %argc, 1000\n  %r = add i32 %n, %w\n"
                                             "  %l = load i64, ptr @log\n  %k = trunc i64 %l to i32\n  %k2 = "
                                             "mul i32 %k, 10000\n  %r2 = add i32 %r, %k2\n"
                                             "  ret i32 %r2\n}\ndefine void @other() { ret void }\ndefine "
                                             "double @notMain() { ret double 1.0 }"));
  const Result<int> result = engine->runMain({"program", "A", "B"});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(*result, 1230000 + 3000 + 'A') << "constructors ran before";
  EXPECT_TRUE(engine->runMain({"program"}, "other"));

  const Result<int> missing = engine->runMain({"program"}, "absent");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::MissingSymbol);
  const Result<int> wrong = engine->runMain({"program"}, "notMain");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind(), ErrorKind::BadInput);
  EXPECT_THAT(wrong.error().message(), HasSubstr("double ()"));
}

TEST(Engine, UndefinedDataIsFoundBeforeAnythingRuns) {
  const auto engine = engineWith("@gone = external global i32\n" + std::string(kConstructors) +
                                 "define i32 @main() { %x = load i32, ptr @gone  ret i32 %x }");
  const Result<int> result = engine->runMain({"program"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::MissingSymbol);
  EXPECT_THAT(result.error().message(), HasSubstr("gone"));
  EXPECT_EQ(*variable<int64_t>(*engine, "log"), 0) << "no constructor ran";
}

// ---- the host around it ---------------------------------------------------------------------------------

TEST(Engine, ErrnoOfTheProgramSurvivesFirstCalls) {
  const auto engine = engineWith(kSquare);
  errno = 4711;
  EXPECT_EQ(function<int(int)>(*engine, "square")(3), 9);
  errno = 4711;
  function<int(int)>(*engine, "square")(3);
  EXPECT_EQ(errno, 4711);
}

#ifdef __GLIBCXX__
/// What LLVM does now and then.
struct CallsOnce : EventListener {
  void onEvent(const Event& event) override {
    std::once_flag flag;
    if (event.name == "callee")
      std::call_once(flag, [this] { ++calls; });
  }
  std::atomic<int> calls{0};
};

TEST(Engine, FirstCallsLeaveTheProgramsCallOnceAlone) {
  CallsOnce listener;
  const auto engine = engineWith("@_ZSt15__once_callable = external thread_local global ptr\n"
                                 "@_ZSt11__once_call = external thread_local global ptr\n"
                                 "define i32 @callee() { ret i32 1 }\n"
                                 "define i32 @survives(ptr %p) {\n"
                                 "  store ptr %p, ptr @_ZSt15__once_callable\n"
                                 "  store ptr %p, ptr @_ZSt11__once_call\n"
                                 "  %r = call i32 @callee()\n"
                                 "  %a = load ptr, ptr @_ZSt15__once_callable\n"
                                 "  %b = load ptr, ptr @_ZSt11__once_call\n"
                                 "  %c = icmp eq ptr %a, %p\n"
                                 "  %d = icmp eq ptr %b, %p\n"
                                 "  %e = and i1 %c, %d\n"
                                 "  %f = zext i1 %e to i32\n"
                                 "  ret i32 %f\n}\n");
  engine->addListener(&listener);
  const auto survives = function<int(void*)>(*engine, "survives");
  EXPECT_EQ(survives(&listener), 1);
  EXPECT_GT(listener.calls, 0);
}
#endif

[[noreturn]] void throwFromHost(int value) { throw std::runtime_error("value " + std::to_string(value)); }

/// @guarded calls the host, which throws; its cleanup notes that it was passed.
constexpr const char* kThrowing =
    "declare void @host_throw(i32)\ndeclare i32 @__gxx_personality_v0(...)\n@cleanups = global i32 0\n"
    "define void @guarded(i32 %x) uwtable personality ptr @__gxx_personality_v0 {\n"
    "  invoke void @host_throw(i32 %x) to label %done unwind label %pad\n"
    "pad:\n  %e = landingpad { ptr, i32 } cleanup\n  %c = load i32, ptr @cleanups\n  %d = add i32 %c, 1\n"
    "  store i32 %d, ptr @cleanups\n  resume { ptr, i32 } %e\ndone:\n  ret void\n}\n"
    "define void @outer(i32 %x) uwtable { call void @guarded(i32 %x)  ret void }";

TEST(Engine, ExceptionsOfTheHostPassThroughAtEveryTier) {
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    Options options;
    options.fixedTier = tier;
    const auto engine = makeEngine(options);
    ASSERT_TRUE(engine->defineSymbol("host_throw", reinterpret_cast<void*>(throwFromHost)));
    addText(*engine, kThrowing);
    void (*const outer)(int) = function<void(int)>(*engine, "outer");
    for (int i = 0; i < 3; ++i) { // the first time through a first call
      try {
        outer(i);
        ADD_FAILURE() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), "value " + std::to_string(i));
      }
    }
    EXPECT_EQ(*variable<int>(*engine, "cleanups"), 3) << "tier " << tier;
  }
}

TEST(Engine, TwoEnginesInOneProcess) {
  const char* text =
      "@state = global i32 0\ndefine i32 @next() { %x = load i32, ptr @state  %y = add i32 %x, STEP\n"
      "  store i32 %y, ptr @state  ret i32 %y }\n@address = global ptr @next";
  const auto withStep = [&](const std::string& step) {
    return std::string(text).replace(std::string(text).find("STEP"), 4, step);
  };
  const auto ones = engineWith(withStep("1"));
  const auto tens = engineWith(withStep("10"));
  const auto next1 = function<int()>(*ones, "next");
  const auto next10 = function<int()>(*tens, "next");
  EXPECT_NE(next1, next10);
  EXPECT_THAT((std::vector{next1(), next10(), next1(), next10()}), ElementsAre(1, 10, 2, 20));
  // One may call the other's code.
  ASSERT_TRUE(ones->defineSymbol("foreign", reinterpret_cast<void*>(next10)));
  addText(*ones, "declare i32 @foreign()  define i32 @through() { %x = call i32 @foreign()  ret i32 %x }");
  EXPECT_EQ(function<int()>(*ones, "through")(), 30);
}

size_t entriesOf(const char* path) {
  if (std::filesystem::is_directory(path))
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  std::ifstream file(path);
  size_t lines = 0;
  for (std::string line; std::getline(file, line);)
    ++lines;
  return lines;
}

TEST(Engine, TwoHundredInARow) {
  Options options;
  options.policy = Policy::Threshold;
  options.callThreshold = 2;
  const auto once = [&](int i) {
    const auto engine = engineWith(kSquare, options);
    const auto square = function<int(int)>(*engine, "square");
    for (int j = 0; j < 3; ++j) // starts workers and gives them something to do
      ASSERT_EQ(square(i), i * i);
  };
  for (int i = 0; i < 10; ++i) // whatever the process makes once
    once(i);
  std::vector<const char*> places{"/proc/self/task", "/proc/self/fd"};
  if (!__has_feature(address_sanitizer)) // which keeps what is freed
    places.push_back("/proc/self/maps");
  std::vector<size_t> before;
  before.reserve(places.size());
  for (const char* place : places)
    before.push_back(entriesOf(place));
  for (int i = 0; i < 190; ++i)
    once(i);
  for (size_t i = 0; i < places.size(); ++i)
    EXPECT_LE(entriesOf(places[i]), before[i] + 20) << places[i]; // malloc maps, too; a leak is 190
}

// ---- calls that cannot be made --------------------------------------------------------------------------

void exitWithMessage(const Error& error) {
  fprintf(stderr, "%s\n", error.message().c_str());
  _exit(7);
}

TEST(EngineDeathTest, CallingAnUndefinedFunctionIsReported) {
  EXPECT_EXIT(
      {
        Options options;
        options.onFatal = exitWithMessage;
        const auto engine = engineWith(
            "declare void @nowhere()  define void @caller() { call void @nowhere()  ret void }", options);
        function<void()>(*engine, "caller")();
      },
      testing::ExitedWithCode(7), "nowhere.*caller");
}

TEST(EngineDeathTest, WithoutAHandlerItAborts) {
  EXPECT_EXIT(
      {
        const auto engine =
            engineWith("declare void @nowhere()  define void @caller() { call void @nowhere()  ret void }");
        function<void()>(*engine, "caller")();
      },
      testing::KilledBySignal(SIGABRT), "");
}

TEST(EngineDeathTest, AHandlerThatReturnsAborts) {
  EXPECT_EXIT(
      {
        Options options;
        options.onFatal = [](const Error&) {};
        const auto engine = engineWith(
            "declare void @nowhere()  define void @caller() { call void @nowhere()  ret void }", options);
        function<void()>(*engine, "caller")();
      },
      testing::KilledBySignal(SIGABRT), "");
}

TEST(EngineDeathTest, AFunctionThatCannotBeCompiledIsReportedWhenItIsCalled) {
  EXPECT_EXIT(
      {
        Options options;
        options.onFatal = exitWithMessage;
        const auto engine = engineWith(
            "define void @impossible() { call void asm sideeffect \"frobnicate\", \"\"()  ret void }\n"
            "define i32 @fine() { ret i32 1 }",
            options);
        if (function<int()>(*engine, "fine")() == 1)
          function<void()>(*engine, "impossible")();
      },
      testing::ExitedWithCode(7), "function impossible: .*invalid instruction");
}

} // namespace
} // namespace tiercel
