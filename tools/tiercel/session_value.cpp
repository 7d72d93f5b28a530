// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_value.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <limits>

namespace tiercel::cli::session {

namespace {

constexpr std::array<std::string_view, 9> kTypeNames = {"void", "i1",    "i8",     "i16", "i32",
                                                        "i64",  "float", "double", "ptr"};
constexpr std::array<std::string_view, 6> kComparisonNames = {"==", "!=", "<", ">", "<=", ">="};

template <typename Enum, size_t count>
std::optional<Enum> named(const std::array<std::string_view, count>& names, std::string_view name) {
  for (size_t i = 0; i < count; ++i)
    if (names[i] == name)
      return static_cast<Enum>(i);
  return std::nullopt;
}

Error notA(Type type, std::string_view text, std::string_view expected) {
  return Error(ErrorKind::BadInput, std::string(text), fmt::format("is no {}: {}", nameOf(type), expected));
}

/// All of `text` as a number; nullopt otherwise.
template <typename T, typename... Format>
std::optional<T> wholeNumber(std::string_view text, Format... format) {
  T number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  auto [stop, error] = std::from_chars(begin, end, number, format...);
  return error == std::errc() && stop == end && !text.empty() ? std::optional<T>(number) : std::nullopt;
}

bool takePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

Result<Value> parseInteger(Type type, std::string_view literal) {
  if (type == Type::I1 && (literal == "true" || literal == "false"))
    return Value::integer(type, literal == "true" ? 1 : 0);
  std::string_view text = literal;
  const bool negative = takePrefix(text, "-");
  const int base = takePrefix(text, "0x") ? 16 : 10;
  const std::optional<uint64_t> magnitude = wholeNumber<uint64_t>(text, base);
  if (!magnitude)
    return notA(type, literal,
                type == Type::I1 ? "expected true, false, 0 or 1" : "expected a whole number that fits");
  const unsigned width = widthOf(type);
  const uint64_t largest = width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1;
  if (*magnitude > (negative ? uint64_t(1) << (width - 1) : largest))
    return notA(type, literal, fmt::format("it needs more than {} bits", width));
  return Value::integer(type, negative ? ~*magnitude + 1 : *magnitude);
}

template <typename T> Result<Value> parseFloating(Type type, std::string_view literal) {
  std::string_view text = literal;
  const bool negative = takePrefix(text, "-");
  const std::optional<T> magnitude = takePrefix(text, "0x")
                                         ? wholeNumber<T>(text, std::chars_format::hex)
                                         : wholeNumber<T>(text, std::chars_format::general);
  if (!magnitude || text.starts_with("-"))
    return notA(type, literal, "expected a number such as 1.5, -2e10, 0x1.8p3, inf or nan");
  const T number = negative ? -*magnitude : *magnitude;
  if constexpr (sizeof(T) == sizeof(float))
    return Value{.type = type, .bits = std::bit_cast<uint32_t>(number), .text = {}};
  else
    return Value{.type = type, .bits = std::bit_cast<uint64_t>(number), .text = {}};
}

template <typename T> bool ordered(const T& left, Comparison comparison, const T& right) {
  switch (comparison) {
  case Comparison::Equal:
    return left == right;
  case Comparison::NotEqual:
    return left != right;
  case Comparison::Less:
    return left < right;
  case Comparison::Greater:
    return left > right;
  case Comparison::LessEqual:
    return left <= right;
  case Comparison::GreaterEqual:
    return left >= right;
  }
  return false;
}

} // namespace

std::string_view nameOf(Type type) {
  return type == Type::Text ? "text" : kTypeNames[static_cast<size_t>(type)];
}

std::optional<Type> typeNamed(std::string_view name) { return named<Type>(kTypeNames, name); }

bool isInteger(Type type) { return type >= Type::I1 && type <= Type::I64; }

unsigned widthOf(Type type) {
  switch (type) {
  case Type::I1:
    return 1;
  case Type::I8:
    return 8;
  case Type::I16:
    return 16;
  case Type::I32:
    return 32;
  default:
    return 64;
  }
}

Value Value::integer(Type type, uint64_t bits) {
  const unsigned width = widthOf(type);
  return {.type = type, .bits = width == 64 ? bits : bits & ((uint64_t(1) << width) - 1), .text = {}};
}

Value Value::floating(double number) {
  return {.type = Type::Double, .bits = std::bit_cast<uint64_t>(number), .text = {}};
}

Value Value::pointer(const void* address) {
  return {.type = Type::Ptr, .bits = reinterpret_cast<uintptr_t>(address), .text = {}};
}

Value Value::string(std::string text) { return {.type = Type::Text, .bits = 0, .text = std::move(text)}; }

int64_t Value::asSigned() const {
  const unsigned unused = 64 - widthOf(type);
  return static_cast<int64_t>(bits << unused) >> unused;
}

double Value::asDouble() const {
  return type == Type::Float ? std::bit_cast<float>(static_cast<uint32_t>(bits))
                             : std::bit_cast<double>(bits);
}

Result<Value> parseLiteral(Type type, std::string_view text) {
  switch (type) {
  case Type::Void:
    return notA(type, text, "there are no values of this type");
  case Type::Float:
    return parseFloating<float>(type, text);
  case Type::Double:
    return parseFloating<double>(type, text);
  case Type::Text:
    return Value::string(std::string(text));
  case Type::Ptr: {
    if (text == "null")
      return Value::pointer(nullptr);
    std::string_view digits = text;
    const std::optional<uint64_t> address =
        takePrefix(digits, "0x") ? wholeNumber<uint64_t>(digits, 16) : std::nullopt;
    if (!address)
      return notA(type, text, "expected null, 0x…, @NAME, $NAME or a \"string\"");
    return Value{.type = type, .bits = *address, .text = {}};
  }
  default:
    return parseInteger(type, text);
  }
}

std::string show(const Value& value) {
  switch (value.type) {
  case Type::Void:
    return {};
  case Type::I1:
    return value.bits != 0 ? "true" : "false";
  case Type::Float:
    return fmt::format("{}", static_cast<float>(value.asDouble()));
  case Type::Double:
    return fmt::format("{}", value.asDouble());
  case Type::Ptr:
    return value.bits == 0 ? "null" : fmt::format("{:#x}", value.bits);
  case Type::Text:
    return value.text;
  default:
    return fmt::format("{}", value.asSigned());
  }
}

std::optional<Comparison> comparisonNamed(std::string_view name) {
  return named<Comparison>(kComparisonNames, name);
}

std::string_view nameOf(Comparison comparison) { return kComparisonNames[static_cast<size_t>(comparison)]; }

Result<bool> holds(const Value& left, Comparison comparison, const Value& right) {
  if (left.type != right.type)
    return Error(ErrorKind::BadInput, "expect",
                 fmt::format("{} and {} cannot be compared", nameOf(left.type), nameOf(right.type)));
  switch (left.type) {
  case Type::Void:
    return Error(ErrorKind::BadInput, "expect", "void has no value to compare");
  case Type::Text:
    if (comparison != Comparison::Equal && comparison != Comparison::NotEqual)
      return Error(ErrorKind::BadInput, "expect", "texts are compared with == and != only");
    return ordered(left.text, comparison, right.text);
  case Type::Float:
  case Type::Double:
    return ordered(left.asDouble(), comparison, right.asDouble());
  case Type::Ptr:
    return ordered(left.bits, comparison, right.bits);
  default:
    return ordered(left.asSigned(), comparison, right.asSigned());
  }
}

} // namespace tiercel::cli::session
