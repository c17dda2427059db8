// SPDX-License-Identifier: GPL-3.0-or-later
// Blank lines between answers, and none where there is no answer.

#pragma once

#include "report/report.h"

namespace inquest::report {

// Hands everything on to another sink. What follows a call of next() is set
// off from what was said before by a blank line, once there is something.
class Paragraphs : public Sink {
 public:
  explicit Paragraphs(Sink& out) : out_(out) {}

  void next() { is_due_ = has_text_; }

  void row(const std::function<Record()>& record,
           const std::function<std::string()>& text) override;
  void layout(std::string_view text) override;
  void problem(const Error& error) override { out_.problem(error); }
  void note(std::string_view text) override { out_.note(text); }
  bool has_problem() const override { return out_.has_problem(); }
  void progress(std::string_view what, std::uint64_t done,
                std::uint64_t all) override {
    out_.progress(what, done, all);
  }
  void flush() override { out_.flush(); }

 private:
  void separate();

  Sink& out_;
  bool has_text_ = false;  // something was said
  bool is_due_ = false;    // a blank line is
};

}  // namespace inquest::report
