// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Direct calls: which form fits where, and that turning them is seen whole while other threads call.
#include "codemem/call_sites.h"
#include "codemem/emitter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

constexpr size_t kLine = 64;

bool liesInOneWord(uintptr_t operand) { return operand / 8 == (operand + 3) / 8; }

TEST(CallForm, EveryPlaceInALine) {
  size_t throughCell = 0;
  for (uintptr_t at = 0x1000; at < 0x1000 + kLine; ++at) {
    switch (callFormAt(at)) {
    case CallForm::Prefixed:
      EXPECT_TRUE(liesInOneWord(at + 2)) << at;
      break;
    case CallForm::Padded:
      EXPECT_TRUE(liesInOneWord(at + 1)) << at;
      break;
    case CallForm::ThroughCell:
      EXPECT_FALSE(liesInOneWord(at + 1) || liesInOneWord(at + 2)) << at;
      ++throughCell;
      break;
    }
    EXPECT_EQ(isPatchable(at), liesInOneWord(at)) << at;
  }
  EXPECT_EQ(throughCell, kLine / 4);
}

class CallSitesTest : public testing::Test {
protected:
  using Code = int (*)();
  static constexpr FunctionId kCallee{1};

  void SetUp() override { ASSERT_TRUE(table.growTo(4)); }

  CodeBlock codeBlock(size_t size) {
    Result<CodeBlock> block = arena->allocateCode(size, kLine);
    EXPECT_TRUE(block) << block.error().message();
    return *block;
  }
  /// mov $value, %eax ; ret
  void* returning(int value) {
    const CodeBlock block = codeBlock(8);
    Emitter emit(block);
    emit.bytes({0xb8});
    emit.value(value);
    emit.bytes({0xc3});
    return block.exec;
  }
  struct Caller {
    Code call;
    CallSite site;
  };
  /// A function that begins at `offset` of a line and only calls (or, as a tail call, jumps): in the form
  /// that fits there. Its operand leads nowhere yet. Null where no form fits.
  Caller callerAt(size_t offset, bool tailCall) {
    const CodeBlock block = codeBlock(2 * kLine);
    Emitter emit(block);
    while (emit.here() != block.exec + offset)
      emit.bytes({0xcc});
    std::byte* const entry = emit.here();
    if (!tailCall)
      emit.bytes({0x50}); // push %rax: aligns the stack
    const uint8_t opcode = tailCall ? 0xe9 : 0xe8;
    const CallForm form = callFormAt(reinterpret_cast<uintptr_t>(emit.here()));
    if (form == CallForm::ThroughCell)
      return {};
    if (form == CallForm::Prefixed)
      emit.bytes({0x67});
    emit.bytes({opcode});
    std::byte* const operand = emit.here();
    emit.value(uint32_t(0));
    if (form == CallForm::Padded)
      emit.bytes({0x90});
    if (!tailCall)
      emit.bytes({0x5a, 0xc3}); // pop %rdx ; ret
    return {reinterpret_cast<Code>(entry), {kCallee, operand, block.write + (operand - block.exec)}};
  }
  /// Callers at all offsets, entered. Calls before tail calls.
  std::vector<Caller> enteredCallers() {
    std::vector<Caller> callers;
    for (const bool tailCall : {false, true}) {
      for (size_t offset = 0; offset < kLine; ++offset) {
        if (const Caller caller = callerAt(offset, tailCall); caller.call) {
          calls.add(std::span(&caller.site, 1));
          callers.push_back(caller);
        }
      }
    }
    EXPECT_EQ(callers.size(), 2 * kLine * 3 / 4);
    return callers;
  }
  static const std::byte* targetOf(const CallSite& site) {
    int32_t operand;
    memcpy(&operand, site.exec, sizeof operand);
    return site.exec + 4 + operand;
  }

  std::unique_ptr<Arena> arena = std::move(*Arena::create());
  int engine = 0;
  CodeMap map{*arena};
  FunctionTable table{*arena, map, &engine};
  CallSites calls{*arena, table};
};

TEST_F(CallSitesTest, FollowPublications) {
  EXPECT_EQ(calls.publish(kCallee, returning(1)), 0u);
  const std::vector<Caller> callers = enteredCallers();
  for (const Caller& caller : callers)
    EXPECT_EQ(caller.call(), 1);
  EXPECT_EQ(calls.publish(kCallee, returning(2)), callers.size());
  for (const Caller& caller : callers)
    EXPECT_EQ(caller.call(), 2);
  EXPECT_EQ(reinterpret_cast<Code>(table.stub(kCallee))(), 2);
  EXPECT_EQ(calls.publish(FunctionId(2), returning(3)), 0u) << "they are not its users";
  EXPECT_EQ(callers.front().call(), 2);
}

