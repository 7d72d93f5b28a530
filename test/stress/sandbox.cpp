// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads that restrict themselves, and processes on the same memory.
#include "tiercel/system_calls.h"

#include "stress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <dirent.h>
#include <fstream>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tiercel::stress {

namespace {

constexpr size_t kStackBytes = 1 << 20;
/// Short against the pauses between two of them: while one lives nothing is freed, and the rest of the run is
/// to see that things are.
constexpr std::chrono::milliseconds kLifeOfSharer(20);

/// What a thread may do, as its status says.
std::string rightsOf(const std::string& thread) {
  std::ifstream status("/proc/self/task/" + thread + "/status");
  std::string rights;
  for (std::string line; std::getline(status, line);) {
    for (const char* field : {"Uid:", "CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:"})
      if (line.starts_with(field))
        rights += line + "; ";
  }
  return rights;
}

/// A thread that is not as this process's only one of the program's; empty if there is none.
std::string whoIsOutside() {
  const std::string own = rightsOf(std::to_string(gettid()));
  std::string outside;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = tasks ? readdir(tasks) : nullptr) {
    if (entry->d_name[0] == '.')
      continue;
    const std::string other = rightsOf(entry->d_name);
    if (!other.empty() && other != own) // one that has ended has none
      outside = fmt::format("thread {} has {}where the program has {}", entry->d_name, other, own);
  }
  if (tasks)
    closedir(tasks);
  return outside;
}

/// Ends the process when a thread is made.
bool forbidThreads(uint32_t action) {
  std::array<sock_filter, 5> code = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{code.size(), code.data()};
  return tiercel::libc::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         tiercel::libc::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, reinterpret_cast<long>(&filter), 0, 0) ==
             0;
}

} // namespace

/// By the only thread of the program in a child.
void Stress::enterSandbox(Random& random) {
  constexpr long kNobody = 65534;
  bool entered = true;
  switch (random.below(6)) {
  case 0:
    entered = tiercel::libc::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    break;
  case 1:
    entered = forbidThreads(SECCOMP_RET_ALLOW);
    break;
  case 2:
    entered = forbidThreads(SECCOMP_RET_KILL_PROCESS);
    break;
  case 3: // may not be permitted, but never because there are other threads
    entered = tiercel::libc::unshare(CLONE_NEWUSER) == 0 || errno != EINVAL;
    break;
  case 4:
    (void)tiercel::libc::syscall(SYS_setresuid, kNobody, kNobody, kNobody, 0, 0, 0);
    break;
  default:
    break;
  }
  const std::string outside = whoIsOutside();
  ledger_.check(Invariant::Sandbox, entered && outside.empty(),
                [&] { return entered ? outside : std::string("a sandbox cannot be entered"); });
}

void Stress::restrict(uint64_t seed) {
  Random random(seed);
  Calls calls{};
  while (!stop_.load(std::memory_order_relaxed)) {
    const int flags = random.below(2) == 0 ? CLONE_FILES : CLONE_FS;
    ledger_.check(Invariant::Sandbox, tiercel::libc::unshare(flags) == 0,
                  [] { return std::string("unshare failed"); });
    callALittle(random, calls);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(100)));
  }
  add(calls);
}

void Stress::callALittle(Random& random, Calls& calls) {
  callOuter(random, calls);
  callLoop(random, calls, 100);
  callTemp(random, calls);
}

int Stress::runSharer(void* raw) {
  auto* self = static_cast<Stress*>(raw);
  Random random(static_cast<uint64_t>(getpid()));
  Calls calls{};
  const auto end = std::chrono::steady_clock::now() + kLifeOfSharer;
  do
    self->callALittle(random, calls);
  while (std::chrono::steady_clock::now() < end);
  self->add(calls);
  return 0;
}

/// The child has this thread's thread-locals, so this thread sleeps until it has ended.
void Stress::share(uint64_t seed) {
  Random random(seed);
  void* const stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  while (!stop_.load(std::memory_order_relaxed)) {
    int status = -1;
    const auto begin = std::chrono::steady_clock::now();
    const int child = tiercel::libc::clone(runSharer, static_cast<char*>(stack) + kStackBytes,
                                           CLONE_VM | SIGCHLD, this, nullptr, nullptr, nullptr);
    const bool waited = child > 0 && waitpid(child, &status, 0) == child;
    ledger_.check(Invariant::Sharer, waited && status == 0,
                  [&] { return fmt::format("process {} ended with status {:#x}", child, status); });
    // While one lives nothing is freed. Where first calls are slow it lives for a second or two.
    const std::chrono::nanoseconds life = std::chrono::steady_clock::now() - begin;
    std::this_thread::sleep_for(
        std::max<std::chrono::nanoseconds>(2 * life, std::chrono::milliseconds(50 + random.below(200))));
  }
  munmap(stack, kStackBytes);
}

} // namespace tiercel::stress
