// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -g: the bits of a page's flags by name.

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/kmem.h"
#include "kernel/page.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct Row {
  PageFlagBit flag;
  std::size_t width = 0;  // of the longest name
  bool is_indented = false;
};

report::Record to_record(const Row& row) {
  return report::Record()
      .with("flag", row.flag.name)
      .with("bit", row.flag.bit)
      .with("value", Address{std::uint64_t{1} << row.flag.bit});
}

std::string_view indent(bool is_indented) {
  return is_indented ? "  " : "";
}

std::string heading(std::size_t width, bool is_indented) {
  return fmt::format("{}{:<{}} BIT  VALUE\n", indent(is_indented), "PAGE-FLAG",
                     width);
}

std::string to_text(const Row& row) {
  return fmt::format("{}{:<{}} {:>3}  {:07x}\n", indent(row.is_indented),
                     row.flag.name, row.width, row.flag.bit,
                     std::uint64_t{1} << row.flag.bit);
}

// ---- How we find it ----

void show(const std::vector<PageFlagBit>& bits,
          std::optional<std::uint64_t> flags, report::Sink& out) {
  std::size_t width = 0;
  for (const PageFlagBit& bit : bits)
    width = std::max(width, bit.name.size());
  if (flags) out.layout(fmt::format("FLAGS: {:x}\n", *flags));
  out.layout(heading(width, flags.has_value()));
  for (const PageFlagBit& bit : bits) {
    if (flags && (*flags >> bit.bit & 1) == 0) continue;
    emit(out, Row{bit, width, flags.has_value()});
  }
}

}  // namespace

Result<void> show_page_flags(Session& session, const Options& options,
                             report::Sink& out) {
  std::vector<std::uint64_t> wanted;
  for (const std::string& word : options.words()) {
    auto flags = parse_hex(word);
    if (!flags) return Error(ErrorKind::usage, "");
    wanted.push_back(*flags);
  }
  auto bits = page_flag_bits(session.kernel);
  if (bits.empty()) {
    return Error(ErrorKind::not_found,
                 "the kernel's types lack enum pageflags");
  }
  report::Paragraphs paragraphs(out);
  if (wanted.empty()) show(bits, std::nullopt, paragraphs);
  for (std::uint64_t flags : wanted) {
    paragraphs.next();
    show(bits, flags, paragraphs);
  }
  return {};
}

}  // namespace inquest
