// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program under stress, as IR. Every value says which version of what made it: VERSION * 2^32 + argument.
//
// Modules group0 ... are redefined piece by piece. Each has slots, and each slot
//     i64 leaf(i64 x)                      reads its constant table, counts in its static, returns its value
//     void outer(i64 x, ptr out)           out = leaf of this slot, of one in the next group, of one reached
//                                          through the pointer table; its own value
//     void loop(i64 x, i64 n, ptr out)     calls two leaves n times; out = least and greatest version of
//                                          each, wrong values, its own value
//     void thrower(i64 x)                  has the host throw {value of leaf, own value}; with a cleanup
//     i64 catcher(i64 x)                   calls thrower, catches; own value
// Modules temp0 ... come and go. The fixed module calls half of them by name.
// What code assumes changes, too: the module claims has one function, whose even versions say that they leave
// memory alone; maybe has one that others refer to weakly; library has one that the C library has as well.
// The module believers has their callers:
//     void believe(ptr out)                calls claim twice on one variable; out = both values, the variable
//     i64 weakly(i64 x)                    maybe's value, or kNoMaybe without it
//     i64 capital()                        toupper('a')
// The module steady stays as it is: i64 steady() counts its thread's calls in a thread-local.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tiercel::stress {

constexpr unsigned kGroups = 4;
constexpr unsigned kSlots = 8; ///< of each group
constexpr unsigned kTemps = 8;
constexpr unsigned kBase = 32; ///< values are VERSION << kBase | argument
constexpr uint64_t kMask = (uint64_t(1) << kBase) - 1;
constexpr uint64_t kAbsent = ~uint64_t(0); ///< what stands in for undefined functions returns

/// What has a version of its own: a function of a slot. A leaf's constant is of the leaf's version.
enum class Kind : unsigned { Leaf, Outer, Loop, Thrower, Catcher, Count };
constexpr unsigned kKinds = static_cast<unsigned>(Kind::Count);

struct Item {
  unsigned group, slot;
  Kind kind;

  unsigned index() const { return (group * kSlots + slot) * kKinds + static_cast<unsigned>(kind); }
  std::string name() const;
};
constexpr unsigned kItems = kGroups * kSlots * kKinds;

/// A definition to be made: `version` of `item`.
struct NewVersion {
  Item item;
  uint64_t version;
};

/// The leaves that an outer or loop of this slot calls.
Item secondLeaf(const Item& item); ///< in the next group
Item tableLeaf(uint64_t x);

constexpr unsigned kConstantBytes = 128; ///< of a leaf

std::string moduleName(unsigned group);
/// A module with these definitions. All must be of one group.
std::string groupText(const std::vector<NewVersion>& definitions);
/// The module as it begins: version 1 of everything, and functions that tell where the statics are.
std::string firstGroupText(unsigned group);
std::string staticsName(unsigned group, unsigned slot); ///< ptr ()
/// The leaf as it must not be redefined: of another type.
std::string wrongLeafText(const Item& item);
/// The fixed module.
std::string fixedText();

std::string tempName(unsigned temp);
/// The even ones are called by name, so that they cannot be removed without force.
constexpr bool isUsedByName(unsigned temp) { return temp % 2 == 0; }
std::string tempText(unsigned temp, uint64_t version);

/// Three modules whose definitions others make assumptions about.
enum class Assumed : unsigned { Claim, Maybe, Library, Count };
constexpr unsigned kAssumed = static_cast<unsigned>(Assumed::Count);
std::string assumedName(Assumed which);
std::string assumedText(Assumed which, uint64_t version);
/// As claim must not be redefined while its callers stay: with another calling convention.
std::string wrongClaimText();
std::string believersText();
/// Module steady, which nobody changes: i64 steady() counts its calls by the thread.
std::string steadyText();
constexpr uint64_t kNoMaybe = ~uint64_t(1); ///< what weakly returns without it
constexpr uint64_t kCapitalOfModule = 1000; ///< plus the version: what the module's toupper returns

} // namespace tiercel::stress
