// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object/object_linker.h"

#include "base/llvm_error.h"
#include "link/frames_of_graph.h"
#include "link/got_loads.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/JITLink/ELF_x86_64.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace tiercel {

namespace {

namespace jl = llvm::jitlink;
namespace x86 = llvm::jitlink::x86_64;
using llvm::orc::ExecutorAddr;
using llvm::orc::MemProt;

bool has(MemProt protection, MemProt flag) {
  return (static_cast<unsigned>(protection) & static_cast<unsigned>(flag)) != 0;
}

/// One link's state, in the caller's frame: JITLink destroys its context at a time of its own.
struct Link {
  CodeMemory& memory;
  BindSymbol bind;
  llvm::function_ref<Status(const LinkedCode&)> prepare;
  LinkedCode code;
  std::optional<Error> error;
  bool allocated = false;

  llvm::Error fail(Error why) {
    llvm::Error reported = llvm::createStringError(llvm::inconvertibleErrorCode(), why.message());
    if (!error)
      error = std::move(why);
    return reported;
  }
  void release() {
    if (allocated)
      memory.release(code.place, code.sizes);
    allocated = false;
  }
};

class ClientAllocation : public jl::JITLinkMemoryManager::InFlightAlloc {
public:
  explicit ClientAllocation(Link& link) : link_(link) {}

  void finalize(OnFinalizedFunction onFinalized) override {
    LinkedCode& code = link_.code;
    if (Status status = link_.prepare(code); !status)
      return onFinalized(link_.fail(status.takeError()));
    if (Status status = link_.memory.finish(code.place, code.sizes); !status)
      return onFinalized(link_.fail(status.takeError()));
    onFinalized(jl::JITLinkMemoryManager::FinalizedAlloc(ExecutorAddr(1)));
  }
  void abandon(OnAbandonedFunction onAbandoned) override { onAbandoned(llvm::Error::success()); }

private:
  Link& link_;
};

/// JITLink's view of the client's memory. Released by whoever asked for the link.
class ClientMemory : public jl::JITLinkMemoryManager {
public:
  explicit ClientMemory(Link& link) : link_(link) {}

  void allocate(const jl::JITLinkDylib*, jl::LinkGraph& graph, OnAllocatedFunction onAllocated) override {
    jl::BasicLayout layout(graph);
    if (llvm::Error error = place(layout))
      return onAllocated(std::move(error));
    if (llvm::Error error = layout.apply())
      return onAllocated(std::move(error));
    onAllocated(std::make_unique<ClientAllocation>(link_));
  }
  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction onDeallocated) override {
    for (FinalizedAlloc& allocation : allocations)
      allocation.release();
    onDeallocated(llvm::Error::success());
  }

private:
  struct Part {
    SectionSize& size;
    SectionPlace& place;
    jl::BasicLayout::Segment* segment = nullptr;
  };

  /// Code refers to itself and to the other parts by 32 bits.
  static constexpr uintptr_t kReach = uintptr_t(2) << 30;

  static Status checkPlaces(const std::vector<Part>& parts) {
    uintptr_t begin = UINTPTR_MAX, end = 0;
    for (const Part& part : parts) {
      const auto run = reinterpret_cast<uintptr_t>(part.place.run);
      if (!part.place.run || !part.place.write || run % part.size.alignment != 0)
        return Error(ErrorKind::BadInput, "code memory",
                     "a section's place is missing or not aligned as asked");
      begin = std::min(begin, run);
      end = std::max(end, run + part.size.size);
    }
    if (end > begin && end - begin > kReach)
      return Error(ErrorKind::BadInput, "code memory",
                   "the sections' places are not within 2 GiB of each other");
    return {};
  }

