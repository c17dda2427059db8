// SPDX-License-Identifier: GPL-3.0-or-later
//
// The areas of an mm are in a maple tree since 6.1 (mm_mt; 524e00b36e8c and
// 763ecb035029 took the red-black tree and the list away), before that in a
// list by address that starts at mm_struct.mmap.

#include "kernel/vma.h"

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/maple_tree.h"
#include "kernel/path.h"

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

}  // namespace inquest
