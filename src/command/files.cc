// SPDX-License-Identifier: GPL-3.0-or-later
// files: what tasks have open.

#include "kernel/files.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/memory_rows.h"
#include "command/options.h"
#include "command/values.h"
#include "kernel/faults.h"
#include "kernel/nodes.h"
#include "kernel/page_cache.h"
#include "kernel/path.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "open files",
    .synopsis =
        "[-c] [-R reference] [pid | task] ... | -d dentry | -p inode | -n "
        "inode",
    .description =
        "Shows the root and working directory of the tasks and, for each file\n"
        "descriptor, the struct file, the dentry, the inode, the kind of file\n"
        "and its path, or the protocol of a socket.",
    .options =
        {
            {"-c",
             "the address_space of each file and how many of its pages are in "
             "the page cache"},
            {"-d dentry", "what a dentry stands for"},
            {"-p inode", "the pages of a file that are in the page cache"},
            {"-n inode", "how many of them are on which NUMA node"},
            {"-R reference",
             "only what refers to this: a file descriptor, a part of a name, "
             "or the address of a file, dentry, inode or address_space"},
        },
    .examples =
        {
            {"Show the open files of process 1", "files 1"},
            {"Show who has /bin/sh open", "foreach files -R /bin/sh"},
        },
};

// ---- What we answer ----

struct OpenFileRow {
  unsigned descriptor = 0;
  FileState state;
};

struct FilesRow {
  TaskHeader header;
  Result<std::string> root, working;
  std::vector<OpenFileRow> files;
  bool has_pages = false;  // -c
};

struct DentryRow {
  FileState state;
};

constexpr int address_width = 16;

std::string address_text(const Result<Address>& at) {
  return fmt::format("{:>{}}", cell(at), address_width);
}

// The kind and the name, which end each line.
std::string kind_and_name(const FileState& state) {
  std::string kind = report::cell_text(
      state.kind, [](std::string_view text) { return std::string(text); });
  return fmt::format("{:<4} {}\n", kind, cell(state.name));
}

report::Record to_record(const FileState& state) {
  report::Record record;
  if (state.file.value != 0) record.add("file", state.file);
  record.add("dentry", state.dentry);
  record.add("inode", state.inode);
  record.add("superblock", state.superblock);
  record.add("i_mapping", state.mapping);
  record.add("nrpages", state.pages);
  record.add("type", state.kind);
  record.add("path", state.name);
  return record;
}

report::Record to_record(const FilesRow& row) {
  report::Record record = to_record(row.header);
  record.add("root", row.root);
  record.add("cwd", row.working);
  report::List files;
  for (const OpenFileRow& file : row.files) {
    report::Record entry;
    entry.add("fd", file.descriptor);
    report::Record state = to_record(file.state);
    for (const auto& [name, value] : state.values())
      entry.add(name, value);
    files.emplace_back(std::move(entry));
  }
  record.add("files", std::move(files));
  return record;
}

std::string line_text(const OpenFileRow& row, bool has_pages) {
  const FileState& state = row.state;
  std::string text = fmt::format("{:>3} ", row.descriptor);
  if (has_pages) {
    std::string pages = cell(state.pages);
    text += fmt::format("{} {} {:>7} ", address_text(state.inode),
                        address_text(state.mapping), pages);
  } else {
    text += fmt::format("{:x} {} {} ", state.file.value,
                        address_text(state.dentry), address_text(state.inode));
  }
  return text + kind_and_name(state);
}

std::string to_text(const FilesRow& row) {
  std::string text = to_text(row.header);
  text +=
      fmt::format("ROOT: {}    CWD: {}\n", cell(row.root), cell(row.working));
  if (row.files.empty()) return text + "No open files\n";
  if (row.has_pages) {
    text += fmt::format(" FD {} {} NRPAGES TYPE PATH\n",
                        centred("INODE", address_width),
                        centred("I_MAPPING", address_width));
  } else {
    text += fmt::format(
        " FD {} {} {} TYPE PATH\n", centred("FILE", address_width),
        centred("DENTRY", address_width), centred("INODE", address_width));
  }
  for (const OpenFileRow& file : row.files)
    text += line_text(file, row.has_pages);
  return text;
}

report::Record to_record(const DentryRow& row) {
  return to_record(row.state);
}

std::string to_text(const DentryRow& row) {
  return fmt::format(
      "{} {} {} TYPE PATH\n{} {} {} {}", centred("DENTRY", address_width),
      centred("INODE", address_width), centred("SUPERBLK", address_width),
      address_text(row.state.dentry), address_text(row.state.inode),
      address_text(row.state.superblock), kind_and_name(row.state));
}

struct InodeRow {
  Address inode;
  std::uint64_t pages = 0;
};

report::Record to_record(const InodeRow& row) {
  return report::Record().with("inode", row.inode).with("nrpages", row.pages);
}

std::string to_text(const InodeRow& row) {
  return fmt::format("{}  NRPAGES\n{:016x} {:>8}\n\n",
                     centred("INODE", address_width), row.inode.value,
                     row.pages);
}

struct NodeRow {
  unsigned node = 0;
  std::uint64_t pages = 0;
};

report::Record to_record(const NodeRow& row) {
  return report::Record().with("node", row.node).with("pages", row.pages);
}

std::string to_text(const NodeRow& row) {
  return fmt::format("{:>4} {:>8}\n", row.node, row.pages);
}

// ---- How we find it ----

// What -R looks for.
class Reference {
 public:
  explicit Reference(std::string_view text) : text_(text) {
    if (auto number = parse_decimal(text)) descriptor_ = *number;
    if (auto number = parse_hex(text)) address_ = Address{*number};
  }

