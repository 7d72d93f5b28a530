// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/sampler.h"

#include "platform/proc_threads.h"
#include "platform/raw_syscall.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/close_range.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiercel {

namespace {

/// x86-64 has pages of one size here. The data must be a power of two of them.
constexpr size_t kPage = 4096;
constexpr size_t kDataBytes = kPage;
constexpr size_t kRingBytes = kPage + kDataBytes;

perf_event_attr attributes() {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_TASK_CLOCK;
  attr.sample_period = Sampler::kPeriodNs;
  attr.sample_type = PERF_SAMPLE_IP;
  attr.exclude_kernel = 1; // what an ordinary user may see of himself (perf_event_paranoid 2)
  attr.exclude_hv = 1;
  return attr;
}

/// A record as the attributes above ask for it.
struct SampleRecord {
  perf_event_header header;
  uint64_t address;
};

/// Copies out of the ring, whose records may be cut by its end.
template <typename T> T readAt(const std::byte* data, uint64_t position) {
  T value;
  auto* out = reinterpret_cast<std::byte*>(&value);
  const size_t begin = position % kDataBytes;
  const size_t first = std::min(sizeof value, kDataBytes - begin);
  memcpy(out, data + begin, first);
  memcpy(out + first, data, sizeof value - first);
  return value;
}

} // namespace

Sampler::~Sampler() {
  for (const auto& [thread, ring] : rings_)
    close(ring);
}

bool Sampler::isolateDescriptors() {
  // Not by libc's functions, which the host may have follow what the program's threads do.
  const long result = rawSyscall(SYS_close_range, 0, ~0U, CLOSE_RANGE_UNSHARE);
  if (result < 0)
    errno = static_cast<int>(-result);
  return result == 0;
}

std::byte* Sampler::open(pid_t thread) {
  perf_event_attr attr = attributes();
  const auto descriptor = static_cast<int>(
      syscall(SYS_perf_event_open, &attr, thread, /*cpu=*/-1, /*group=*/-1, PERF_FLAG_FD_CLOEXEC));
  if (descriptor < 0)
    return nullptr;
  void* memory = mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor); // the mapping keeps the event
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
}

void Sampler::close(const Ring& ring) { munmap(ring.memory, kRingBytes); }

bool Sampler::watchThreads(std::span<const pid_t> others) {
  const std::vector<pid_t> threads = threadsOfProcess();
  if (threads.empty()) // no /proc any more, as in a chroot: go on with those that are known
    return !rings_.empty();
  for (auto& [thread, ring] : rings_)
    ring.seen = false;
  for (const pid_t thread : threads) {
    if (const auto known = rings_.find(thread); known != rings_.end()) {
      known->second.seen = true;
      continue;
    }
    if (rings_.size() >= kMostThreads || std::find(others.begin(), others.end(), thread) != others.end())
      continue;
    if (std::byte* memory = open(thread))
      rings_.emplace(thread, Ring{memory, true});
  }
  // A thread whose id was given to another at once would go on unwatched; it is found when that one ends.
  std::erase_if(rings_, [](const auto& entry) {
    if (!entry.second.seen)
      close(entry.second);
    return !entry.second.seen;
  });
  return !rings_.empty();
}

size_t Sampler::drain(const std::function<void(const void* address)>& sample) {
  size_t count = 0;
  for (auto& [thread, ring] : rings_)
    count += drain(ring, sample);
  return count;
}

size_t Sampler::drain(Ring& ring, const std::function<void(const void* address)>& sample) {
  auto* page = reinterpret_cast<perf_event_mmap_page*>(ring.memory);
  const std::byte* data = ring.memory + kPage;
  // The kernel's side of the protocol is described in perf_event_open(2), data_head.
  const uint64_t head = std::atomic_ref(page->data_head).load(std::memory_order_acquire);
  uint64_t tail = page->data_tail;
  size_t count = 0;
  while (tail < head) {
    const auto header = readAt<perf_event_header>(data, tail);
    if (header.size == 0)
      break; // never written by the kernel; an endless loop otherwise
    if (header.type == PERF_RECORD_SAMPLE && header.size >= sizeof(SampleRecord)) {
      sample(reinterpret_cast<const void*>(readAt<SampleRecord>(data, tail).address));
      ++count;
    }
    tail += header.size;
  }
  std::atomic_ref(page->data_tail).store(head, std::memory_order_release);
  return count;
}

} // namespace tiercel
