// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/borrowed_memory.h"

#include <atomic>
#include <sys/mman.h>
#include <unistd.h>

namespace tiercel {

namespace {

constexpr size_t kPage = 4096;

std::atomic<pid_t>* makePage() {
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return nullptr;
  if (madvise(page, kPage, MADV_WIPEONFORK) == 0)
    return static_cast<std::atomic<pid_t>*>(page);
  munmap(page, kPage);
  return nullptr;
}

std::atomic<std::atomic<pid_t>*> owner{nullptr};

} // namespace

void claimMemory() {
  static std::atomic<pid_t>* const page = makePage();
  if (!page)
    return;
  page->store(getpid(), std::memory_order_relaxed);
  owner.store(page, std::memory_order_release);
}

bool runsInBorrowedMemory() {
  const std::atomic<pid_t>* page = owner.load(std::memory_order_acquire);
  const pid_t process = page ? page->load(std::memory_order_relaxed) : 0;
  return process != 0 && process != getpid();
}

} // namespace tiercel
