// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/paragraphs.h"

#include <gtest/gtest.h>

namespace inquest::report {
namespace {

// Keeps the text.
class TextKeeper : public Sink {
 public:
  void row(const std::function<Record()>&,
           const std::function<std::string()>& text) override {
    said += text();
  }
  void layout(std::string_view text) override { said += text; }
  void problem(const Error& error) override { said += error.message(); }
  void note(std::string_view text) override { said += text; }
  bool has_problem() const override { return false; }

  std::string said;
};

TEST(Paragraphs, SeparateOnlyWhatIsSaid) {
  TextKeeper kept;
  Paragraphs paragraphs(kept);
  auto say = [&](const std::string& text) {
    paragraphs.row([] { return Record(); }, [&] { return text; });
  };
  paragraphs.next();
  paragraphs.next();
  say("a\n");
  say("b\n");
  paragraphs.next();
  paragraphs.next();
  paragraphs.layout("c\n");
  say("d\n");
  paragraphs.next();
  EXPECT_EQ(kept.said, "a\nb\n\nc\nd\n");
}

TEST(Paragraphs, LetRemarksThrough) {
  TextKeeper kept;
  Paragraphs paragraphs(kept);
  paragraphs.layout("a\n");
  paragraphs.next();
  paragraphs.note("!");
  paragraphs.layout("b\n");
  EXPECT_EQ(kept.said, "a\n!\nb\n");
}

}  // namespace
}  // namespace inquest::report
