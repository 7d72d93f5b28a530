// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What first code counts: from one engine to the next, and when counting ends.
#include "engine/engine_impl.h"
#include "unit/support/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kProgram =
    "@small = global i32 0\n@large = global i32 0\n"
    "define i32 @square(i32 %x) { %r = mul i32 %x, %x  ret i32 %r }\n"
    "define i32 @negate(i32 %x) { %r = sub i32 0, %x  ret i32 %r }\n"
    "define i32 @apply(ptr %f, i32 %x) { %r = call i32 %f(i32 %x)  ret i32 %r }\n"
    "define void @choose(i32 %x) {\n"
    "  %c = icmp slt i32 %x, 3\n  br i1 %c, label %few, label %many\n"
    "few:\n  store volatile i32 1, ptr @small\n  ret void\n"
    "many:\n  store volatile i32 1, ptr @large\n  ret void\n}\n";

/// A file that goes with the test.
class TemporaryFile {
public:
  TemporaryFile() {
    const int file = ::mkstemp(path_.data());
    EXPECT_GE(file, 0);
    ::close(file);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

private:
  std::string path_ = testing::TempDir() + "tiercel-profile-XXXXXX";
};

Options countingAll() {
  Options options;
  options.fixedTier = 0;
  options.wholeProfile = true;
  return options;
}

/// Counts ten calls of each and writes the file.
void record(const std::string& path) {
  const auto engine = engineWith(kProgram, countingAll());
  const auto apply = function<int(void*, int)>(*engine, "apply");
  const auto square = reinterpret_cast<void*>(function<int(int)>(*engine, "square"));
  const auto negate = reinterpret_cast<void*>(function<int(int)>(*engine, "negate"));
  const auto choose = function<void(int)>(*engine, "choose");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(apply(i < 1 ? negate : square, i), i < 1 ? -i : i * i);
    choose(i);
  }
  const Status status = engine->writeProfile(path);
  ASSERT_TRUE(status) << status.error().message();
}

/// The IR of one function as the top tier compiles it, in an engine that has never run it.
std::string compiledWith(const std::vector<std::string>& profiles, const std::string& name,
                         const std::string& program = kProgram) {
  std::string lowered;
  Options options;
  options.sync = true;
  options.profileIn = profiles;
  options.dump = {{DumpStage::Lowered, name}};
  options.onDump = [&](const DumpRequest&, const std::string&, const std::string& text) { lowered = text; };
  const auto engine = engineWith(program, options);
  const Status status = engine->prepare({name});
  EXPECT_TRUE(status) << status.error().message();
  return lowered;
}

TEST(ProfileRoundTrip, FilesHoldWhatRan) {
  const TemporaryFile file;
  record(file.path());
  const Result<Profile> profile = Profile::read(file.path());
  ASSERT_TRUE(profile) << profile.error().message();
  unsigned found = 0;
  for (const FunctionProfile& function : profile->functions()) {
    if (function.name == "apply") {
      ++found;
      EXPECT_EQ(function.entryCount(), 10u);
      ASSERT_EQ(function.calls.size(), 1u);
      EXPECT_EQ(function.calls[0],
                (IndirectCallProfile{.targets = {{"square", 9}, {"negate", 1}}, .total = 10}));
    } else if (function.name == "choose") {
      ++found;
      EXPECT_EQ(function.entryCount(), 10u);
    }
  }
  EXPECT_EQ(found, 2u);
}

TEST(ProfileRoundTrip, CountsReachTheTopTierOfAnotherEngine) {
  const TemporaryFile file;
  record(file.path());
  EXPECT_THAT(compiledWith({file.path()}, "choose"), HasSubstr("!\"branch_weights\", i32 3, i32 7"));
  EXPECT_THAT(compiledWith({}, "choose"), Not(HasSubstr("branch_weights")));
}

TEST(ProfileRoundTrip, SeveralProfilesAddUp) {
  const TemporaryFile file;
  record(file.path());
  EXPECT_THAT(compiledWith({file.path(), file.path()}, "choose"),
              HasSubstr("!\"branch_weights\", i32 6, i32 14"));
}

TEST(ProfileRoundTrip, CountsOfBeforeAndOfThisRunStopAtTheLargestNumber) {
  const TemporaryFile file;
  record(file.path());
  Result<Profile> counted = Profile::read(file.path());
  ASSERT_TRUE(counted) << counted.error().message();
  Profile full;
  for (FunctionProfile function : counted->functions()) {
    function.counts.assign(function.counts.size(), ~uint64_t(0));
    ASSERT_TRUE(full.add(std::move(function)));
  }
  ASSERT_TRUE(full.write(file.path()));

  std::string lowered;
  Options options;
  options.sync = true;
  options.profileIn = {file.path()};
  options.dump = {{DumpStage::Lowered, "choose"}};
  options.onDump = [&](const DumpRequest&, const std::string&, const std::string& text) { lowered = text; };
  const auto engine = engineWith(kProgram, options);
  for (int i = 0; i < 10; ++i)
    function<void(int)>(*engine, "choose")(i);
  ASSERT_TRUE(engine->prepare({"choose"}));
  EXPECT_THAT(lowered, HasSubstr("!\"function_entry_count\", i64 -1}"));
}

