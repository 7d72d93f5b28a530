// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work that handlers leave by siglongjmp, wherever it is.
#pragma once

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <pthread.h>
#include <thread>

namespace tiercel {

/// Calls `work` again and again on another thread, which leaves it so many times.
template <typename Work> void interrupt(int times, Work work) {
  static sigjmp_buf outside;
  std::signal(SIGUSR2, [](int) { siglongjmp(outside, 1); });
  std::atomic<int> begun{0};
  std::thread worker([&] {
    (void)sigsetjmp(outside, 1);
    while (++begun <= times) {
      for (;;)
        work();
    }
  });
  for (int time = 1; time <= times; ++time) {
    while (begun < time)
      std::this_thread::yield();
    pthread_kill(worker.native_handle(), SIGUSR2);
  }
  worker.join();
  std::signal(SIGUSR2, SIG_DFL);
}

} // namespace tiercel
