// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/arena.h"

#include "base/align.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <sys/mman.h>

namespace tiercel {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kHugePage = size_t(2) << 20;
/// Code is mapped in steps of this.
constexpr size_t kSegmentBytes = kHugePage;
/// Freed memory of a range goes back to the system when there is as much of it: below, the system call and
/// touching the pages again cost more than they are worth.
constexpr size_t kWorthGivingBack = size_t(64) << 10;
/// Data blocks begin at multiples of this and end there, so that small globals leave no useless holes.
constexpr size_t kDataGranule = 8;
/// So that offsets are as aligned as addresses, for all that is allocated near.
constexpr size_t kBaseAlignment = Arena::kLargestNearData;

/// Near data is shown in steps of this: who has looked once knows of the variables that follow, and what was
/// never touched costs a reader next to nothing.
constexpr size_t kShownStep = size_t(1) << 20;

constexpr std::byte kTrap{0xcc};

Error codeError(ErrorKind kind, std::string why) { return Error(kind, "code memory", std::move(why)); }

/// Distinct objects have distinct addresses, empty ones too.
size_t codeSpace(size_t size) { return alignUp(std::max<size_t>(size, 1), Arena::kCodeGranule); }
size_t dataSpace(size_t size) { return alignUp(std::max<size_t>(size, 1), kDataGranule); }

/// The first place of this alignment.
std::byte* placeIn(std::byte* base, size_t alignment) {
  return base + -reinterpret_cast<uintptr_t>(base) % alignment;
}

std::string kib(size_t bytes) { return std::to_string(bytes >> 10) + " KiB"; }

} // namespace

Arena::Arena(std::unique_ptr<Reservation> reservation, const ArenaOptions& options)
    : reservation_(std::move(reservation)),
      base_(reservation_->begin() + -reinterpret_cast<uintptr_t>(reservation_->begin()) % kBaseAlignment),
      codeLimit_(options.codeLimit), poisonFreed_(options.poisonFreed),
      pageBytes_(options.hugePages ? kHugePage : kPage), views_(base_, kCodeBytes, options.hugePages) {
  freeData_.addClean(0, kDataBytes);
}

Result<std::unique_ptr<Arena>> Arena::create() { return create(ArenaOptions()); }

Result<std::unique_ptr<Arena>> Arena::create(const ArenaOptions& options,
                                             std::unique_ptr<Reservation> reservation) {
  if (!reservation) {
    Result<std::unique_ptr<Reservation>> plain = reserveAddresses(kReservedBytes);
    if (!plain)
      return plain.takeError();
    reservation = std::move(*plain);
  }
  assert(reservation->size() >= kReservedBytes);
  std::unique_ptr<Arena> arena(new Arena(std::move(reservation), options));
  std::byte* const data = arena->base_ + kCodeBytes;
  if (mprotect(data, kDataBytes, PROT_READ | PROT_WRITE) != 0)
    return systemError("data memory");
  if (options.hugePages)
    madvise(data, kDataBytes, MADV_HUGEPAGE); // a wish
  if (Status status = arena->open(options.singleMapping); !status)
    return status.takeError();
  return arena;
}

Status Arena::open(bool singleMapping) {
  LockGuard lock(mutex_);
  codeSegment_ = segments().add(base_, SegmentTable::Code);
  dataSegment_ = segments().add(base_ + kCodeBytes, SegmentTable::Data);
  if (Status status = views_.open(kSegmentBytes, singleMapping); !status)
    return status;
  addCode(kSegmentBytes);
  return {};
}

Arena::~Arena() {
  reservation_->segments().hideAll();
  for (const auto& [data, outside] : outside_)
    munmap(outside.base, outside.size);
  for (const Outside& spare : spare_)
    munmap(spare.base, spare.size);
}

// --- fork -------------------------------------------------------------------------------------------------

