// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/code_object.h"

#include "object/code_object_impl.h"

#include <cstdint>
#include <cstring>

namespace tiercel {

namespace {

llvm::StringRef text(std::string_view view) { return {view.data(), view.size()}; }

} // namespace

void* CodeMove::operator()(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  for (const Range& range : {code, readOnly, writable}) {
    if (byte >= range.from && byte < range.from + range.size)
      return range.to + (byte - range.from);
  }
  if (writable.size > 0 && byte == writable.from + writable.size)
    return writable.to + writable.size;
  return const_cast<void*>(address);
}

// --- making -----------------------------------------------------------------------------------------------

Result<std::unique_ptr<CodeObjectImpl>> CodeObjectImpl::make(RelocatableCode code, BindSymbol outside,
                                                             const CodeObjectOptions& options) {
  std::unique_ptr<CodeObjectImpl> made(new CodeObjectImpl(std::move(code)));
  std::unique_ptr<CodeMemory> owned = options.memory ? nullptr : mappedCodeMemory(options.at);
  CodeMemory& memory = options.memory ? *options.memory : *owned;
  if (Status status = made->link(outside, memory, std::move(owned)); !status)
    return status.takeError();
  return made;
}

Status CodeObjectImpl::link(BindSymbol outside, CodeMemory& memory, std::unique_ptr<CodeMemory> owned) {
  code_.bindings["__dso_handle"] = exit_.handle();
  code_.bindings["__cxa_atexit"] = reinterpret_cast<void*>(&ExitHandlers::add);
  const auto bind = [&](llvm::StringRef name, bool weak) -> std::optional<void*> {
    if (std::optional<void*> known = bound(name))
      return known;
    const std::optional<void*> address = outside(name, weak);
    if (address)
      code_.bindings[name] = *address;
    return address;
  };
  const llvm::MemoryBufferRef bytes(llvm::StringRef(code_.object.data(), code_.object.size()), "code object");
  Result<LinkedCode> linked = linkCode(bytes, memory, bind, [](const LinkedCode&) { return Status(); });
  if (!linked)
    return linked.takeError();
  linked_ = std::move(*linked);
  memory_ = &memory;
  owned_ = std::move(owned);
  frames_.emplace(linked_.frames, linked_.frameSection);
  return placeSlots();
}

Status CodeObjectImpl::placeSlots() {
  const std::byte* begin = linked_.place.writable.run;
  for (const PointerSlots& variable : code_.slots) {
    const auto found = linked_.symbols.find(variable.symbol);
    if (found == linked_.symbols.end() || found->second < begin ||
        found->second >= begin + linked_.sizes.writable.size)
      return Error(ErrorKind::Internal, "code object", "the variable '" + variable.symbol + "' got lost");
    const auto offset = static_cast<uint64_t>(found->second - begin);
    for (const SlotRun& run : variable.runs)
      slots_.push_back({offset + run.offset, run.stride, run.count});
  }
  code_.slots.clear();
  return {};
}

std::optional<void*> CodeObjectImpl::bound(llvm::StringRef name) const {
  const auto found = code_.bindings.find(name);
  return found == code_.bindings.end() ? std::nullopt : std::optional<void*>(found->second);
}

CodeObjectImpl::~CodeObjectImpl() {
  if (!memory_)
    return;
  exit_.finish();
  frames_.reset();
  memory_->release(linked_.place, linked_.sizes);
}

// --- looking up -------------------------------------------------------------------------------------------

void* CodeObjectImpl::symbol(llvm::StringRef name) const { return linked_.symbols.lookup(name); }

Result<void*> CodeObjectImpl::lookupFunction(std::string_view name, std::string_view signature) const {
  const auto found = code_.functions.find(text(name));
  if (found == code_.functions.end())
    return Error(ErrorKind::MissingSymbol, std::string(name), "the code object was not made for it");
  const RelocatableCode::Function& function = found->second;
  if (!signature.empty() && signature != function.type)
    return Error(ErrorKind::BadInput, std::string(name),
                 "asked for as '" + std::string(signature) + "', but it is '" + function.type + "'");
  return symbol(function.symbol);
}

Result<void*> CodeObjectImpl::lookupData(std::string_view name) const {
  const auto found = code_.variables.find(text(name));
  void* address = found == code_.variables.end() ? nullptr : symbol(found->second);
  if (!address)
    return Error(ErrorKind::MissingSymbol, std::string(name), "the code object has no such variable");
  return address;
}

// --- moving -----------------------------------------------------------------------------------------------

CodeMove CodeObjectImpl::moveTo(const LinkedCode& next) const {
  const auto range = [](const SectionPlace& from, const SectionPlace& to, const SectionSize& size) {
    return CodeMove::Range{from.run, to.run, size.size};
  };
  return {range(linked_.place.code, next.place.code, next.sizes.code),
          range(linked_.place.readOnly, next.place.readOnly, next.sizes.readOnly),
          range(linked_.place.writable, next.place.writable, next.sizes.writable)};
}

/// The bytes as they are now; then what the IR says is a pointer; then what the linker had computed and
/// nobody has changed, which may be other things than pointers.
Status CodeObjectImpl::takeVariables(const LinkedCode& next) const {
  const size_t size = linked_.sizes.writable.size;
  if (size == 0)
    return {};
  if (next.sizes.writable.size != size || next.fixups.size() != linked_.fixups.size())
    return Error(ErrorKind::Internal, "code object", "it was laid out differently this time");
  const std::byte* from = linked_.place.writable.run;
  std::byte* to = next.place.writable.write;
  std::memcpy(to, from, size);
  const CodeMove move = moveTo(next);
  for (const SlotRun& run : slots_) {
    for (uint64_t i = 0; i < run.count; ++i) {
      const uint64_t offset = run.offset + i * run.stride;
      uintptr_t pointer = 0;
      std::memcpy(&pointer, from + offset, sizeof pointer);
      pointer = reinterpret_cast<uintptr_t>(move(reinterpret_cast<const void*>(pointer)));
      std::memcpy(to + offset, &pointer, sizeof pointer);
    }
  }
  for (size_t i = 0; i < linked_.fixups.size(); ++i) {
    const LinkedCode::Fixup& before = linked_.fixups[i];
    const LinkedCode::Fixup& after = next.fixups[i];
    if (std::memcmp(from + before.offset, &before.value, before.size) == 0)
      std::memcpy(to + after.offset, &after.value, after.size);
  }
  return {};
}

Result<CodeMove> CodeObjectImpl::relocate(CodeMemory& memory, std::unique_ptr<CodeMemory> owned) {
  const auto bind = [this](llvm::StringRef name, bool) { return bound(name); };
  const llvm::MemoryBufferRef bytes(llvm::StringRef(code_.object.data(), code_.object.size()), "code object");
  Result<LinkedCode> next =
      linkCode(bytes, memory, bind, [this](const LinkedCode& code) { return takeVariables(code); });
  if (!next)
    return next.takeError();
  const CodeMove move = moveTo(*next);
  exit_.follow(move);
  frames_.reset();
  memory_->release(linked_.place, linked_.sizes);
  linked_ = std::move(*next);
  memory_ = &memory;
  owned_ = std::move(owned);
  frames_.emplace(linked_.frames, linked_.frameSection);
  return move;
}

// --- the public face --------------------------------------------------------------------------------------

CodeObject::CodeObject(std::unique_ptr<CodeObjectImpl> impl) : impl_(std::move(impl)) {}
CodeObject::CodeObject(CodeObject&& other) noexcept = default;
CodeObject& CodeObject::operator=(CodeObject&& other) noexcept = default;
CodeObject::~CodeObject() = default;

namespace {
Error movedFrom() {
  return Error(ErrorKind::BadInput, "code object",
               "it was moved to another CodeObject; this one has nothing");
}
} // namespace

Result<void*> CodeObject::lookupFunction(std::string_view name, std::string_view signature) const {
  if (!impl_)
    return movedFrom();
  return impl_->lookupFunction(name, signature);
}
Result<void*> CodeObject::lookupData(std::string_view name) const {
  if (!impl_)
    return movedFrom();
  return impl_->lookupData(name);
}
const SectionSizes& CodeObject::sizes() const {
  static const SectionSizes none;
  return impl_ ? impl_->sizes() : none;
}
const Placement& CodeObject::placement() const {
  static const Placement nowhere;
  return impl_ ? impl_->placement() : nowhere;
}
Result<CodeMove> CodeObject::relocate(void* at) {
  if (!impl_)
    return movedFrom();
  std::unique_ptr<CodeMemory> memory = mappedCodeMemory(at);
  CodeMemory& place = *memory;
  return impl_->relocate(place, std::move(memory));
}
Result<CodeMove> CodeObject::relocate(CodeMemory& memory) {
  if (!impl_)
    return movedFrom();
  return impl_->relocate(memory, nullptr);
}

} // namespace tiercel
