// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/orc.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

namespace inquest {
namespace {

constexpr std::size_t ip_size = 4;

OrcRegister to_register(unsigned number, bool has_ax) {
  using enum OrcRegister;
  static constexpr std::array before_7_1 = {undefined,   previous_sp, dx,  di,
                                            bp,          sp,          r10, r13,
                                            bp_indirect, sp_indirect};
  static constexpr std::array since_7_1 = {
      undefined, ax,  dx,          sp,          bp,         di,
      r10,       r13, previous_sp, sp_indirect, bp_indirect};
  if (has_ax) return number < since_7_1.size() ? since_7_1[number] : unknown;
  return number < before_7_1.size() ? before_7_1[number] : unknown;
}

// Until 6.3: CALL 0, REGS 1, REGS_PARTIAL 2, and an |end| bit beside an
// undefined stack register.
OrcType old_type(unsigned number, OrcRegister sp_base, bool is_end) {
  if (sp_base == OrcRegister::undefined) {
    return is_end ? OrcType::end_of_stack : OrcType::undefined;
  }
  switch (number) {
    case 0:
      return OrcType::call;
    case 1:
      return OrcType::registers;
    case 2:
      return OrcType::partial_registers;
    default:
      return OrcType::unknown;
  }
}

OrcType new_type(unsigned number) {
  switch (number) {
    case 0:
      return OrcType::undefined;
    case 1:
      return OrcType::end_of_stack;
    case 2:
      return OrcType::call;
    case 3:
      return OrcType::registers;
    case 4:
      return OrcType::partial_registers;
    default:
      return OrcType::unknown;
  }
}

unsigned bits_of(std::uint64_t entry, unsigned from, unsigned count) {
  if (from >= 64 || count == 0 || count > 8) return 0;
  return static_cast<unsigned>(entry >> from & ((1U << count) - 1));
}

}  // namespace

OrcEntry orc_frame_pointer_entry() {
  return {.sp_offset = 16,
          .bp_offset = -16,
          .sp_base = OrcRegister::bp,
          .bp_base = OrcRegister::previous_sp,
          .type = OrcType::call};
}

OrcEntry orc_entry(Bytes bytes, const OrcFormat& format) {
  Bytes own = bytes.first(std::min(bytes.size(), orc_entry_size));
  std::uint64_t raw = load_unsigned(own, std::endian::little);
  OrcEntry entry;
  entry.sp_offset = static_cast<std::int16_t>(raw & 0xffff);
  entry.bp_offset = static_cast<std::int16_t>(raw >> 16 & 0xffff);
  entry.sp_base = to_register(bits_of(raw, 32, 4), format.has_ax);
  entry.bp_base = to_register(bits_of(raw, 36, 4), format.has_ax);
  unsigned type = bits_of(raw, format.type_bit, format.type_bits);
  if (format.signal_bit) {
    entry.is_signal = bits_of(raw, *format.signal_bit, 1) != 0;
  }
  if (format.has_end()) {
    bool is_end = bits_of(raw, *format.end_bit, 1) != 0;
    entry.type = old_type(type, entry.sp_base, is_end);
  } else {
    entry.type = new_type(type);
  }
  return entry;
}

Result<OrcTable> OrcTable::open(Bytes ips, Address ips_at, Bytes entries,
                                const OrcFormat& format,
                                std::shared_ptr<const void> keeps) {
  std::size_t count = ips.size() / ip_size;
  if (count == 0 || ips.size() % ip_size != 0 ||
      entries.size() != count * orc_entry_size ||
      count > std::numeric_limits<std::uint32_t>::max()) {
    return Error(ErrorKind::corrupt,
                 "ORC tables of different lengths: " +
                     std::to_string(ips.size()) + " bytes of addresses, " +
                     std::to_string(entries.size()) + " of entries");
  }
  OrcTable table;
  table.ips_ = ips;
  table.ips_at_ = ips_at;
  table.entries_ = entries;
  table.format_ = format;
  table.count_ = count;
  table.keeps_ = std::move(keeps);
  if (!table.looks_sorted()) table.make_order();
  return table;
}

Address OrcTable::code_at(std::size_t index) const {
  std::size_t offset = index * ip_size;
  std::uint64_t distance =
      load_unsigned(ips_.subspan(offset, ip_size), std::endian::little);
  return ips_at_ + offset +
         static_cast<std::uint64_t>(sign_extend(distance, 32));
}

// A sample: tables are sorted as a whole or not at all, and reading all of
// vmlinux's would touch more than a megabyte.
bool OrcTable::looks_sorted() const {
  constexpr std::size_t samples = 64;
  std::size_t stride = std::max<std::size_t>(count_ / samples, 1);
  for (std::size_t i = 0; i + 1 < count_; i += stride) {
    if (code_at(i + 1) < code_at(i)) return false;
    if (i >= stride && code_at(i) < code_at(i - stride)) return false;
  }
  return true;
}

// Of two entries for one place the undefined one, which only ends the section
// before it, comes first and thereby never wins.
void OrcTable::make_order() {
  order_.resize(count_);
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::stable_sort(order_, {}, [this](std::uint32_t index) {
    Bytes entry = entries_.subspan(index * orc_entry_size);
    bool is_defined = orc_entry(entry, format_).type != OrcType::undefined;
    return std::pair(code_at(index), is_defined);
  });
}

std::optional<OrcEntry> OrcTable::find(Address pc) const {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    std::size_t middle = low + (high - low) / 2;
    std::size_t index = order_.empty() ? middle : order_[middle];
    if (code_at(index) <= pc) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  std::size_t index = order_.empty() ? low - 1 : order_[low - 1];
  return orc_entry(entries_.subspan(index * orc_entry_size), format_);
}

}  // namespace inquest
