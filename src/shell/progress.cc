// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/progress.h"

#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

namespace inquest {
namespace {

constexpr std::chrono::seconds patience(1);

class ProgressSink : public report::Sink {
 public:
  ProgressSink(std::unique_ptr<report::Sink> sink, ProgressLine line,
               bool is_paged)
      : sink_(std::move(sink)), line_(std::move(line)), is_paged_(is_paged) {}

  void row(const std::function<report::Record()>& record,
           const std::function<std::string()>& text) override {
    say();
    sink_->row(record, text);
  }
  void layout(std::string_view text) override {
    say();
    sink_->layout(text);
  }
  void problem(const Error& error) override {
    say();
    sink_->problem(error);
  }
  void note(std::string_view text) override {
    say();
    sink_->note(text);
  }
  bool has_problem() const override { return sink_->has_problem(); }
  void flush() override { sink_->flush(); }
  void progress(std::string_view what, std::uint64_t done,
                std::uint64_t all) override {
    if (is_paged_ && has_said_) return;
    if (done < all && !line_.is_due()) return;
    if (has_unsent_) sink_->flush();
    has_unsent_ = false;
    line_.show(done, all, what);
  }

 private:
  void say() {
    line_.hide();
    has_said_ = has_unsent_ = true;
  }

  std::unique_ptr<report::Sink> sink_;
  ProgressLine line_;
  bool is_paged_;
  bool has_said_ = false;
  bool has_unsent_ = false;
};

}  // namespace

std::unique_ptr<report::Sink> with_progress(std::unique_ptr<report::Sink> sink,
                                            ProgressLine line, bool is_paged) {
  return std::make_unique<ProgressSink>(std::move(sink), std::move(line),
                                        is_paged);
}

void ProgressLine::hide() {
  if (!shown_.empty()) write("");
}

void ProgressLine::show(std::uint64_t done, std::uint64_t all,
                        std::string_view what) {
  if (done >= all) {
    clear();
    return;
  }
  auto percent = static_cast<unsigned>(static_cast<double>(done) * 100 /
                                       static_cast<double>(all));
  mention(fmt::format("{}: {}% (Ctrl-C stops)", what, percent));
}

bool ProgressLine::is_due() const {
  constexpr std::chrono::milliseconds pause(100);
  auto now = clock_();
  return !is_running_ || (now - start_ >= patience && now - written_ >= pause);
}

void ProgressLine::mention(std::string text) {
  if (!is_running_) {
    is_running_ = true;
    start_ = clock_();
  }
  if (clock_() - start_ < patience) return;
  written_ = clock_();
  write(std::move(text));
}

void ProgressLine::clear() {
  hide();
  is_running_ = false;
}

// Overwrites what is there.
void ProgressLine::write(std::string text) {
  if (text == shown_) return;
  if (text.size() < shown_.size())
    terminal_ << '\r' << std::string(shown_.size(), ' ');
  terminal_ << '\r' << text << std::flush;
  shown_ = std::move(text);
}

std::unique_ptr<ProgressLine> terminal_line() {
  if (isatty(STDERR_FILENO) == 0) return nullptr;
  return std::make_unique<ProgressLine>(std::cerr);
}

DwarfProgress terminal_progress() {
  std::shared_ptr<ProgressLine> line = terminal_line();
  if (line == nullptr) return {};
  return
      [line](std::uint64_t done, std::uint64_t all) { line->show(done, all); };
}

}  // namespace inquest
