// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/arena.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace tiercel {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSegmentBytes = size_t(2) << 20;

size_t alignUp(size_t value, size_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

Error systemError(const char* what) { return Error(ErrorKind::Environment, what, strerror(errno)); }

} // namespace

Result<std::unique_ptr<Arena>> Arena::create() {
  constexpr size_t kBytes = kCodeBytes + kDataBytes;
  void* base = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return systemError("reserving addresses for code and data");
  std::unique_ptr<Arena> arena(new Arena(static_cast<std::byte*>(base)));
  if (mprotect(arena->base_ + kCodeBytes, kDataBytes, PROT_READ | PROT_WRITE) != 0)
    return systemError("data memory");
  return arena;
}

Arena::~Arena() {
  for (const Segment& segment : segments_)
    munmap(segment.write, segment.size);
  for (const Outside& outside : outside_)
    munmap(outside.base, outside.size);
  munmap(base_, kCodeBytes + kDataBytes);
}

void Arena::abandonOpenSegment() { segmentUsed_ = segments_.empty() ? 0 : segments_.back().size; }

Status Arena::openSegment(size_t atLeast) {
  const size_t size = std::max(kSegmentBytes, alignUp(atLeast, kPage));
  if (codeMapped_ + size > kCodeBytes)
    return Error(ErrorKind::Environment, "code memory", "the reserved range of 512 MiB is full");
  std::byte* const exec = base_ + codeMapped_;
  const int shared = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  void* write = MAP_FAILED;
  // Of shared memory, mremap with an old size of 0 makes a second mapping. Unlike memory files this takes no
  // descriptor: the program may have none left, or have limited the size of its files.
  if (mmap(exec, size, PROT_READ | PROT_EXEC, shared | MAP_FIXED, -1, 0) == MAP_FAILED ||
      (write = mremap(exec, 0, size, MREMAP_MAYMOVE)) == MAP_FAILED ||
      mprotect(write, size, PROT_READ | PROT_WRITE) != 0) {
    Error error = systemError("mapping code memory");
    if (write != MAP_FAILED)
      munmap(write, size);
    // Back to mere addresses, so that nobody else is given them.
    // NOLINTNEXTLINE(bugprone-unused-return-value): there is nothing else to try
    (void)mmap(exec, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return error;
  }
  segments_.push_back({exec, static_cast<std::byte*>(write), size});
  segmentUsed_ = 0;
  codeMapped_ += size;
  return {};
}

Result<CodeBlock> Arena::allocateCode(size_t size, size_t alignment) {
  LockGuard lock(mutex_);
  size_t offset = alignUp(segmentUsed_, std::max(alignment, sizeof(uint64_t)));
  if (segments_.empty() || offset + size > segments_.back().size) {
    if (Status status = openSegment(size); !status)
      return status.takeError();
    offset = 0;
  }
  const Segment& segment = segments_.back();
  segmentUsed_ = offset + size;
  return CodeBlock{segment.exec + offset, segment.write + offset, size};
}

Result<std::byte*> Arena::allocateData(size_t size, size_t alignment) {
  LockGuard lock(mutex_);
  // Distinct objects have distinct addresses, empty ones too.
  size = std::max<size_t>(size, 1);
  const auto dataBase = reinterpret_cast<uintptr_t>(base_) + kCodeBytes;
  const size_t offset = alignUp(dataBase + dataCursor_, alignment) - dataBase;
  if (size <= kLargestNearData && alignment <= kLargestNearData && offset + size <= kDataBytes) {
    dataCursor_ = offset + size;
    dataUsed_.fetch_add(size, std::memory_order_relaxed);
    return base_ + kCodeBytes + offset;
  }
  const size_t mapped = alignUp(size, kPage) + (alignment > kPage ? alignment : 0);
  if (mapped < size)
    return Error(ErrorKind::Environment, "data memory", "a global is larger than the address space");
  void* base =
      mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return systemError("data memory");
  outside_.push_back({base, mapped});
  dataUsed_.fetch_add(size, std::memory_order_relaxed);
  return reinterpret_cast<std::byte*>(alignUp(reinterpret_cast<uintptr_t>(base), alignment));
}

} // namespace tiercel
