// SPDX-License-Identifier: GPL-3.0-or-later
// mount: the mounted file systems.

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "kernel/mounts.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "mounted file systems",
    .synopsis =
        "[-f] [-i] [-n pid | task] [mount | vfsmount | superblock | "
        "dev | dir |\n      dentry | inode] ...",
    .description =
        "Lists the file systems that are mounted where process 1 lives, or "
        "those\n"
        "that an argument selects: the address of its struct mount, vfsmount\n"
        "or super_block, the device's name, the directory, or the address of "
        "a\n"
        "dentry or inode in it.",
    .options =
        {
            {"-n pid | task", "what is mounted where that task lives"},
            {"-i", "the inodes of each that wait to be written back"},
            {"-f",
             "the open files of each; only kernels before 3.13 "
             "know, see files"},
        },
    .examples =
        {
            {"List what is mounted", "mount"},
            {"Which file system is mounted there?", "mount /run"},
            {"What is not written back yet?", "mount -i /"},
        },
};

// ---- What we answer ----

constexpr std::string_view heading =
    "     MOUNT           SUPERBLK     TYPE   DEVNAME   DIRNAME\n";

struct Row {
  Mount mount;
  bool has_inodes = false;
  std::vector<Address> inodes;
};

report::Record to_record(const Row& row) {
  report::Record record;
  record.add("mount", row.mount.address);
  record.add("super_block", row.mount.super_block);
  record.add("type", row.mount.type);
  record.add("device", row.mount.device);
  record.add("directory", row.mount.directory);
  if (row.has_inodes) {
    record.add("dirty_inodes",
               report::List(row.inodes.begin(), row.inodes.end()));
  }
  return record;
}

std::string to_text(const Row& row) {
  std::string super = report::cell_text(row.mount.super_block, [](Address at) {
    return fmt::format("{:016x}", at.value);
  });
  std::string what =
      fmt::format("{:<6} {}", cell(row.mount.type), cell(row.mount.device));
  std::string text =
      fmt::format("{:016x} {} {:<16} {:<10}\n", row.mount.address.value, super,
                  what, cell(row.mount.directory));
  if (!row.has_inodes) return text;
  text += "DIRTY INODES\n";
  for (Address inode : row.inodes)
    text += fmt::format("{:x}\n", inode.value);
  return text + (row.inodes.empty() ? "No dirty inodes found\n\n" : "\n");
}

// ---- How we find it ----

Result<Object> seen_from(const Session& session, const Options& options) {
  if (auto word = options.argument('n')) {
    return named_task(session.kernel, *word);
  }
  auto first = task_of_pid(session.kernel, 1);
  return first ? first : current_context(session);
}

bool is_meant(const Mount& mount, std::string_view word,
              std::optional<std::uint64_t> address) {
  if (mount.device.value_or("") == word ||
      mount.directory.value_or("") == word) {
    return true;
  }
  if (!address || *address == 0) return false;
  return mount.address.value == *address || mount.vfsmount.value == *address ||
         mount.super_block.value_or({}).value == *address;
}

// Those that |word| selects.
std::vector<const Mount*> chosen(const Kernel& kernel,
                                 const std::vector<Mount>& all,
                                 std::string_view word) {
  auto address = parse_hex(word);
  std::vector<const Mount*> found;
  for (const Mount& mount : all) {
    if (is_meant(mount, word, address)) found.push_back(&mount);
  }
  if (!found.empty() || !address) return found;
  auto super = super_block_of(kernel, Address{*address});
  if (!super) return found;
  for (const Mount& mount : all) {
    if (mount.super_block.value_or({}) == *super) found.push_back(&mount);
  }
  return found;
}

Row row_of(const Kernel& kernel, const Mount& mount, bool has_inodes,
           report::Sink& out) {
  Row row{.mount = mount, .has_inodes = has_inodes, .inodes = {}};
  if (!has_inodes || !mount.super_block) return row;
  for (const Object& inode : dirty_inodes(kernel, *mount.super_block)) {
    if (inode.fault() != nullptr) {
      out.problem(Error(*inode.fault()).while_doing("mount"));
    } else {
      row.inodes.push_back(inode.address());
    }
  }
  return row;
}

std::vector<Mount> all_mounts(const Kernel& kernel, const Object& task,
                              report::Sink& out) {
  std::vector<Mount> all;
  for (const Object& mount : mounts(kernel, task)) {
    if (interrupted()) break;
    if (mount.fault() != nullptr) {
      out.problem(Error(*mount.fault()).while_doing("mount"));
    } else {
      all.push_back(mount_record(kernel, mount));
    }
  }
  return all;
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "fin:"));
  const Kernel& kernel = session.kernel;
  if (options.has('f')) TRY(open_files_are_listed(kernel));
  Object task = TRY(seen_from(session, options));
  std::vector<Mount> all = all_mounts(kernel, task, out);
  std::vector<const Mount*> list;
  if (options.words().empty()) {
    for (const Mount& mount : all)
      list.push_back(&mount);
  }
  for (const std::string& word : options.words()) {
    auto found = chosen(kernel, all, word);
    if (found.empty()) {
      out.problem(Error(ErrorKind::not_found,
                        fmt::format("mount: no such file system: {}", word)));
    }
    list.insert(list.end(), found.begin(), found.end());
  }
  bool has_inodes = options.has('i');
  for (const Mount* mount : list) {
    if (interrupted()) break;
    // With something below them, each has a heading of its own.
    if (has_inodes || mount == list.front()) out.layout(heading);
    emit(out, row_of(kernel, *mount, has_inodes, out));
  }
  return {};
}

}  // namespace

extern const Command mount_command = {"mount", &help, run};

}  // namespace inquest