void Arena::copyForFork() {
  if (mapping() == CodeMapping::Single || !views_.openCopy(codeMapped_))
    return;
  // Blocks share pages; each is copied once.
  size_t copied = 0;
  const auto copy = [&](size_t begin, size_t end) {
    begin = std::max(copied, alignDown(begin, kPage));
    end = alignUp(end, kPage);
    if (begin < end)
      memcpy(views_.copy(begin), views_.exec(begin), end - begin);
    copied = std::max(copied, end);
  };
  freeCode_.forEachGap(0, codeMapped_, [&copy, poisoned = &poisoned_](size_t begin, size_t end) {
    poisoned->forEachGap(begin, end, copy);
  });
  poisoned_.forEachRange([this](size_t begin, size_t end) {
    const size_t first = std::min(alignUp(begin, kPage), end), last = std::max(alignDown(end, kPage), first);
    memset(views_.copy(begin), static_cast<int>(kTrap), first - begin);
    memset(views_.copy(last), static_cast<int>(kTrap), end - last);
  });
}

void Arena::dropForkCopy() { views_.closeCopy(); }

bool Arena::moveToForkCopy() {
  if (mapping() == CodeMapping::Single) // private, like data
    return true;
  if (!views_.moveToCopy())
    return false;
  poisoned_.forEachRange([this](size_t begin, size_t end) {
    begin = alignUp(begin, kPage);
    end = alignDown(end, kPage);
    if (begin < end)
      views_.forbid(begin, end - begin);
  });
  return true;
}

void Arena::hideFromChildren() {
  LockGuard lock(mutex_);
  views_.hideFromChildren();
}

// --- code -------------------------------------------------------------------------------------------------

Status Arena::checkLimit(size_t size) const {
  if (size > codeLimit_ || codeUsed_ > codeLimit_ - size)
    return codeError(ErrorKind::Environment, "the limit of " + kib(codeLimit_) +
                                                 " is reached: " + kib(codeUsed_) + " are in use, " +
                                                 std::to_string(size) + " bytes more are needed");
  return {};
}

Status Arena::mapCodeUpTo(size_t end) {
  if (end <= codeMapped_)
    return {};
  if (end > kCodeBytes)
    return codeError(ErrorKind::Environment, "the reserved range of 512 MiB is full");
  const size_t size = alignUp(end, kSegmentBytes) - codeMapped_;
  if (Status status = views_.map(codeMapped_, size); !status)
    return status;
  addCode(size);
  return {};
}

void Arena::addCode(size_t size) {
  freeCode_.addClean(codeMapped_, size);
  codeMapped_ += size;
  if (codeSegment_)
    segments().resize(*codeSegment_, codeMapped_);
}

CodeBlock Arena::handOut(size_t offset, size_t space, size_t size) {
  blocks_[offset] = space;
  codeUsed_ += space;
  return {views_.exec(offset), views_.write(offset), size};
}

Result<CodeBlock> Arena::allocateCode(size_t size, size_t alignment) {
  LockGuard lock(mutex_);
  if (size > kCodeBytes)
    return codeError(ErrorKind::Environment, "the reserved range of 512 MiB is full");
  const size_t space = codeSpace(size);
  if (Status status = checkLimit(space); !status)
    return status.takeError();
  std::optional<size_t> offset = freeCode_.take(space, alignment);
  if (!offset) {
    offset = alignUp(freeCode_.tailBegin(codeMapped_), alignment);
    if (Status status = mapCodeUpTo(*offset + space); !status)
      return status.takeError();
    [[maybe_unused]] const bool taken = freeCode_.takeAt(*offset, space);
    assert(taken);
  }
  return handOut(*offset, space, size);
}

