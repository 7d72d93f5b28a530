// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that is changed on both sides of a fork.
#include "unit/support/engines.h"
#include "unit/support/in_child.h"
#include "unit/support/living.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tiercel {
namespace {

std::string versionOf(int version) {
  return fmt::format("define i32 @callee(i32 %x) noinline {{ %r = add i32 %x, {} ret i32 %r }}\n", version);
}

/// Calls `callee` directly where code is optimised.
constexpr const char* kCaller = "declare i32 @callee(i32)\n"
                                "define i32 @caller(i32 %x) { %r = call i32 @callee(i32 %x) ret i32 %r }\n";

/// Of an engine whose code is optimised from the start, so that calls are direct.
struct Living {
  Living() {
    Options options;
    options.fixedTier = 2;
    options.reclaim = Reclaim::Signals;
    engine = makeEngine(options);
    addText(*engine, versionOf(0), "callee");
    addText(*engine, kCaller, "caller");
    call = function<int(int)>(*engine, "caller");
  }
  bool redefine(int version) {
    return engine->redefine("callee", Source::memory(versionOf(version), "callee.ll")) &&
           call(5) == 5 + version;
  }
  /// Whether all code memory is in use or free to use.
  bool keepsNothing() {
    const Result<CollectReport> report = collect(*engine);
    const Stats stats = engine->stats();
    return report && stats.memory.codeCommitted == stats.memory.codeUsed + stats.memory.codeFree;
  }

  std::unique_ptr<Engine> engine;
  int (*call)(int) = nullptr;
};

TEST(Fork, BothSidesChangeTheProgramAndKeepNoOldCode) {
  Living living;
  ASSERT_TRUE(living.call && living.redefine(1));
  uint64_t used = 0;
  for (int round = 2; round < 20; ++round) {
    EXPECT_TRUE(inChild([&] {
      return living.call(5) == 5 + round - 1 && living.redefine(1000 + round) &&
             living.redefine(2000 + round) && living.keepsNothing();
    }));
    EXPECT_EQ(living.call(5), 5 + round - 1) << "the child's changes are its own";
    ASSERT_TRUE(living.redefine(round));
    ASSERT_TRUE(living.keepsNothing());
    if (round == 4)
      used = living.engine->stats().memory.codeUsed;
  }
  EXPECT_EQ(living.engine->stats().memory.codeUsed, used);
}

TEST(Fork, DirectCallsFollowOnBothSides) {
  Living living;
  ASSERT_TRUE(living.call && living.redefine(1));
  const uint64_t before = living.engine->stats().calls.patches;
  EXPECT_TRUE(inChild([&] { return living.redefine(2) && living.engine->stats().calls.patches > before; }));
  EXPECT_TRUE(living.redefine(3));
  EXPECT_GT(living.engine->stats().calls.patches, before);
}

TEST(Fork, AChildOfAChildGoesOnAlone) {
  Living living;
  ASSERT_TRUE(living.call && living.redefine(1));
  EXPECT_TRUE(inChild([&] {
    return living.redefine(2) && inChild([&] {
             return living.call(5) == 7 && living.redefine(3) &&
                    inChild([&] { return living.redefine(4); }) && living.call(5) == 8;
           }) &&
           living.call(5) == 7;
  }));
  EXPECT_EQ(living.call(5), 6);
}

TEST(Fork, WhileOtherThreadsChangeTheProgram) {
  Living living;
  ASSERT_TRUE(living.call && living.redefine(1));
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::thread changing([&] {
    for (int version = 2; !stop; ++version)
      failed += living.redefine(version) ? 0 : 1;
  });
  std::thread calling([&] {
    while (!stop)
      failed += living.call(5) >= 6 ? 0 : 1;
  });
  for (int i = 0; i < 40; ++i)
    EXPECT_TRUE(inChild([&] { return living.call(5) >= 6 && living.redefine(100000 + i); }));
  stop = true;
  changing.join();
  calling.join();
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(living.keepsNothing());
}

std::string bitcodeOf(const std::string& text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  const std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, diagnostic, context);
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  llvm::WriteBitcodeToFile(*module, stream);
  return bytes;
}

TEST(Fork, DoesNotWaitUntilAModuleHasBeenRead) {
  // Its assembly includes a file that does not end before the fork is over.
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("tiercel-fork-{}", getpid());
  ASSERT_TRUE(std::filesystem::create_directory(folder));
  const std::string file = folder / "bytes";
  std::ofstream(file) << "12345678";
  const std::string module =
      bitcodeOf(fmt::format("module asm \".globl bytes\"\nmodule asm \"bytes: .incbin \\22{}\\22\"\n"
                            "@bytes = external global i32\n"
                            "define i32 @bytesOf() {{ %r = load i32, ptr @bytes ret i32 %r }}\n",
                            file));
  std::filesystem::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);

  const auto engine = engineWith("define i32 @f(i32 %x) { ret i32 %x }\n");
  bool added = false;
  std::thread adding([&] { added = bool(engine->addBytes(module, "assembly.bc")); });
  const int writer = open(file.c_str(), O_WRONLY | O_CLOEXEC); // when the module is being read
  EXPECT_TRUE(inChild([&] {
    addText(*engine, "define i32 @child(i32 %x) { ret i32 %x }\n", "child");
    return function<int(int)>(*engine, "child")(7) == 7 && function<int(int)>(*engine, "f")(8) == 8;
  }));
  EXPECT_EQ(write(writer, "12345678", 8), 8);
  close(writer);
  adding.join();
  EXPECT_TRUE(added);
  EXPECT_EQ(function<int()>(*engine, "bytesOf")(), 0x34333231);
  std::filesystem::remove_all(folder);
}

} // namespace
} // namespace tiercel