  bool is_in(const OpenFileRow& row) const {
    const FileState& state = row.state;
    if (descriptor_ && *descriptor_ == row.descriptor) return true;
    if (is_address(state.file) || is_address(state.dentry) ||
        is_address(state.inode) || is_address(state.mapping)) {
      return true;
    }
    bool is_name = !descriptor_ && !text_.empty();
    return is_name && state.name &&
           state.name->find(text_) != std::string::npos;
  }

  // Why it cannot be said that |row| has it not.
  static std::optional<Error> doubt(const OpenFileRow& row) {
    const FileState& state = row.state;
    for (const auto* at : {&state.dentry, &state.inode, &state.mapping}) {
      if (!*at && is_lost(at->error())) return at->error();
    }
    if (!state.name && is_lost(state.name.error())) return state.name.error();
    return std::nullopt;
  }

 private:
  bool is_address(const Result<Address>& at) const {
    return address_ && at && *at == *address_ && at->value != 0;
  }

  std::string text_;
  std::optional<std::uint64_t> descriptor_;
  std::optional<Address> address_;
};

Result<std::string> directory_name(const Kernel& kernel, const Object& task,
                                   std::string_view which) {
  Object path = TRY(task_directory(task, which));
  return path_name(kernel, path["dentry"].dereference(),
                   path["mnt"].dereference());
}

struct Wants {
  bool has_pages = false;
  std::optional<Reference> reference;
};

Result<void> show(const Kernel& kernel, const Object& task, const Wants& wants,
                  report::Sink& out) {
  FilesRow row{.header = task_header(kernel, task),
               .root = directory_name(kernel, task, "root"),
               .working = directory_name(kernel, task, "pwd"),
               .files = {},
               .has_pages = wants.has_pages};
  std::optional<Error> broken;
  for (const OpenFile& open : open_files(kernel, task)) {
    if (open.file.fault() != nullptr) {
      broken = *open.file.fault();
      continue;
    }
    OpenFileRow file{.descriptor = open.descriptor,
                     .state = file_state(kernel, open.file)};
    if (wants.reference && !wants.reference->is_in(file)) {
      if (auto doubt = Reference::doubt(file)) broken = doubt;
      continue;
    }
    row.files.push_back(std::move(file));
  }
  if (!wants.reference || !row.files.empty()) emit(out, row);
  if (broken) return *broken;
  return {};
}

Result<void> show_dentry(const Session& session, std::string_view word,
                         report::Sink& out) {
  Address at = TRY(address_of(session.kernel, word));
  Object dentry = session.kernel.object("dentry", at);
  TRY(dentry["d_parent"].to_address());
  emit(out, DentryRow{dentry_state(session.kernel, dentry)});
  return {};
}

// An inode of which -p and -n speak.
Result<Object> file_mapping(const Session& session, std::string_view word,
                            report::Sink& out) {
  Address at = TRY(address_of(session.kernel, word));
  Object inode = session.kernel.object("inode", at);
  Object mapping = inode["i_mapping"].dereference();
  emit(out,
       InodeRow{.inode = at, .pages = TRY(mapping["nrpages"].to_unsigned())});
  return mapping;
}

Result<void> show_pages(const Session& session, std::string_view word,
                        report::Sink& out) {
  const Kernel& kernel = session.kernel;
  Object mapping = TRY(file_mapping(session, word, out));
  bool is_first = true;
  for (const FilePage& page : cached_pages(kernel, mapping)) {
    if (interrupted()) break;
    if (page.fault) {
      out.problem(Error(*page.fault).while_doing("files"));
      continue;
    }
    PageRow row = page_row(kernel, TRY(page_state(kernel, page.physical)));
    if (is_first) out.layout(page_heading(row.physical_width));
    is_first = false;
    emit(out, row);
  }
  return {};
}

Result<void> show_nodes(const Session& session, std::string_view word,
                        report::Sink& out) {
  const Kernel& kernel = session.kernel;
  auto nodes = TRY(memory_nodes(kernel));
  Object mapping = TRY(file_mapping(session, word, out));
  std::vector<NodeRow> rows;
  rows.reserve(nodes.size());
  for (const MemoryNode& node : nodes)
    rows.push_back({.node = node.number, .pages = 0});
  for (const FilePage& page : cached_pages(kernel, mapping)) {
    if (page.fault) {
      out.problem(Error(*page.fault).while_doing("files"));
      continue;
    }
    std::uint64_t frame = page.physical.value / kernel.page_size();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      bool is_here = frame - nodes[i].first_frame < nodes[i].spanned;
      if (is_here) ++rows[i].pages;
    }
  }
  out.layout("NODE    PAGES\n");
  for (const NodeRow& row : rows)
    emit(out, row);
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "cd:n:p:R:"));
  if (auto inode = options.argument('p')) {
    return show_pages(session, *inode, out);
  }
  if (auto inode = options.argument('n')) {
    return show_nodes(session, *inode, out);
  }
  if (auto dentry = options.argument('d')) {
    return show_dentry(session, *dentry, out);
  }
  Wants wants{.has_pages = options.has('c'), .reference = std::nullopt};
  if (auto text = options.argument('R')) wants.reference.emplace(*text);
  return for_tasks(session, "files", options.words(), out,
                   [&](const Object& task, report::Sink& sink) {
                     return show(session.kernel, task, wants, sink);
                   });
}

}  // namespace

extern const Command files_command;
const Command files_command = {"files", &help, run};

}  // namespace inquest