Result<CodeBlock> Arena::allocateCodeAt(std::byte* exec, size_t size) {
  LockGuard lock(mutex_);
  const size_t offset = reinterpret_cast<uintptr_t>(exec) - reinterpret_cast<uintptr_t>(base_);
  if (offset >= kCodeBytes || size > kCodeBytes - offset)
    return codeError(ErrorKind::BadInput, "the address asked for is outside the reserved range");
  if (offset % kCodeGranule != 0)
    return codeError(ErrorKind::BadInput, "the address asked for is no multiple of 16");
  const size_t space = codeSpace(size);
  if (Status status = checkLimit(space); !status)
    return status.takeError();
  if (Status status = mapCodeUpTo(offset + space); !status)
    return status.takeError();
  if (!freeCode_.takeAt(offset, space))
    return codeError(ErrorKind::Environment, "the address asked for is taken");
  return handOut(offset, space, size);
}

void Arena::freeCode(const CodeBlock& block) {
  LockGuard lock(mutex_);
  const size_t offset = static_cast<size_t>(block.exec - base_);
  const auto found = blocks_.find(offset);
  assert(found != blocks_.end() && found->second == codeSpace(block.size) && "not a block in use");
  const size_t size = found->second;
  blocks_.erase(found);
  codeUsed_ -= size;
  if (poisonFreed_)
    poison(offset, size);
  else
    reclaim(freeCode_, offset, size, views_.write(offset), kTrap,
            [this](size_t begin, size_t bytes) { return views_.giveBack(begin, bytes); });
}

void Arena::poison(size_t offset, size_t size) {
  memset(views_.write(offset), static_cast<int>(kTrap), size);
  const FreeSpace::Range dead = poisoned_.addDirty(offset, size);
  // Pages that this block made whole: it lies in all of them.
  const size_t begin = std::max(alignUp(dead.begin, kPage), alignDown(offset, kPage));
  const size_t end = std::min(alignDown(dead.end, kPage), alignUp(offset + size, kPage));
  if (begin < end)
    views_.forbid(begin, end - begin);
}

/// Takes freed space back. Afterwards it holds `fill`, or zero where its pages were given back.
template <typename GiveBack>
void Arena::reclaim(FreeSpace& space, size_t begin, size_t size, std::byte* view, std::byte fill,
                    GiveBack giveBack) {
  const size_t end = begin + size;
  const FreeSpace::Range range = space.addDirty(begin, size);
  size_t first = std::max(alignUp(range.begin, pageBytes_), alignDown(range.dirty.begin, pageBytes_));
  size_t last = std::min(alignDown(range.end, pageBytes_), alignUp(range.dirty.end, pageBytes_));
  if (range.dirty.bytes >= kWorthGivingBack && first + kWorthGivingBack <= last &&
      giveBack(first, last - first)) {
    space.markClean(range.begin);
    first = std::clamp(first, begin, end);
    last = std::clamp(last, begin, end);
  } else {
    first = last = end;
  }
  memset(view, static_cast<int>(fill), first - begin);
  memset(view + (last - begin), static_cast<int>(fill), end - last);
}

// --- data -------------------------------------------------------------------------------------------------

Result<std::byte*> Arena::allocateData(size_t size, size_t alignment) {
  LockGuard lock(mutex_);
  if (size <= kLargestNearData && alignment <= kLargestNearData) {
    if (std::optional<size_t> offset = freeData_.take(dataSpace(size), alignment)) {
      dataUsed_.fetch_add(size, std::memory_order_relaxed);
      showNearData();
      return base_ + kCodeBytes + *offset;
    }
  }
  return allocateOutside(size, alignment);
}

void Arena::showNearData() {
  if (dataSegment_)
    segments().resize(*dataSegment_, alignUp(freeData_.tailBegin(kDataBytes), kShownStep));
}

Result<std::byte*> Arena::allocateOutside(size_t size, size_t alignment) {
  const size_t mapped = alignUp(std::max<size_t>(size, 1), kPage) + (alignment > kPage ? alignment : 0);
  if (mapped < size)
    return Error(ErrorKind::Environment, "data memory", "a global is larger than the address space");
  std::optional<Outside> outside = takeSpare(size, alignment);
  if (!outside) {
    void* base =
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
      return systemError("data memory");
    outside = {static_cast<std::byte*>(base), mapped, segments().add(base, SegmentTable::Data)};
  }
  std::byte* const data = placeIn(outside->base, alignment);
  if (outside->segment)
    segments().resize(*outside->segment, static_cast<size_t>(data - outside->base) + size);
  outside_[data] = *outside;
  dataUsed_.fetch_add(size, std::memory_order_relaxed);
  return data;
}

