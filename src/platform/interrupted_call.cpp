// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/interrupted_call.h"

#include "platform/own_memory.h"
#include "platform/raw_syscall.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

namespace tiercel {

namespace {

constexpr size_t kCodeBytes = 16;

/// Calls that fail with EINTR in spite of SA_RESTART (signal(7)) and have then done nothing. With a socket's
/// time-out in effect, its calls are such too.
constexpr std::array kRestartable = {
    SYS_poll,          SYS_ppoll,           SYS_select,    SYS_pselect6,        SYS_epoll_wait,
    SYS_epoll_pwait,   SYS_epoll_pwait2,    SYS_nanosleep, SYS_clock_nanosleep, SYS_pause,
    SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_futex,     SYS_futex_waitv,     SYS_semop,
    SYS_semtimedop,    SYS_msgrcv,          SYS_msgsnd,    SYS_io_getevents,    SYS_io_uring_enter,
    SYS_accept,        SYS_accept4,         SYS_recvfrom,  SYS_recvmsg,         SYS_recvmmsg,
    SYS_sendto,        SYS_sendmsg,         SYS_sendmmsg};

/// Whether the byte before b8 makes it something else than the opcode of `mov imm32, %eax`: a REX prefix, or
/// the opcode of an instruction whose operand b8 would be (8b b8 disp32 is `mov disp32(%rax), %edi`), or two
/// bytes further ahead, one with a constant (c7 45 b8 imm32 is `movl $imm32, -0x48(%rbp)`).
bool isOperand(const unsigned char* b8) {
  constexpr std::array<unsigned char, 24> kWithOperand = {0x01, 0x03, 0x09, 0x0b, 0x11, 0x13, 0x19, 0x1b,
                                                          0x21, 0x23, 0x29, 0x2b, 0x31, 0x33, 0x39, 0x3b,
                                                          0x63, 0x84, 0x85, 0x88, 0x89, 0x8a, 0x8b, 0x8d};
  const unsigned char before = b8[-1];
  if ((before & 0xf0) == 0x40 || b8[-2] == 0x0f ||
      std::find(kWithOperand.begin(), kWithOperand.end(), before) != kWithOperand.end())
    return true;
  const auto hasConstant = [](unsigned char opcode) {
    return opcode == 0xc7 || opcode == 0x81 || opcode == 0x69 || opcode == 0xf7;
  };
  const auto hasByteOffset = [](unsigned char modrm) { return (modrm & 0xc0) == 0x40; };
  return (hasConstant(b8[-2]) && hasByteOffset(b8[-1])) || (hasConstant(b8[-3]) && hasByteOffset(b8[-2]));
}

/// Whether the handler of a signal that came meanwhile will run on return to `blocked`, the mask before us.
bool handlerWillRun(uint64_t blocked) {
  uint64_t pending = 0;
  if (rawSyscall(SYS_rt_sigpending, reinterpret_cast<long>(&pending), sizeof pending) != 0)
    return true;
  for (pending &= ~blocked; pending != 0; pending &= pending - 1) {
    struct {
      uintptr_t handler;
      unsigned long flags;
      uintptr_t restorer;
      uint64_t mask;
    } action{};
    const long signal = __builtin_ctzll(pending) + 1;
    if (rawSyscall(SYS_rt_sigaction, signal, 0, reinterpret_cast<long>(&action), sizeof pending) != 0 ||
        action.handler > 1) // neither SIG_DFL nor SIG_IGN
      return true;
  }
  return false;
}

} // namespace

long restartableCallBefore(const unsigned char* code) {
  if (code[-2] != 0x0f || code[-1] != 0x05)
    return -1;
  const unsigned char* end = code - 2;
  // Two instructions that libc's have in between: mov disp8(%rsp), %edi and xor $0x80, %sil.
  if (memcmp(end - 4, "\x8b\x7c\x24", 3) == 0 || memcmp(end - 4, "\x40\x80\xf6\x80", 4) == 0)
    end -= 4;
  const unsigned char* move = end - 5;
  if (*move != 0xb8 || isOperand(move))
    return -1;
  uint32_t number = 0;
  memcpy(&number, move + 1, sizeof number);
  return std::find(kRestartable.begin(), kRestartable.end(), number) != kRestartable.end() ? long(number)
                                                                                           : -1;
}

void restartInterruptedCall(ucontext_t& context) {
  auto& registers = context.uc_mcontext.gregs;
  if (registers[REG_RAX] != -EINTR)
    return;
  std::array<unsigned char, kCodeBytes> code;
  if (!readOwnMemory(static_cast<uintptr_t>(registers[REG_RIP]) - code.size(), code.data(), code.size()))
    return;
  const long number = restartableCallBefore(code.data() + code.size());
  uint64_t blocked = 0;
  memcpy(&blocked, &context.uc_sigmask, sizeof blocked);
  if (number < 0 || handlerWillRun(blocked))
    return;
  registers[REG_RIP] -= 2;
  registers[REG_RAX] = number;
}

} // namespace tiercel
