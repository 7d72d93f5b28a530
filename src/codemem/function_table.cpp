// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/function_table.h"

#include "codemem/emitter.h"
#include "platform/lazy_entry.h"

namespace tiercel {

Status FunctionTable::growTo(size_t count) {
  while (chunks_.size() * kPerChunk < count) {
    if (Status status = addChunk(); !status)
      return status;
  }
  return {};
}

Status FunctionTable::placeBehind(FunctionId id, std::span<const std::byte> prefix) {
  if (stub(id) != plainStub(id))
    return {};
  constexpr size_t kAlignment = 16;
  const size_t before = (prefix.size() + kAlignment - 1) / kAlignment * kAlignment;
  Result<CodeBlock> block = arena_.allocateCode(before + kStubBytes, kAlignment);
  if (!block)
    return block.takeError();
  memcpy(block->write + before - prefix.size(), prefix.data(), prefix.size());
  const CodeBlock rest{block->exec + before, block->write + before, kStubBytes};
  Emitter emit(rest);
  emit.bytes({0xff, 0x25}); // jmp *cell(%rip)
  emit.relative32(&cell(id));
  map_.add(CodeRange::stub(rest.exec, rest.exec + kStubBytes, thunkFrame()));
  if (!prefixed_.append(PrefixedStub{id, rest.exec}))
    return Error(ErrorKind::Environment, "functions", "too many with prefix data");
  return {};
}

FunctionId FunctionTable::idOfStub(const void* address) const {
  for (size_t i = 0; i < prefixed_.size(); ++i) {
    if (prefixed_[i].stub == address)
      return prefixed_[i].id;
  }
  for (size_t i = 0; i < chunks_.size(); ++i) {
    const intptr_t offset = static_cast<const std::byte*>(address) - chunks_[i].stubs;
    if (offset >= 0 && static_cast<size_t>(offset) < kPerChunk * kStubBytes && offset % kStubBytes == 0)
      return FunctionId(static_cast<uint32_t>(i * kPerChunk + static_cast<size_t>(offset) / kStubBytes));
  }
  return {};
}

Status FunctionTable::addChunk() {
  constexpr size_t kPads = StubShape::kStubs;
  constexpr size_t kDataBytes = kPerChunk * (sizeof(std::atomic<void*>) + sizeof(Counters));
  Result<CodeBlock> code = arena_.allocateCode(kPads + kPerChunk * kStubBytes, 64);
  if (!code)
    return code.takeError();
  Result<std::byte*> data = arena_.allocateData(kDataBytes, 64);
  if (!data)
    return data.takeError();
  if (!arena_.isNear(*data))
    return Error(ErrorKind::Environment, "data memory", "no room near code for function cells");

  auto* cells = reinterpret_cast<std::atomic<void*>*>(*data);
  auto* counters = reinterpret_cast<Counters*>(*data + kPerChunk * sizeof(std::atomic<void*>));
  const auto firstId = static_cast<uint32_t>(chunks_.size() * kPerChunk);

  Emitter emit(*code);
  std::byte* lazyPad = emit.here();
  emit.farJumpPushing(reinterpret_cast<void*>(&tiercel_lazy_entry), engine_);
  emit.align(StubShape::kTripPad);
  std::byte* tripPad = emit.here();
  emit.bytes({0x48, 0xb9}); // movabs $engine, %rcx: the fourth argument
  emit.value(reinterpret_cast<uint64_t>(engine_));
  emit.farJump(reinterpret_cast<void*>(&tiercel_trip_entry));
  emit.align(kPads);

  std::byte* stubs = emit.here();
  for (uint32_t i = 0; i < kPerChunk; ++i) {
    emit.bytes({0xff, 0x25}); // jmp *cell(%rip)
    emit.relative32(&cells[i]);
    cells[i].store(emit.here(), std::memory_order_relaxed);
    emit.bytes({0x68}); // push $id
    emit.value(firstId + i);
    emit.bytes({0xe9}); // jmp pad
    emit.relative32(lazyPad);
  }
  map_.add(CodeRange::stub(code->exec, emit.here(), stubsFrame()));
  chunks_.append(Chunk{stubs, tripPad, cells, counters});
  return {};
}

} // namespace tiercel
