// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The constant-size part of every function: an entry cell (data: the address of its newest code) and a stub
// (code, written once, never again), 16 bytes:
//
//     stub:      ff 25 disp32    jmp  *cell(%rip)
//     stub + 6:  68 imm32        push $id          <- the cell's first value: "no code yet"
//     stub + 11: e9 rel32        jmp  pad          <- pad: push engine ; jmp *tiercel_lazy_entry
//
// The stub's address is the function's address for ever; code calls `*cell(%rip)`, or the function itself by
// calls that are turned when it is published again. Publishing is one release store to the cell, made by
// CallSites (codemem/call_sites.h), which then turns those calls. A thread that loads the new address sees
// the code behind it, because x86-64 loads are acquire loads and instruction fetch after an indirect jump
// observes earlier stores through the other mapping (Intel SDM volume 3, 9.1.3, cross-modifying code: the
// target was never executed before).
//
// Beside the cell are the counters of the function's counting code. They are written only while `poll` is
// set, so that threads in a function that is no longer counted share them read-only.
//
// Thread rule: add() under the owner's lock; everything else from any thread for an id that exists.
#pragma once

#include "base/chunked_table.h"
#include "base/ids.h"
#include "codemem/arena.h"
#include "codemem/code_map.h"
#include "codemem/stub_frames.h"

#include <atomic>
#include <cstdint>
#include <span>

namespace tiercel {

/// Read and written by compiled code; see osr/instrument.h for the rule.
struct Counters {
  std::atomic<uint32_t> poll; ///< 0: nothing is counted
  std::atomic<int32_t> calls; ///< trips at 0
  std::atomic<int32_t> loops; ///< trips at 0 and below
};

class FunctionTable {
public:
  /// `engine` is what compiled code hands back to the runtime entries. The arena and the map, in which stubs
  /// are entered for unwinders, must outlive the table.
  FunctionTable(Arena& arena, CodeMap& map, void* engine) : arena_(arena), map_(map), engine_(engine) {}

  /// Makes entries until there are `count`.
  Status growTo(size_t count);

  std::byte* stub(FunctionId id) const {
    // Few programs have any.
    for (size_t i = 0; i < prefixed_.size(); ++i) {
      if (prefixed_[i].id == id)
        return prefixed_[i].stub;
    }
    return plainStub(id);
  }
  /// Written by CallSites::publish alone, so that no publication forgets the direct calls.
  const std::atomic<void*>& cell(FunctionId id) const { return chunk(id).cells[slot(id)]; }
  Counters& counters(FunctionId id) const { return chunk(id).counters[slot(id)]; }
  /// What the cell holds while there is no code.
  void* lazyAddress(FunctionId id) const { return plainStub(id) + kLazyOffset; }
  /// Gives a function a stub of its own with `prefix` right in front of it, where programs read what IR calls
  /// prefix data. Under the owner's lock, before the function's address is handed out; afterwards, when the
  /// function is redefined, it keeps the stub and the prefix that it has.
  Status placeBehind(FunctionId id, std::span<const std::byte> prefix);

  /// Whose stub this address is, if it is one.
  FunctionId idOfStub(const void* address) const;
  /// The entry point compiled code calls when a counter has run out.
  void* tripPad() const { return chunk(FunctionId(0)).tripPad; }

private:
  friend class CallSites;
  void setCell(FunctionId id, void* code) {
    chunk(id).cells[slot(id)].store(code, std::memory_order_release);
  }

  static constexpr size_t kPerChunk = 512;
  static constexpr size_t kStubBytes = StubShape::kStubBytes;
  static constexpr size_t kLazyOffset = 6;

  struct Chunk {
    std::byte* stubs;
    void* tripPad;
    std::atomic<void*>* cells;
    Counters* counters;
  };

  const Chunk& chunk(FunctionId id) const { return chunks_[id.value / kPerChunk]; }
  static size_t slot(FunctionId id) { return id.value % kPerChunk; }
  Status addChunk();
  std::byte* plainStub(FunctionId id) const { return chunk(id).stubs + slot(id) * kStubBytes; }

  Arena& arena_;
  CodeMap& map_;
  void* const engine_;
  ChunkedTable<Chunk, 6> chunks_;
  struct PrefixedStub {
    FunctionId id;
    std::byte* stub;
  };
  ChunkedTable<PrefixedStub, 6> prefixed_;
};

} // namespace tiercel
