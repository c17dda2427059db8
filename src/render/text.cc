// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include <ostream>

#include "render/render.h"

namespace inquest::render {
namespace {

class TextSink : public report::Sink {
 public:
  TextSink(std::ostream& out, std::ostream& errors, Reader reader)
      : out_(out), errors_(errors), reader_(reader) {}

  void row(const std::function<report::Record()>& /*record*/,
           const std::function<std::string()>& text) override {
    write(text());
  }
  void layout(std::string_view text) override { write(text); }
  void problem(const Error& error) override {
    has_problem_ = true;
    say(error.message());
  }
  void note(std::string_view text) override { say(text); }
  bool has_problem() const override { return has_problem_; }
  void flush() override { out_.flush(); }

 private:
  void write(std::string_view text) {
    if (reader_ == Reader::terminal) {
      out_ << printable(text);
    } else {
      out_ << text;
    }
  }

  // Keeps the order of answers and remarks where both go to one terminal.
  void say(std::string_view text) {
    if (text.empty()) return;
    out_.flush();
    errors_ << printable(text);
    if (!text.ends_with('\n')) errors_ << '\n';
    errors_.flush();
  }

  std::ostream& out_;
  std::ostream& errors_;
  Reader reader_;
  bool has_problem_ = false;
};

}  // namespace

std::unique_ptr<report::Sink> text(std::ostream& out, std::ostream& errors,
                                   Reader reader) {
  return std::make_unique<TextSink>(out, errors, reader);
}

}  // namespace inquest::render
