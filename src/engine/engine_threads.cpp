// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/engine_threads.h"

#include "base/clock.h"
#include "engine/engine_impl.h"
#include "engine/process_hooks.h"
#include "platform/aside.h"
#include "platform/futex.h"
#include "platform/raw_syscall.h"

#include <atomic>
#include <vector>

namespace tiercel {

namespace {

/// Whether somebody has the threads; others sleep on it. Not a mutex, which a fork would have to wait for.
std::atomic<uint32_t> taken{0};
/// They have been ended by who has them. Set before the list of engines is read: an engine that comes later
/// sees it before it starts any.
std::atomic<bool> ended{false};
std::atomic<bool> forbidden{false};
std::atomic<pid_t> process{0};

constexpr uint64_t kAheadNs = 1'000'000'000;

std::vector<EngineImpl*> allEngines() {
  LockGuard lock(forkDelay());
  return engines();
}

/// Whether compiled code counts, and comes in when it has counted enough.
void setPolls(EngineImpl& engine, uint32_t value) {
  const auto functions = static_cast<uint32_t>(engine.registry().functionCount());
  for (uint32_t id = 0; id < functions; ++id)
    engine.table().counters(FunctionId(id)).poll.store(value, std::memory_order_seq_cst);
}

} // namespace

EngineThreads::EngineThreads() {
  for (uint32_t nobody = 0; !taken.compare_exchange_strong(nobody, 1, std::memory_order_acquire); nobody = 0)
    futexWait(taken, 1);
}

EngineThreads::~EngineThreads() {
  if (ended_)
    ended.store(false, std::memory_order_release);
  taken.store(0, std::memory_order_release);
  futexWake(taken, 1);
}

void EngineThreads::end() {
  ended_ = true;
  ended.store(true, std::memory_order_seq_cst);
  for (EngineImpl* engine : allEngines())
    engine->promoter().suspend();
}

void EngineThreads::compileAhead() {
  const uint64_t deadline = nowNs() + kAheadNs;
  for (EngineImpl* engine : allEngines()) {
    const auto functions = static_cast<uint32_t>(engine->registry().functionCount());
    for (uint32_t id = 0; id < functions && nowNs() < deadline; ++id) {
      FunctionRecord& record = engine->registry().function(FunctionId(id));
      if (record.definition.load().exists() && !record.isIfunc.load(std::memory_order_relaxed) &&
          record.state() != FirstCompile::Ready)
        (void)engine->ensureCompiled(record); // who calls it is told what is wrong with it
    }
    setPolls(*engine, 0);
  }
}

void EngineThreads::askAgain() {
  for (EngineImpl* engine : allEngines())
    setPolls(*engine, 1); // who has nothing to ask for is told so and asks no more
}

void EngineThreads::startAgain() {
  ended_ = false;
  ended.store(false, std::memory_order_seq_cst);
  for (EngineImpl* engine : allEngines())
    engine->promoter().resume();
}

void EngineThreads::forbid() {
  forbidden.store(true, std::memory_order_seq_cst);
  permitAside(false);
}

void EngineThreads::permit() {
  forbidden.store(false, std::memory_order_seq_cst);
  permitAside(true);
}

bool EngineThreads::mayStart() {
  return !ended.load(std::memory_order_seq_cst) && !forbidden.load(std::memory_order_seq_cst);
}

bool EngineThreads::areOfThisProcess() {
  return rawSyscall(SYS_getpid) == process.load(std::memory_order_relaxed);
}

void EngineThreads::noteProcess() {
  process.store(static_cast<pid_t>(rawSyscall(SYS_getpid)), std::memory_order_relaxed);
}

void EngineThreads::forgetThreads() {
  taken.store(0, std::memory_order_relaxed);
  ended.store(false, std::memory_order_relaxed);
  noteProcess();
}

} // namespace tiercel
