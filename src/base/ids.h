// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small integer names of the things an engine keeps in tables. Strong types, so that one cannot be passed
// where another is meant. Dense from 0. Those of functions
// and objects are never used again within an engine; those of images and globals are (registry/living.cpp).
#pragma once

#include <compare>
#include <cstdint>

namespace tiercel {

template <typename Tag> struct Id {
  static constexpr uint32_t kInvalid = ~0u;
  uint32_t value = kInvalid;

  constexpr Id() = default;
  constexpr explicit Id(uint32_t v) : value(v) {}
  constexpr bool valid() const { return value != kInvalid; }
  constexpr auto operator<=>(const Id&) const = default;
};

using FunctionId = Id<struct FunctionTag>;
using GlobalId = Id<struct GlobalTag>;
using ImageId = Id<struct ImageTag>;
using ObjectId = Id<struct ObjectTag>;

} // namespace tiercel