  llvm::Error place(jl::BasicLayout& layout) {
    LinkedCode& code = link_.code;
    Part text{code.sizes.code, code.place.code};
    Part constants{code.sizes.readOnly, code.place.readOnly};
    Part data{code.sizes.writable, code.place.writable};
    for (auto& [group, segment] : layout.segments()) {
      const bool writable = has(group.getMemProt(), MemProt::Write);
      const bool executable = has(group.getMemProt(), MemProt::Exec);
      Part& part = executable ? text : writable ? data : constants;
      if (executable && writable)
        return link_.fail(Error(ErrorKind::Unsupported, "code object",
                                "it has sections that are executable and writable at once"));
      if (part.segment)
        return link_.fail(Error(ErrorKind::Unsupported, "code object",
                                "two kinds of its sections belong to the same part of its memory"));
      part.segment = &segment;
      part.size = {segment.ContentSize + static_cast<size_t>(segment.ZeroFillSize),
                   static_cast<size_t>(segment.Alignment.value())};
    }
    Result<Placement> placement = link_.memory.allocate(code.sizes);
    if (!placement)
      return link_.fail(placement.takeError());
    code.place = *placement;
    link_.allocated = true;
    std::vector<Part> used;
    llvm::copy_if(llvm::ArrayRef<Part>({text, constants, data}), std::back_inserter(used),
                  [](const Part& part) { return part.segment && part.size.size > 0; });
    if (Status status = checkPlaces(used); !status)
      return link_.fail(status.takeError());
    for (const Part& part : used) {
      std::memset(part.place.write, 0, part.size.size);
      part.segment->Addr = ExecutorAddr::fromPtr(part.place.run);
      part.segment->WorkingMem = reinterpret_cast<char*>(part.place.write);
    }
    return llvm::Error::success();
  }

  Link& link_;
};

/// How many bytes an edge of this kind computes.
uint8_t widthOf(jl::Edge::Kind kind) {
  switch (kind) {
  case x86::Pointer64:
  case x86::Delta64:
  case x86::NegDelta64:
  case x86::Delta64FromGOT:
  case x86::Size64:
    return 8;
  case x86::Pointer16:
  case x86::Delta16:
    return 2;
  case x86::Pointer8:
  case x86::Delta8:
    return 1;
  default:
    return 4;
  }
}

class ObjectLink : public jl::JITLinkContext {
public:
  explicit ObjectLink(Link& link) : JITLinkContext(nullptr), link_(link), memory_(link) {}

  jl::JITLinkMemoryManager& getMemoryManager() override { return memory_; }
  void notifyFailed(llvm::Error error) override {
    Error reported = fromLlvm(std::move(error), ErrorKind::Internal, "linking a code object");
    if (!link_.error)
      link_.error = std::move(reported);
  }
  void lookup(const LookupMap&, std::unique_ptr<jl::JITLinkAsyncLookupContinuation> continuation) override {
    continuation->run(jl::AsyncLookupResult()); // everything was bound before
  }
  llvm::Error notifyResolved(jl::LinkGraph&) override { return llvm::Error::success(); }
  void notifyFinalized(jl::JITLinkMemoryManager::FinalizedAlloc allocation) override { allocation.release(); }

  llvm::Error modifyPassConfig(jl::LinkGraph&, jl::PassConfiguration& passes) override {
    passes.PrePrunePasses.insert(passes.PrePrunePasses.begin(),
                                 [this](jl::LinkGraph& graph) { return bindExternals(graph); });
    passes.PostPrunePasses.push_back([this](jl::LinkGraph& graph) { return checkOrder(graph); });
    passes.PreFixupPasses.insert(passes.PreFixupPasses.begin(), keepGotLoads);
    passes.PostFixupPasses.push_back([this](jl::LinkGraph& graph) {
      record(graph);
      return llvm::Error::success();
    });
    return llvm::Error::success();
  }

private:
  llvm::Error bindExternals(jl::LinkGraph& graph);
  llvm::Error checkOrder(jl::LinkGraph& graph);
  void record(jl::LinkGraph& graph);

  Link& link_;
  ClientMemory memory_;
};

