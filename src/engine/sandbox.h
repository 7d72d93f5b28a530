// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which system calls change what belongs to the calling thread alone and what the threads that it makes later
// inherit, and so has to be done without the engines' threads: rights, filters, namespaces and tables of
// descriptors. Not among them is what a thread changes and changes back all the time for one piece of work
// (file-system ids, effective ids, groups: they are inherited with the next of these), nor what schedules it.
//
// Thread rule: pure functions of their arguments and of what these lead to; any thread.
#pragma once

#include <array>

namespace tiercel {

using Arguments = std::array<long, 6>;

bool restrictsThread(long number, const Arguments& arguments);

/// What the engine can still do when such a call has been made: filters may end a thread for it.
enum class LeftToDo {
  All,
  OnProgramThreads, ///< no thread may be made, or do what only the engine's do
  Nothing,          ///< not even compile what a thread of the program calls
};
LeftToDo leftAfter(long number, const Arguments& arguments);

} // namespace tiercel
