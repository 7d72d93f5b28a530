// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names content by a hash that means the same in every process and that nobody meets by chance: 128 bits of
// BLAKE3, which LLVM brings along. Thread rule: plain data.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/BLAKE3.h"

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>

namespace tiercel {

struct StrongHash {
  std::array<uint64_t, 2> words{};

  auto operator<=>(const StrongHash&) const = default;
  std::string text() const {
    return llvm::utohexstr(words[0], /*LowerCase=*/true, 16) +
           llvm::utohexstr(words[1], /*LowerCase=*/true, 16);
  }
};

inline StrongHash strongHash(llvm::ArrayRef<uint8_t> bytes) {
  const llvm::BLAKE3Result<sizeof(StrongHash)> digest = llvm::BLAKE3::hash<sizeof(StrongHash)>(bytes);
  StrongHash hash;
  std::memcpy(hash.words.data(), digest.data(), sizeof hash.words);
  return hash;
}

inline StrongHash strongHash(llvm::StringRef text) {
  return strongHash(llvm::ArrayRef(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

} // namespace tiercel
