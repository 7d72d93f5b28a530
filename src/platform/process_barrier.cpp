// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/process_barrier.h"

#include <cerrno>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiercel {

static bool membarrier(int command) {
  const int saved = errno;
  const bool done = syscall(SYS_membarrier, command, 0, 0) == 0;
  errno = saved;
  return done;
}

bool registerProcessBarrier() { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }

bool processBarrier() { return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }

} // namespace tiercel
