// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/graph_memory.h"
#include "unit/support/arenas.h"

#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"
#include "llvm/ExecutionEngine/Orc/SymbolStringPool.h"

namespace tiercel {
namespace {

namespace jl = llvm::jitlink;
using llvm::orc::ExecutorAddr;
using llvm::orc::MemProt;

LLVM_ENABLE_BITMASK_ENUMS_IN_NAMESPACE();

/// A graph with code, and with variables and their zero-initialised part when asked for.
class Graph {
public:
  Graph()
      : graph_("graph", std::make_shared<llvm::orc::SymbolStringPool>(),
               llvm::Triple("x86_64-unknown-linux-gnu"), llvm::SubtargetFeatures(),
               jl::x86_64::getEdgeKindName) {
    jl::Section& text = graph_.createSection(".text", MemProt::Read | MemProt::Exec);
    graph_.createContentBlock(text, kCode, ExecutorAddr(), 32, 0);
    graph_.createZeroFillBlock(text, 200, ExecutorAddr(), 8, 0);
  }
  void addData(uint64_t zeroFill) {
    jl::Section& section = graph_.createSection(".data", MemProt::Read | MemProt::Write);
    graph_.createContentBlock(section, kData, ExecutorAddr(), 64, 0);
    graph_.createZeroFillBlock(section, zeroFill, ExecutorAddr(), 8, 0);
  }
  /// Null, and `message`, when there is no memory.
  std::unique_ptr<jl::JITLinkMemoryManager::InFlightAlloc> allocate(GraphMemory& memory) {
    std::unique_ptr<jl::JITLinkMemoryManager::InFlightAlloc> result;
    memory.allocate(nullptr, graph_, [&](jl::JITLinkMemoryManager::AllocResult allocation) {
      if (allocation)
        result = std::move(*allocation);
      else
        message = llvm::toString(allocation.takeError());
    });
    return result;
  }

  static constexpr char kCode[] = {'\xb8', 42, 0, 0, 0, '\xc3'}; // mov $42, %eax ; ret
  static constexpr char kData[] = {1, 2, 3, 4};
  std::string message;

private:
  jl::LinkGraph graph_;
};

void abandon(jl::JITLinkMemoryManager::InFlightAlloc& allocation) {
  allocation.abandon([](llvm::Error error) { EXPECT_FALSE(static_cast<bool>(error)); });
}

TEST(GraphMemory, SaysWhatItAllocated) {
  const auto arena = makeArena();
  GraphMemory memory(*arena);
  Graph graph;
  graph.addData(100);
  const auto allocation = graph.allocate(memory);
  ASSERT_TRUE(allocation) << graph.message;
  llvm::Expected<jl::JITLinkMemoryManager::FinalizedAlloc> done = allocation->finalize();
  ASSERT_TRUE(static_cast<bool>(done));
  done->release();
  EXPECT_EQ(memory.code().size, 208u); // six bytes of code, and 200 of zero at the next multiple of 8
  EXPECT_EQ(memory.codeBytes(), 208u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.code().exec) % 32, 0u);
  EXPECT_EQ(run(memory.code()), 42);
  EXPECT_EQ(memory.data().size, 108u); // four, at a multiple of 8 the 100 more
  EXPECT_EQ(memory.data().alignment, 64u);
  EXPECT_EQ(memory.data().address[3], std::byte(4));
  EXPECT_EQ(arena->dataBytesUsed(), 108u);
  EXPECT_FALSE(memory.takeRefusal());

  arena->freeCode(memory.code());
  arena->freeData(memory.data().address, memory.data().size, memory.data().alignment);
  EXPECT_EQ(arena->codeUsage().used, 0u);
  EXPECT_EQ(arena->dataBytesUsed(), 0u);
}

TEST(GraphMemory, ALinkThatFailsGivesItBack) {
  const auto arena = makeArena();
  GraphMemory memory(*arena);
  Graph graph;
  graph.addData(100);
  const auto allocation = graph.allocate(memory);
  ASSERT_TRUE(allocation) << graph.message;
  EXPECT_GT(arena->codeUsage().used, 0u);
  abandon(*allocation);
  EXPECT_EQ(arena->codeUsage().used, 0u);
  EXPECT_EQ(arena->dataBytesUsed(), 0u);
  EXPECT_EQ(memory.code().exec, nullptr);
  EXPECT_EQ(memory.data().address, nullptr);
}

TEST(GraphMemory, RefusesWhatTheArenaRefuses) {
  ArenaOptions options;
  options.codeLimit = 128;
  const auto arena = makeArena(options);
  GraphMemory memory(*arena);
  Graph graph;
  EXPECT_FALSE(graph.allocate(memory));
  EXPECT_NE(graph.message.find("code memory: the limit of 0 KiB is reached"), std::string::npos)
      << graph.message;
  const std::optional<Error> refusal = memory.takeRefusal();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind(), ErrorKind::Environment);
  EXPECT_EQ(refusal->message(), graph.message);
}

TEST(GraphMemory, CodeIsGivenBackWhenThereIsNoRoomForData) {
  const auto arena = makeArena();
  GraphMemory memory(*arena);
  Graph graph;
  graph.addData(uint64_t(1) << 60);
  EXPECT_FALSE(graph.allocate(memory));
  EXPECT_EQ(graph.message, "data memory: Cannot allocate memory");
  EXPECT_EQ(arena->codeUsage().used, 0u);
  EXPECT_EQ(memory.code().exec, nullptr);
}

TEST(GraphMemory, ZeroFillIsZeroInCodeMemoryThatWasUsed) {
  const auto arena = makeArena();
  const CodeBlock old = code(*arena, 4096);
  arena->freeCode(old); // holds 0xcc now
  GraphMemory memory(*arena);
  Graph graph;
  const auto allocation = graph.allocate(memory);
  ASSERT_TRUE(allocation) << graph.message;
  EXPECT_EQ(memory.code().exec, old.exec);
  EXPECT_TRUE(isFilledWith(memory.code().exec + 8, 200, 0));
  abandon(*allocation);
}

} // namespace
} // namespace tiercel
