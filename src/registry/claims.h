// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads what functions and calls claim (artifact/claims.h) from LLVM's attributes, and keeps each set once.
//
// Every attribute is a claim unless the list in claims.cpp says otherwise: one that is not known here is
// believed only where the definition makes it, too. The others are the ABI, which callers and callee must
// share (unit/abi.h); restrictions, which may be believed by who likes; and wishes of the code generator's.
//
// Thread rule: free functions use the attributes' context, which is the caller's. ClaimsTable: the registry's
// lock; the sets that it returns are constant and live as long as it does.
#pragma once

#include "artifact/claims.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Attributes.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tiercel {

/// The claims of an attribute list, sorted, each once.
std::vector<std::string> claimTexts(const llvm::AttributeList& list);
/// The list without the claims that `confirmed` does not make, too.
llvm::AttributeList withConfirmedClaims(llvm::LLVMContext& context, const llvm::AttributeList& list,
                                        const Claims& confirmed);

/// Whether the list makes a claim that `believed` does not make at the same place.
bool hasOtherClaims(const llvm::AttributeList& list, const llvm::AttributeList& believed);

/// Remembers the attribute lists that declarations in units were given, for the lists of one context. Thread
/// rule: the context's owner.
class DeclaredAttributes {
public:
  /// What withConfirmedClaims answers.
  llvm::AttributeList confirmed(llvm::LLVMContext& context, const llvm::AttributeList& list,
                                const Claims& said);
  /// The list with `nonlazybind`.
  llvm::AttributeList nonLazyBind(llvm::LLVMContext& context, const llvm::AttributeList& list);

private:
  llvm::DenseMap<std::pair<const void*, const Claims*>, llvm::AttributeList> confirmed_;
  llvm::DenseMap<const void*, llvm::AttributeList> nonLazyBind_;
};

class ClaimsTable {
public:
  /// `texts`: sorted, each once.
  const Claims* keep(std::vector<std::string> texts);

private:
  std::map<std::vector<std::string>, std::unique_ptr<const Claims>> sets_;
};

} // namespace tiercel
