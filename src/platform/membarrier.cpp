// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/membarrier.h"

#include "platform/raw_syscall.h"

#include <linux/membarrier.h>

namespace tiercel {

static bool membarrier(int command) { return rawSyscall(SYS_membarrier, command) == 0; }

bool registerProcessBarrier() { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }

bool processBarrier() { return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }

bool registerSerialisation() { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE); }

bool serialiseAllThreads() {
  return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) ||
         (registerSerialisation() && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
}

} // namespace tiercel
