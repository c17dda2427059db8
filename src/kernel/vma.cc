// SPDX-License-Identifier: GPL-3.0-or-later
//
// The areas of an mm are in a maple tree since 6.1 (mm_mt; 524e00b36e8c and
// 763ecb035029 took the red-black tree and the list away), before that in a
// list by address that starts at mm_struct.mmap.

#include "kernel/vma.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/maple_tree.h"
#include "kernel/path.h"
#include "kernel/printed_flags.h"

namespace inquest {
namespace {

Generator<Object> vmas_in_tree(const Kernel& kernel, Object mm) {
  auto tree = MapleTree::open(kernel, mm["mm_mt"]);
  if (!tree) {
    co_yield tree.error();
    co_return;
  }
  for (const MapleEntry& entry : tree->entries()) {
    if (entry.fault) {
      co_yield *entry.fault;
    } else {
      co_yield kernel.object("vm_area_struct", entry.entry);
    }
  }
}

Generator<Object> vmas_in_list(const Kernel& kernel, Object mm) {
  CycleCheck check;
  Object link = mm["mmap"];
  while (!interrupted()) {
    auto at = link.to_address();
    if (!at) {
      co_yield at.error();
      co_return;
    }
    if (at->value == 0) co_return;
    if (check.is_repeated(at->value)) {
      co_yield Error(ErrorKind::corrupt, "the list of memory areas loops",
                     at->value);
      co_return;
    }
    Object vma = kernel.object("vm_area_struct", *at);
    link = vma["vm_next"];
    co_yield vma;
  }
}

bool has_tree(const Object& mm) {
  return mm.fault() == nullptr && mm.has_member("mm_mt");
}

bool holds(const Object& vma, Address at) {
  auto start = vma["vm_start"].to_unsigned();
  auto end = vma["vm_end"].to_unsigned();
  return start && end && at.value >= *start && at.value < *end;
}

// Those that have not changed in a long time.
struct FlagName {
  std::uint64_t mask;
  std::string_view name;
};
constexpr FlagName known_flags[] = {
    {0x1, "READ"},           {0x2, "WRITE"},        {0x4, "EXEC"},
    {0x8, "SHARED"},         {0x10, "MAYREAD"},     {0x20, "MAYWRITE"},
    {0x40, "MAYEXEC"},       {0x80, "MAYSHARE"},    {0x100, "GROWSDOWN"},
    {0x400, "PFNMAP"},       {0x2000, "LOCKED"},    {0x4000, "IO"},
    {0x8000, "SEQREAD"},     {0x10000, "RANDREAD"}, {0x20000, "DONTCOPY"},
    {0x40000, "DONTEXPAND"}, {0x100000, "ACCOUNT"}, {0x200000, "NORESERVE"},
    {0x400000, "HUGETLB"},
};

PrintedFlags known_flag_names(std::uint64_t flags) {
  PrintedFlags found{.names = {}, .rest = flags};
  for (const FlagName& flag : known_flags) {
    if ((flags & flag.mask) == 0) continue;
    found.names.emplace_back(flag.name);
    found.rest &= ~flag.mask;
  }
  return found;
}

char to_upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A')
                                        : letter;
}

Result<std::string> vma_file(const Kernel& kernel, const Object& vma) {
  Object file = vma["vm_file"];
  if (TRY(file.to_address()).value == 0) return std::string();
  return file_name(kernel, file.dereference());
}

Result<Address> boundary(const Object& vma, std::string_view member) {
  return Address{TRY(vma[member].to_unsigned())};
}

}  // namespace

Generator<Object> vmas(const Kernel& kernel, Object mm) {
  return has_tree(mm) ? vmas_in_tree(kernel, std::move(mm))
                      : vmas_in_list(kernel, std::move(mm));
}

Result<std::optional<Object>> vma_at(const Kernel& kernel, const Object& mm,
                                     Address at) {
  using Found = std::optional<Object>;
  if (has_tree(mm)) {
    MapleTree tree = TRY(MapleTree::open(kernel, mm["mm_mt"]));
    auto entry = TRY(tree.find(at.value));
    if (!entry) return Found();
    return Found(kernel.object("vm_area_struct", entry->entry));
  }
  for (const Object& vma : vmas(kernel, mm)) {
    if (vma.fault() != nullptr) return *vma.fault();
    if (holds(vma, at)) return Found(vma);
  }
  return Found();
}

Vma vma_record(const Kernel& kernel, const Object& vma) {
  return {.object = vma,
          .at = vma.address(),
          .start = boundary(vma, "vm_start"),
          .end = boundary(vma, "vm_end"),
          .flags = vma["vm_flags"].to_unsigned(),
          .page_offset = vma["vm_pgoff"].to_unsigned(),
          .file = vma_file(kernel, vma)};
}

namespace {

// Whether the tree has |vma| from |start| to |end|.
Result<bool> is_in_tree(const Kernel& kernel, const Object& mm, const Vma& vma,
                        const VmaRange& range) {
  for (Address at : {range.start, Address{range.end.value - 1}}) {
    auto own = TRY(vma_at(kernel, mm, at));
    if (!own || own->address() != vma.at) return false;
  }
  return true;
}

// total_vm counts the pages of all areas. An exec that moves its stack down
// stretches it over both places meanwhile without counting that.
Result<bool> is_counted(const Object& mm, std::uint64_t pages) {
  constexpr std::uint64_t farthest_move = std::uint64_t{1} << 22;
  std::uint64_t counted = TRY(mm["total_vm"].to_unsigned());
  return pages <= farthest_move || pages - farthest_move <= counted;
}

}  // namespace

Result<VmaRange> vma_range(const Kernel& kernel, const Object& mm,
                           const Vma& vma) {
  VmaRange range{.start = TRY(vma.start), .end = TRY(vma.end)};
  std::uint64_t page = kernel.page_size();
  bool is_good = (range.start.value | range.end.value) % page == 0 &&
                 range.start <= range.end;
  if (is_good && range.start != range.end) {
    is_good = has_tree(mm)
                  ? TRY(is_in_tree(kernel, mm, vma, range))
                  : TRY(is_counted(mm, (range.end - range.start) / page));
  }
  if (is_good) return range;
  return Error(
      ErrorKind::corrupt,
      fmt::format("the memory area at {:x} cannot be from {:x} to {:x}",
                  vma.at.value, range.start.value, range.end.value),
      vma.at.value);
}

std::vector<std::string> vma_flag_names(const Kernel& kernel,
                                        std::uint64_t flags) {
  auto printed = printed_flags(kernel, "vmaflag_names", flags);
  PrintedFlags found =
      printed ? std::move(printed).value() : known_flag_names(flags);
  for (std::string& name : found.names)
    std::ranges::transform(name, name.begin(), to_upper);
  if (found.rest != 0) found.names.push_back(fmt::format("{:#x}", found.rest));
  return found.names;
}

}  // namespace inquest
