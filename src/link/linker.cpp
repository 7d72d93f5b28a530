// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/linker.h"

#include "base/llvm_error.h"
#include "codemem/stub_frames.h"
#include "link/frames_of_graph.h"
#include "link/got_loads.h"
#include "link/graph_memory.h"
#include "link/object_reach.h"
#include "link/object_thread_locals.h"
#include "link/prepared_object.h"
#include "link/reference_rewriter.h"
#include "link/unwind.h"
#include "unit/link_name.h"

#include "llvm/ExecutionEngine/JITLink/ELF_x86_64.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"

#include <algorithm>

extern "C" void __register_frame(void*);

namespace tiercel {

namespace {

namespace jl = llvm::jitlink;

/// One link, from graph to code. All of JITLink's callbacks come back on the calling thread before link()
/// returns, because none of ours defers its answer.
class GraphLink : public jl::JITLinkContext {
public:
  /// What the link leaves behind; outlives the context, which JITLink destroys.
  struct Outcome {
    Status status;
    LinkedFunction function;
    LinkedObject object;
  };

  /// What only native objects have. Either this or an artifact is given.
  struct OfObject {
    const std::function<void(const LinkedObject&)>& onAddresses;
    ObjectThreadLocals& threadLocals;
  };

  GraphLink(const LinkEnvironment& environment, ReferenceRewriter& rewriter, const Artifact* artifact,
            Outcome& outcome, const OfObject* ofObject)
      : JITLinkContext(nullptr), environment_(environment), rewriter_(rewriter), memory_(environment.arena),
        artifact_(artifact), outcome_(outcome), ofObject_(ofObject) {}

  jl::JITLinkMemoryManager& getMemoryManager() override { return memory_; }

  void notifyFailed(llvm::Error error) override {
    // Objects that are not ours may be anything.
    Error reported =
        fromLlvm(std::move(error), ofObject_ ? ErrorKind::BadInput : ErrorKind::Internal, "linking");
    // Our own errors say more than what JITLink makes of them.
    if (std::optional<Error> refusal = memory_.takeRefusal())
      outcome_.status = Error(refusal->kind(), "linking", refusal->message());
    else
      outcome_.status = rewriter_.failed() ? rewriter_.takeError() : std::move(reported);
  }

  void lookup(const LookupMap& symbols,
              std::unique_ptr<jl::JITLinkAsyncLookupContinuation> continuation) override {
    // Objects' references to each other are left for here, when their own addresses are known.
    jl::AsyncLookupResult result;
    for (const auto& [name, flags] : symbols) {
      std::optional<uint64_t> address =
          rewriter_.lateAddress(*name, flags == jl::SymbolLookupFlags::WeaklyReferencedSymbol);
      if (address)
        result[name] = {llvm::orc::ExecutorAddr(*address), llvm::JITSymbolFlags::Exported};
    }
    if (llvm::Error error = rewriter_.reportMissing())
      continuation->run(std::move(error));
    else
      continuation->run(std::move(result));
  }

  llvm::Error notifyResolved(jl::LinkGraph& graph) override {
    if (artifact_)
      return llvm::Error::success();
    for (jl::Symbol* symbol : graph.defined_symbols()) {
      if (symbol->hasName() && symbol->getScope() != jl::Scope::Local)
        outcome_.object.symbols[*symbol->getName()] = symbol->getAddress().toPtr<std::byte*>();
    }
    for (const ReferenceRewriter::Ifunc& ifunc : rewriter_.ifuncs()) {
      if (ifunc.isExported)
        outcome_.object.symbols[ifunc.name] = environment_.functions.stub(ifunc.function);
      outcome_.object.resolvers.emplace_back(ifunc.function,
                                             ifunc.resolver->getAddress().toPtr<std::byte*>());
    }
    if (ofObject_) {
      outcome_.object.threadLocals = ofObject_->threadLocals.definitions();
      ofObject_->onAddresses(outcome_.object);
    }
    return llvm::Error::success();
  }

  void notifyFinalized(jl::JITLinkMemoryManager::FinalizedAlloc allocation) override {
    // Memory belongs to the arena; JITLink's handle has nothing to release.
    allocation.release();
  }

