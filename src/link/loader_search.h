// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which files the dynamic loader is about to open. It does not say so before it has run their constructors,
// and what they refer to in the program has to be there earlier. So its search is done once more here: by
// path; else in the folders of DT_RPATH, of LD_LIBRARY_PATH and of DT_RUNPATH, in the loader's cache, in the
// system's folders. A library that is not found here and nevertheless loaded sees nothing new of the program.
//
// Thread rule: any thread, without locks that a constructor of a library may wait for: this takes the
// loader's.
#pragma once

#include "link/dynamic_symbols.h"

#include <string>
#include <vector>

namespace tiercel {

/// What dlopen(name) would load: the library, and then what it needs, directly or not. Without what the
/// process has already and what cannot be read. An error if a file is cut short. Leaves dlerror clear.
Result<std::vector<DynamicLibrary>> librariesToLoad(const std::string& name);

} // namespace tiercel
