// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What belongs to a line that was wrong: the rest of the blocks around it, and the block or text that it
// begins. None of it may run, or a slip in a block that is pasted at the prompt would run the rest of the
// block.
#pragma once

#include <string>
#include <string_view>

namespace tiercel::cli::session {

class DroppedLines {
public:
  /// `line` was wrong, inside of `blocks` blocks.
  void begin(std::string_view line, unsigned blocks);
  /// Is another line to be dropped?
  bool more() const { return blocks_ != 0 || !textEnd_.empty(); }
  void drop(std::string_view line);
  /// There are no more lines, or they will not come.
  void clear();
  /// For people: what is dropped, up to which line.
  std::string describe() const;

private:
  void take(std::string_view line);

  unsigned blocks_ = 0; ///< still open
  std::string textEnd_; ///< the line that ends the text; empty outside of texts
};

} // namespace tiercel::cli::session
