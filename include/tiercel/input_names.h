// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the names of files say.
// Thread rule: free functions without shared state.
#pragma once

#include <string_view>

namespace tiercel {

/// Whether files of this name are what programs are made of: sources that are compiled, IR, bitcode, objects,
/// archives and shared libraries. Only the name is looked at; a file of any name can be added.
bool isNameOfInput(std::string_view path);

} // namespace tiercel