TEST(ProfileRoundTrip, TargetsAreNamedAsTheLinkerSpellsThem) {
  const TemporaryFile file;
  {
    const auto engine =
        engineWith("define i32 @\"\\01plain\"(i32 %x) { ret i32 %x }\n"
                   "define i32 @apply(ptr %f, i32 %x) { %r = call i32 %f(i32 %x)  ret i32 %r }\n",
                   countingAll());
    const auto plain = reinterpret_cast<void*>(function<int(int)>(*engine, "plain"));
    EXPECT_EQ(function<int(void*, int)>(*engine, "apply")(plain, 7), 7);
    ASSERT_TRUE(engine->writeProfile(file.path()));
  }
  const Result<Profile> profile = Profile::read(file.path());
  ASSERT_TRUE(profile) << profile.error().message();
  std::vector<std::string> targets;
  for (const FunctionProfile& function : profile->functions()) {
    for (const IndirectCallProfile& call : function.calls) {
      for (const CallTarget& target : call.targets)
        targets.push_back(target.name);
    }
  }
  EXPECT_THAT(targets, testing::ElementsAre("plain"));
}

TEST(ProfileRoundTrip, AChangedBodyIsAnotherFunction) {
  const TemporaryFile file;
  record(file.path());
  std::string changed = kProgram;
  changed.replace(changed.find("%x, 3"), 5, "%x, 4");
  EXPECT_THAT(compiledWith({file.path()}, "choose", changed), Not(HasSubstr("branch_weights")));
}

TEST(ProfileRoundTrip, KnownTargetsOfIndirectCallsAreInlined) {
  const TemporaryFile file;
  record(file.path());
  for (const bool known : {true, false}) {
    Options options;
    options.sync = true;
    if (known)
      options.profileIn = {file.path()};
    const auto engine = engineWith(kProgram, options);
    ASSERT_TRUE(engine->prepare({"apply"}));
    bool inlined = false;
    for (const InlineDecision& decision : engine->inlining("apply"))
      inlined |= decision.caller == "apply" && decision.callee == "square" && decision.inlined;
    EXPECT_EQ(inlined, known);
    const auto apply = function<int(void*, int)>(*engine, "apply");
    EXPECT_EQ(apply(reinterpret_cast<void*>(function<int(int)>(*engine, "square")), 5), 25);
    EXPECT_EQ(apply(reinterpret_cast<void*>(function<int(int)>(*engine, "negate")), 5), -5);
  }
}

// Sections for static linkers, whose relocations MCAssembler would keep into the next module.
TEST(ProfileRoundTrip, NoCallGraphProfileIsEmitted) {
  const std::string program = std::string(kProgram) +
                              "declare i32 @putchar(i32)\n"
                              "define i32 @twice(i32 %x) noinline { %r = call i32 @negate(i32 %x)\n"
                              "  %s = call i32 @kept(i32 %r)  ret i32 %s }\n"
                              "define i32 @kept(i32 %x) noinline { %r = add i32 %x, 1  ret i32 %r }\n";
  const TemporaryFile file;
  {
    const auto engine = engineWith(program, countingAll());
    EXPECT_EQ(function<int(int)>(*engine, "twice")(1), 0);
    ASSERT_TRUE(engine->writeProfile(file.path()));
  }
  const std::string lowered = compiledWith({file.path()}, "twice", program);
  EXPECT_THAT(lowered, HasSubstr("function_entry_count")) << "it has a profile";
  EXPECT_THAT(lowered, Not(HasSubstr("CG Profile")));
}

TEST(ProfileRoundTrip, WhatIsNoProfileIsRefusedWithItsLine) {
  const TemporaryFile file;
  std::ofstream(file.path()) << "tiercel-profile 1 plan 1\ngarbage\n";
  Options options;
  options.profileIn = {file.path()};
  const Result<std::unique_ptr<Engine>> engine = Engine::create(options);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().kind(), ErrorKind::BadInput);
  EXPECT_THAT(engine.error().message(), HasSubstr(file.path() + ":2: "));
}

