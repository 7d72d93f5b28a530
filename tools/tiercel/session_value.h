// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of the session language: typed as in IR, written and printed as in IR. Plain data.
#pragma once

#include "tiercel/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tiercel::cli::session {

enum class Type : uint8_t {
  Void,
  I1,
  I8,
  I16,
  I32,
  I64,
  Float,
  Double,
  Ptr,
  Text, ///< of reports only; no function takes or returns it
};

/// IR's name of a type, and the type of a name. Text has none.
std::string_view nameOf(Type type);
std::optional<Type> typeNamed(std::string_view name);
bool isInteger(Type type);

struct Value {
  Type type = Type::Void;
  uint64_t bits = 0;     ///< as in memory, zero above the type's width
  std::string text = {}; ///< of Type::Text

  static Value integer(Type type, uint64_t bits);
  static Value floating(double number);
  static Value pointer(const void* address);
  static Value string(std::string text);

  int64_t asSigned() const; ///< of an integer
  double asDouble() const;  ///< of a float or double
};

/// A literal as a value of `type`: a decimal or hexadecimal whole number that fits, true or false for i1, a
/// decimal or hexadecimal floating-point number, null or a hexadecimal address. The error says what is wrong.
Result<Value> parseLiteral(Type type, std::string_view text);

/// As `parseLiteral` reads it: integers signed, floating point with all digits that count. Nothing for void.
std::string show(const Value& value);

enum class Comparison : uint8_t { Equal, NotEqual, Less, Greater, LessEqual, GreaterEqual };
std::optional<Comparison> comparisonNamed(std::string_view name);
std::string_view nameOf(Comparison comparison);

/// Integers compare signed, addresses unsigned, floating point as IEEE says. Values of different types, or
/// the order of texts, are an error.
Result<bool> holds(const Value& left, Comparison comparison, const Value& right);

/// How wide an integer type is.
unsigned widthOf(Type type);

} // namespace tiercel::cli::session
