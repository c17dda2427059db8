// SPDX-License-Identifier: GPL-3.0-or-later
// One line on the terminal that tells a patient user what takes so long.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "debuginfo/dwarf.h"
#include "report/report.h"

namespace inquest {

class ProgressLine {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // Writes to |terminal|, which outlives this.
  explicit ProgressLine(std::ostream& terminal,
                        Clock clock = std::chrono::steady_clock::now)
      : terminal_(terminal), clock_(std::move(clock)) {}

  // Work that is over within a second is not mentioned; the line of any other
  // is gone once |done| is |all|.
  void show(std::uint64_t done, std::uint64_t all,
            std::string_view what = "reading debug info");
  // Whether there is something to show; false when the last was just shown.
  bool is_due() const;
  // The same for work of unknown length: |text|, until clear().
  void mention(std::string text);
  void clear();
  // Makes room for something else on the terminal, for a while.
  void hide();

 private:
  void write(std::string text);

  std::ostream& terminal_;
  Clock clock_;
  bool is_running_ = false;
  std::chrono::steady_clock::time_point start_, written_;
  std::string shown_;
};

// |sink|, with the progress that commands report on |terminal| meanwhile. Where
// a pager may take the terminal, only until there is something to show.
std::unique_ptr<report::Sink> with_progress(std::unique_ptr<report::Sink> sink,
                                            ProgressLine line, bool is_paged);

// Shows progress on standard error when that is a terminal; else empty.
DwarfProgress terminal_progress();
// The same as a line; null when nobody would see it.
std::unique_ptr<ProgressLine> terminal_line();

}  // namespace inquest