TEST_F(CallSitesTest, NothingAroundTheOperandChanges) {
  const Caller caller = callerAt(0, false);
  std::vector<std::byte> before(2 * kLine), after(2 * kLine);
  const auto* line = reinterpret_cast<const std::byte*>(caller.call);
  const auto at = static_cast<size_t>(caller.site.exec - line);
  memcpy(before.data(), line, before.size());
  calls.add(std::span(&caller.site, 1));
  memcpy(after.data(), line, after.size());
  EXPECT_NE(before, after);
  memcpy(after.data() + at, before.data() + at, 4);
  EXPECT_EQ(before, after);
}

TEST_F(CallSitesTest, WithoutCodeTheyGoToTheStub) {
  for (const Caller& caller : enteredCallers())
    EXPECT_EQ(targetOf(caller.site), table.stub(kCallee));
}

TEST_F(CallSitesTest, CodeOutOfReachIsLeftToTheStub) {
  const std::vector<Caller> callers = enteredCallers();
  const auto host = [] { return 7; };
  calls.publish(kCallee, reinterpret_cast<void*>(+host));
  for (const Caller& caller : callers) {
    EXPECT_EQ(targetOf(caller.site), table.stub(kCallee));
    EXPECT_EQ(caller.call(), 7);
  }
  calls.publish(kCallee, returning(8));
  EXPECT_EQ(callers.front().call(), 8);
  EXPECT_NE(targetOf(callers.front().site), table.stub(kCallee));
}

// The child has moved to a copy: each side turns its own.
TEST_F(CallSitesTest, FollowPublicationsOnBothSidesOfAFork) {
  void* const versions[] = {returning(1), returning(2), returning(3)};
  calls.publish(kCallee, versions[0]);
  const std::vector<Caller> callers = enteredCallers();
  const auto turns = [&](void* version, int result) {
    bool right = calls.publish(kCallee, version) == callers.size();
    for (const Caller& caller : callers)
      right &= targetOf(caller.site) == version && caller.call() == result;
    return right;
  };
  const auto fork = [&]() TIERCEL_NO_THREAD_SAFETY_ANALYSIS {
    arena->copyForFork();
    const pid_t child = ::fork();
    if (child == 0)
      _exit(arena->moveToForkCopy() && turns(versions[2], 3) && turns(versions[1], 2) ? 0 : 1);
    arena->dropForkCopy();
    return child;
  };
  const pid_t child = fork();
  EXPECT_TRUE(turns(versions[1], 2));
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const Caller& caller : callers)
    EXPECT_EQ(caller.call(), 2);
}

// Versions return their number. `begun` and `done` bracket each publication, so a call that starts after one
// is done must reach at least that version, and no call a version that nobody has begun to publish.
TEST_F(CallSitesTest, ManyThreadsCallWhileVersionsChange) {
  constexpr int kVersions = 2000;
  constexpr int kThreads = 8;
  std::vector<void*> versions;
  for (int i = 0; i <= kVersions; ++i)
    versions.push_back(returning(i));
  calls.publish(kCallee, versions[0]);
  const std::vector<Caller> callers = enteredCallers();

  std::atomic<int> begun{0}, done{0}, wrong{0}, ready{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, next = static_cast<size_t>(t) * 11]() mutable {
      ready.fetch_add(1);
      while (done.load(std::memory_order_acquire) < kVersions) {
        const Caller& caller = callers[next++ % callers.size()];
        const int least = done.load(std::memory_order_acquire);
        const int reached = caller.call();
        const int most = begun.load(std::memory_order_acquire);
        if (reached < least || reached > most)
          wrong.fetch_add(1);
      }
    });
  }
  while (ready.load() < kThreads)
    std::this_thread::yield();
  for (int i = 1; i <= kVersions; ++i) {
    begun.store(i, std::memory_order_release);
    calls.publish(kCallee, versions[static_cast<size_t>(i)]);
    done.store(i, std::memory_order_release);
    // Not only bursts: the callers get to run between any two.
    if (i % 16 == 0)
      std::this_thread::yield();
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

// A site that is entered while its callee is published misses neither.
TEST_F(CallSitesTest, LinksMeetPublications) {
  std::vector<Caller> callers;
  for (size_t i = 0; i < 40 * kLine; ++i) {
    if (const Caller caller = callerAt(i % kLine, i % 2 == 0); caller.call)
      callers.push_back(caller);
  }
  void* const versions[] = {returning(0), returning(1)};
  calls.publish(kCallee, versions[0]);
  std::atomic<size_t> linked{0};
  std::vector<std::thread> linkers;
  for (size_t half : {0u, 1u}) {
    linkers.emplace_back([&, half] {
      for (size_t i = half; i < callers.size(); i += 2) {
        calls.add(std::span(&callers[i].site, 1));
        linked.fetch_add(1);
      }
    });
  }
  size_t version = 0;
  while (linked.load() < callers.size())
    calls.publish(kCallee, versions[++version % 2]);
  for (std::thread& linker : linkers)
    linker.join();
  for (const Caller& caller : callers)
    EXPECT_EQ(targetOf(caller.site), versions[version % 2]);
  EXPECT_EQ(calls.publish(kCallee, versions[0]), callers.size());
}

} // namespace
} // namespace tiercel
