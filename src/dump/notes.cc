// SPDX-License-Identifier: GPL-3.0-or-later
//
// A note is three 32-bit words (name size, contents size, type), the name with
// its NUL and the contents, each padded to 4 bytes. The kernel pads a CPU's
// crash note buffer with zero words, which read as notes without name and
// contents.

#include "dump/notes.h"

#include <algorithm>
#include <array>

#include "base/numbers.h"
#include "base/text.h"

namespace inquest {
namespace {

constexpr std::uint32_t nt_prstatus = 1;
constexpr std::size_t most_notes = 1 << 16;

constexpr std::uint64_t padded(std::uint64_t size) {
  return (size + 3) & ~std::uint64_t{3};
}

// The last note's padding may be missing.
Result<Bytes> padded_bytes(Reader& reader, std::uint64_t size) {
  Bytes bytes = TRY(reader.bytes(size));
  TRY(reader.skip(std::min<std::uint64_t>(padded(size) - size, reader.left())));
  return bytes;
}

// |at| is where |reader| started.
Result<Note> next_note(Reader& reader, FileOffset at) {
  auto name_size = TRY(reader.read<std::uint32_t>());
  auto size = TRY(reader.read<std::uint32_t>());
  auto type = TRY(reader.read<std::uint32_t>());
  std::string_view name = as_text(TRY(padded_bytes(reader, name_size)));
  FileOffset place{at.value + reader.offset()};
  Bytes contents = TRY(padded_bytes(reader, size));
  return Note{.name = std::string(name.substr(0, name.find('\0'))),
              .type = type,
              .contents = {contents.begin(), contents.end()},
              .at = place};
}

}  // namespace

void take_notes(Bytes bytes, DumpInfo& info, FileOffset at) {
  Reader reader(bytes, info.endian, "note");
  while (!reader.at_end() && info.notes.size() < most_notes) {
    Result<Note> note = next_note(reader, at);
    if (!note) return;
    if (note->name.empty() && note->contents.empty()) continue;
    if (note->name == "VMCOREINFO" && info.vmcoreinfo.empty()) {
      take_vmcoreinfo(as_text(note->contents), info);
    }
    if (note->name == "CORE" && note->type == nt_prstatus) ++info.cpus;
    info.notes.push_back(std::move(note).value());
  }
}

void take_vmcoreinfo(std::string_view text, DumpInfo& info) {
  info.vmcoreinfo = text.substr(0, text.find('\0'));
  for (std::string_view line : lines(info.vmcoreinfo)) {
    constexpr std::string_view key = "PAGESIZE=";
    if (!line.starts_with(key)) continue;
    auto size = parse_decimal(trim(line.substr(key.size())));
    if (size && std::has_single_bit(*size) && *size >= 512 &&
        *size <= std::uint64_t{1} << 20) {
      info.page_size = *size;
    }
  }
}

unsigned elf_machine_of(std::string_view uname_machine) {
  struct Machine {
    std::string_view name;
    unsigned number;
  };
  constexpr std::array<Machine, 18> machines = {{
      {"x86_64", 62},
      {"aarch64", 183},
      {"aarch64_be", 183},
      {"i386", 3},
      {"i486", 3},
      {"i586", 3},
      {"i686", 3},
      {"ppc", 20},
      {"ppc64", 21},
      {"ppc64le", 21},
      {"s390x", 22},
      {"s390", 22},
      {"mips64", 8},
      {"loongarch64", 258},
      {"riscv64", 243},
      {"ia64", 50},
      {"sparc64", 43},
      {"alpha", 0x9026},
  }};
  for (const Machine& machine : machines) {
    if (machine.name == uname_machine) return machine.number;
  }
  if (uname_machine.starts_with("arm")) return 40;
  return uname_machine.starts_with("mips") ? 8 : 0;
}

unsigned elf_machine_of_prstatus(const DumpInfo& info) {
  struct Status {
    std::size_t size;
    std::endian endian;
    unsigned machine;
  };
  constexpr std::array<Status, 7> known = {{
      {336, std::endian::little, 62},
      {392, std::endian::little, 183},
      {376, std::endian::little, 243},
      {480, std::endian::little, 258},
      {504, std::endian::little, 21},
      {504, std::endian::big, 21},
      {336, std::endian::big, 22},
  }};
  for (const Note& note : info.notes) {
    if (note.name != "CORE" || note.type != nt_prstatus) continue;
    for (const Status& status : known) {
      if (status.size == note.contents.size() && status.endian == info.endian) {
        return status.machine;
      }
    }
  }
  return 0;
}

}  // namespace inquest