/// The smallest that is large enough.
std::optional<Arena::Outside> Arena::takeSpare(size_t size, size_t alignment) {
  auto best = spare_.end();
  for (auto spare = spare_.begin(); spare != spare_.end(); ++spare) {
    const auto before = static_cast<size_t>(placeIn(spare->base, alignment) - spare->base);
    if (before <= spare->size && size <= spare->size - before &&
        (best == spare_.end() || spare->size < best->size))
      best = spare;
  }
  if (best == spare_.end())
    return std::nullopt;
  const Outside taken = *best;
  spare_.erase(best);
  return taken;
}

void Arena::freeData(std::byte* data, size_t size, [[maybe_unused]] size_t alignment) {
  assert(reinterpret_cast<uintptr_t>(data) % alignment == 0);
  LockGuard lock(mutex_);
  dataUsed_.fetch_sub(size, std::memory_order_relaxed);
  if (!isNear(data)) {
    freeOutside(data);
    return;
  }
  const size_t offset = static_cast<size_t>(data - base_) - kCodeBytes;
  reclaim(freeData_, offset, dataSpace(size), data, std::byte(0), [this](size_t begin, size_t bytes) {
    return madvise(base_ + kCodeBytes + begin, bytes, MADV_DONTNEED) == 0;
  });
  showNearData();
}

void Arena::freeOutside(std::byte* data) {
  const auto found = outside_.find(data);
  assert(found != outside_.end() && "not data in use");
  const Outside outside = found->second;
  outside_.erase(found);
  if (!outside.segment) {
    munmap(outside.base, outside.size);
    return;
  }
  segments().resize(*outside.segment, 0);
  // Fresh pages, readable at every moment.
  if (mmap(outside.base, outside.size, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
    memset(outside.base, 0, outside.size);
  spare_.push_back(outside);
}

// --- who shows it -----------------------------------------------------------------------------------------

size_t Arena::headersForOtherImage() {
  LockGuard lock(mutex_);
  return otherTable_ ? 0 : reservation_->segments().capacity();
}

void Arena::showByOtherImage(std::span<ProgramHeader> headers, uintptr_t loadBase) {
  LockGuard lock(mutex_);
  if (otherTable_ || headers.empty() || headers.size() != reservation_->segments().capacity())
    return;
  SegmentTable table(headers, loadBase);
  reservation_->segments().moveTo(table);
  otherTable_ = table;
}

void Arena::leaveOtherImage(std::span<ProgramHeader> headers) {
  LockGuard lock(mutex_);
  if (!otherTable_ || !otherTable_->isOf(headers))
    return;
  otherTable_->moveTo(reservation_->segments());
  otherTable_.reset();
}

// --- figures ----------------------------------------------------------------------------------------------

MemoryUsage Arena::codeUsage() {
  LockGuard lock(mutex_);
  MemoryUsage usage;
  usage.reserved = kCodeBytes;
  usage.committed = codeMapped_;
  usage.used = codeUsed_;
  usage.free = freeCode_.total();
  usage.lost = usage.committed - usage.used - usage.free;
  usage.largestFree = freeCode_.largest();
  return usage;
}

MemoryUsage Arena::dataUsage() {
  LockGuard lock(mutex_);
  // What was never used is one range at the end, together with what was freed next to it.
  const size_t tail = freeData_.tailBegin(kDataBytes);
  MemoryUsage usage;
  usage.reserved = kDataBytes;
  usage.committed = tail;
  usage.used = kDataBytes - freeData_.total();
  usage.free = usage.committed - usage.used;
  usage.largestFree = freeData_.largestWithout(tail);
  return usage;
}

} // namespace tiercel
