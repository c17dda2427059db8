// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/paragraphs.h"

namespace inquest::report {

void Paragraphs::row(const std::function<Record()>& record,
                     const std::function<std::string()>& text) {
  separate();
  out_.row(record, text);
}

void Paragraphs::layout(std::string_view text) {
  separate();
  out_.layout(text);
}

void Paragraphs::separate() {
  if (is_due_) out_.layout("\n");
  is_due_ = false;
  has_text_ = true;
}

}  // namespace inquest::report
