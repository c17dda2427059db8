// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/source_listing.h"

#include <fstream>

#include <fmt/format.h>

#include "command/code.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

// ---- What we answer ----

struct SourceRow {
  std::string file;
  unsigned line = 0;
  unsigned first = 0;  // the number of the first of |lines|
  std::vector<std::string> lines;
};

report::Record to_record(const SourceRow& row) {
  report::List lines(row.lines.begin(), row.lines.end());
  return report::Record()
      .with("file", row.file)
      .with("line", row.line)
      .with("first", row.first)
      .with("lines", std::move(lines));
}

std::string to_text(const SourceRow& row) {
  std::string text = fmt::format("FILE: {}\nLINE: {}\n\n", row.file, row.line);
  unsigned number = row.first;
  for (const std::string& line : row.lines) {
    text += fmt::format("{} {}\t{}\n", number == row.line ? '*' : ' ', number,
                        line);
    ++number;
  }
  return row.lines.empty() ? text : text + '\n';
}

// ---- How we find it ----

// The name as the compiler was given it: relative to the folder it ran in.
std::string compiled_name(const SourceLine& place) {
  std::string front = place.folder + '/';
  bool is_inside =
      !place.folder.empty() && std::string_view(place.file).starts_with(front);
  return is_inside ? place.file.substr(front.size()) : place.file;
}

// Where |place| may be, best first: under --src by its compiled name, where it
// was when it was compiled, and under --src with leading folders left out.
std::vector<fs::path> candidates(const Session& session,
                                 const SourceLine& place) {
  std::vector<fs::path> found;
  auto setting = session.settings.shell.find("source_path");
  fs::path tree =
      setting == session.settings.shell.end() ? "" : setting->second;
  fs::path name = fs::path(compiled_name(place)).relative_path();
  if (!tree.empty()) found.push_back(tree / name);
  found.emplace_back(place.file);
  if (tree.empty()) return found;
  fs::path rest = fs::path(place.file).relative_path();
  while (rest.has_parent_path()) {
    if (rest != name) found.push_back(tree / rest);
    rest = rest.lexically_relative(*rest.begin());
  }
  found.push_back(tree / rest);
  return found;
}

struct Source {
  fs::path path;
  std::vector<std::string> lines;
};

Result<Source> source(const Session& session, const SourceLine& place) {
  std::vector<fs::path> paths = candidates(session, place);
  for (const fs::path& path : paths) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) continue;
    std::ifstream in(path);
    Source found{path, {}};
    for (std::string line; std::getline(in, line);)
      found.lines.push_back(line);
    if (found.lines.empty()) continue;
    if (found.lines.size() >= place.line) return found;
    return Error(ErrorKind::not_found,
                 fmt::format("{} has {} lines only: it is not the source that "
                             "was compiled",
                             path.string(), found.lines.size()));
  }
  return Error(ErrorKind::not_found,
               fmt::format("source code is not available: there is no {}",
                           paths.front().string()));
}

// The last line to be shown: a function ends where the first line starts that
// is a closing brace, as it is written in the kernel.
std::size_t last_line(const Source& source, unsigned line,
                      std::optional<std::uint64_t> count) {
  std::size_t all = source.lines.size();
  if (count) {
    return static_cast<std::size_t>(
        line + std::min<std::uint64_t>(*count, all - line));
  }
  for (std::size_t i = line; i <= all; ++i) {
    if (source.lines[i - 1].starts_with('}')) return i;
  }
  return all;
}

}  // namespace

Result<void> show_source(const Session& session, Address at,
                         std::optional<std::uint64_t> count,
                         report::Sink& out) {
  constexpr unsigned before = 5;
  const Kernel& kernel = session.kernel;
  if (!kernel.is_text(at)) {
    return Error(ErrorKind::not_found,
                 fmt::format("{:x}: not a kernel text address", at.value));
  }
  SourceLine place = TRY(kernel.source_line(at));
  SourceRow row{.file = compiled_name(place), .line = place.line, .lines = {}};
  auto found =
      place.line == 0
          ? Result<Source>(Error(ErrorKind::not_found, "the line is not known"))
          : source(session, place);
  if (found) {
    row.first = place.line > before ? place.line - before : 1;
    std::size_t last = last_line(*found, place.line, count);
    row.lines.assign(found->lines.begin() + (row.first - 1),
                     found->lines.begin() + static_cast<std::ptrdiff_t>(last));
  }
  emit(out, row);
  if (found) return {};
  auto code = kernel.place(at);
  std::string name = code ? symbol_text(code->symbol, code->offset, false)
                          : fmt::format("{:x}", at.value);
  return std::move(found).error().while_doing(name);
}

}  // namespace inquest
