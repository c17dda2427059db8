// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/orc_tables.h"

#include "debuginfo/elf_file.h"
#include "kernel/module.h"

namespace inquest {
namespace {

// More entries than any module has.
constexpr std::uint64_t module_limit = std::uint64_t{1} << 22;
constexpr std::uint64_t vmlinux_limit = std::uint64_t{1} << 26;

using Memory = std::shared_ptr<const std::vector<std::byte>>;

Result<Memory> memory_copy(const Kernel& kernel, Address at,
                           std::uint64_t size) {
  return std::make_shared<const std::vector<std::byte>>(
      TRY(kernel.memory().bytes(at, size)));
}

Result<OrcTable> table_in_memory(const Kernel& kernel, Address ips,
                                 Address entries, std::uint64_t count) {
  Memory ip_bytes = TRY(memory_copy(kernel, ips, count * 4));
  Memory entry_bytes =
      TRY(memory_copy(kernel, entries, count * orc_entry_size));
  auto keeps =
      std::make_shared<std::pair<Memory, Memory>>(ip_bytes, entry_bytes);
  return OrcTable::open(*ip_bytes, ips, *entry_bytes, orc_format(kernel),
                        keeps);
}

// The sections lie where the dump has them, moved as the text was.
Result<OrcTable> table_in_file(const Kernel& kernel) {
  const ElfFile* file = kernel.vmlinux_file();
  if (file == nullptr) {
    return Error(ErrorKind::not_found, "there is no vmlinux");
  }
  const ElfSection* ips = file->section(".orc_unwind_ip");
  const ElfSection* entries = file->section(".orc_unwind");
  if (ips == nullptr || entries == nullptr) {
    return Error(ErrorKind::not_found, "vmlinux has no ORC sections");
  }
  Bytes ip_bytes = TRY(file->contents(*ips));
  Bytes entry_bytes = TRY(file->contents(*entries));
  return OrcTable::open(ip_bytes, ips->address + kernel.kaslr_offset(),
                        entry_bytes, orc_format(kernel), nullptr);
}

Result<OrcTable> table_in_dump(const Kernel& kernel) {
  Address ips = TRY(kernel.symbol("__start_orc_unwind_ip"));
  Address ips_end = TRY(kernel.symbol("__stop_orc_unwind_ip"));
  Address entries = TRY(kernel.symbol("__start_orc_unwind"));
  std::uint64_t count = (ips_end - ips) / 4;
  if (ips_end < ips || count > vmlinux_limit) {
    return Error(ErrorKind::corrupt, "ORC tables make no sense");
  }
  return table_in_memory(kernel, ips, entries, count);
}

Result<OrcTable> table_of(const Kernel& kernel, const Module& module) {
  Object arch = kernel.object("module", module.address)["arch"];
  std::uint64_t count = TRY(arch["num_orcs"].to_unsigned());
  if (count > module_limit) {
    return Error(ErrorKind::corrupt, "num_orcs makes no sense");
  }
  return table_in_memory(kernel, TRY(arch["orc_unwind_ip"].to_address()),
                         TRY(arch["orc_unwind"].to_address()), count);
}

std::unique_ptr<const OrcTable> kept(Result<OrcTable> table) {
  if (!table) return nullptr;
  return std::make_unique<const OrcTable>(std::move(table).value());
}

std::optional<unsigned> bit_of(const Type& type, std::string_view member) {
  auto place = find_member(type, member);
  if (!place) return std::nullopt;
  return static_cast<unsigned>(place->bit_offset);
}

}  // namespace

OrcFormat orc_format(const Kernel& kernel) {
  OrcFormat format = OrcFormat::v6_4();
  std::array<std::byte, orc_entry_size> sample{};
  auto sample_at = kernel.symbol("orc_fp_entry");
  bool has_sample =
      sample_at && kernel.memory().read(*sample_at, sample).has_value();
  if (auto type = kernel.structure("orc_entry")) {
    format.type_bit = bit_of(**type, "type").value_or(format.type_bit);
    format.signal_bit = bit_of(**type, "signal");
    format.end_bit = bit_of(**type, "end");
    format.type_bits = format.end_bit ? 2 : 3;
  } else if (has_sample && (std::to_integer<unsigned>(sample[5]) & 3) == 0) {
    format = OrcFormat::v4_14();  // a call is 0, not 2
  }
  // The sample's frame pointer is found from PREV_SP.
  format.has_ax = has_sample && std::to_integer<unsigned>(sample[4]) >> 4 == 8;
  return format;
}

std::optional<OrcEntry> OrcTables::entry(Address pc) {
  if (!kernel_.is_text(pc)) {
    const GeneratedCode* copy = generated_->find(pc);
    if (copy == nullptr || !copy->copied_from) return std::nullopt;
    pc = *copy->copied_from + (pc - copy->start);
  }
  std::lock_guard lock(mutex_);
  const OrcTable* found = table(pc);
  return found != nullptr ? found->find(pc) : std::nullopt;
}

const OrcTable* OrcTables::table(Address pc) {
  open();
  for (auto [start, end] : text_) {
    if (start <= pc && pc < end) return vmlinux_.get();
  }
  const Module* module = kernel_.modules().at(pc);
  return module != nullptr && module->is_text(pc) ? of_module(*module)
                                                  : nullptr;
}

void OrcTables::open() {
  static constexpr std::pair<std::string_view, std::string_view> texts[] = {
      {"_text", "_etext"}, {"_sinittext", "_einittext"}};
  if (is_open_) return;
  is_open_ = true;
  for (auto [from, to] : texts) {
    auto start = kernel_.symbol(from);
    auto end = kernel_.symbol(to);
    if (start && end) text_.emplace_back(*start, *end);
  }
  vmlinux_ = kept(table_in_file(kernel_));
  if (!vmlinux_) vmlinux_ = kept(table_in_dump(kernel_));
}

const OrcTable* OrcTables::of_module(const Module& module) {
  auto [found, is_new] = modules_.try_emplace(module.address);
  if (is_new) found->second = kept(table_of(kernel_, module));
  return found->second.get();
}

}  // namespace inquest
