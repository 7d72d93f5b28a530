// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/aside.h"

#include "platform/futex.h"
#include "platform/libc_clone.h"
#include "platform/sampler.h"
#include "platform/stack.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>

namespace tiercel {

namespace {

std::atomic<bool> isPermitted{true};

struct Task {
  const std::function<void()>& work;
  int error = 0;
};

int runTask(void* raw) {
  auto* task = static_cast<Task*>(raw);
  prctl(PR_SET_NAME, "tiercel-aside");
  // Without copying: what the program closes meanwhile is closed.
  if (Sampler::isolateDescriptors())
    task->work();
  else
    task->error = errno;
  return 0;
}

/// Runs the task on a thread, and returns when that has ended, with 0 or an error.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
// They keep a state of each thread, which only threads of libc have.
int runOnThread(Task& task, Stack&) {
  pthread_t thread;
  const auto run = [](void* raw) {
    runTask(raw);
    return static_cast<void*>(nullptr);
  };
  const int error = pthread_create(&thread, nullptr, run, &task);
  if (error == 0)
    pthread_join(thread, nullptr);
  return error;
}
#else
int runOnThread(Task& task, Stack& stack) {
  // The kernel clears it and wakes who sleeps on it, with the thread's last breath: when it is done with the
  // stack. That wake is not a private one.
  std::atomic<uint32_t> thread{1};
  const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  if (libcClone()(runTask, stack.top(), flags, &task, &thread, nullptr, &thread) < 0)
    return errno;
  while (const uint32_t id = thread.load(std::memory_order_acquire))
    futexWaitShared(thread, id);
  return 0;
}
#endif

} // namespace

void permitAside(bool permitted) { isPermitted.store(permitted, std::memory_order_seq_cst); }

Status runAside(const std::function<void()>& work) {
  if (!isPermitted.load(std::memory_order_seq_cst))
    return Error(ErrorKind::Environment, "thread for reading /proc", "a filter of the program forbids it");
  Result<Stack> stack = Stack::create();
  if (!stack)
    return stack.takeError();
  Task task{work};
  int cancel = 0; // a thread that waits for another is to be cancelled only where that has ended
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  const int error = runOnThread(task, *stack);
  pthread_setcancelstate(cancel, nullptr);
  if (error != 0)
    return Error(ErrorKind::Environment, "thread for reading /proc", strerror(error));
  if (task.error != 0)
    return Error(ErrorKind::Environment, "descriptor table for reading /proc", strerror(task.error));
  return {};
}

} // namespace tiercel
