// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/bpf_rows.h"

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "kernel/clock.h"

namespace inquest {
namespace {

std::string quoted(const std::string& name) {
  return name.empty() ? "(unused)" : fmt::format("\"{}\"", printable(name));
}

std::string map_list(const BpfProgram& program) {
  std::string all;
  for (const auto& id : program.map_ids)
    all += (all.empty() ? "" : ",") + cell(id);
  return all;
}

}  // namespace

report::Record to_record(const BpfProgramRow& row) {
  const BpfProgram& program = row.program;
  report::Record record;
  record.add("program_id", program.id);
  record.add("program", program.object.address());
  record.add("auxiliary", program.auxiliary.address());
  record.add("type", program.type);
  record.add("tag", program.tag);
  record.add("maps",
             report::List(program.map_ids.begin(), program.map_ids.end()));
  if (!row.has_details) return record;
  record.add("instructions", program.instructions);
  record.add("compiled_bytes", program.compiled_size);
  record.add("memory_bytes", program.memory);
  record.add("load_time", program.load_time);
  record.add("gpl_compatible", program.is_gpl);
  record.add("name", program.name);
  record.add("uid", program.uid);
  return record;
}

std::string to_text(const BpfProgramRow& row) {
  constexpr std::uint64_t unit = 8;
  const BpfProgram& program = row.program;
  std::string all = fmt::format(
      "{:>3} {:016x} {:016x} {} {:<16} {}\n", program.id,
      program.object.address().value, program.auxiliary.address().value,
      centred(cell(program.type), 13), cell(program.tag),
      centred(map_list(program), 9));
  if (!row.has_details) return all;
  all += fmt::format("     XLATED: {}  JITED: {}  MEMLOCK: {}\n",
                     report::cell_text(program.instructions,
                                       [](std::uint64_t count) {
                                         return fmt::to_string(count * unit);
                                       }),
                     cell(program.compiled_size), cell(program.memory));
  all += fmt::format("     LOAD_TIME: {}\n",
                     report::cell_text(program.load_time, date_text));
  all +=
      fmt::format("     GPL_COMPATIBLE: {}  NAME: {}  UID: {}\n",
                  report::cell_text(program.is_gpl,
                                    [](bool is) { return is ? "yes" : "no"; }),
                  quoted(program.name), cell(program.uid));
  return all;
}

report::Record to_record(const BpfMapRow& row) {
  const BpfMap& map = row.map;
  report::Record record;
  record.add("map_id", map.id);
  record.add("map", map.object.address());
  record.add("type", map.type);
  record.add("flags", map.flags);
  if (!row.has_details) return record;
  record.add("key_size", map.key_size);
  record.add("value_size", map.value_size);
  record.add("max_entries", map.most_entries);
  record.add("memory_bytes", map.memory);
  record.add("name", map.name);
  record.add("uid", map.uid ? report::Value(*map.uid) : report::Value());
  return record;
}

std::string to_text(const BpfMapRow& row) {
  const BpfMap& map = row.map;
  auto flags = report::cell_text(map.flags, [](std::uint64_t value) {
    return fmt::format("{:08x}", value);
  });
  std::string all =
      fmt::format("{:>3} {:016x} {}  {}\n", map.id, map.object.address().value,
                  centred(cell(map.type), 15), flags);
  if (!row.has_details) return all;
  all += fmt::format(
      "     KEY_SIZE: {}  VALUE_SIZE: {}  MAX_ENTRIES: {}  MEMLOCK: {}\n",
      cell(map.key_size), cell(map.value_size), cell(map.most_entries),
      cell(map.memory));
  all += fmt::format("     NAME: {}  UID: {}\n", quoted(map.name),
                     map.uid ? fmt::to_string(*map.uid) : "(unused)");
  return all;
}

report::Record to_record(const BpfLinkRow& row) {
  const BpfLink& link = row.link;
  return report::Record()
      .with("link_id", link.id)
      .with("link", link.object.address())
      .with("type", link.type)
      .with("program", link.program)
      .with("program_id", link.program_id)
      .with("target", link.target);
}

std::string to_text(const BpfLinkRow& row) {
  const BpfLink& link = row.link;
  return fmt::format(
      "{:>3} {:016x} {} {:<16} {:>4} {}\n", link.id,
      link.object.address().value, centred(cell(link.type), 15),
      report::cell_text(
          link.program,
          [](Address at) { return fmt::format("{:016x}", at.value); }),
      link.program_id ? fmt::to_string(*link.program_id) : "-",
      cell(link.target));
}

report::Record to_record(const BpfLineRow& row) {
  std::string bytes;
  for (std::byte byte : row.line.bytes)
    bytes += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return report::Record()
      .with("program_id", row.program_id)
      .with("index", row.line.index)
      .with("bytes", bytes)
      .with("text", row.line.text);
}

std::string to_text(const BpfLineRow& row) {
  const BpfLine& line = row.line;
  unsigned code =
      line.bytes.empty() ? 0 : std::to_integer<unsigned>(line.bytes.front());
  std::string all =
      fmt::format("{:>4}: ({:02x}) {}\n", line.index, code, line.text);
  if (!row.has_bytes) return all;
  std::string bytes(8, ' ');
  for (std::size_t i = 0; i < line.bytes.size(); ++i) {
    bytes += fmt::format("{}{:02x}", i == 0 ? "" : " ",
                         std::to_integer<unsigned>(line.bytes[i]));
  }
  return all + bytes + '\n';
}

report::Record to_record(const BpfCodeRow& row) {
  return report::Record()
      .with("program_id", row.program_id)
      .with("address", row.at)
      .with("text", row.text);
}

std::string to_text(const BpfCodeRow& row) {
  return fmt::format("   {:#x}:\t{}\n", row.at.value, row.text);
}

}  // namespace inquest
