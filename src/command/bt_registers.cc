// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/bt_registers.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace inquest {
namespace {

// Registers in lines of three; those of |others| have lines of their own.
std::string columns(const SavedRegisters& saved,
                    std::span<const std::string_view> others) {
  std::string text;
  unsigned column = 0;
  for (const auto& [name, value] : saved.named) {
    if (std::ranges::find(others, name) != others.end()) continue;
    int digits = name == "RFLAGS" || name == "EFLAGS" ? 8 : 16;
    text += column == 0 ? "    " : "  ";
    text += fmt::format("{:>3}: {:0{}x}", name, value, digits);
    if (++column == 3) {
      text += '\n';
      column = 0;
    }
  }
  if (column != 0) text += '\n';
  return text;
}

std::string x86_64_text(const BtRegisters& registers) {
  static constexpr std::array<std::string_view, 3> others = {"ORIG_RAX", "CS",
                                                             "SS"};
  const SavedRegisters& saved = registers.saved;
  const BtCode& code = registers.code;
  std::string text;
  if (!saved.is_user) {
    text = code.symbol.empty()
               ? "    [exception RIP: unknown or invalid address]\n"
               : fmt::format("    [exception RIP: {}+{}]\n",
                             printable(code.symbol), code.offset);
  }
  text += columns(saved, others);
  bool is_whole = saved.named.size() > 5;
  text += is_whole ? fmt::format("    ORIG_RAX: {:016x}  ",
                                 saved.find("ORIG_RAX").value_or(0))
                   : "    ";
  return text + fmt::format("CS: {:04x}  SS: {:04x}\n",
                            saved.find("CS").value_or(0),
                            saved.find("SS").value_or(0));
}

// "     PC: ffff800008a4e6f0  [udp_destruct_common+144]"
std::string code_line(std::string_view name, const BtCode& code) {
  return fmt::format(
      "    {:>3}: {:016x}  [{}]\n", name, code.address.value,
      code.symbol.empty()
          ? "unknown or invalid address"
          : fmt::format("{}+{}", printable(code.symbol), code.offset));
}

std::string arm64_text(const BtRegisters& registers) {
  static constexpr std::array<std::string_view, 3> last = {
      "ORIG_X0", "SYSCALLNO", "PSTATE"};
  const SavedRegisters& saved = registers.saved;
  std::uint64_t pstate = saved.find("PSTATE").value_or(0);
  if (!saved.is_user) {
    static constexpr std::array<std::string_view, 6> others = {
        "PC", "LR", "SP", "ORIG_X0", "SYSCALLNO", "PSTATE"};
    return code_line("PC", registers.code) +
           code_line("LR", registers.link.value_or(BtCode{})) +
           fmt::format("     SP: {:016x}  PSTATE: {:08x}\n",
                       saved.find("SP").value_or(0), pstate) +
           columns(saved, others);
  }
  std::string text = columns(saved, last);
  if (auto first = saved.find("ORIG_X0")) {
    text += fmt::format("    ORIG_X0: {:016x}  SYSCALLNO: {:x}  ", *first,
                        saved.find("SYSCALLNO").value_or(0));
  } else {
    text += "    ";
  }
  return text + fmt::format("PSTATE: {:08x}\n", pstate);
}

}  // namespace

std::string line_text(const std::optional<SourceLine>& line) {
  if (!line) return "";
  return fmt::format("    {}: {}\n", printable(line->file), line->line);
}

std::string registers_text(const BtRegisters& registers) {
  bool is_arm64 = registers.saved.find("PSTATE").has_value();
  return (is_arm64 ? arm64_text(registers) : x86_64_text(registers)) +
         line_text(registers.code.line);
}

}  // namespace inquest
