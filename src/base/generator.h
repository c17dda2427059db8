// SPDX-License-Identifier: GPL-3.0-or-later
// Generator<T>: a lazy sequence written as a coroutine.
//
// This is our "walker": the loop that knows how a kernel data structure is
// linked lives in one function, and callers use a plain range-for. It is the
// part of C++23's std::generator we need, until our compilers have it.

#pragma once

#include <coroutine>
#include <exception>
#include <iterator>
#include <memory>
#include <utility>

namespace inquest {

template <typename T>
class Generator {
 public:
  struct promise_type {
    const T* current = nullptr;

    Generator get_return_object() {
      return Generator(Handle::from_promise(*this));
    }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(const T& value) {
      current = std::addressof(value);
      return {};
    }
    void return_void() {}
    void unhandled_exception() {
      std::rethrow_exception(std::current_exception());
    }
  };
  using Handle = std::coroutine_handle<promise_type>;

  class Iterator {
   public:
    explicit Iterator(Handle handle) : handle_(handle) {}
    const T& operator*() const { return *handle_.promise().current; }
    Iterator& operator++() {
      handle_.resume();
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return handle_.done(); }

   private:
    Handle handle_;
  };

  Generator(Generator&& other) noexcept
      : handle_(std::exchange(other.handle_, {})) {}
  Generator& operator=(Generator&&) = delete;
  ~Generator() {
    if (handle_) handle_.destroy();
  }

  Iterator begin() {
    handle_.resume();
    return Iterator(handle_);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  explicit Generator(Handle handle) : handle_(handle) {}
  Handle handle_;
};

}  // namespace inquest
