// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "closure/activations.h"

#include "tiercel/closure.h"

#include "platform/membarrier.h"
#include "platform/signals_blocked.h"

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

struct ThreadRecord {
  std::atomic<bool> taken;
  std::atomic<Chunk*> chunks;      ///< newest first; the last one is that which the record itself is in
  std::atomic<ThreadRecord*> next; ///< of all records
};

struct Chunk {
  static constexpr size_t kPlaces =
      (ClosureActivation::kChunkBytes - sizeof(ThreadRecord) - 2 * sizeof(Chunk*)) / sizeof(Place);

  Chunk* next;
  std::atomic<bool> unused; ///< holds no marks. Written by the thread; only a hint to look elsewhere first
  ThreadRecord record;      ///< used in the first chunk of a thread
  Place places[kPlaces];

  Place* end() { return places + kPlaces; }
};
static_assert(sizeof(Chunk) == ClosureActivation::kChunkBytes,
              "the last place ends where an aligned address begins");

std::atomic<ThreadRecord*> records;
std::atomic<size_t> takenRecords;
__thread ThreadRecord* currentRecord; ///< null before the thread enters its first closure
pthread_key_t recordKey;              ///< tells of the ends of threads
bool hasBarrier;                      ///< constant once there is a closure

/// For marks when the system refuses memory, of all threads.
Place reserve[1024];
std::atomic<bool> reserveUsed;
/// Even that was full once, and a closure was entered unmarked: from then on nothing is known.
std::atomic<bool> missedMark;

