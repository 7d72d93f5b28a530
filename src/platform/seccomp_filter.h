// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a seccomp filter will answer, found out before it is installed: afterwards a thread that asks may be
// killed. Filters are programs of classic BPF over the number and the arguments of a system call
// (seccomp(2)); here they are run as the kernel runs them.
//
// Thread rule: immutable once read. Allocates; not in signal handlers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <linux/filter.h>
#include <optional>
#include <vector>

namespace tiercel {

class SeccompFilter {
public:
  /// A copy of the filter that `program` names, or nothing if it cannot be read or the kernel would not take
  /// it, which is for the kernel to say.
  static std::optional<SeccompFilter> read(const sock_fprog* program);
  /// For a filter that is in this process's hands.
  explicit SeccompFilter(std::vector<sock_filter> code) : code_(std::move(code)) {}

  /// The action, SECCOMP_RET_ and its data, for a call with these arguments; the rest are 0. A filter that
  /// does what the kernel does not allow kills.
  uint32_t answer(long number, std::initializer_list<uint64_t> arguments = {}) const;

private:
  std::vector<sock_filter> code_;
};

} // namespace tiercel
