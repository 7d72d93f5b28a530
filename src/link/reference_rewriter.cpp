// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/reference_rewriter.h"

#include "unit/link_name.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"

#include <algorithm>

// Defined by engine/first_call.cpp.
extern "C" void tiercel_record_target(void* table, void* target);

namespace tiercel {

namespace jl = llvm::jitlink;
namespace x86 = llvm::jitlink::x86_64;

namespace {

uint64_t number(const void* address) { return reinterpret_cast<uint64_t>(address); }

/// The two bytes before a 32-bit displacement: opcode and ModRM of the instruction that uses it.
struct Opcode {
  uint8_t code = 0;
  uint8_t modRm = 0;
};
Opcode opcodeBefore(const jl::Block& block, jl::Edge::OffsetT offset) {
  const llvm::ArrayRef<char> bytes = block.getContent();
  if (offset < 2)
    return {};
  return {static_cast<uint8_t>(bytes[offset - 2]), static_cast<uint8_t>(bytes[offset - 1])};
}

constexpr uint8_t kIndirect = 0xff; // call *m (ModRM /2), jmp *m (/4)
constexpr uint8_t kCallRipRelative = 0x15;
constexpr uint8_t kJumpRipRelative = 0x25;
constexpr uint8_t kCall = 0xe8;
constexpr uint8_t kJump = 0xe9;
constexpr uint8_t kNop = 0x90;
constexpr uint8_t kTwoByte = 0x0f; // then 8x: conditional jump
constexpr uint8_t kLoad = 0x8b;
constexpr uint8_t kLea = 0x8d;

/// An edge to a function that leaves its address nowhere but in the call.
bool isCall(const jl::Block& block, const jl::Edge& edge) {
  if (edge.getKind() == x86::BranchPCRel32)
    return true;
  const Opcode opcode = opcodeBefore(block, edge.getOffset());
  return edge.getKind() == x86::RequestGOTAndTransformToPCRel32GOTLoadRelaxable && opcode.code == kIndirect &&
         (opcode.modRm == kCallRipRelative || opcode.modRm == kJumpRipRelative);
}

} // namespace

llvm::Error ReferenceRewriter::fail(Error error) {
  llvm::Error reported = llvm::createStringError(llvm::inconvertibleErrorCode(), error.message());
  if (!error_)
    error_ = std::move(error);
  return reported;
}

ReferenceRewriter::Target ReferenceRewriter::data(Result<std::byte*> address, int64_t offset) {
  if (address)
    return {number(*address) + static_cast<uint64_t>(offset), {}};
  error_ = address.takeError();
  return {};
}

ReferenceRewriter::Target ReferenceRewriter::findByLinkName(llvm::StringRef name) {
  const std::optional<LinkName> parsed = parseLinkName(name);
  if (!parsed)
    return {};
  const FunctionId function(parsed->id);
  switch (parsed->kind) {
  case LinkKind::Function:
    return {number(environment_.functions.stub(function)), function};
  case LinkKind::Counters:
    return {number(&environment_.functions.counters(function)), {}};
  case LinkKind::Trip:
    return {number(environment_.functions.tripPad()), {}};
  case LinkKind::Data:
    return {
        number(environment_.registry.global(GlobalId(parsed->id)).address.load(std::memory_order_acquire)),
        {}};
  case LinkKind::Thread:
    return {0, {}};
  case LinkKind::DsoHandle:
    return data(environment_.addresses.dsoHandle(ImageId(parsed->id)));
  case LinkKind::Record:
    return {number(reinterpret_cast<void*>(&tiercel_record_target)), {}};
  case LinkKind::Entry:
  case LinkKind::Counts:
  case LinkKind::Targets:
  case LinkKind::Private:
    break;
  }
  return {};
}

ReferenceRewriter::Target ReferenceRewriter::find(llvm::StringRef name, bool weak) {
  if (Target target = findByLinkName(name); target.address || error_)
    return target;
  if (self_.valid() && name == "__dso_handle")
    return data(environment_.addresses.dsoHandle(self_));
  // Module-level assembly may be linked when the image that it came with has ended.
  const SymbolRef ref =
      self_.valid() && scope_.valid()
          ? environment_.registry.findFromModule(environment_.addresses.moduleOf(self_), name)
          : environment_.registry.findFrom(scope_, name);
  switch (ref.kind) {
  case SymbolKind::Function:
    return {number(environment_.addresses.function(FunctionId(ref.id))), FunctionId(ref.id)};
  case SymbolKind::Data:
    return data(environment_.addresses.data(GlobalId(ref.id)), ref.offset);
  case SymbolKind::Thread:
    return {0, {}};
  case SymbolKind::Absolute:
    return {static_cast<uint64_t>(ref.offset), {}};
  case SymbolKind::Object:
    return {std::nullopt, {}, true};
  case SymbolKind::None:
    break;
  }
  if (std::optional<void*> address = environment_.addresses.host(name, weak)) {
    // The bounds of sections are the program's, though they are looked up like the process's symbols.
    const bool defined = environment_.registry.isDefined(name);
    outside_.push_back({name.str(), defined ? NameAssumption::Use::Defined : NameAssumption::Use::Outside});
    return {number(*address), {}};
  }
  return {};
}

void ReferenceRewriter::dropOverridden(jl::LinkGraph& graph) {
  if (!self_.valid())
    return;
  std::vector<jl::Symbol*> overridden;
  for (jl::Symbol* symbol : graph.defined_symbols()) {
    if (!symbol->hasName() || symbol->getScope() == jl::Scope::Local)
      continue;
    const SymbolRef ref = environment_.registry.find(*symbol->getName());
    if (ref.kind != SymbolKind::None && !(ref.kind == SymbolKind::Object && ref.id == self_.value))
      overridden.push_back(symbol);
  }
  for (jl::Symbol* symbol : overridden)
    graph.makeExternal(*symbol);
}

/// Nothing refers to lists of initialisers; they must survive pruning all the same.
void ReferenceRewriter::keepInitialisers(jl::LinkGraph& graph) {
  for (jl::Section& section : graph.sections()) {
    if (!section.getName().starts_with(".init_array") && !section.getName().starts_with(".fini_array"))
      continue;
    const std::vector<jl::Block*> blocks(section.blocks().begin(), section.blocks().end());
    for (jl::Block* block : blocks)
      graph.addAnonymousSymbol(*block, 0, block->getSize(), /*IsCallable=*/false, /*IsLive=*/true);
  }
}

/// Each, with its aliases, gets a function record of its own, whose first call will run the resolver: in the
/// middle of a link, under its lock, it must not run.
llvm::Error ReferenceRewriter::standInForIfuncs(jl::LinkGraph& graph) {
  if (ifuncNames_.empty())
    return llvm::Error::success();
  llvm::DenseMap<jl::Symbol*, jl::Symbol*> stubs;
  llvm::DenseMap<std::pair<jl::Block*, uint64_t>, FunctionId> functions; // by where their resolvers are
  for (jl::Symbol* symbol : graph.defined_symbols()) {
    if (!symbol->hasName() || !ifuncNames_.contains(*symbol->getName()))
      continue;
    const std::string name = (*symbol->getName()).str();
    // An alias is the same function.
    FunctionId& function = functions[{&symbol->getBlock(), symbol->getOffset()}];
    if (!function.valid()) {
      // Not the record of another function of this name: that is what it is called where it is local.
      Result<FunctionId> id =
          environment_.registry.declareFunction(name + "#ifunc" + std::to_string(self_.value));
      if (!id)
        return fail(id.takeError());
      function = *id;
    }
    ifuncs_.push_back({name, symbol->getScope() != jl::Scope::Local, function, symbol});
  }
  for (const Ifunc& ifunc : ifuncs_) {
    ifunc.resolver->setScope(jl::Scope::Local);
    ifunc.resolver->setLive(true);
    jl::Symbol& stub =
        graph.addAbsoluteSymbol(graph.intern("#stub" + std::to_string(ifunc.function.value)),
                                llvm::orc::ExecutorAddr::fromPtr(environment_.functions.stub(ifunc.function)),
                                sizeof(void*), jl::Linkage::Strong, jl::Scope::Local, true);
    functions_[&stub] = ifunc.function;
    stubs[ifunc.resolver] = &stub;
  }
  if (stubs.empty())
    return llvm::Error::success();
  for (jl::Block* block : graph.blocks()) {
    for (jl::Edge& edge : block->edges()) {
      if (jl::Symbol* stub = stubs.lookup(&edge.getTarget()))
        edge.setTarget(*stub);
    }
  }
  return llvm::Error::success();
}

llvm::Error ReferenceRewriter::resolve(jl::LinkGraph& graph) {
  dropOverridden(graph);
  if (llvm::Error error = standInForIfuncs(graph))
    return error;
  keepInitialisers(graph);
  std::vector<jl::Symbol*> externals(graph.external_symbols().begin(), graph.external_symbols().end());
  for (jl::Symbol* symbol : externals) {
    const llvm::StringRef name = *symbol->getName();
    Target target = find(name, symbol->isWeaklyReferenced());
    if (error_)
      return llvm::createStringError(llvm::inconvertibleErrorCode(), error_->message());
    if (target.late)
      continue;
    if (!target.address) {
      if (symbol->isWeaklyReferenced()) {
        target.address = 0;
      } else if (self_.valid()) {
        // A native object: functions that nothing defines are bound when called, natively.
        Result<FunctionId> id = environment_.registry.declareFunction(name);
        if (!id)
          return fail(id.takeError());
        target = {number(environment_.addresses.function(*id)), *id};
      } else {
        missing_.push_back(name.str());
        continue;
      }
    }
    graph.makeAbsolute(*symbol, llvm::orc::ExecutorAddr(*target.address));
    if (target.function.valid())
      functions_[symbol] = target.function;
  }
  return reportMissing();
}

std::optional<uint64_t> ReferenceRewriter::lateAddress(llvm::StringRef name, bool weak) {
  const SymbolRef ref = environment_.registry.find(name);
  if (ref.kind == SymbolKind::Object) {
    const ObjectUser user{!self_.valid() && !addressTaken_.contains(name), self_};
    Result<std::byte*> address = environment_.addresses.object(ObjectId(ref.id), ref.offset, user);
    if (address) {
      if (objects_.empty() || objects_.back().value != ref.id)
        objects_.push_back(ObjectId(ref.id));
      return number(*address);
    }
    if (!error_)
      error_ = address.takeError();
    return std::nullopt;
  }
  if (!weak)
    missing_.push_back(name.str());
  return std::nullopt;
}

llvm::Error ReferenceRewriter::reportMissing() {
  if (error_)
    return llvm::createStringError(llvm::inconvertibleErrorCode(), error_->message());
  if (missing_.empty())
    return llvm::Error::success();
  return fail(
      Error(ErrorKind::MissingSymbol, "linking", "nothing defines '" + llvm::join(missing_, "', '") + "'"));
}

/// Code that was not compiled for shared libraries expects data to be in the executable, where linkers copy
/// it to.
bool ReferenceRewriter::isOutOfReach(const jl::Edge& edge) const {
  return (edge.getKind() == x86::Delta32 || edge.getKind() == x86::PCRel32) &&
         !environment_.arena.isNear(edge.getTarget().getAddress().toPtr<void*>());
}

llvm::Error ReferenceRewriter::rewrite(jl::LinkGraph& graph) {
  // A copy: entries for thread-locals add blocks.
  const std::vector<jl::Block*> blocks(graph.blocks().begin(), graph.blocks().end());
  for (jl::Block* block : blocks) {
    for (jl::Edge& edge : block->edges()) {
      if (edge.getKind() == x86::RequestTLSDescInGOTAndTransformToDelta32) {
        rewriteThreadLocal(graph, edge);
        if (error_)
          return llvm::createStringError(llvm::inconvertibleErrorCode(), error_->message());
        continue;
      }
      if (edge.getTarget().isExternal() && !isCall(*block, edge))
        addressTaken_.insert(*edge.getTarget().getName());
      if (edge.getTarget().isDefined() || edge.getTarget().isExternal())
        continue;
      if (self_.valid() && isOutOfReach(edge))
        return fail(
            Error(ErrorKind::Unsupported, "linking",
                  "it takes '" + (*edge.getTarget().getName()).str() +
                      "', which is in a library or nowhere, to be near; compile it with -fPIC, or give "
                      "its bitcode"));
      switch (edge.getKind()) {
      case x86::BranchPCRel32:
        // A plain relative call reaches all of the arena; JITLink would make a PLT stub.
        if (environment_.arena.isNear(edge.getTarget().getAddress().toPtr<void*>()))
          edge.setKind(x86::PCRel32);
        break;
      case x86::RequestGOTAndTransformToPCRel32GOTLoadRelaxable:
        rewriteCall(graph, *block, edge);
        break;
      case x86::RequestGOTAndTransformToPCRel32GOTLoadREXRelaxable:
        rewriteLoad(graph, *block, edge);
        break;
      default:
        break;
      }
    }
  }
  return llvm::Error::success();
}

/// `call *f@GOTPCREL(%rip)`: the function's cell is the GOT entry.
void ReferenceRewriter::rewriteCall(jl::LinkGraph& graph, jl::Block& block, jl::Edge& edge) {
  const auto found = functions_.find(&edge.getTarget());
  const Opcode opcode = opcodeBefore(block, edge.getOffset());
  if (found == functions_.end() || opcode.code != kIndirect ||
      (opcode.modRm != kCallRipRelative && opcode.modRm != kJumpRipRelative))
    return;
  edge.setTarget(cellOf(graph, found->second));
  edge.setKind(x86::PCRel32);
}

jl::Symbol& ReferenceRewriter::cellOf(jl::LinkGraph& graph, FunctionId function) {
  jl::Symbol*& cell = cells_[function.value];
  if (!cell)
    cell = &graph.addAbsoluteSymbol(graph.intern("#cell" + std::to_string(function.value)),
                                    llvm::orc::ExecutorAddr::fromPtr(&environment_.functions.cell(function)),
                                    sizeof(void*), jl::Linkage::Strong, jl::Scope::Local, true);
  return *cell;
}

void ReferenceRewriter::placeDirectCalls(jl::LinkGraph& graph) {
  for (jl::Block* block : graph.blocks()) {
    for (jl::Edge& edge : block->edges()) {
      if (edge.getKind() != x86::PCRel32)
        continue;
      // Only of link names: calls by a name in assembly have no prefix.
      const auto found = functions_.find(&edge.getTarget());
      if (found != functions_.end() && parseLinkName(*edge.getTarget().getName()))
        placeDirectCall(graph, *block, edge, found->second);
    }
  }
}

/// A branch to a function's stub. Other instructions with such an operand address memory: their byte before
/// it is a ModRM of the form 00xxx101, which is none of the opcodes here.
void ReferenceRewriter::placeDirectCall(jl::LinkGraph& graph, jl::Block& block, jl::Edge& edge,
                                        FunctionId callee) {
  const jl::Edge::OffsetT operand = edge.getOffset();
  const auto [before, opcode] = opcodeBefore(block, operand);
  const uint64_t base = block.getAddress().getValue();
  const llvm::MutableArrayRef<char> bytes = block.getMutableContent(graph);
  const auto enter = [&](jl::Edge::OffsetT at) {
    directCalls_.push_back({callee, llvm::orc::ExecutorAddr(base + at).toPtr<std::byte*>(),
                            reinterpret_cast<std::byte*>(bytes.data() + at)});
  };
  if (before == kTwoByte && (opcode & 0xf0) == 0x80) {
    if (isPatchable(base + operand))
      enter(operand);
    return;
  }
  if (opcode != kCall && opcode != kJump)
    return;
  // The encoder has put a prefix before each of them.
  assert(before == 0x67);
  switch (callFormAt(base + operand - 2)) {
  case CallForm::Prefixed:
    enter(operand);
    break;
  case CallForm::Padded:
    bytes[operand - 2] = static_cast<char>(opcode);
    bytes[operand + 3] = static_cast<char>(kNop);
    edge.setOffset(operand - 1);
    enter(operand - 1);
    break;
  case CallForm::ThroughCell:
    bytes[operand - 2] = static_cast<char>(kIndirect);
    bytes[operand - 1] = static_cast<char>(opcode == kCall ? kCallRipRelative : kJumpRipRelative);
    edge.setTarget(cellOf(graph, callee));
    break;
  }
}

std::vector<FunctionId> ReferenceRewriter::directCallees() const {
  std::vector<FunctionId> callees;
  callees.reserve(directCalls_.size());
  for (const CallSite& site : directCalls_)
    callees.push_back(site.callee);
  std::sort(callees.begin(), callees.end());
  callees.erase(std::unique(callees.begin(), callees.end()), callees.end());
  return callees;
}

size_t ReferenceRewriter::enterDirectCalls() {
  environment_.calls.add(directCalls_);
  return directCalls_.size();
}

/// `mov x@GOTPCREL(%rip), %reg`: the address itself by lea when it is near (psABI, section B.2).
void ReferenceRewriter::rewriteLoad(jl::LinkGraph& graph, jl::Block& block, jl::Edge& edge) {
  if (!environment_.arena.isNear(edge.getTarget().getAddress().toPtr<void*>()) ||
      opcodeBefore(block, edge.getOffset()).code != kLoad)
    return;
  block.getMutableContent(graph)[edge.getOffset() - 2] = static_cast<char>(kLea);
  edge.setKind(x86::PCRel32);
}

Result<ThreadLocalPlace> ReferenceRewriter::threadLocalPlace(llvm::StringRef name) {
  const std::optional<LinkName> own = parseLinkName(name);
  const SymbolRef ref = own ? SymbolRef{SymbolKind::Thread, own->id, 0} : environment_.registry.find(name);
  if (ref.kind == SymbolKind::Thread)
    return threads_.programThreadLocal(GlobalId(ref.id));
  if (ref.kind == SymbolKind::Object) {
    if (objects_.empty() || objects_.back().value != ref.id)
      objects_.push_back(ObjectId(ref.id));
    return threads_.objectThreadLocal(ObjectId(ref.id), ref.offset);
  }
  if (const std::optional<ThreadLocalPlace> place = threads_.hostThreadLocal(name))
    return *place;
  return Error(ErrorKind::MissingSymbol, "linking", "nothing defines the thread-local '" + name.str() + "'");
}

/// The argument of __tls_get_addr: {module, offset}, final here because thread-locals are given their place
/// in a module of the process before code that uses them is linked (ELF TLS ABI, section 4.1.6).
void ReferenceRewriter::rewriteThreadLocal(jl::LinkGraph& graph, jl::Edge& edge) {
  jl::Symbol& variable = edge.getTarget();
  jl::Symbol*& entry = threadEntries_[&variable];
  if (!entry) {
    Result<ThreadLocalPlace> place = threadLocalPlace(*variable.getName());
    if (!place) {
      error_ = place.takeError();
      return;
    }
    jl::Section* section = graph.findSectionByName("$tiercel_thread_locals");
    if (!section)
      section = &graph.createSection("$tiercel_thread_locals", llvm::orc::MemProt::Read);
    const uint64_t content[2] = {place->tlsModule, place->offset};
    jl::Block& block = graph.createContentBlock(
        *section,
        graph.allocateContent(llvm::ArrayRef<char>(reinterpret_cast<const char*>(content), sizeof content)),
        llvm::orc::ExecutorAddr(), sizeof(uint64_t), 0);
    entry = &graph.addAnonymousSymbol(block, 0, sizeof content, false, true);
  }
  edge.setTarget(*entry);
  edge.setKind(x86::Delta32);
}

} // namespace tiercel
