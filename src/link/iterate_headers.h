// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dl_iterate_phdr of the process, where the host's link lets ours come before the C library's: it passes all
// on to that, and adds to its counts of libraries that came and went the changes of program headers that we
// make (codemem/segment_table.h). Readers that go by these counts see then that what they know is out of
// date. All others see the headers without it. A host's own definition takes its place.
//
// Thread rule: any thread. A callback may throw.
#pragma once

namespace tiercel {

/// Looks up what ours stands before, so that later nobody has to.
void prepareIteration();

} // namespace tiercel
