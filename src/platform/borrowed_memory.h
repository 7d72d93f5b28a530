// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the calling thread is of another process than its memory: a child of vfork, or of clone with
// CLONE_VM, runs in its parent's. It may be killed at any moment, and what it has locked stays locked.
//
// The id of the process that the memory belongs to is kept in a page that is zero in every child with memory
// of its own, however it was made (MADV_WIPEONFORK); one made without fork handlers counts as no borrower.
#pragma once

namespace tiercel {

/// The memory is this process's: at first, and in a forked child. Where the system has no such pages (Linux
/// before 4.14) nobody is ever found to borrow.
void claimMemory();
/// Async-signal-safe.
bool runsInBorrowedMemory();

} // namespace tiercel
