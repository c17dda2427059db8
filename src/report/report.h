// SPDX-License-Identifier: GPL-3.0-or-later
// What a command has to say, before anyone decides how it looks.
//
// A command emits records: named values, in order, possibly nested. A record
// whose text form is not a plain table line carries a writer, a pure function
// of the same row, so that text and JSON cannot tell different stories. No
// command sees a terminal, a width or a quote character.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace inquest::report {

class Record;
struct Value;
using List = std::vector<Value>;

// A value of a record: nothing, a number, an address (hexadecimal in every
// rendering), text, why there is no value, a list, or a nested record.
struct Value {
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
               Address, std::string, Error, List, std::shared_ptr<const Record>>
      data;

  Value() = default;
  Value(bool value) : data(value) {}
  Value(int value) : data(std::int64_t{value}) {}
  Value(unsigned value) : data(std::uint64_t{value}) {}
  Value(std::int64_t value) : data(value) {}
  Value(std::uint64_t value) : data(value) {}
  Value(double value) : data(value) {}
  Value(Address value) : data(value) {}
  Value(PhysAddress value) : data(Address{value.value}) {}
  Value(const char* value) : data(std::string(value)) {}
  Value(std::string_view value) : data(std::string(value)) {}
  Value(std::string value) : data(std::move(value)) {}
  Value(Error value) : data(std::move(value)) {}
  Value(List value) : data(std::move(value)) {}
  Value(Record value);
  Value(std::vector<Record> value);
  template <typename T>
  Value(const Result<T>& value)
      : Value(value ? Value(*value) : Value(value.error())) {}
};

// Named values in order.
class Record {
 public:
  Record&& with(std::string_view name, Value value) &&;
  void add(std::string_view name, Value value);
  // The value called |name|, or null.
  const Value* find(std::string_view name) const;
  const std::vector<std::pair<std::string, Value>>& values() const {
    return values_;
  }
  bool empty() const { return values_.empty(); }

 private:
  std::vector<std::pair<std::string, Value>> values_;
};

// Where rows go. Text sinks print |text()|; structured sinks print |record()|;
// each calls only what it needs. One record is one JSON line.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void row(const std::function<Record()>& record,
                   const std::function<std::string()>& text) = 0;
  // Text without data of its own: headings, blank lines. JSON leaves it out.
  virtual void layout(std::string_view text) = 0;
  // Something that could not be answered; the session's exit status becomes 1.
  // Goes where the user sent errors: {"error": ...} in JSON.
  virtual void problem(const Error& error) = 0;
  // A remark that is no failure ("3 pages not in dump"): {"note": ...}.
  virtual void note(std::string_view text) = 0;
  // Whether problem() was called.
  virtual bool has_problem() const = 0;
  // How far something is that takes its time: |what| ("searching memory") for
  // the user who waits, over once |done| is |all|. No part of the answer.
  virtual void progress(std::string_view /*what*/, std::uint64_t /*done*/,
                        std::uint64_t /*all*/) {}
  // Sends on to the terminal what was said so far.
  virtual void flush() {}
};

// The progress of work on |all| things, one after the other.
class Work {
 public:
  Work(Sink& out, std::string_view what, std::uint64_t all)
      : out_(out), what_(what), all_(all) {}
  ~Work() { out_.progress(what_, all_, all_); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Before each of them.
  void next() { out_.progress(what_, done_++, all_); }

 private:
  Sink& out_;
  std::string_view what_;
  std::uint64_t all_;
  std::uint64_t done_ = 0;
};

// Rows are plain structs with, found by argument-dependent look-up,
//   Record to_record(const Row&);
//   std::string to_text(const Row&);   // with its line ends
template <typename Row>
void emit(Sink& sink, const Row& row) {
  sink.row([&] { return to_record(row); }, [&] { return to_text(row); });
}

// "(page not in dump)"-style text for a cell that could not be had.
std::string cell_text(const Error& error);
template <typename T, typename Format>
std::string cell_text(const Result<T>& value, Format format) {
  return value ? format(*value) : cell_text(value.error());
}

}  // namespace inquest::report