/// Null if the system refuses memory.
Chunk* makeChunk() {
  const int saved = errno;
  void* const memory =
      mmap(nullptr, sizeof(Chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  errno = saved;
  return memory == MAP_FAILED ? nullptr : ::new (memory) Chunk;
}

/// The chunk that the first free place is in or just behind.
bool isTopOf(const Place* top, Chunk& chunk) { return top >= chunk.places && top <= chunk.end(); }

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

/// Null if the system refuses memory.
ThreadRecord* registerThread() {
  ThreadRecord* const record = takeRecord();
  if (!record)
    return nullptr;
  takenRecords.fetch_add(1);
  currentRecord = record;
  pthread_setspecific(recordKey,
                      record); // failing, the record stays taken: that costs its memory and nothing else
  return record;
}

void clear(ThreadRecord& record) {
  for (Chunk* chunk = record.chunks.load(std::memory_order_acquire); chunk; chunk = chunk->next)
    for (Place& place : chunk->places)
      place.store(nullptr, std::memory_order_release);
}

/// When a thread ends, after its thread-locals were destroyed. Other keys' destructors may enter closures
/// once more and set the key again, whereupon this runs again.
void releaseThread(void* released) {
  const SignalsBlocked blocker; // a handler that enters a closure must not find a record being changed
  auto* const record = static_cast<ThreadRecord*>(released);
  ClosureActivation::top.store(nullptr, std::memory_order_relaxed);
  clear(*record); // only what was left by longjmp
  currentRecord = nullptr;
  record->taken.store(false, std::memory_order_release);
  takenRecords.fetch_sub(1);
}

/// A place without a mark: the first after the last mark of a chunk, from where the thread then goes on by
/// itself; else one between the marks; else in a new chunk. Null if the system refuses memory. Without a
/// barrier the thread is never left to go on by itself, so that every entry comes here.
Place* findPlace(ThreadRecord& record) {
  Chunk* const chunks = record.chunks.load(std::memory_order_relaxed);
  const auto goOn = [](Chunk& chunk, Place* place) {
    chunk.unused.store(false, std::memory_order_release);
    if (hasBarrier)
      ClosureActivation::top.store(place + 1, std::memory_order_relaxed);
    return place;
  };
  for (Chunk* chunk = chunks; chunk; chunk = chunk->next) {
    Place* top = chunk->end();
    while (top != chunk->places && !top[-1].load(std::memory_order_relaxed))
      --top;
    if (top != chunk->end())
      return goOn(*chunk, top);
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
  return goOn(*chunk, chunk->places);
}

Place* markInReserve(const ClosureSlot& slot) {
  reserveUsed = true;
  for (Place& place : reserve) {
    const ClosureSlot* expected = nullptr;
    if (place.compare_exchange_strong(expected, &slot))
      return &place;
  }
  missedMark = true;
  static Place ignored;
  return &ignored;
}

using Marks = std::vector<const ClosureSlot*>;

bool addMarks(const Place* begin, const Place* end, Marks& marks) {
  const size_t before = marks.size();
  for (const Place* place = begin; place != end; ++place)
    if (const ClosureSlot* slot = place->load(std::memory_order_acquire))
      marks.push_back(slot);
  return marks.size() != before;
}

/// What no closure has been left in for a while, as after deep recursion, this thread need not look at again.
void addOwnMarks(const ThreadRecord& record, Marks& marks) {
  const Place* const top = ClosureActivation::top.load(std::memory_order_relaxed);
  for (Chunk* chunk = record.chunks.load(std::memory_order_relaxed); chunk; chunk = chunk->next) {
    if (isTopOf(top, *chunk))
      addMarks(chunk->places, top, marks); // nothing above it
    else if (!chunk->unused.load(std::memory_order_relaxed) && !addMarks(chunk->places, chunk->end(), marks))
      chunk->unused.store(true, std::memory_order_release);
  }
}

void addMarksOfAll(Marks& marks) {
  for (const ThreadRecord* record = records.load(std::memory_order_acquire); record; record = record->next)
    for (Chunk* chunk = record->chunks.load(std::memory_order_acquire); chunk; chunk = chunk->next)
      addMarks(chunk->places, chunk->end(), marks);
}

} // namespace

namespace detail {

__thread std::atomic<Place*> ClosureActivation::top;

Place* ClosureActivation::enterSlowly(const ClosureSlot& slot) noexcept {
  const SignalsBlocked blocker; // a handler that enters a closure must not find a record being changed
  if (!currentRecord)
    registerThread();
  Place* place = currentRecord ? findPlace(*currentRecord) : nullptr;
  if (place)
    place->store(&slot, std::memory_order_release);
  else
    place = markInReserve(slot);
  // Instead of the barrier, where there is none; and for onlyThisThreadEntersClosures, which another thread
  // may be asking.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return place;
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
  return takenRecords.load() == (currentRecord ? 1u : 0u);
}

bool collectMarkedSlots(Marks& marked) try {
  marked.clear();
  if (onlyThisThreadEntersClosures()) {
    if (currentRecord)
      addOwnMarks(*currentRecord, marked);
  } else {
    if (hasBarrier && !processBarrier())
      return false;
    addMarksOfAll(marked);
  }
  if (reserveUsed.load())
    addMarks(std::begin(reserve), std::end(reserve), marked);
  std::sort(marked.begin(), marked.end());
  return !missedMark.load();
} catch (const std::bad_alloc&) {
  return false;
}

void dropOtherThreads() {
  for (ThreadRecord* record = records.load(); record; record = record->next) {
    if (record == currentRecord)
      continue;
    clear(*record);
    record->taken = false;
  }
  takenRecords = currentRecord ? 1 : 0;
  if (hasBarrier)
    registerProcessBarrier();
}

ClosureMark::ClosureMark() noexcept : top_(detail::ClosureActivation::top.load(std::memory_order_relaxed)) {}

void ClosureMark::rewind() const noexcept {
  const SignalsBlocked blocker; // a handler that enters a closure must not find a record being changed
  if (!currentRecord || !hasBarrier)
    return;
  if (!top_) {
    clear(*currentRecord); // the thread had entered nothing when the mark was made
    return;
  }
  Place* const top = detail::ClosureActivation::top.load(std::memory_order_relaxed);
  for (Chunk* chunk = currentRecord->chunks.load(std::memory_order_relaxed); chunk; chunk = chunk->next) {
    if (!isTopOf(top_, *chunk) || !isTopOf(top, *chunk) || top_ > top)
      continue;
    for (Place* place = top_; place != top; ++place)
      place->store(nullptr, std::memory_order_release);
    detail::ClosureActivation::top.store(top_, std::memory_order_relaxed);
  }
}

} // namespace tiercel
