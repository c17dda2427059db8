// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/system.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "debuginfo/unpack.h"
#include "kernel/faults.h"
#include "kernel/log.h"
#include "kernel/nodes.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_config = 16 << 20;
constexpr std::uint64_t most_system_calls = 4096;

}  // namespace

Result<UtsName> uts_name(const Kernel& kernel) {
  Object name = kernel.variable("init_uts_ns", "struct uts_namespace")["name"];
  UtsName uts;
  uts.system = TRY(name["sysname"].to_string());
  uts.node = TRY(name["nodename"].to_string());
  uts.release = TRY(name["release"].to_string());
  uts.version = TRY(name["version"].to_string());
  uts.machine = TRY(name["machine"].to_string());
  uts.domain = name["domainname"].to_string().value_or("");
  return uts;
}

Result<std::array<std::uint64_t, 3>> load_averages(const Kernel& kernel) {
  constexpr std::uint64_t one = 2048;  // FIXED_1
  Object averages = kernel.variable("avenrun", "unsigned long [3]");
  std::array<std::uint64_t, 3> found = {};
  for (std::size_t i = 0; i < found.size(); ++i) {
    // As /proc/loadavg rounds.
    std::uint64_t value = TRY(averages.at(i).to_unsigned()) + one / 200;
    found[i] = value / one * 100 + value % one * 100 / one;
  }
  return found;
}

Result<std::uint64_t> memory_size(const Kernel& kernel) {
  std::uint64_t pages = 0;
  for (const MemoryNode& node : TRY(memory_nodes(kernel))) {
    pages += node.present;
  }
  return pages * kernel.page_size();
}

// To the next MB: firmware keeps a few pages of what the machine has.
std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t mega = 1 << 20;
  std::uint64_t whole = (bytes + mega - 1) / mega;
  auto megabytes = static_cast<double>(whole);
  bool is_giga = megabytes >= 1024;
  std::string text =
      fmt::format("{:.1f}", is_giga ? megabytes / 1024 : megabytes);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + (is_giga ? " GB" : " MB");
}

Result<std::uint64_t> cpu_megahertz(const Kernel& kernel) {
  constexpr std::uint64_t kilo = 1000;
  return TRY(kernel.variable("cpu_khz", "unsigned int").to_unsigned()) / kilo;
}

Result<std::uint64_t> taint_mask(const Kernel& kernel) {
  if (kernel.has_symbol("tainted_mask")) {
    return kernel.variable("tainted_mask", "unsigned long").to_unsigned();
  }
  return kernel.variable("tainted", "int").to_unsigned();
}

// taint_flags[] since 4.10 (7fd8329ba502); before, the letters of that time.
std::string taint_letters(const Kernel& kernel, std::uint64_t mask) {
  constexpr std::string_view known = "PFSRMBUDAWCIOELKXTNJ";
  std::string letters;
  bool has_table = kernel.has_symbol("taint_flags");
  Object table = kernel.variable("taint_flags", "struct taint_flag");
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    char letter = bit < known.size() ? known[bit] : '?';
    if (has_table && table.fault() == nullptr) {
      Object flag(kernel.memory(), table.type(),
                  table.address() + bit * table.type().size());
      auto own = flag["c_true"].to_unsigned();
      if (own && *own > ' ' && *own < 0x7f) letter = static_cast<char>(*own);
    }
    letters += letter;
  }
  return letters;
}

bool is_livepatched(const Kernel& kernel) {
  if (!kernel.has_symbol("klp_patches")) return false;
  Object patches = kernel.variable("klp_patches", "struct list_head");
  auto first = patches["next"].to_address();
  return first && *first != patches.address() && first->value != 0;
}

// What kernels say last, the most telling first.
std::string panic_message(const Kernel& kernel) {
  static constexpr std::string_view telling[] = {
      "general protection fault: ",
      "double fault: ",
      "divide error: ",
      "stack segment: ",
      "Kernel panic - not syncing",
      "Kernel panic: ",
      "SysRq : Crash",
      "SysRq : Trigger a crash",
      "sysrq: Trigger a crash",
      "BUG: unable to handle ",
      "kernel BUG at ",
      "Oops: ",
      "Unable to handle kernel ",
      "Bad mode in ",
      "soft lockup",
      "hard LOCKUP",
      "BUG: ",
  };
  std::size_t best = std::size(telling);
  std::string message;
  for (const Result<LogRecord>& record : log_records(kernel)) {
    if (!record) {
      note_if_lost(kernel, record.error(), "some of the kernel's messages");
      continue;
    }
    for (std::string_view line : split(record->text, '\n')) {
      for (std::size_t i = 0; i < best; ++i) {
        if (line.find(telling[i]) == std::string_view::npos) continue;
        best = i;
        message = trim(line);
      }
    }
  }
  return message;
}

Result<std::vector<std::pair<std::string, std::string>>> dmi_strings(
    const Kernel& kernel) {
  const Type* fields =
      TRY(kernel.types().type("dmi_field", TypeTag::enumeration));
  Address table = TRY(kernel.symbol("dmi_ident"));
  unsigned word = kernel.arch().pointer_size();
  std::vector<std::pair<std::string, std::string>> found;
  for (const Enumerator& field : fields->enumerators()) {
    if (field.name == "DMI_NONE" || field.name == "DMI_STRING_MAX" ||
        field.name == "DMI_OEM_STRING" || field.value < 0) {
      continue;
    }
    Address at = table + static_cast<std::uint64_t>(field.value) * word;
    std::uint64_t text = TRY(kernel.memory().load(at, word));
    if (text == 0) continue;
    found.emplace_back(field.name, TRY(kernel.memory().c_string({text})));
  }
  return found;
}

// gzip'ed, between the marks IKCFG_ST and IKCFG_ED; since 5.1 (13610aa908dc)
// kernel_config_data is the part between the marks.
Result<std::string> kernel_config(const Kernel& kernel) {
  const Symbol* start = kernel.symbols().find("kernel_config_data");
  if (start == nullptr) {
    return Error(ErrorKind::not_found,
                 "kernel_config_data does not exist in this kernel");
  }
  const Symbol* end = kernel.symbols().find("kernel_config_data_end");
  std::uint64_t size =
      end != nullptr ? end->address - start->address : start->size;
  if (size > most_config) {
    return Error(ErrorKind::corrupt, "kernel_config_data is too big");
  }
  auto bytes = TRY(kernel.memory().bytes(start->address, size));
  constexpr std::string_view mark = "IKCFG_ST";
  Bytes packed = bytes;
  if (as_text(packed).starts_with(mark)) packed = packed.subspan(mark.size());
  auto config = TRY(unpacked(packed, most_config));
  return std::string(as_text(config));
}

Result<std::vector<Address>> system_calls(const Kernel& kernel) {
  const Symbol* table = kernel.symbols().find("sys_call_table");
  if (table == nullptr) {
    return Error(ErrorKind::not_found,
                 "sys_call_table does not exist in this kernel");
  }
  unsigned word = kernel.arch().pointer_size();
  std::uint64_t count = std::min(table->size / word, most_system_calls);
  std::vector<Address> calls;
  for (std::uint64_t i = 0; i < count; ++i) {
    calls.push_back(
        {TRY(kernel.memory().load(table->address + i * word, word))});
  }
  return calls;
}

}  // namespace inquest
