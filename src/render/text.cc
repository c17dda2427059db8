// SPDX-License-Identifier: GPL-3.0-or-later
#include <ostream>

#include "render/render.h"

namespace inquest::render {
namespace {

class TextSink : public report::Sink {
 public:
  TextSink(std::ostream& out, std::ostream& errors)
      : out_(out), errors_(errors) {}

  void row(const std::function<report::Record()>& /*record*/,
           const std::function<std::string()>& text) override {
    out_ << text();
  }
  void layout(std::string_view text) override { out_ << text; }
  void problem(const Error& error) override {
    has_problem_ = true;
    say(error.message());
  }
  void note(std::string_view text) override { say(text); }
  bool has_problem() const override { return has_problem_; }
  void flush() override { out_.flush(); }

 private:
  // Keeps the order of answers and remarks where both go to one terminal.
  void say(std::string_view text) {
    out_.flush();
    errors_ << text;
    if (!text.ends_with('\n')) errors_ << '\n';
    errors_.flush();
  }

  std::ostream& out_;
  std::ostream& errors_;
  bool has_problem_ = false;
};

}  // namespace

std::unique_ptr<report::Sink> text(std::ostream& out, std::ostream& errors) {
  return std::make_unique<TextSink>(out, errors);
}

}  // namespace inquest::render
