// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a host sees of a program that restricts itself: the engine's threads are in it, and go on working. In
// a child each, because nobody gets out again.
#include "tiercel/system_calls.h"

#include "unit/support/engines.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

constexpr unsigned kFunctions = 8;

/// Functions to be optimised, and the calls by which the program restricts itself.
std::string program() {
  std::string text = "declare i32 @prctl(i32, ...)\n"
                     "define i32 @restrict() { %r = call i32 (i32, ...) @prctl(i32 38, i64 1, i64 0, i64 0, "
                     "i64 0) ret i32 %r }\n";
  for (unsigned i = 0; i < kFunctions; ++i)
    text += fmt::format("define i32 @f{0}(i32 %x) {{ %r = mul i32 %x, {0} ret i32 %r }}\n", i);
  return text;
}

Options adaptive() {
  Options options;
  options.policy = Policy::Threshold;
  options.callThreshold = 100;
  options.compileThreads = 2;
  options.reclaim = Reclaim::Signals;
  return options;
}

/// Threads of this process and a line of their status.
std::vector<std::string> statusLines(const std::string& field) {
  std::vector<std::string> lines;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = readdir(tasks)) {
    if (entry->d_name[0] == '.')
      continue;
    std::ifstream status(fmt::format("/proc/self/task/{}/status", entry->d_name));
    for (std::string line; std::getline(status, line);)
      if (line.starts_with(field))
        lines.push_back(line);
  }
  closedir(tasks);
  return lines;
}

bool runsInChild(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0)
    _exit(body() ? 0 : 1);
  int status = -1;
  return waitpid(child, &status, 0) == child && status == 0;
}

struct Running {
  Running() : engine(engineWith(program(), adaptive())) {
    for (unsigned i = 0; i < kFunctions; ++i)
      functions.push_back(function<int(int)>(*engine, fmt::format("f{}", i)));
  }
  /// Calls function `i` until it is optimised, which workers have to do.
  bool optimises(unsigned i) {
    for (int x = 0; engine->describe(fmt::format("f{}", i))->tier == 0; ++x)
      if (functions[i](x) != static_cast<int>(i * static_cast<unsigned>(x)))
        return false;
    return true;
  }
  std::unique_ptr<Engine> engine;
  std::vector<int (*)(int)> functions;
};

#if __has_feature(thread_sanitizer)
#define SKIP_WHERE_OTHERS_HAVE_THREADS() GTEST_SKIP() << "ThreadSanitizer has a thread of its own"
#else
#define SKIP_WHERE_OTHERS_HAVE_THREADS()
#endif

TEST(Sandbox, WorkersAreInItAndGoOnWorking) {
  SKIP_WHERE_OTHERS_HAVE_THREADS();
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1) || statusLines("NoNewPrivs:").size() < 3)
      return false;
    const auto restrict = function<int()>(*running.engine, "restrict");
    if (restrict() != 0 || !running.optimises(2))
      return false;
    const std::vector<std::string> lines = statusLines("NoNewPrivs:");
    return lines.size() >= 3 && std::all_of(lines.begin(), lines.end(),
                                            [](const std::string& line) { return line == "NoNewPrivs:\t1"; });
  }));
}

TEST(Sandbox, WhatIsForOneThreadWorksAndLeavesNothingOut) {
  SKIP_WHERE_OTHERS_HAVE_THREADS();
  EXPECT_TRUE(runsInChild([] {
    Running first, second; // two engines, both with threads
    if (!first.optimises(1) || !second.optimises(1))
      return false;
    for (unsigned i = 0; i < 20; ++i)
      if (tiercel::libc::unshare(CLONE_NEWUSER) != 0 && errno == EINVAL) // may not be permitted
        return false;
    return first.optimises(2) && second.optimises(2);
  }));
}

TEST(Sandbox, AtTheSameTimeOnSeveralThreads) {
  EXPECT_TRUE(runsInChild([] {
    Running running;
    std::atomic<bool> right{true};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        for (int times = 0; times < 20; ++times)
          if (tiercel::libc::unshare(CLONE_FILES) != 0)
            right = false;
        if (!running.optimises(i) || !running.optimises(i + 4))
          right = false;
      });
    for (std::thread& thread : threads)
      thread.join();
    running.engine->waitIdle();
    return right.load();
  }));
}