TEST(ProfileRoundTrip, MissingFilesAndEnginesThatDoNotCount) {
  Options options;
  options.profileIn = {"/nonexistent/profile"};
  const Result<std::unique_ptr<Engine>> engine = Engine::create(options);
  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().message(), HasSubstr("/nonexistent/profile"));

  const TemporaryFile file;
  EXPECT_FALSE(engineWith(kProgram)->writeProfile(file.path()));
  EXPECT_FALSE(engineWith(kProgram, countingAll())->writeProfile("/nonexistent/folder/profile"));
}

// --- many threads in one loop ------------------------------------------------------------------------------

constexpr const char* kSpin =
    "define i64 @spin(ptr %progress, ptr %stop) {\nentry:\n  br label %loop\nloop:\n"
    "  %old = load atomic i64, ptr %progress monotonic, align 8\n  %new = add i64 %old, 1\n"
    "  store atomic i64 %new, ptr %progress monotonic, align 8\n"
    "  %s = load atomic i32, ptr %stop monotonic, align 4\n  %end = icmp ne i32 %s, 0\n"
    "  br i1 %end, label %done, label %loop\ndone:\n  ret i64 %new\n}\n";

class Contention : public testing::Test {
protected:
  static constexpr unsigned kThreads = 8;
  struct alignas(64) Progress {
    std::atomic<uint64_t> value{0};
  };

  void start(Options options) {
    Result<std::unique_ptr<EngineImpl>> made = EngineImpl::create(std::move(options));
    ASSERT_TRUE(made) << made.error().message();
    engine_ = std::move(*made);
    Result<Input> input = classifyInput(llvm::MemoryBuffer::getMemBufferCopy(kSpin, "spin.ll"), "spin.ll");
    ASSERT_TRUE(input);
    const Status status = engine_->addInput(std::move(*input));
    ASSERT_TRUE(status) << status.error().message();
    id_ = FunctionId(engine_->registry().find("spin").id);
    const Result<void*> address = engine_->lookupFunction("spin", {});
    ASSERT_TRUE(address) << address.error().message();
    auto* spin = reinterpret_cast<uint64_t (*)(std::atomic<uint64_t>*, std::atomic<uint32_t>*)>(*address);
    for (unsigned i = 0; i < kThreads; ++i)
      threads_.emplace_back([this, spin, i] { spin(&progress_[i].value, &stop_); });
  }
  void TearDown() override {
    stop_ = 1;
    for (std::thread& thread : threads_)
      thread.join();
  }

  /// Every thread is in the loop and has ended at least two iterations since: what an iteration that was
  /// begun before still had to write is written.
  void letAllGoOn() {
    std::array<uint64_t, kThreads> before;
    for (unsigned i = 0; i < kThreads; ++i)
      before[i] = progress_[i].value;
    for (unsigned i = 0; i < kThreads; ++i) {
      while (progress_[i].value < before[i] + 2)
        std::this_thread::yield();
    }
  }

  /// All that first code of the function writes.
  std::vector<uint64_t> written() {
    const Counters& counters = engine_->table().counters(id_);
    std::vector<uint64_t> words = {counters.poll.load(), static_cast<uint64_t>(counters.calls.load()),
                                   static_cast<uint64_t>(counters.loops.load())};
    const FunctionCounts counts = engine_->registry().counts(id_);
    for (unsigned i = 0; i < counts.sites; ++i)
      words.push_back(counts.count(i));
    return words;
  }

  void expectNothingIsWritten() {
    letAllGoOn();
    const std::vector<uint64_t> before = written();
    for (int i = 0; i < 10; ++i)
      letAllGoOn();
    EXPECT_EQ(written(), before);
  }

  std::unique_ptr<EngineImpl> engine_;
  FunctionId id_;
  std::array<Progress, kThreads> progress_;
  std::atomic<uint32_t> stop_{0};
  std::vector<std::thread> threads_;
};

Options impatient() {
  Options options;
  options.policy = Policy::Threshold;
  options.loopThreshold = 100;
  return options;
}

TEST_F(Contention, RefusedFunctionsStopCounting) {
  Options options = impatient();
  options.only = "nothing";
  start(std::move(options));
  while (progress_[0].value < 100 || engine_->table().counters(id_).poll.load() != 0)
    std::this_thread::yield();
  engine_->waitIdle(); // whatever was to be decided about it
  expectNothingIsWritten();
  EXPECT_EQ(engine_->table().counters(id_).poll.load(), 0u);
}

TEST_F(Contention, LoopsThatWereLeftStopCounting) {
  start(impatient());
  while (engine_->stats().functions.osrEntries < kThreads)
    std::this_thread::yield();
  engine_->waitIdle();
  expectNothingIsWritten();
}

} // namespace
} // namespace tiercel
