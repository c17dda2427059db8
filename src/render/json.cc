// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"
#include "render/render.h"

namespace inquest::render {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : printable(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_json(const report::Value& value);

std::string to_json(const report::Record& record) {
  std::string out;
  for (const auto& [name, value] : record.values()) {
    out += fmt::format("{}{}:{}", out.empty() ? '{' : ',', quoted(name),
                       to_json(value));
  }
  return out.empty() ? "{}" : out + '}';
}

struct ToJson {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const {
    return std::to_string(value);
  }
  std::string operator()(std::uint64_t value) const {
    return std::to_string(value);
  }
  std::string operator()(double value) const {
    return std::isfinite(value) ? fmt::format("{}", value) : "null";
  }
  std::string operator()(Address value) const {
    return fmt::format("\"{:#x}\"", value.value);
  }
  std::string operator()(const std::string& value) const {
    return quoted(value);
  }
  std::string operator()(const Error& error) const {
    return fmt::format("{{\"error\":{}}}", quoted(error.message()));
  }
  std::string operator()(const report::List& list) const {
    std::string out;
    for (const report::Value& value : list) {
      out += (out.empty() ? '[' : ',') + to_json(value);
    }
    return out.empty() ? "[]" : out + ']';
  }
  std::string operator()(
      const std::shared_ptr<const report::Record>& nested) const {
    return nested ? to_json(*nested) : "null";
  }
};

std::string to_json(const report::Value& value) {
  return std::visit(ToJson(), value.data);
}

class JsonLinesSink : public report::Sink {
 public:
  explicit JsonLinesSink(std::ostream& out) : out_(out) {}

  void row(const std::function<report::Record()>& record,
           const std::function<std::string()>& /*text*/) override {
    out_ << to_json(record()) << '\n';
  }
  void layout(std::string_view /*text*/) override {}
  void problem(const Error& error) override {
    has_problem_ = true;
    out_ << ToJson()(error) << '\n';
  }
  void note(std::string_view text) override {
    out_ << fmt::format("{{\"note\":{}}}\n", quoted(text));
  }
  bool has_problem() const override { return has_problem_; }
  void flush() override { out_.flush(); }

 private:
  std::ostream& out_;
  bool has_problem_ = false;
};

}  // namespace

std::unique_ptr<report::Sink> json_lines(std::ostream& out) {
  return std::make_unique<JsonLinesSink>(out);
}

}  // namespace inquest::render
