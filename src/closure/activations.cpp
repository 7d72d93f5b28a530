// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "closure/activations.h"

#include "tiercel/closure.h"

#include "platform/process_barrier.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>

namespace tiercel {

using detail::ClosureActivation;
using detail::ClosureSlot;
using Place = ClosureActivation::Place;

namespace {

struct Chunk;

struct ThreadRecord : ClosureActivation::Thread {
  std::atomic<bool> taken;
  std::atomic<Chunk*> chunks;      ///< newest first; the last one is that which the record itself is in
  std::atomic<ThreadRecord*> next; ///< of all records
};

struct Chunk {
  static constexpr size_t kPlaces =
      (ClosureActivation::kChunkBytes - sizeof(ThreadRecord) - 2 * sizeof(Chunk*)) / sizeof(Place);

  Chunk* next;
  std::atomic<bool> unused; ///< no place is a mark, whatever it holds
  ThreadRecord record;      ///< used in the first chunk of a thread
  Place places[kPlaces];

  Place* end() { return places + kPlaces; }
};
static_assert(sizeof(Chunk) == ClosureActivation::kChunkBytes,
              "the last place ends where an aligned address begins");

/// Of threads that have not entered a closure yet. Without a top it is never written.
constinit ClosureActivation::Thread noThread{};

std::atomic<ThreadRecord*> records;
std::atomic<size_t> takenRecords;
/// Closures entered without a place to mark them, because the system refused memory. Any of them may be
/// meant.
std::atomic<size_t> unmarked;
Place noPlace; ///< where they are said to be
pthread_key_t recordKey;
bool hasBarrier; ///< constant once there is a closure

/// A handler that enters a closure must not find a record that is being changed.
class SignalBlocker {
public:
  SignalBlocker() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved_);
  }
  ~SignalBlocker() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
  SignalBlocker(const SignalBlocker&) = delete;
  SignalBlocker& operator=(const SignalBlocker&) = delete;

private:
  sigset_t saved_;
};

/// The chunk that a place or top belongs to; a top may be its end.
Chunk* chunkOf(const Place* top) {
  const uintptr_t last = reinterpret_cast<uintptr_t>(top) - 1;
  return reinterpret_cast<Chunk*>(last - last % ClosureActivation::kChunkBytes);
}

/// Null if the system refuses memory.
Chunk* makeChunk() {
  constexpr size_t kBytes = ClosureActivation::kChunkBytes;
  const int saved = errno;
  void* const memory = mmap(nullptr, 2 * kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  errno = saved;
  if (memory == MAP_FAILED)
    return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(memory), aligned = (begin + kBytes - 1) / kBytes * kBytes;
  if (aligned != begin)
    munmap(memory, aligned - begin);
  munmap(reinterpret_cast<void*>(aligned + kBytes), begin + kBytes - aligned);
  return ::new (reinterpret_cast<void*>(aligned)) Chunk;
}

/// An unused record of an ended thread, or a new one; null if the system refuses memory.
ThreadRecord* takeRecord() {
  for (ThreadRecord* record = records.load(std::memory_order_acquire); record; record = record->next) {
    bool expected = false;
    if (!record->taken.load(std::memory_order_relaxed) &&
        record->taken.compare_exchange_strong(expected, true))
      return record;
  }
  Chunk* const chunk = makeChunk();
  if (!chunk)
    return nullptr;
  ThreadRecord& record = chunk->record;
  record.taken.store(true, std::memory_order_relaxed);
  record.chunks.store(chunk, std::memory_order_relaxed);
  ThreadRecord* head = records.load(std::memory_order_relaxed);
  do
    record.next.store(head, std::memory_order_relaxed);
  while (!records.compare_exchange_weak(head, &record));
  return &record;
}

ThreadRecord* currentRecord() {
  return ClosureActivation::current == &noThread ? nullptr
                                                 : static_cast<ThreadRecord*>(ClosureActivation::current);
}

ThreadRecord* registerThread() {
  ThreadRecord* const record = takeRecord();
  if (!record)
    return nullptr;
  takenRecords.fetch_add(1);
  ClosureActivation::current = record;
  pthread_setspecific(recordKey,
                      record); // failing, the record stays taken: that costs its memory and nothing else
  return record;
}

void clear(ThreadRecord& record) {
  record.top.store(nullptr, std::memory_order_release);
  for (Chunk* chunk = record.chunks.load(std::memory_order_acquire); chunk; chunk = chunk->next) {
    for (Place& place : chunk->places)
      if (place.load(std::memory_order_relaxed)) // untouched pages stay untouched
        place.store(nullptr, std::memory_order_release);
    chunk->unused.store(hasBarrier, std::memory_order_release);
  }
}

/// When a thread ends, after its thread-locals were destroyed. Other keys' destructors may enter closures
/// once more and set the key again, whereupon this runs again.
void releaseThread(void* released) {
  const SignalBlocker blocker;
  auto* const record = static_cast<ThreadRecord*>(released);
  clear(*record); // only what was left by longjmp
  ClosureActivation::current = &noThread;
  record->taken.store(false, std::memory_order_release);
  takenRecords.fetch_sub(1);
}

/// A place that holds no mark: the first after the last mark of a chunk, which becomes the one whose top is
/// used; else one between the marks; else in a new chunk. Null if the system refuses memory.
Place* findPlace(ThreadRecord& record) {
  Chunk* const chunks = record.chunks.load(std::memory_order_relaxed);
  if (hasBarrier) {
    for (Chunk* chunk = chunks; chunk; chunk = chunk->next) {
      Place* top = chunk->unused.load(std::memory_order_relaxed) ? chunk->places : chunk->end();
      while (top != chunk->places && !top[-1].load(std::memory_order_relaxed))
        --top;
      if (top == chunk->end())
        continue;
      chunk->unused.store(false, std::memory_order_release);
      record.top.store(top + 1, std::memory_order_release);
      return top;
    }
  }
  for (Chunk* chunk = chunks; chunk; chunk = chunk->next)
    for (Place& place : chunk->places)
      if (!place.load(std::memory_order_relaxed))
        return &place;
  Chunk* const chunk = makeChunk();
  if (!chunk)
    return nullptr;
  chunk->next = chunks;
  record.chunks.store(chunk, std::memory_order_release);
  if (hasBarrier)
    record.top.store(chunk->places + 1, std::memory_order_release);
  return chunk->places;
}

template <typename Visit> void forEachMark(const ThreadRecord& record, Visit visit) {
  const Place* const top = record.top.load(std::memory_order_acquire);
  for (Chunk* chunk = record.chunks.load(std::memory_order_acquire); chunk; chunk = chunk->next) {
    // Above the top of the chunk in use is what was left. Others were full when the thread went on to the
    // next.
    if (chunk->unused.load(std::memory_order_acquire))
      continue;
    const bool inUse = top >= chunk->places && top <= chunk->end();
    for (const Place* place = chunk->places; place != (inUse ? top : chunk->end()); ++place)
      if (const ClosureSlot* slot = place->load(std::memory_order_acquire))
        visit(slot);
  }
}

} // namespace

