// SPDX-License-Identifier: GPL-3.0-or-later
#include "dumps/writer.h"

namespace inquest::test {
namespace {

void note(DumpWriter& out, std::string_view name, unsigned type,
          Bytes contents) {
  out.u32(name.size() + 1);
  out.u32(contents.size());
  out.u32(type);
  out.bytes(as_bytes(name));
  out.integer(0, 1);
  out.align(4);
  out.bytes(contents);
  out.align(4);
}

// A run of stored pages, then of excluded ones.
struct Segment {
  std::uint64_t first = 0;
  std::uint64_t stored = 0;
  std::uint64_t excluded = 0;
};

std::vector<Segment> segments_of(const Machine& machine) {
  std::vector<Segment> segments;
  for (const auto& [page, content] : machine.pages) {
    bool is_next = !segments.empty() && segments.back().first +
                                                segments.back().stored +
                                                segments.back().excluded ==
                                            page;
    if (!is_next || (content && segments.back().excluded != 0)) {
      segments.push_back({page, 0, 0});
    }
    ++(content ? segments.back().stored : segments.back().excluded);
  }
  return segments;
}

class ElfWriter {
 public:
  ElfWriter(const Machine& machine, const DumpShape& shape)
      : machine_(machine), shape_(shape), out_(shape.endian) {}

  Content file();

 private:
  void word(std::uint64_t value) { out_.integer(value, shape_.is_64 ? 8 : 4); }
  void header(std::size_t count);
  void program_header(unsigned type, std::uint64_t offset, std::uint64_t start,
                      std::uint64_t file_size, std::uint64_t memory_size);
  std::size_t header_size() const { return shape_.is_64 ? 64 : 52; }
  std::size_t section_size() const { return shape_.is_64 ? 64 : 40; }
  std::size_t entry_size() const { return shape_.is_64 ? 56 : 32; }

  const Machine& machine_;
  const DumpShape& shape_;
  DumpWriter out_;
};

void ElfWriter::header(std::size_t count) {
  out_.bytes(as_bytes("\x7f\x45LF"));
  out_.integer(shape_.is_64 ? 2 : 1, 1);
  out_.integer(shape_.endian == std::endian::big ? 2 : 1, 1);
  out_.integer(1, 1);
  out_.pad_to(16);
  out_.u16(4);
  out_.u16(machine_.number("elf_machine", 62));
  out_.u32(1);
  word(0);
  bool extended = shape_.has_extended_count;
  word(header_size() + (extended ? section_size() : 0));
  word(extended ? header_size() : 0);
  out_.u32(0);
  out_.u16(header_size());
  out_.u16(entry_size());
  out_.u16(extended ? 0xffff : count);
  out_.u16(extended ? section_size() : 0);
  out_.u16(extended ? 1 : 0);
  out_.u16(0);
  if (!extended) return;
  std::size_t start = out_.size();
  out_.pad_to(start + (shape_.is_64 ? 44 : 28));
  out_.u32(count);
  out_.pad_to(start + section_size());
}

void ElfWriter::program_header(unsigned type, std::uint64_t offset,
                               std::uint64_t start, std::uint64_t file_size,
                               std::uint64_t memory_size) {
  std::uint64_t virtual_start =
      shape_.is_64 ? start + 0xffff888000000000 : start + 0xc0000000;
  out_.u32(type);
  if (shape_.is_64) out_.u32(7);
  word(offset);
  word(type == 1 ? virtual_start : 0);
  word(start);
  word(file_size);
  word(memory_size);
  if (!shape_.is_64) out_.u32(7);
  word(0);
}

Content ElfWriter::file() {
  std::vector<Segment> segments = segments_of(machine_);
  Content notes = dump_notes(machine_, shape_.endian);
  header(segments.size() + 1);
  std::uint64_t offset = out_.size() + (segments.size() + 1) * entry_size();
  program_header(4, offset, 0, notes.size(), 0);
  offset += notes.size();
  std::uint64_t page = machine_.page_size;
  for (const Segment& segment : segments) {
    program_header(1, offset, segment.first * page, segment.stored * page,
                   (segment.stored + segment.excluded) * page);
    offset += segment.stored * page;
  }
  out_.bytes(notes);
  for (const auto& [number, content] : machine_.pages) {
    if (content) out_.bytes(*content);
  }
  return out_.content();
}

}  // namespace

Content dump_notes(const Machine& machine, std::endian endian) {
  DumpWriter out(endian);
  for (std::uint64_t i = 0; i < machine.number("cpus", 0); ++i) {
    Content status(336);
    status[32] = std::byte(i + 1);
    note(out, "CORE", 1, status);
  }
  if (!machine.vmcoreinfo.empty()) {
    note(out, "VMCOREINFO", 0, as_bytes(machine.vmcoreinfo));
  }
  return out.content();
}

Content elf_file(const Machine& machine, const DumpShape& shape) {
  return ElfWriter(machine, shape).file();
}

}  // namespace inquest::test
