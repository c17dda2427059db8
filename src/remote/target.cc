// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/target.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "remote/packet.h"

namespace inquest {
namespace {

using List = std::vector<RemoteRegister>;

// gdb's features by architecture: "org.gnu.gdb.i386.core" is there for both
// widths, and wants the x87 registers too.
struct Feature {
  std::string_view arch;          // ours
  std::string_view architecture;  // gdb's
  std::string_view name;
  List (*registers)();
};

List x86_64_registers() {
  List all;
  for (std::string_view name : {"rax", "rbx", "rcx", "rdx", "rsi", "rdi"})
    all.push_back({std::string(name)});
  all.push_back({"rbp", 64, "data_ptr"});
  all.push_back({"rsp", 64, "data_ptr"});
  for (unsigned i = 8; i < 16; ++i)
    all.push_back({fmt::format("r{}", i)});
  all.push_back({"rip", 64, "code_ptr"});
  for (std::string_view name : {"eflags", "cs", "ss", "ds", "es", "fs", "gs"})
    all.push_back({std::string(name), 32, "int32"});
  for (unsigned i = 0; i < 8; ++i)
    all.push_back({fmt::format("st{}", i), 80, "i387_ext", "float"});
  for (std::string_view name :
       {"fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"}) {
    all.push_back({std::string(name), 32, "int32", "float"});
  }
  return all;
}

List arm64_registers() {
  List all;
  for (unsigned i = 0; i < 31; ++i)
    all.push_back({fmt::format("x{}", i)});
  all.push_back({"sp", 64, "data_ptr"});
  all.push_back({"pc", 64, "code_ptr"});
  all.push_back({"cpsr", 32, "int32"});
  return all;
}

constexpr Feature features[] = {
    {"x86_64", "i386:x86-64", "org.gnu.gdb.i386.core", x86_64_registers},
    {"aarch64", "aarch64", "org.gnu.gdb.aarch64.core", arm64_registers},
};

const Feature* feature_of(const Arch& arch) {
  const auto* found = std::ranges::find(features, arch.name(), &Feature::arch);
  return found == std::end(features) ? nullptr : found;
}

}  // namespace

List remote_registers(const Arch& arch) {
  const Feature* feature = feature_of(arch);
  if (feature == nullptr) return {};
  List all = feature->registers();
  auto known = arch.registers();
  for (RemoteRegister& each : all) {
    auto found = std::ranges::find(known, each.name, &RegisterName::name);
    if (found != known.end())
      each.index = static_cast<unsigned>(found - known.begin());
  }
  return all;
}

std::string target_description(const Arch& arch) {
  std::string text =
      "<?xml version=\"1.0\"?>\n"
      "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
      "<target version=\"1.0\">\n";
  if (const Feature* feature = feature_of(arch)) {
    text +=
        fmt::format("<architecture>{}</architecture>\n", feature->architecture);
    text += fmt::format("<feature name=\"{}\">\n", feature->name);
    for (const RemoteRegister& each : remote_registers(arch)) {
      text += fmt::format(R"(<reg name="{}" bitsize="{}" type="{}")", each.name,
                          each.bits, each.type);
      if (!each.group.empty())
        text += fmt::format(R"( group="{}")", each.group);
      text += "/>\n";
    }
    text += "</feature>\n";
  }
  return text + "</target>\n";
}

std::string register_text(const Arch& arch, const RemoteRegister& which,
                          const Registers& values) {
  std::size_t size = which.bits / 8;
  auto value = which.index && *which.index < Registers::limit
                   ? values.find(*which.index)
                   : std::nullopt;
  if (!value || size > sizeof(*value)) return std::string(size * 2, 'x');
  std::array<std::byte, sizeof(*value)> bytes = {};
  std::span<std::byte> used = std::span(bytes).first(size);
  store_unsigned(used, *value, arch.endian());
  return to_hex(used);
}

std::string xml_text(std::string_view text) {
  std::string quoted;
  for (char c : printable(text)) {
    auto code = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') {
      quoted += ' ';
    } else if (code >= 0x80) {  // valid UTF-8 may be no character of XML
      quoted += fmt::format("\\x{:02x}", code);
    } else if (std::string_view("&<>\"'").find(c) != std::string_view::npos) {
      quoted += fmt::format("&#{};", code);
    } else {
      quoted += c;
    }
  }
  return quoted;
}

}  // namespace inquest
