// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pages of code memory and how they are reached. Normally twice: an executable view that is never
// writable, and a writable one of the same memory somewhere else, so that no page is ever writable and
// executable at one address (CodeMapping::Dual). Where the system refuses the second mapping the one there is
// serves for both (CodeMapping::Single). Which it is gets decided once, when the first pages are mapped.
//
// Dual memory is shared, with a forked child too; single memory is private. None of it takes a file
// descriptor: the program may have used up its own.
//
// Fork: who may map memory again may change it, whatever its views allow, so a child must not keep the
// parent's. The copy is mapped twice like any code, right behind the code, where addresses are reserved and
// unused: it takes none of the program's, which may have a limit. The child moves it over its views, which
// drops the parent's memory; the parent unmaps it. Afterwards neither can reach what the other runs.
//
// Thread rule: one user at a time. Ownership: the writable view; the reservation that the executable one lies
// in belongs to the arena, and outlives this.
#pragma once

#include "tiercel/error.h"
#include "tiercel/stats.h"

#include <cstddef>

namespace tiercel {

class CodeViews {
public:
  /// `exec` is reserved address space, `reserved` bytes of it.
  CodeViews(std::byte* exec, size_t reserved, bool hugePages)
      : exec_(exec), reserved_(reserved), hugePages_(hugePages) {}
  ~CodeViews();
  CodeViews(const CodeViews&) = delete;
  CodeViews& operator=(const CodeViews&) = delete;

  /// Maps the first `size` bytes: twice unless `single` or refused.
  Status open(size_t size, bool single);
  /// Maps more; both are multiples of the page size, and nothing is mapped there yet.
  Status map(size_t offset, size_t size);
  /// Gives whole pages back to the system; they read as zero afterwards. False if it does not take them.
  bool giveBack(size_t offset, size_t size) const;
  /// From now on every access to these whole pages traps, through either view. As far as the system allows.
  void forbid(size_t offset, size_t size) const;

  // Around a fork, of dual memory; none of these uses the heap.
  /// Before it: maps fresh memory, zero, for a copy of the first `size` bytes. False: there is no memory.
  bool openCopy(size_t size);
  /// Where the copy is written; only while it is open.
  std::byte* copy(size_t offset) const { return copy_.write + offset; }
  bool hasCopy() const { return copy_.size > 0; }
  /// In the parent.
  void closeCopy();
  /// In the child, where nobody may be running code: both views are of the copy from now on, all protections
  /// those of fresh code. False if the system refuses: then the child must not go on.
  bool moveToCopy();
  /// Children that are forked from now on have nothing at these addresses.
  void hideFromChildren() const;

  std::byte* exec(size_t offset) const { return exec_ + offset; }
  std::byte* write(size_t offset) const { return write_ + offset; }
  CodeMapping mapping() const { return write_ == exec_ ? CodeMapping::Single : CodeMapping::Dual; }

private:
  /// False with errno set; both are then mere addresses.
  static bool mapTwice(std::byte* exec, std::byte* write, size_t size);
  void wishForHugePages(size_t offset, size_t size);

  std::byte* const exec_;
  const size_t reserved_;
  const bool hugePages_;
  std::byte* write_ = nullptr;
  struct {
    size_t offset = 0;
    size_t size = 0;
  } open_; ///< what was mapped last
  struct {
    std::byte* exec = nullptr;
    std::byte* write = nullptr;
    size_t size = 0; ///< 0: there is none
  } copy_;
};

/// "WHAT: Cannot allocate memory" and the like, from errno.
Error systemError(const char* what);

} // namespace tiercel
