// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/object_thread_locals.h"

#include "base/align.h"
#include "link/synthetic_library.h"

#include "llvm/ExecutionEngine/JITLink/x86_64.h"

#include <atomic>
#include <cstring>

namespace tiercel {

namespace jl = llvm::jitlink;
namespace x86 = llvm::jitlink::x86_64;

namespace {

/// Others may need them in the static block, and there is room for a few of these.
constexpr size_t kSmall = 128;

constexpr const char* kAdvice = "; compile it with -fPIC -ftls-model=global-dynamic, or give its bitcode";

Error unsupported(const std::string& why) { return Error(ErrorKind::Unsupported, "linking", why); }

bool isZeroFilled(const jl::Section& section) { return section.getName().starts_with(".tbss"); }
bool isThreadSection(const jl::Section& section) {
  return section.getName().starts_with(".tdata") || isZeroFilled(section);
}

std::string nameOf(const jl::Symbol& symbol) {
  return symbol.hasName() ? "'" + (*symbol.getName()).str() + "'" : "a thread-local";
}

} // namespace

ObjectThreadLocals::~ObjectThreadLocals() {
  if (library_)
    closeSyntheticLibrary(library_);
}

bool ObjectThreadLocals::isOwn(const jl::Symbol& symbol) const {
  return symbol.isDefined() && offsets_.contains(&symbol.getBlock());
}

bool ObjectThreadLocals::isThreadLocal(const jl::Symbol& symbol) const {
  return isOwn(symbol) || (!symbol.isDefined() && symbol.hasName() && names_.contains(*symbol.getName()));
}

void ObjectThreadLocals::layOut(jl::LinkGraph& graph) {
  for (const bool zero : {false, true}) {
    for (jl::Section& section : graph.sections()) {
      if (!isThreadSection(section) || isZeroFilled(section) != zero)
        continue;
      for (const jl::Block* block : section.blocks()) {
        const size_t alignment = block->getAlignment();
        size_ = alignUp(size_, alignment);
        offsets_[block] = size_;
        size_ += block->getSize();
        alignment_ = std::max(alignment_, alignment);
      }
    }
  }
}

jl::Symbol& ObjectThreadLocals::entryFor(jl::LinkGraph& graph, jl::Symbol* variable, bool isDistance) {
  jl::Symbol*& symbol = entrySymbols_[{variable, isDistance}];
  if (symbol)
    return *symbol;
  jl::Section* section = graph.findSectionByName("$tiercel_thread_locals");
  if (!section)
    section = &graph.createSection("$tiercel_thread_locals", llvm::orc::MemProt::Read);
  constexpr char kZero[2 * sizeof(uint64_t)] = {};
  const size_t size = isDistance ? sizeof(uint64_t) : sizeof kZero;
  jl::Block& words =
      graph.createContentBlock(*section, graph.allocateContent(llvm::ArrayRef<char>(kZero, size)),
                               llvm::orc::ExecutorAddr(), sizeof(uint64_t), 0);
  symbol = &graph.addAnonymousSymbol(words, 0, size, /*IsCallable=*/false, /*IsLive=*/true);
  entries_.push_back({&words, variable, isDistance});
  return *symbol;
}

/// By the kinds that stand for relocations of thread-locals (link/prepared_object.h).
Status ObjectThreadLocals::claimEdge(jl::LinkGraph& graph, jl::Edge& edge) {
  jl::Symbol& variable = edge.getTarget();
  const bool own = isOwn(variable);
  switch (edge.getKind()) {
  case x86::RequestTLSDescInGOTAndTransformToDelta32: // general dynamic
    edge.setTarget(entryFor(graph, &variable, /*isDistance=*/false));
    edge.setKind(x86::Delta32);
    return {};
  case x86::RequestGOTAndTransformToDelta32: // initial exec
    needsStatic_ |= own;
    edge.setTarget(entryFor(graph, &variable, /*isDistance=*/true));
    edge.setKind(x86::Delta32);
    return {};
  case x86::Delta32: // local dynamic
    if (!own)
      break;
    edge.setTarget(entryFor(graph, nullptr, /*isDistance=*/false));
    return {};
  case x86::Pointer32: // the offset of local dynamic
    if (!own)
      break;
    return {};
  case x86::Pointer32Signed: // local exec
    if (!own)
      break;
    needsStatic_ = true;
    return {};
  default:
    return unsupported("it uses thread-local " + nameOf(variable) + " in a way that is not known here" +
                       kAdvice);
  }
  return unsupported("it uses thread-local " + nameOf(variable) + ", which is defined elsewhere, as its own" +
                     kAdvice);
}

Status ObjectThreadLocals::claim(jl::LinkGraph& graph) {
  layOut(graph);
  if (offsets_.empty() && names_.empty())
    return {};
  const std::vector<jl::Block*> blocks(graph.blocks().begin(), graph.blocks().end());
  for (jl::Block* block : blocks) {
    for (jl::Edge& edge : block->edges()) {
      if (!edge.isRelocation() || !isThreadLocal(edge.getTarget()))
        continue;
      if (Status status = claimEdge(graph, edge); !status)
        return status;
    }
  }
  return {};
}

/// JITLink writes the blocks later, and to memory that nobody reads.
Result<std::vector<std::byte>> ObjectThreadLocals::initialBytes() const {
  std::vector<std::byte> bytes(size_);
  for (const auto& [block, offset] : offsets_) {
    if (block->isZeroFill())
      continue;
    std::memcpy(bytes.data() + offset, block->getContent().data(), block->getSize());
    for (const jl::Edge& edge : block->edges()) {
      if (!edge.isRelocation())
        continue;
      const jl::Symbol& target = edge.getTarget();
      if (edge.getKind() != x86::Pointer64 || target.isExternal())
        return unsupported("a thread-local of it begins with the address of " + nameOf(target) +
                           ", which another object defines; give the bitcode of one of them");
      const uint64_t value = target.getAddress().getValue() + static_cast<uint64_t>(edge.getAddend());
      std::memcpy(bytes.data() + offset + edge.getOffset(), &value, sizeof value);
    }
  }
  while (!bytes.empty() && bytes.back() == std::byte{0})
    bytes.pop_back();
  return bytes;
}

ThreadLocalPlace ObjectThreadLocals::placeOfOwn(const jl::Symbol& symbol) const {
  ThreadLocalPlace place = base_;
  const size_t offset = offsets_.lookup(&symbol.getBlock()) + symbol.getOffset();
  place.offset += offset;
  if (place.distance)
    *place.distance += static_cast<int64_t>(offset);
  return place;
}

Status ObjectThreadLocals::fill(jl::LinkGraph& graph, const Entry& entry, const ThreadLocalPlace& place) {
  uint64_t words[2] = {place.tlsModule, place.offset};
  if (entry.isDistance) {
    if (!place.distance)
      return unsupported("it uses thread-local " + nameOf(*entry.variable) +
                         " as executables do, and it has no place for that" + kAdvice);
    words[0] = static_cast<uint64_t>(*place.distance);
  }
  const llvm::MutableArrayRef<char> bytes = entry.words->getMutableContent(graph);
  std::memcpy(bytes.data(), words, bytes.size());
  return {};
}

/// What code has as a number.
void ObjectThreadLocals::bindOffsets(jl::LinkGraph& graph) {
  std::map<std::pair<jl::Symbol*, bool>, jl::Symbol*> numbers;
  const std::vector<jl::Block*> blocks(graph.blocks().begin(), graph.blocks().end());
  for (jl::Block* block : blocks) {
    for (jl::Edge& edge : block->edges()) {
      const bool isDistance = edge.getKind() == x86::Pointer32Signed;
      if ((!isDistance && edge.getKind() != x86::Pointer32) || !isOwn(edge.getTarget()))
        continue;
      jl::Symbol*& number = numbers[{&edge.getTarget(), isDistance}];
      if (!number) {
        const ThreadLocalPlace place = placeOfOwn(edge.getTarget());
        const uint64_t value = isDistance ? static_cast<uint64_t>(*place.distance) : place.offset;
        number = &graph.addAbsoluteSymbol(graph.intern("#thread" + std::to_string(numbers.size())),
                                          llvm::orc::ExecutorAddr(value), 0, jl::Linkage::Strong,
                                          jl::Scope::Local, /*IsLive=*/true);
      }
      edge.setTarget(*number);
    }
  }
}

Status ObjectThreadLocals::place(jl::LinkGraph& graph) {
  if (offsets_.empty())
    return {};
  Result<std::vector<std::byte>> initial = initialBytes();
  if (!initial)
    return initial.takeError();
  static std::atomic<unsigned> count{0};
  ThreadTemplate block{std::move(*initial), std::max<size_t>(size_, 1), alignment_,
                       needsStatic_ || size_ <= kSmall};
  const std::string name = "tiercel-object-thread-locals-" + std::to_string(count++);
  Result<SyntheticLibrary> library = loadSyntheticLibrary(name, {}, &block, /*global=*/false);
  if (!library && needsStatic_)
    return unsupported("its thread-locals have to be in the static block, as executables' are: " +
                       library.error().why() + kAdvice);
  if (!library && block.isStatic) {
    block.isStatic = false;
    library = loadSyntheticLibrary(name, {}, &block, /*global=*/false);
  }
  if (!library)
    return library.takeError();
  library_ = library->handle;
  base_ = {library->tlsModule, 0, library->distance};
  for (const Entry& entry : entries_) {
    if (entry.variable && !isOwn(*entry.variable))
      continue;
    if (Status status = fill(graph, entry, entry.variable ? placeOfOwn(*entry.variable) : base_); !status)
      return status;
  }
  bindOffsets(graph);
  for (const jl::Symbol* symbol : graph.defined_symbols()) {
    if (isOwn(*symbol) && symbol->hasName() && symbol->getScope() != jl::Scope::Local)
      definitions_[*symbol->getName()] = placeOfOwn(*symbol);
  }
  return {};
}

Status ObjectThreadLocals::bindOthers(jl::LinkGraph& graph) {
  for (const Entry& entry : entries_) {
    if (!entry.variable || isOwn(*entry.variable))
      continue;
    Result<ThreadLocalPlace> found = placeOf_(*entry.variable->getName());
    if (!found)
      return found.takeError();
    if (Status status = fill(graph, entry, *found); !status)
      return status;
  }
  return {};
}

} // namespace tiercel
