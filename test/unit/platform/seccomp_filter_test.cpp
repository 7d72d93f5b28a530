// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/raw_syscall.h"
#include "platform/seccomp_filter.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

constexpr sock_filter step(unsigned code, uint32_t k, uint8_t jt = 0, uint8_t jf = 0) {
  return {static_cast<uint16_t>(code), jt, jf, k};
}
constexpr sock_filter load(size_t offset) {
  return step(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}
constexpr sock_filter answerWith(uint32_t action) { return step(BPF_RET | BPF_K, action); }
constexpr size_t kFirst = offsetof(seccomp_data, args);

TEST(SeccompFilter, NumberAndArchitecture) {
  const SeccompFilter filter({
      load(offsetof(seccomp_data, arch)),
      step(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      answerWith(SECCOMP_RET_KILL_PROCESS),
      load(offsetof(seccomp_data, nr)),
      step(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
      answerWith(SECCOMP_RET_KILL_THREAD),
      step(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
      answerWith(SECCOMP_RET_TRAP),
      answerWith(SECCOMP_RET_ALLOW),
  });
  EXPECT_EQ(filter.answer(SYS_read), uint32_t(SECCOMP_RET_ALLOW));
  EXPECT_EQ(filter.answer(SYS_clone), uint32_t(SECCOMP_RET_TRAP));
  EXPECT_EQ(filter.answer(0x40000000 | SYS_read), uint32_t(SECCOMP_RET_KILL_THREAD));
}

TEST(SeccompFilter, WhatTheKernelDoesNotTakeKills) {
  for (const std::vector<sock_filter>& code : {
           std::vector<sock_filter>{},
           {load(2), answerWith(SECCOMP_RET_ALLOW)},
           {load(sizeof(seccomp_data)), answerWith(SECCOMP_RET_ALLOW)},
           {step(BPF_JMP | BPF_JA, 5), answerWith(SECCOMP_RET_ALLOW)},
           {step(BPF_ST, BPF_MEMWORDS), answerWith(SECCOMP_RET_ALLOW)},
           {step(BPF_LD | BPF_MEM, BPF_MEMWORDS), answerWith(SECCOMP_RET_ALLOW)},
       })
    EXPECT_EQ(SeccompFilter(code).answer(SYS_read), uint32_t(SECCOMP_RET_KILL_PROCESS));
}

TEST(SeccompFilter, CannotBeRead) {
  EXPECT_FALSE(SeccompFilter::read(nullptr));
  sock_fprog empty{0, nullptr};
  EXPECT_FALSE(SeccompFilter::read(&empty));
  sock_fprog nowhere{1, nullptr};
  EXPECT_FALSE(SeccompFilter::read(&nowhere));
}

/// The error numbers with which the kernel answers a call that does not exist, under a filter that is a
/// calculation: held against our own.
TEST(SeccompFilter, CalculatesAsTheKernelDoes) {
  constexpr long kNoCall = 0x1234;
  constexpr uint32_t kArguments[] = {0, 1, 7, 31, 33, 0x8000'0001, 0xffff'ffff};
  constexpr unsigned kOperations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                      BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
  for (const unsigned operation : kOperations) {
    // For the call: X = second argument; A = (first op X) folded into 8 bits, which is the error number + 1.
    std::vector<sock_filter> code = {
        load(offsetof(seccomp_data, nr)),
        step(BPF_JMP | BPF_JEQ | BPF_K, kNoCall, 1, 0),
        answerWith(SECCOMP_RET_ALLOW),
        load(kFirst + 8),
        step(BPF_MISC | BPF_TAX, 0),
        load(kFirst),
        step(BPF_ALU | operation | (operation == BPF_NEG ? BPF_K : BPF_X), 0),
        step(BPF_ST, 3),
        step(BPF_ALU | BPF_RSH | BPF_K, 16),
        step(BPF_LDX | BPF_MEM, 3),
        step(BPF_ALU | BPF_XOR | BPF_X, 0),
        step(BPF_ST, 4),
        step(BPF_ALU | BPF_RSH | BPF_K, 8),
        step(BPF_LDX | BPF_MEM, 4),
        step(BPF_ALU | BPF_XOR | BPF_X, 0),
        step(BPF_ALU | BPF_AND | BPF_K, 0xff),
        step(BPF_ALU | BPF_ADD | BPF_K, 1),
        step(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
        step(BPF_RET | BPF_A, 0),
    };
    const pid_t child = fork();
    if (child == 0) {
      sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
      const std::optional<SeccompFilter> filter = SeccompFilter::read(&program);
      rawSyscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
      if (!filter ||
          rawSyscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, reinterpret_cast<long>(&program)) != 0)
        _exit(100);
      for (const uint32_t a : kArguments) {
        for (const uint32_t x : kArguments) {
          if (operation == BPF_DIV && x == 0)
            continue; // ends the thread
          const long kernel = -rawSyscall(kNoCall, a, x);
          if ((filter->answer(kNoCall, {a, x}) & SECCOMP_RET_DATA) != static_cast<unsigned long>(kernel))
            _exit(1);
        }
      }
      _exit(0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "operation " << operation;
  }
}

} // namespace
} // namespace tiercel