  llvm::Error modifyPassConfig(jl::LinkGraph&, jl::PassConfiguration& passes) override {
    passes.PrePrunePasses.insert(passes.PrePrunePasses.begin(),
                                 [this](jl::LinkGraph& graph) { return rewriter_.resolve(graph); });
    passes.PostPrunePasses.insert(passes.PostPrunePasses.begin(),
                                  [this](jl::LinkGraph& graph) { return rewriter_.rewrite(graph); });
    if (ofObject_)
      addThreadLocalPasses(ofObject_->threadLocals, passes);
    if (artifact_ && artifact_->directCalls) {
      passes.PostAllocationPasses.push_back([this](jl::LinkGraph& graph) {
        rewriter_.placeDirectCalls(graph);
        return llvm::Error::success();
      });
    }
    passes.PreFixupPasses.insert(passes.PreFixupPasses.begin(), keepGotLoads);
    if (ofObject_) {
      passes.PreFixupPasses.push_back([this](jl::LinkGraph& graph) {
        Status status = checkReach(graph);
        return status ? llvm::Error::success() : rewriter_.fail(status.takeError());
      });
    }
    passes.PostFixupPasses.push_back([this](jl::LinkGraph& graph) {
      enterRanges(graph);
      version().callees = rewriter_.directCallees();
      version().objects = rewriter_.objects();
      outcome_.function.directCalls = rewriter_.enterDirectCalls();
      return llvm::Error::success();
    });
    return llvm::Error::success();
  }

private:
  void addThreadLocalPasses(ObjectThreadLocals& threads, jl::PassConfiguration& passes);
  CodeVersion& version() { return artifact_ ? *outcome_.function.version : *outcome_.object.version; }
  void enterMemory();
  void enterRanges(jl::LinkGraph& graph);
  void enterCounts(const jl::Symbol& symbol);
  void enterInitialisers(jl::LinkGraph& graph, llvm::StringRef section,
                         std::vector<LinkedObject::Initialiser>& into);

