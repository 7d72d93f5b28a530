// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/seccomp_filter.h"

#include "platform/own_memory.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <linux/audit.h>
#include <linux/seccomp.h>

namespace tiercel {

namespace {

constexpr uint32_t kRefused = SECCOMP_RET_KILL_PROCESS;

/// The registers of one run.
struct Machine {
  uint32_t a = 0, x = 0;
  std::array<uint32_t, BPF_MEMWORDS> memory{};
};

/// False where the kernel would have refused the filter, or ends it.
bool calculate(Machine& machine, const sock_filter& step) {
  const uint32_t operand = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
  switch (BPF_OP(step.code)) {
  case BPF_ADD:
    machine.a += operand;
    return true;
  case BPF_SUB:
    machine.a -= operand;
    return true;
  case BPF_MUL:
    machine.a *= operand;
    return true;
  case BPF_DIV:
    if (operand == 0)
      return false;
    machine.a /= operand;
    return true;
  case BPF_AND:
    machine.a &= operand;
    return true;
  case BPF_OR:
    machine.a |= operand;
    return true;
  case BPF_XOR:
    machine.a ^= operand;
    return true;
  case BPF_LSH:
    machine.a <<= operand & 31;
    return true;
  case BPF_RSH:
    machine.a >>= operand & 31;
    return true;
  case BPF_NEG:
    machine.a = -machine.a;
    return true;
  default:
    return false;
  }
}

/// How many of the steps that follow are left out.
std::optional<uint32_t> jump(const Machine& machine, const sock_filter& step) {
  const uint32_t operand = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
  bool holds = false;
  switch (BPF_OP(step.code)) {
  case BPF_JA:
    return step.k;
  case BPF_JEQ:
    holds = machine.a == operand;
    break;
  case BPF_JGT:
    holds = machine.a > operand;
    break;
  case BPF_JGE:
    holds = machine.a >= operand;
    break;
  case BPF_JSET:
    holds = (machine.a & operand) != 0;
    break;
  default:
    return std::nullopt;
  }
  return holds ? step.jt : step.jf;
}

/// What a load step loads.
std::optional<uint32_t> load(const Machine& machine, const sock_filter& step, const seccomp_data& data) {
  switch (BPF_MODE(step.code)) {
  case BPF_IMM:
    return step.k;
  case BPF_LEN:
    return sizeof data;
  case BPF_MEM:
    return step.k < machine.memory.size() ? std::optional(machine.memory[step.k]) : std::nullopt;
  case BPF_ABS: {
    uint32_t word = 0;
    if (step.k % sizeof word != 0 || step.k > sizeof data - sizeof word)
      return std::nullopt;
    memcpy(&word, reinterpret_cast<const char*>(&data) + step.k, sizeof word);
    return word;
  }
  default:
    return std::nullopt;
  }
}

uint32_t run(const std::vector<sock_filter>& code, const seccomp_data& data) {
  Machine machine;
  for (size_t at = 0; at < code.size(); ++at) {
    const sock_filter& step = code[at];
    switch (BPF_CLASS(step.code)) {
    case BPF_LD:
    case BPF_LDX: {
      const std::optional<uint32_t> word = load(machine, step, data);
      if (!word)
        return kRefused;
      (BPF_CLASS(step.code) == BPF_LD ? machine.a : machine.x) = *word;
      break;
    }
    case BPF_ST:
    case BPF_STX:
      if (step.k >= machine.memory.size())
        return kRefused;
      machine.memory[step.k] = BPF_CLASS(step.code) == BPF_ST ? machine.a : machine.x;
      break;
    case BPF_ALU:
      if (!calculate(machine, step))
        return kRefused;
      break;
    case BPF_JMP: {
      const std::optional<uint32_t> over = jump(machine, step);
      if (!over)
        return kRefused;
      at += *over;
      break;
    }
    case BPF_RET:
      return BPF_RVAL(step.code) == BPF_A ? machine.a : step.k;
    default: // BPF_MISC
      if (BPF_MISCOP(step.code) == BPF_TAX)
        machine.x = machine.a;
      else
        machine.a = machine.x;
    }
  }
  return kRefused;
}

} // namespace

std::optional<SeccompFilter> SeccompFilter::read(const sock_fprog* program) {
  sock_fprog copy{};
  if (!readOwnMemory(reinterpret_cast<uintptr_t>(program), &copy, sizeof copy) || copy.len == 0 ||
      copy.len > BPF_MAXINSNS)
    return std::nullopt;
  std::vector<sock_filter> code(copy.len);
  if (!readOwnMemory(reinterpret_cast<uintptr_t>(copy.filter), code.data(), code.size() * sizeof code[0]))
    return std::nullopt;
  return SeccompFilter(std::move(code));
}

uint32_t SeccompFilter::answer(long number, std::initializer_list<uint64_t> arguments) const {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = AUDIT_ARCH_X86_64;
  std::copy(arguments.begin(), arguments.end(), data.args);
  return run(code_, data);
}

} // namespace tiercel