llvm::Error ObjectLink::bindExternals(jl::LinkGraph& graph) {
  const std::vector<jl::Symbol*> externals(graph.external_symbols().begin(), graph.external_symbols().end());
  std::set<std::string> missing;
  for (jl::Symbol* symbol : externals) {
    const llvm::StringRef name = *symbol->getName();
    if (std::optional<void*> address = link_.bind(name, symbol->isWeaklyReferenced()))
      graph.makeAbsolute(*symbol, ExecutorAddr::fromPtr(*address));
    else
      missing.insert(name.str());
  }
  if (missing.empty())
    return llvm::Error::success();
  return link_.fail(Error(ErrorKind::MissingSymbol, "code object",
                          "nothing defines '" + llvm::join(missing, "', '") + "'"));
}

/// JITLink sorts the blocks of a segment by these; where two are the same, their order would be by chance.
llvm::Error ObjectLink::checkOrder(jl::LinkGraph& graph) {
  std::set<std::tuple<unsigned, uint64_t, size_t>> keys;
  for (jl::Section& section : graph.sections()) {
    if (!has(section.getMemProt(), MemProt::Write))
      continue;
    for (const jl::Block* block : section.blocks()) {
      if (!keys.insert({section.getOrdinal(), block->getAddress().getValue(), block->getSize()}).second)
        return link_.fail(
            Error(ErrorKind::Internal, "code object", "the order of its variables is not fixed"));
    }
  }
  return llvm::Error::success();
}

void ObjectLink::record(jl::LinkGraph& graph) {
  const llvm::DenseMap<uint64_t, const void*> frames = findFrames(graph);
  for (jl::Symbol* symbol : graph.defined_symbols()) {
    auto* begin = symbol->getAddress().toPtr<std::byte*>();
    if (symbol->hasName())
      link_.code.symbols[*symbol->getName()] = begin;
    const void* frame = symbol->isCallable() ? frames.lookup(symbol->getAddress().getValue()) : nullptr;
    if (frame && symbol->getSize() > 0)
      link_.code.frames.push_back({begin, begin + symbol->getSize(), frame});
  }
  llvm::sort(link_.code.frames, [](const auto& left, const auto& right) { return left.begin < right.begin; });
  if (jl::Section* section = graph.findSectionByName(".eh_frame"))
    link_.code.frameSection = jl::SectionRange(*section).getStart().toPtr<void*>();
  const ExecutorAddr data = ExecutorAddr::fromPtr(link_.code.place.writable.run);
  for (jl::Section& section : graph.sections()) {
    if (!has(section.getMemProt(), MemProt::Write))
      continue;
    for (jl::Block* block : section.blocks()) {
      for (const jl::Edge& edge : block->edges()) {
        if (!edge.isRelocation())
          continue;
        LinkedCode::Fixup fixup{block->getFixupAddress(edge) - data, 0, widthOf(edge.getKind())};
        std::memcpy(&fixup.value, block->getContent().data() + edge.getOffset(), fixup.size);
        link_.code.fixups.push_back(fixup);
      }
    }
  }
  llvm::sort(link_.code.fixups,
             [](const auto& left, const auto& right) { return left.offset < right.offset; });
}

} // namespace

Result<LinkedCode> linkCode(llvm::MemoryBufferRef object, CodeMemory& memory, BindSymbol bind,
                            llvm::function_ref<Status(const LinkedCode&)> prepare) {
  Link link{memory, bind, prepare, {}, {}};
  const auto names = std::make_shared<llvm::orc::SymbolStringPool>();
  llvm::Expected<std::unique_ptr<jl::LinkGraph>> graph =
      jl::createLinkGraphFromELFObject_x86_64(object, names);
  if (!graph)
    return fromLlvm(graph.takeError(), ErrorKind::Unsupported, "code object");
  jl::link_ELF_x86_64(std::move(*graph), std::make_unique<ObjectLink>(link));
  if (link.error) {
    link.release();
    return std::move(*link.error);
  }
  return std::move(link.code);
}

} // namespace tiercel
