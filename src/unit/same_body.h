// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether two definitions, of two modules in one context, say the same, so that code made from one serves for
// the other. Names decide what other functions and variables are; the content of constants that only their
// module sees is compared as well. Debug information does not count.
//
// May answer no for bodies that are the same (a named structure by another name as a value, say): then
// something is compiled again that need not have been. Never answers yes for bodies that differ.
// Thread rule: the context's owner.
#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"

namespace tiercel {

/// Both bodies must have been read.
bool isSameBody(const llvm::Function& a, const llvm::Function& b);
/// Structures may have other names.
bool isSameType(const llvm::Type& a, const llvm::Type& b);
/// Types, alignments and initial values.
bool isSameVariable(const llvm::GlobalVariable& a, const llvm::GlobalVariable& b);
/// Types and alignments alone: what is in one can stay when it becomes the other.
bool isSameStorage(const llvm::GlobalVariable& a, const llvm::GlobalVariable& b);

} // namespace tiercel
