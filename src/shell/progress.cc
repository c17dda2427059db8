// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/progress.h"

#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

namespace inquest {

void ProgressLine::show(std::uint64_t done, std::uint64_t all) {
  if (done >= all) {
    if (!shown_.empty()) write("");
    is_running_ = false;
    return;
  }
  if (!is_running_) {
    is_running_ = true;
    start_ = clock_();
  }
  if (clock_() - start_ < std::chrono::seconds(1)) return;
  auto percent = static_cast<unsigned>(static_cast<double>(done) * 100 /
                                       static_cast<double>(all));
  write(fmt::format("reading debug info: {}% (Ctrl-C stops)", percent));
}

// Overwrites what is there.
void ProgressLine::write(std::string text) {
  if (text == shown_) return;
  if (text.size() < shown_.size())
    terminal_ << '\r' << std::string(shown_.size(), ' ');
  terminal_ << '\r' << text << std::flush;
  shown_ = std::move(text);
}

DwarfProgress terminal_progress() {
  if (isatty(STDERR_FILENO) == 0) return {};
  auto line = std::make_shared<ProgressLine>(std::cerr);
  return
      [line](std::uint64_t done, std::uint64_t all) { line->show(done, all); };
}

}  // namespace inquest
