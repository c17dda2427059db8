// SPDX-License-Identifier: GPL-3.0-or-later
//
// struct zram has a table with one entry a page: flags, whose lower bits are
// the size of what the page was compressed to, and the handle of that in a
// zsmalloc pool, or the word that the page repeats (ZRAM_SAME). The flags'
// numbers changed often; which is the first of them (ZRAM_FLAG_SHIFT) tells
// how many bits the size has. A page that did not become smaller is kept as it
// is.
//
// The compression is one name (compressor), since 6.2 (001d92735701) one for
// each of several priorities (comp_algs), which the flags tell of a page.

#include "kernel/zram.h"

#include <fmt/format.h>

#include "kernel/packed_page.h"
#include "kernel/zsmalloc.h"

namespace inquest {
namespace {

// An entry of the table.
class Slot {
 public:
  Slot(const DriverTypes& types, const Object& zram, const Object& entry)
      : types_(types), zram_(zram), entry_(entry) {}

  Result<std::vector<std::byte>> page() const;

 private:
  Result<bool> has(std::uint64_t flags, std::string_view name) const;
  Result<std::uint64_t> flags() const;
  Result<std::string> compression(std::uint64_t flags) const;
  Result<std::uint64_t> priority(std::uint64_t flags) const;

  const DriverTypes& types_;
  const Object& zram_;
  const Object& entry_;
};

// |name| may be a flag that this kernel lacks.
Result<bool> Slot::has(std::uint64_t flags, std::string_view name) const {
  auto bit = types_.enumerator(name);
  return bit && *bit >= 0 && *bit < 64 && ((flags >> *bit) & 1) != 0;
}

Result<std::uint64_t> Slot::flags() const {
  bool is_nested = entry_.has_member("attr.flags");
  return entry_[is_nested ? "attr.flags" : "flags"].to_unsigned();
}

Result<std::uint64_t> Slot::priority(std::uint64_t flags) const {
  auto bit = types_.enumerator("ZRAM_COMP_PRIORITY_BIT1");
  if (!bit || *bit < 0 || *bit > 62) return 0;
  return (flags >> *bit) & 3;
}

Result<std::string> Slot::compression(std::uint64_t flags) const {
  if (!zram_.has_member("comp_algs")) return zram_["compressor"].to_string();
  Object names = zram_["comp_algs"];
  if (names.fault() != nullptr) return *names.fault();
  std::uint64_t number = TRY(priority(flags));
  if (number >= names.type().stripped().count) {
    return Error(ErrorKind::corrupt,
                 fmt::format("zram has no compression {}", number));
  }
  return names.at(number).to_string();
}

Result<std::vector<std::byte>> Slot::page() const {
  std::uint64_t flags = TRY(this->flags());
  auto shift = TRY(types_.least_of_enumeration("ZRAM_SAME"));
  if (shift < 12 || shift > 48) {
    return Error(ErrorKind::unsupported,
                 fmt::format("flags of zram from bit {} on", shift));
  }
  std::uint64_t size = flags & ((std::uint64_t{1} << shift) - 1);
  if (TRY(has(flags, "ZRAM_WB"))) {
    return Error(ErrorKind::fault, "written on to zram's backing device");
  }
  std::uint64_t handle = TRY(entry_["handle"].to_unsigned());
  if (handle == 0 || TRY(has(flags, "ZRAM_SAME"))) {
    return repeated_word(types_.kernel(), handle);
  }
  Address pool = TRY(zram_["mem_pool"].to_address());
  ZsPool memory = TRY(ZsPool::open(types_.kernel(), pool));
  std::vector<std::byte> packed = TRY(memory.object(handle, size));
  if (size == types_.kernel().page_size()) return packed;
  return unpacked_page(types_.kernel(), TRY(compression(flags)), packed);
}

}  // namespace

bool is_zram(const Object& disk) {
  auto name = disk["disk_name"].to_string();
  return name && name->starts_with("zram");
}

Result<std::vector<std::byte>> zram_page(const Kernel& kernel,
                                         const Object& disk,
                                         std::uint64_t index) {
  DriverTypes types(kernel, "zram");
  Object zram = types.object("zram", TRY(disk["private_data"].to_address()));
  std::uint64_t size = TRY(zram["disksize"].to_unsigned());
  if (index >= size / kernel.page_size()) {
    return Error(ErrorKind::corrupt,
                 fmt::format("zram has no page {:#x}", index));
  }
  return Slot(types, zram, zram["table"].at(index)).page();
}

}  // namespace inquest
