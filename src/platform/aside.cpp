// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/aside.h"

#include "platform/sampler.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <string>

namespace tiercel {

namespace {

std::atomic<bool> isPermitted{true};

struct Task {
  const std::function<void()>& work;
  int error = 0;
};

void* runTask(void* raw) {
  auto* task = static_cast<Task*>(raw);
  pthread_setname_np(pthread_self(), "tiercel-aside");
  // Without copying: what the program closes meanwhile is closed.
  if (Sampler::isolateDescriptors())
    task->work();
  else
    task->error = errno;
  return nullptr;
}

} // namespace

void permitAside(bool permitted) { isPermitted.store(permitted, std::memory_order_seq_cst); }

Status runAside(const std::function<void()>& work) {
  if (!isPermitted.load(std::memory_order_seq_cst))
    return Error(ErrorKind::Environment, "thread for reading /proc", "a filter of the program forbids it");
  Task task{work};
  pthread_t thread;
  int cancel = 0; // a thread that waits for another is to be cancelled only where that has ended
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  int error = pthread_create(&thread, nullptr, runTask, &task);
  if (error == 0)
    pthread_join(thread, nullptr);
  pthread_setcancelstate(cancel, nullptr);
  const char* what = error != 0 ? "thread for reading /proc" : "descriptor table for reading /proc";
  if (error == 0)
    error = task.error;
  return error == 0 ? Status() : Status(Error(ErrorKind::Environment, what, strerror(error)));
}

} // namespace tiercel
