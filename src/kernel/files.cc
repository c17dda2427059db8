// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/files.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/path.h"
#include "kernel/sockets.h"

namespace inquest {
namespace {

// sysctl_nr_open_max is near 2^31; no kernel has memory for that many.
constexpr std::uint64_t most_files = std::uint64_t{1} << 26;
// Of a table that contradicts itself: most likely none at all.
constexpr std::uint64_t most_doubtful_files = std::uint64_t{1} << 12;
constexpr unsigned word_bits = 64;

std::string_view kind_of(std::uint64_t mode) {
  constexpr std::uint64_t format = 0170000;
  switch (mode & format) {
    case 0140000:
      return "SOCK";
    case 0120000:
      return "LNK";
    case 0100000:
      return "REG";
    case 0060000:
      return "BLK";
    case 0040000:
      return "DIR";
    case 0020000:
      return "CHR";
    case 0010000:
      return "FIFO";
    default:
      return "UNKN";
  }
}

Result<std::string> protocol_name(const Kernel& kernel, const Object& inode) {
  Object socket = TRY(socket_of_inode(kernel, inode));
  Object sk = TRY(pointed(socket["sk"], "no protocol behind the socket"));
  return sk["__sk_common"]["skc_prot"]["name"].to_string();
}

// How many pages of an address_space are in the page cache.
Result<std::uint64_t> page_count(const Object& mapping) {
  if (TRY(mapping.to_address()).value == 0) return std::uint64_t{0};
  return mapping["nrpages"].to_unsigned();
}

// All but the name.
FileState state_of(const Object& dentry, const Object& inode) {
  Object mapping = inode["i_mapping"];
  return {.file = {},
          .dentry = dentry.to_address(),
          .inode = inode.to_address(),
          .superblock = inode["i_sb"].to_address(),
          .mapping = mapping.to_address(),
          .pages = page_count(mapping),
          .kind = file_kind(inode),
          .name = std::string()};
}

Result<std::string> name_of(const Kernel& kernel, const FileState& state,
                            const Object& inode,
                            const Result<std::string>& path) {
  if (state.kind && *state.kind == "SOCK") {
    auto protocol = protocol_name(kernel, inode);
    if (protocol) return protocol;
  }
  return path;
}

// A mount of a file system, of those that the first processes see where there
// is any. A fault where it has none at all.
Object first_mount(const Kernel& kernel, const Object& superblock) {
  Object first(Error(ErrorKind::not_found, "the file system has no mount"));
  auto usual =
      kernel.variable("init_task", "struct task_struct")["nsproxy"]["mnt_ns"]
          .to_address();
  for (const Object& mount : list_entries(
           superblock["s_mounts"], kernel.structure("mount"), "mnt_instance")) {
    auto space = mount["mnt_ns"].to_address();
    if (!space) break;
    if (first.fault() != nullptr) first = mount["mnt"];
    if (usual && *space == *usual) return mount["mnt"];
  }
  return first;
}

// A struct fdtable: a bit for each descriptor in use, and their files.
struct DescriptorTable {
  std::uint64_t size = 0;
  std::optional<Error> fault;  // in what it says of its size
  Address used, slots;
  const Type* type = nullptr;  // struct file
};

// The bits of descriptors in use are followed at once by as many that say which
// are closed on exec (2.6.12 on). Only the table that every process begins with
// is made in another way.
void check_size(const Object& table, DescriptorTable& found) {
  constexpr std::uint64_t bits = 8;
  if (found.size <= word_bits || !table.has_member("close_on_exec")) return;
  auto behind = table["close_on_exec"].to_address();
  if (!behind) return;
  std::uint64_t room = (behind->value - found.used.value) * bits;
  if (room == found.size) return;
  found.fault = Error(
      ErrorKind::corrupt,
      fmt::format("{} file descriptors in a table for {}", found.size, room),
      table.address().value);
  if (room != 0) found.size = std::min(found.size, room);
  found.size = std::min(found.size, most_doubtful_files);
}

Result<DescriptorTable> descriptor_table(const Kernel& kernel,
                                         const Object& task) {
  if (TRY(task["files"].to_address()).value == 0) return DescriptorTable{};
  Object table = task["files"]["fdt"];
  std::uint64_t size = TRY(table["max_fds"].to_unsigned());
  DescriptorTable found{.size = size,
                        .fault = std::nullopt,
                        .used = TRY(table["open_fds"].to_address()),
                        .slots = TRY(table["fd"].to_address()),
                        .type = TRY(kernel.structure("file"))};
  check_size(table, found);
  found.size = std::min(found.size, most_files);
  return found;
}

std::uint64_t lowest_bit(std::uint64_t bits) {
  return static_cast<unsigned>(std::countr_zero(bits));
}

OpenFile file_in(const AddressSpace& memory, const DescriptorTable& table,
                 std::uint64_t number) {
  OpenFile open{.descriptor = static_cast<unsigned>(number),
                .file = Error(ErrorKind::not_found, "no file")};
  auto at = memory.load(table.slots + number * 8, 8);
  if (at) {
    open.file = Object(memory, *table.type, Address{*at});
  } else {
    open.file = at.error();
  }
  return open;
}

bool is_null(const Object& file) {
  return file.fault() == nullptr && file.address().value == 0;
}

// Those of the descriptors from |first| on whose bits are set in |used|.
Generator<OpenFile> files_in(const AddressSpace& memory,
                             const DescriptorTable& table, std::uint64_t first,
                             std::uint64_t used) {
  for (; used != 0; used &= used - 1) {
    OpenFile open = file_in(memory, table, first + lowest_bit(used));
    // A descriptor may be taken before it has a file.
    if (!is_null(open.file)) co_yield open;
  }
}

}  // namespace

Result<std::string_view> file_kind(const Object& inode) {
  return kind_of(TRY(inode["i_mode"].to_unsigned()));
}

// Since 3.9 in the file itself (commit dd37978c50bc).
Object file_inode(const Object& file) {
  Object own = file["f_inode"];
  auto at = own.to_address();
  return at && at->value != 0 ? own : file["f_path"]["dentry"]["d_inode"];
}

FileState file_state(const Kernel& kernel, const Object& file) {
  Object dentry = file["f_path"]["dentry"];
  Object inode = dentry["d_inode"];
  FileState state = state_of(dentry, inode);
  state.file = file.address();
  state.name = name_of(kernel, state, inode, file_name(kernel, file));
  return state;
}

FileState dentry_state(const Kernel& kernel, const Object& dentry) {
  Object inode = dentry["d_inode"];
  FileState state = state_of(dentry, inode);
  state.dentry = dentry.address();
  state.superblock = dentry["d_sb"].to_address();
  Object mount = first_mount(kernel, dentry["d_sb"]);
  state.name = name_of(kernel, state, inode, path_name(kernel, dentry, mount));
  return state;
}

Generator<OpenFile> open_files(const Kernel& kernel, Object task) {
  auto table = descriptor_table(kernel, task);
  if (!table || table->fault) {
    OpenFile odd{.descriptor = 0,
                 .file = table ? *table->fault : table.error()};
    co_yield odd;
    if (!table) co_return;
  }
  const AddressSpace& memory = kernel.memory();
  for (std::uint64_t first = 0; first < table->size; first += word_bits) {
    if (interrupted()) co_return;
    auto word = memory.load(table->used + first / 8, 8);
    if (!word) {
      OpenFile last{.descriptor = 0, .file = word.error()};
      co_yield last;
      co_return;
    }
    for (const OpenFile& open : files_in(memory, *table, first, *word)) {
      co_yield open;
    }
  }
}

Result<Object> task_directory(const Object& task, std::string_view which) {
  Object fs = TRY(pointed(task["fs"], "no fs_struct"));
  Object path = fs[which];
  if (path.fault() != nullptr) return *path.fault();
  return path;
}

}  // namespace inquest
