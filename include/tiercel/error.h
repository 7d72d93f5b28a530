// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors as values. Bad input and a hostile environment are reported through Result; a broken contract
// (calling from the wrong thread, using a destroyed engine) is an assertion. Nothing in the library throws,
// prints or exits. Thread rule: values, freely movable between threads.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tiercel {

/// What kind of thing went wrong; decides what a caller can do about it.
enum class ErrorKind {
  BadInput,        ///< a file, module or option that cannot be used; correct it and try again
  MissingSymbol,   ///< something refers to a symbol that nothing defines
  DuplicateSymbol, ///< two strong definitions of one symbol
  Environment,     ///< the system refused (memory, files, processes)
  Unsupported,     ///< valid, but listed in docs/unsupported.md
  Internal,        ///< a defect of Tiercel or of LLVM; worth a bug report
};

/// An error with its context: `what` names the file, symbol or option; `why` says what is wrong with it.
class [[nodiscard]] Error {
public:
  Error(ErrorKind kind, std::string what, std::string why)
      : kind_(kind), what_(std::move(what)), why_(std::move(why)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& what() const { return what_; }
  const std::string& why() const { return why_; }
  /// "WHAT: WHY", the form in which the command prints it.
  std::string message() const { return what_ + ": " + why_; }

private:
  ErrorKind kind_;
  std::string what_;
  std::string why_;
};

/// Either a T or an Error. The caller must look before it dereferences.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }
  Error takeError() { return std::move(std::get<1>(state_)); }

private:
  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <> class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }
  Error takeError() { return std::move(*error_); }

private:
  std::optional<Error> error_;
};

using Status = Result<void>;

} // namespace tiercel
