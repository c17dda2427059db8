// SPDX-License-Identifier: GPL-3.0-or-later
// Result<T>: a value, or the Error that explains why there is none.
//
// A crash dump is a damaged, partial copy of memory: makedumpfile leaves pages
// out on purpose, and whatever killed the kernel may have scribbled over its
// data. "Cannot read this" is therefore an ordinary answer, given per field
// and up to millions of times in one command, and not an exceptional event.
//
// std::expected would do, but g++ 12 offers it only as C++23 and clang-tidy 14
// cannot parse it at all. The names below follow std::expected closely enough
// that the switch will be mechanical.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace inquest {

enum class ErrorKind {
  fault,        // the bytes are not in the dump
  not_found,    // no such symbol, type, member, task, ...
  corrupt,      // the bytes are there and make no sense
  unsupported,  // we know what it is and cannot handle it
  usage,        // the user asked for something malformed
  io,           // the host failed us
};

class Error {
 public:
  Error(ErrorKind kind, std::string message, std::uint64_t address = 0)
      : kind_(kind), address_(address), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  std::uint64_t address() const { return address_; }
  const std::string& message() const { return message_; }

  // Says what was being done when the error was met: "reading modules: ...".
  Error while_doing(std::string_view what) && {
    message_.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }

 private:
  ErrorKind kind_;
  std::uint64_t address_;
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const& { return std::get<1>(state_); }
  Error error() && { return std::get<1>(std::move(state_)); }

  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }
  T value_or(T other) const { return has_value() ? value() : other; }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> : public Result<std::monostate> {
 public:
  Result() : Result<std::monostate>(std::monostate()) {}
  using Result<std::monostate>::Result;
};

// Unwraps a Result, or returns its error from the enclosing function.
#define TRY(expression)                                        \
  __extension__({                                              \
    auto&& result_ = (expression);                             \
    if (!result_) [[unlikely]] {                               \
      return std::forward<decltype(result_)>(result_).error(); \
    }                                                          \
    std::forward<decltype(result_)>(result_).value();          \
  })

}  // namespace inquest
