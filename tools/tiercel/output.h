// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing beside a running program. Standard output and the first file descriptors belong to the program: it
// may close stderr (GNU programs do so at exit) and open a file that gets number 2. So what the command
// writes while the program runs or after it goes through a descriptor of its own, and only while that still
// is the same file. Thread rule: everything here may be called from any thread; one call is one write, so
// lines do not mix.
#pragma once

#include "tiercel/error.h"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace tiercel::cli {

/// Writes all of it, past interruptions by signals. False, with errno, when the system refuses.
bool writeAll(int descriptor, std::string_view text);

/// All of a file, or of standard input for "-". `name` is what messages call it.
Result<std::string> readAll(const std::string& file, const std::string& name);

class Output {
public:
  /// What is stderr now.
  static Output standardError();
  /// Creates or empties the file. The error's `what` is `option`.
  static Result<Output> file(const std::string& path, const std::string& option);

  /// False when the program closed the descriptor or the system refused.
  bool write(std::string_view text) const;

private:
  /// Copies `descriptor`; an Output that never writes when it is closed.
  explicit Output(int descriptor);

  int descriptor_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

} // namespace tiercel::cli
