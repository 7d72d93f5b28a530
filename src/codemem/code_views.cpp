// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/code_views.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <utility>

namespace tiercel {

namespace {

constexpr size_t kHugePage = size_t(2) << 20;
/// MADV_COLLAPSE, which is newer (Linux 6.1) than some of the headers that this is built with.
constexpr int kCollapse = 25;

constexpr int kReserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

/// Back to mere addresses, so that nobody else is given them.
void unmapKeepingAddresses(std::byte* begin, size_t size) {
  // NOLINTNEXTLINE(bugprone-unused-return-value): there is nothing else to try
  (void)mmap(begin, size, PROT_NONE, kReserved | MAP_FIXED, -1, 0);
}

/// In place of whatever is mapped at `to`.
bool move(std::byte* from, size_t size, std::byte* to) {
  return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
}

} // namespace

Error systemError(const char* what) { return Error(ErrorKind::Environment, what, strerror(errno)); }

CodeViews::~CodeViews() {
  if (write_ && mapping() == CodeMapping::Dual)
    munmap(write_, reserved_);
}

Status CodeViews::open(size_t size, bool single) {
  std::string refusal;
  if (!single) {
    void* write = mmap(nullptr, reserved_, PROT_NONE, kReserved, -1, 0);
    if (write == MAP_FAILED)
      return systemError("reserving addresses for writing code");
    write_ = static_cast<std::byte*>(write);
    Status status = map(0, size);
    if (status)
      return {};
    munmap(write_, reserved_);
    refusal = "the system refuses to map it twice (" + status.error().why() + "), and also ";
  } else {
    refusal = "the system refuses ";
  }
  write_ = exec_;
  if (Status status = map(0, size); !status)
    return Error(ErrorKind::Environment, "code memory",
                 refusal + "memory that is writable and executable (" + status.error().why() + ")");
  return {};
}

Status CodeViews::map(size_t offset, size_t size) {
  if (mapping() == CodeMapping::Single) {
    if (mprotect(exec(offset), size, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
      return systemError("mapping code memory");
  } else if (!mapTwice(exec(offset), write(offset), size)) {
    return systemError("mapping code memory");
  }
  if (hugePages_)
    wishForHugePages(offset, size);
  return {};
}

void CodeViews::wishForHugePages(size_t offset, size_t size) {
  // Kernels without huge pages refuse it, which changes nothing.
  madvise(exec(offset), size, MADV_HUGEPAGE);
  madvise(write(offset), size, MADV_HUGEPAGE);
  // Most systems heed this for private memory only. But they put shared memory together when told to, which
  // is worth it once all of a huge page is in use: as a rule, when the next one is begun.
  if (mapping() == CodeMapping::Dual && open_.size == kHugePage)
    madvise(exec(open_.offset), open_.size, kCollapse);
  open_ = {offset, size};
}

bool CodeViews::mapTwice(std::byte* exec, std::byte* write, size_t size) {
  // Of shared memory, mremap with an old size of 0 makes a second mapping. Unlike memory files this takes no
  // descriptor: the program may have none left, or have limited the size of its files.
  if (mmap(exec, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
           0) != MAP_FAILED &&
      mremap(exec, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, write) != MAP_FAILED &&
      mprotect(write, size, PROT_READ | PROT_WRITE) == 0)
    return true;
  const int error = errno;
  unmapKeepingAddresses(exec, size);
  unmapKeepingAddresses(write, size);
  errno = error;
  return false;
}

bool CodeViews::openCopy(size_t size) {
  if (size <= reserved_ - size) {
    copy_ = {exec(size), write(size), size};
  } else {
    void* const room = mmap(nullptr, 2 * size, PROT_NONE, kReserved, -1, 0);
    if (room == MAP_FAILED)
      return false;
    auto* const begin = static_cast<std::byte*>(room);
    copy_ = {begin, begin + size, size};
  }
  if (mapTwice(copy_.exec, copy_.write, size)) {
    if (hugePages_)
      for (std::byte* view : {copy_.exec, copy_.write})
        madvise(view, size, MADV_HUGEPAGE); // a wish
    return true;
  }
  closeCopy();
  return false;
}

void CodeViews::closeCopy() {
  const size_t size = std::exchange(copy_.size, 0);
  if (size == 0)
    return;
  if (copy_.exec != exec(size)) {
    munmap(copy_.exec, 2 * size);
    return;
  }
  unmapKeepingAddresses(copy_.exec, size);
  unmapKeepingAddresses(copy_.write, size);
}

bool CodeViews::moveToCopy() {
  const bool moved =
      hasCopy() && move(copy_.exec, copy_.size, exec_) && move(copy_.write, copy_.size, write_);
  closeCopy(); // the addresses where it was
  return moved;
}

void CodeViews::hideFromChildren() const {
  if (mapping() != CodeMapping::Dual)
    return;
  madvise(exec_, reserved_, MADV_DONTFORK);
  madvise(write_, reserved_, MADV_DONTFORK);
}

bool CodeViews::giveBack(size_t offset, size_t size) const {
  // Shared memory belongs to the object behind the mappings, so dropping it from one of them frees nothing.
  return mapping() == CodeMapping::Dual ? madvise(write(offset), size, MADV_REMOVE) == 0
                                        : madvise(exec(offset), size, MADV_DONTNEED) == 0;
}

void CodeViews::forbid(size_t offset, size_t size) const {
  giveBack(offset, size);
  // Late writes, such as those of a call that is turned, are as wrong as late calls.
  // NOLINTBEGIN(bugprone-unused-return-value): where mappings run out, the bytes trap at least
  (void)mprotect(exec(offset), size, PROT_NONE);
  (void)mprotect(write(offset), size, PROT_NONE);
  // NOLINTEND(bugprone-unused-return-value)
}

} // namespace tiercel