namespace detail {

__thread ClosureActivation::Thread* ClosureActivation::current = &noThread;

Place* ClosureActivation::enterSlowly(const ClosureSlot& slot) noexcept {
  const SignalBlocker blocker;
  ThreadRecord* record = currentRecord();
  if (!record)
    record = registerThread();
  Place* place = record ? findPlace(*record) : nullptr;
  if (place) {
    place->store(&slot, std::memory_order_release);
  } else {
    unmarked.fetch_add(1);
    place = &noPlace;
  }
  // Instead of the barrier, where there is none; and for onlyThisThreadEntersClosures, which another thread
  // may be asking.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return place;
}

void ClosureActivation::leaveSlowly(Place* place) noexcept {
  if (place == &noPlace) {
    unmarked.fetch_sub(1, std::memory_order_release);
    return;
  }
  place->store(nullptr, std::memory_order_release);
  if (!hasBarrier || place + 1 != chunkOf(place + 1)->end())
    return;
  // The last of its chunk. If the chunk that the thread went on to is left completely, as after deep
  // recursion, it goes back.
  const SignalBlocker blocker;
  ThreadRecord* const record = currentRecord();
  const Place* const top = record ? record->top.load(std::memory_order_relaxed) : nullptr;
  if (!top || top != chunkOf(top + 1)->places)
    return;
  chunkOf(top + 1)->unused.store(true, std::memory_order_release);
  record->top.store(place, std::memory_order_release);
}

} // namespace detail

Status startActivations() {
  if (const int error = pthread_key_create(&recordKey, releaseThread))
    return Error(ErrorKind::Environment, "closure",
                 std::string("no thread-specific key: ") + std::strerror(error));
  hasBarrier = registerProcessBarrier();
  return {};
}

bool onlyThisThreadEntersClosures() {
  // Another thread counts itself and then examines the slot, with a fence between; here the slot was retired,
  // and then the count is read. One of the two sees the other.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return takenRecords.load() == (currentRecord() ? 1u : 0u) && unmarked.load() == 0;
}

bool collectMarkedSlots(std::vector<const ClosureSlot*>& marked) try {
  marked.clear();
  if (onlyThisThreadEntersClosures()) {
    if (const ThreadRecord* record = currentRecord())
      forEachMark(*record, [&](const ClosureSlot* slot) { marked.push_back(slot); });
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (hasBarrier && !processBarrier())
      return false;
    if (unmarked.load() != 0)
      return false;
    for (const ThreadRecord* record = records.load(std::memory_order_acquire); record; record = record->next)
      forEachMark(*record, [&](const ClosureSlot* slot) { marked.push_back(slot); });
  }
  std::sort(marked.begin(), marked.end());
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

void dropOtherThreads() {
  const ThreadRecord* const mine = currentRecord();
  for (ThreadRecord* record = records.load(); record; record = record->next) {
    if (record == mine)
      continue;
    clear(*record);
    record->taken = false;
  }
  takenRecords = mine ? 1 : 0;
  unmarked = 0;
  if (hasBarrier)
    registerProcessBarrier();
}

ClosureMark::ClosureMark() noexcept
    : top_(detail::ClosureActivation::current->top.load(std::memory_order_relaxed)) {}

void ClosureMark::rewind() const noexcept {
  const SignalBlocker blocker;
  ThreadRecord* const record = currentRecord();
  if (!record)
    return;
  Place* const top = record->top.load(std::memory_order_relaxed);
  if (!top_ && hasBarrier)
    clear(*record); // the thread had entered nothing when the mark was made
  else if (top_ && top_ <= top && chunkOf(top_) == chunkOf(top))
    record->top.store(top_, std::memory_order_release);
}

} // namespace tiercel
