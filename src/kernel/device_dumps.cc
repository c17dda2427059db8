// SPDX-License-Identifier: GPL-3.0-or-later
//
// struct vmcoredd_header (4.18, commit 2724273e8fd0) is the head of an ELF note
// and a name of 44 bytes, behind which the driver's data follow.

#include "kernel/device_dumps.h"

#include "base/bytes.h"

namespace inquest {

std::vector<DeviceDump> device_dumps(const DumpInfo& dump) {
  constexpr std::uint32_t nt_vmcoredd = 0x700;
  constexpr std::size_t name_size = 44;
  std::vector<DeviceDump> found;
  for (const Note& note : dump.notes) {
    if (note.type != nt_vmcoredd || note.name != "LINUX") continue;
    Bytes contents = note.contents;
    if (contents.size() < name_size) continue;
    std::string_view name = as_text(contents.first(name_size));
    found.push_back({.name = std::string(name.substr(0, name.find('\0'))),
                     .at = FileOffset{note.at.value + name_size},
                     .data = contents.subspan(name_size)});
  }
  return found;
}

}  // namespace inquest
