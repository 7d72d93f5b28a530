// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Profiles: how often the code of a program ran and what its indirect calls reached, from one run for the
// next. Files are text, described in docs/profile-format.md. A function is known by a hash of its body, so
// that what was recorded for it holds as long as the body stays the same, whatever happens around it. Thread
// rule: values. Reading one profile from several threads is safe while none changes it.
#pragma once

#include "tiercel/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tiercel {

struct CallTarget {
  /// As the linker knows it, or "IMAGE;NAME" for a function that only one image sees.
  std::string name;
  uint64_t count = 0;
  bool operator==(const CallTarget&) const = default;
};

/// One indirect call.
struct IndirectCallProfile {
  std::vector<CallTarget> targets; ///< most frequent first
  uint64_t total = 0;              ///< all calls, also of targets that are not listed
  bool operator==(const IndirectCallProfile&) const = default;
};

struct FunctionProfile {
  uint64_t hash = 0; ///< of the body
  std::string name;  ///< for readers, and to tell apart functions with equal bodies
  /// One per place where the function is counted. The first is the entry.
  std::vector<uint64_t> counts;
  std::vector<IndirectCallProfile> calls; ///< in the order of the body

  uint64_t entryCount() const { return counts.empty() ? 0 : counts.front(); }
  bool operator==(const FunctionProfile&) const = default;
};

class Profile {
public:
  /// Reads a file; "-" is not special. The error's `what` is FILE or FILE:LINE.
  static Result<Profile> read(const std::string& path);
  /// The same for text in memory; `name` stands for the file in errors.
  static Result<Profile> parse(std::string_view text, const std::string& name);

  /// As a file has it: the same profile gives the same text.
  std::string text() const;
  /// Replaces the file in one step: readers see the old profile or the new one.
  Status write(const std::string& path) const;

  /// Adds the counts, which stop at the largest number. A profile of the same function with another number of
  /// places does not fit: it is left out, and the result says so.
  [[nodiscard]] bool add(FunctionProfile function);
  /// Adds all of `other`; returns a sentence for each function that was left out.
  std::vector<std::string> merge(const Profile& other);

  /// The profile for a body. Of several with that hash the one of that name, otherwise the one that was
  /// entered most. Null if there is none. Valid until the profile changes.
  const FunctionProfile* find(uint64_t hash, std::string_view name) const;

  const std::vector<FunctionProfile>& functions() const { return functions_; }
  bool empty() const { return functions_.empty(); }

private:
  std::vector<FunctionProfile> functions_;
  std::unordered_multimap<uint64_t, size_t> byHash_; ///< indices of functions_
};

/// How often a block ran.
struct BlockCount {
  std::string label; ///< its name in the IR, or its number from 0
  uint64_t count = 0;
};

struct FunctionBlocks {
  std::string name;                         ///< in the program
  const FunctionProfile* profile = nullptr; ///< whose counts they are, in the profile that was given
  std::vector<BlockCount> blocks;           ///< in the order of the body
};

/// The counts of all blocks of a program's functions that the profile knows, in the order of the file:
/// bitcode, textual IR, or C and C++.
Result<std::vector<FunctionBlocks>> blockCounts(const Profile& profile, const std::string& programFile);

} // namespace tiercel