  const LinkEnvironment& environment_;
  ReferenceRewriter& rewriter_;
  GraphMemory memory_;
  const Artifact* artifact_;
  Outcome& outcome_;
  const OfObject* ofObject_;
};

void GraphLink::addThreadLocalPasses(ObjectThreadLocals& threads, jl::PassConfiguration& passes) {
  const auto pass = [this, &threads](Status (ObjectThreadLocals::*step)(jl::LinkGraph&)) {
    return [this, &threads, step](jl::LinkGraph& graph) {
      Status status = (threads.*step)(graph);
      return status ? llvm::Error::success() : rewriter_.fail(status.takeError());
    };
  };
  passes.PostPrunePasses.insert(passes.PostPrunePasses.begin(), pass(&ObjectThreadLocals::claim));
  passes.PostAllocationPasses.push_back(pass(&ObjectThreadLocals::place));
  passes.PreFixupPasses.insert(passes.PreFixupPasses.begin(), pass(&ObjectThreadLocals::bindOthers));
}

void GraphLink::enterCounts(const jl::Symbol& symbol) {
  const std::optional<LinkName> name = symbol.hasName() ? parseLinkName(*symbol.getName()) : std::nullopt;
  if (name && name->kind == LinkKind::Counts)
    outcome_.function.counts = symbol.getAddress().toPtr<std::byte*>();
  else if (name && name->kind == LinkKind::Targets)
    outcome_.function.targets = symbol.getAddress().toPtr<std::byte*>();
}

void GraphLink::enterMemory() {
  auto made = std::make_unique<CodeVersion>();
  made->code = memory_.code();
  made->bytes = made->code.size;
  if (const auto& data = memory_.data(); data.address)
    made->data = std::make_shared<DataBlock>(environment_.arena, data.address, data.size, data.alignment);
  if (artifact_)
    outcome_.function.version = std::move(made);
  else
    outcome_.object.version = std::move(made);
}

void GraphLink::enterRanges(jl::LinkGraph& graph) {
  enterMemory();
  const llvm::DenseMap<uint64_t, const void*> frames = findFrames(graph);
  const FunctionRecord* record = artifact_ ? &environment_.registry.function(artifact_->function) : nullptr;
  for (jl::Symbol* symbol : graph.defined_symbols()) {
    if (artifact_ && !symbol->isCallable())
      enterCounts(*symbol);
    if (!symbol->isCallable() || symbol->getSize() == 0)
      continue;
    const auto* begin = symbol->getAddress().toPtr<const std::byte*>();
    if (!environment_.arena.isCode(begin))
      continue;
    CodeRange range;
    range.begin = begin;
    range.end = begin + symbol->getSize();
    range.fde = frames.lookup(symbol->getAddress().getValue());
    if (symbol->getSection().getName() == jl::x86_64::PLTTableManager::getSectionName())
      range.fde = thunkFrame(); // JITLink's jumps to what is far
    if (record) {
      range.function = record->id;
      range.name = record->name;
      range.tier = static_cast<uint8_t>(artifact_->tier);
      // Passes may have split the function; only its entry has the link name itself.
      const std::optional<LinkName> name =
          symbol->hasName() ? parseLinkName(*symbol->getName()) : std::nullopt;
      if (name && name->kind == LinkKind::Entry)
        version().entry = const_cast<std::byte*>(begin);
    } else if (symbol->hasName()) {
      range.name = environment_.registry.keep(*symbol->getName());
    }
    environment_.map.add(range);
  }
  if (!artifact_) {
    enterInitialisers(graph, ".init_array", outcome_.object.constructors);
    enterInitialisers(graph, ".fini_array", outcome_.object.destructors);
  }
  if (!UnwindRegistration::isInterposed() && !frames.empty()) {
    version().frames = jl::SectionRange(*graph.findSectionByName(".eh_frame")).getStart().toPtr<void*>();
    __register_frame(const_cast<void*>(version().frames));
  }
}

void GraphLink::enterInitialisers(jl::LinkGraph& graph, llvm::StringRef prefix,
                                  std::vector<LinkedObject::Initialiser>& into) {
  // .init_array.NNNNN, lower numbers first, then plain .init_array.
  std::vector<jl::Section*> sections;
  for (jl::Section& section : graph.sections()) {
    if (section.getName().starts_with(prefix))
      sections.push_back(&section);
  }
  const auto priority = [&](const jl::Section* section) {
    uint32_t number = 65535;
    llvm::StringRef ending = section->getName().drop_front(prefix.size());
    if (ending.consume_front("."))
      ending.getAsInteger(10, number);
    return number;
  };
  std::stable_sort(sections.begin(), sections.end(),
                   [&](auto* left, auto* right) { return priority(left) < priority(right); });
  for (jl::Section* section : sections) {
    jl::SectionRange range(*section);
    for (auto* slot = range.getStart().toPtr<std::byte**>(); slot != range.getEnd().toPtr<std::byte**>();
         ++slot)
      into.push_back({priority(section), *slot});
  }
}

Result<GraphLink::Outcome> linkGraph(const LinkEnvironment& environment, llvm::MemoryBufferRef object,
                                     ReferenceRewriter& rewriter, const Artifact* artifact,
                                     const GraphLink::OfObject* ofObject) {
  // Held here: names of the graph live on in JITLink's frames for a moment after the graph is gone.
  const auto names = std::make_shared<llvm::orc::SymbolStringPool>();
  llvm::Expected<std::unique_ptr<jl::LinkGraph>> graph =
      jl::createLinkGraphFromELFObject_x86_64(object, names);
  if (!graph)
    return fromLlvm(graph.takeError(), ErrorKind::Unsupported, object.getBufferIdentifier().str());
  GraphLink::Outcome outcome;
  jl::link_ELF_x86_64(std::move(*graph),
                      std::make_unique<GraphLink>(environment, rewriter, artifact, outcome, ofObject));
  if (!outcome.status)
    return outcome.status.takeError();
  return outcome;
}

} // namespace

Result<LinkedFunction> Linker::link(const Artifact& artifact, ThreadLocalSource& threads) {
  const FunctionRecord& record = environment_.registry.function(artifact.function);
  ReferenceRewriter rewriter(environment_, artifact.image, ObjectId(), threads);
  const llvm::MemoryBufferRef bytes(llvm::StringRef(artifact.object.data(), artifact.object.size()),
                                    {record.name.data(), record.name.size()});
  Result<GraphLink::Outcome> outcome = linkGraph(environment_, bytes, rewriter, &artifact, nullptr);
  if (!outcome) {
    const Error& error = outcome.error();
    return Error(error.kind(), "function " + std::string(record.name), error.why());
  }
  LinkedFunction linked = std::move(outcome->function);
  if (!linked.version->entry) {
    CodeVersion* const made[] = {linked.version.get()};
    unlink(environment_, made);
    return Error(ErrorKind::Internal, "function " + std::string(record.name),
                 "the object does not define it");
  }
  linked.version->assumptions.names = rewriter.outside();
  return linked;
}

Result<LinkedObject> Linker::linkObject(llvm::MemoryBufferRef object, ImageId scope, ObjectId self,
                                        ThreadLocalSource& threads,
                                        const std::function<void(const LinkedObject&)>& onAddresses) {
  Result<PreparedObject> prepared = prepareObject(object);
  if (!prepared)
    return prepared.takeError();
  ReferenceRewriter rewriter(environment_, scope, self, threads);
  rewriter.setIfuncs(std::move(prepared->ifuncs));
  ObjectThreadLocals threadLocals(std::move(prepared->threadLocals),
                                  [&](llvm::StringRef name) { return rewriter.threadLocalPlace(name); });
  const GraphLink::OfObject ofObject{onAddresses, threadLocals};
  Result<GraphLink::Outcome> outcome =
      linkGraph(environment_, prepared->bytes ? prepared->bytes->getMemBufferRef() : object, rewriter,
                nullptr, &ofObject);
  if (!outcome)
    return outcome.takeError();
  environment_.registry.noteLinked(self);
  outcome->object.threadLibrary = threadLocals.takeLibrary();
  return std::move(outcome->object);
}

void unlink(const LinkEnvironment& environment, std::span<CodeVersion* const> versions) {
  std::vector<CodeBlock> blocks;
  std::vector<FunctionId> callees;
  for (CodeVersion* version : versions) {
    if (version->code.size > 0)
      blocks.push_back(version->code);
    callees.insert(callees.end(), version->callees.begin(), version->callees.end());
    version->forgetFrames(); // libgcc reads them once more
  }
  std::sort(blocks.begin(), blocks.end(),
            [](const CodeBlock& a, const CodeBlock& b) { return a.exec < b.exec; });
  std::sort(callees.begin(), callees.end());
  callees.erase(std::unique(callees.begin(), callees.end()), callees.end());
  environment.calls.remove(callees, blocks);
  for (const CodeBlock& block : blocks) {
    environment.map.remove(block.exec, block.exec + block.size);
    environment.arena.freeCode(block);
  }
}

} // namespace tiercel
