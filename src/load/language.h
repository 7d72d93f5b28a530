// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which language a text is in: what was said of it, else its name ending, else how it begins.
// Thread rule: free functions without shared state.
#pragma once

#include "tiercel/error.h"

#include "llvm/ADT/StringRef.h"

#include <string>

namespace tiercel {

/// LLVM IR. Every other language is named as by clang's -x: c, c++, assembler and their variants.
inline constexpr llvm::StringRef kIrLanguage = "ir";

/// Whether sources can be declared to be in it (FrontendOptions::language).
bool isLanguage(llvm::StringRef name);

/// `declared` may be empty. What names the language of another compiler is refused with how that makes
/// bitcode. What shows nothing is taken for IR, whose parser says what is wrong with it.
Result<llvm::StringRef> findLanguage(llvm::StringRef text, const std::string& name, llvm::StringRef declared);

/// C, C++ and their preprocessed and module forms, in which `//` begins a comment.
bool isCFamily(llvm::StringRef language);
bool isAssembly(llvm::StringRef language);

} // namespace tiercel
