// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/segment_table.h"

#include <cassert>
#include <elf.h>
#include <type_traits>

namespace tiercel {

static_assert(sizeof(ProgramHeader) == sizeof(Elf64_Phdr) && std::is_standard_layout_v<ProgramHeader> &&
              offsetof(ProgramHeader, flags) == offsetof(Elf64_Phdr, p_flags) &&
              offsetof(ProgramHeader, address) == offsetof(Elf64_Phdr, p_vaddr) &&
              offsetof(ProgramHeader, memorySize) == offsetof(Elf64_Phdr, p_memsz));
static_assert(SegmentTable::Code == (PF_R | PF_X) && SegmentTable::Data == (PF_R | PF_W));

constinit SegmentTable::Changes SegmentTable::changes_;

std::optional<size_t> SegmentTable::add(const void* begin, Flags flags) {
  if (used_ == headers_.size())
    return std::nullopt;
  ProgramHeader& header = headers_[used_];
  header.flags = flags;
  header.address = header.physicalAddress = reinterpret_cast<uintptr_t>(begin) - loadBase_;
  header.alignment = 4096;
  return used_++;
}

void SegmentTable::resize(size_t segment, size_t size) {
  assert(segment < used_);
  ProgramHeader& header = headers_[segment];
  const std::atomic_ref<uint32_t> type(header.type);
  const std::atomic_ref<uint64_t> shown(header.memorySize);
  const uint64_t before = shown.load(std::memory_order_relaxed);
  if (size == before)
    return;
  // Readers take a header that counts for what its size says: it has none other while its type changes.
  if (size == 0)
    type.store(PT_NULL, std::memory_order_release);
  shown.store(size, std::memory_order_release);
  if (before == 0)
    type.store(PT_LOAD, std::memory_order_release);
  // Afterwards: who sees the new counts sees the change.
  if (size != 0)
    changes_.adds.fetch_add(1, std::memory_order_release);
  if (before != 0)
    changes_.subs.fetch_add(1, std::memory_order_release);
}

void SegmentTable::hideAll() {
  for (size_t segment = 0; segment < used_; ++segment)
    resize(segment, 0);
}

void SegmentTable::moveTo(SegmentTable& other) {
  for (size_t segment = 0; segment < used_; ++segment) {
    const ProgramHeader& header = headers_[segment];
    if (segment == other.used_)
      (void)other.add(reinterpret_cast<const void*>(header.address + loadBase_),
                      static_cast<Flags>(header.flags));
    other.resize(segment, header.memorySize);
    resize(segment, 0);
  }
}

} // namespace tiercel