TEST(Sandbox, ForkWhileThreadsAreEnded) {
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1))
      return false;
    std::atomic<bool> stop{false};
    std::thread other([&] {
      while (!stop)
        (void)tiercel::libc::unshare(CLONE_FILES);
    });
    bool right = true;
    for (unsigned i = 0; i < 20 && right; ++i)
      right = runsInChild(
          [&] { return tiercel::libc::unshare(CLONE_FILES) == 0 && running.optimises(2 + i % 6); });
    stop = true;
    other.join();
    return right;
  }));
}

TEST(Sandbox, ProcessNamespaceWithoutThreadsHasThemInItsChildren) {
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1))
      return false;
    if (tiercel::libc::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
      return true; // not permitted here
    return running.functions[2](3) == 6 && runsInChild([&] { return running.optimises(3); });
  }));
}

/// Ends a thread that calls `number`.
int forbid(long number, int action) {
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, static_cast<uint32_t>(action)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter{std::size(code), const_cast<sock_filter*>(code)};
  tiercel::libc::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return tiercel::libc::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, reinterpret_cast<long>(&filter), 0, 0);
}

TEST(Sandbox, FilterThatWouldEndThreadsLeavesNone) {
  SKIP_WHERE_OTHERS_HAVE_THREADS();
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1) || forbid(SYS_clone3, static_cast<int>(SECCOMP_RET_KILL_PROCESS)) != 0 ||
        statusLines("Pid:").size() != 1)
      return false;
    int sum = 0;
    for (int x = 0; x < 10'000; ++x)
      sum += running.functions[2](x) - running.functions[1](x);
    running.engine->waitIdle();    // for nobody
    if (running.engine->collect()) // makes a thread
      return false;
    return sum == 9'999 * 10'000 / 2 && statusLines("Pid:").size() == 1;
  }));
}

TEST(Sandbox, FilterThatRefusesThreadsIsLivedWith) {
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1) || forbid(SYS_clone3, SECCOMP_RET_ERRNO | EPERM) != 0)
      return false;
    for (int x = 0; x < 10'000; ++x)
      if (running.functions[2](x) != 2 * x)
        return false;
    running.engine->waitIdle();
    return true;
  }));
}

TEST(Sandbox, FilterThatDoesNotComeIntoForceLeavesTheThreads) {
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1))
      return false;
    // A wrong flag: the call is refused, but that is for the kernel to say.
    const sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    sock_fprog filter{std::size(code), const_cast<sock_filter*>(code)};
    const long result = tiercel::libc::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1L << 30,
                                               reinterpret_cast<long>(&filter), 0, 0, 0);
    return result == -1 && errno == EINVAL && running.optimises(2);
  }));
}

/// The other process is one that shares this memory: no threads are made or ended there.
struct Sharer {
  std::atomic<int> stage{0};
  int result = -1;
};
int restrictItself(void* raw) {
  auto* sharer = static_cast<Sharer*>(raw);
  sharer->result = tiercel::libc::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return 0;
}

TEST(Sandbox, ChildOnTheSameMemoryRestrictsItselfAlone) {
  SKIP_WHERE_OTHERS_HAVE_THREADS();
  EXPECT_TRUE(runsInChild([] {
    Running running;
    if (!running.optimises(1))
      return false;
    const size_t threads = statusLines("Pid:").size();
    Sharer sharer;
    constexpr size_t kStack = 256 << 10;
    void* stack = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int child =
        tiercel::libc::clone(restrictItself, static_cast<char*>(stack) + kStack,
                             CLONE_VM | CLONE_VFORK | SIGCHLD, &sharer, nullptr, nullptr, nullptr);
    int status = -1;
    return waitpid(child, &status, 0) == child && status == 0 && sharer.result == 0 &&
           statusLines("Pid:").size() == threads && statusLines("NoNewPrivs:").front() == "NoNewPrivs:\t0" &&
           running.optimises(2);
  }));
}

} // namespace
} // namespace tiercel
