// SPDX-License-Identifier: GPL-3.0-or-later
// Memory written as an ELF core file, as other programs read it.

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "dump/dump.h"
#include "dump/elf_header.h"

namespace inquest {
namespace {

constexpr std::uint64_t header_size = 64;
constexpr std::uint64_t program_header_size = 56;
constexpr std::uint64_t alignment = 4096;

class Fields {
 public:
  explicit Fields(std::endian endian) : endian_(endian) {}

  Fields& add(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      unsigned at = endian_ == std::endian::little ? i : size - 1 - i;
      text_ += static_cast<char>(value >> 8 * at);
    }
    return *this;
  }
  Fields& add(std::string_view text) {
    text_ += text;
    return *this;
  }
  Fields& pad_to(std::uint64_t size) {
    text_.resize(size);
    return *this;
  }
  std::uint64_t size() const { return text_.size(); }
  const std::string& text() const { return text_; }

 private:
  std::endian endian_;
  std::string text_;
};

constexpr std::uint64_t aligned(std::uint64_t size, std::uint64_t to) {
  return (size + to - 1) / to * to;
}

std::string note(std::endian endian, std::string_view contents) {
  constexpr std::string_view name("VMCOREINFO\0", 11);
  if (contents.empty()) return "";
  Fields fields(endian);
  fields.add(name.size(), 4).add(contents.size(), 4).add(0, 4).add(name);
  fields.pad_to(aligned(fields.size(), 4)).add(contents);
  return fields.pad_to(aligned(fields.size(), 4)).text();
}

void add_program_header(Fields& fields, unsigned type, std::uint64_t offset,
                        PhysAddress start, std::uint64_t size) {
  constexpr unsigned readable = 4;
  fields.add(type, 4).add(type == pt_load ? readable : 0, 4).add(offset, 8);
  fields.add(0, 8).add(start.value, 8).add(size, 8).add(size, 8).add(0, 8);
}

std::string headers(std::endian endian, unsigned machine,
                    std::string_view notes,
                    const std::vector<PhysRange>& ranges) {
  bool is_little = endian == std::endian::little;
  std::uint64_t count = ranges.size() + 1;
  std::uint64_t notes_at = header_size + count * program_header_size;
  Fields fields(endian);
  fields.add("\x7f\x45LF").add(2, 1).add(is_little ? 1 : 2, 1).add(1, 1);
  fields.pad_to(16).add(et_core, 2).add(machine, 2).add(1, 4).add(0, 8);
  fields.add(header_size, 8).add(0, 8).add(0, 4).add(header_size, 2);
  fields.add(program_header_size, 2).add(count, 2).add(0, 6);
  add_program_header(fields, pt_note, notes_at, {}, notes.size());
  std::uint64_t at = aligned(notes_at + notes.size(), alignment);
  for (const PhysRange& range : ranges) {
    add_program_header(fields, pt_load, at, range.start, range.size);
    at += aligned(range.size, alignment);
  }
  fields.add(notes);
  return fields.pad_to(aligned(fields.size(), alignment)).text();
}

Result<void> copy_range(const Dump& dump, const PhysRange& range,
                        std::ostream& out) {
  constexpr std::uint64_t chunk = std::uint64_t{1} << 20;
  std::vector<std::byte> bytes(chunk);
  for (std::uint64_t at = 0; at < range.size && out; at += chunk) {
    if (interrupted()) return Error(ErrorKind::io, "interrupted");
    std::uint64_t size = std::min(chunk, range.size - at);
    TRY(dump.read(range.start + at, std::span(bytes).first(size)));
    // What is missing at the end is made up for by zeroes.
    std::uint64_t padded = aligned(size, alignment);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end(),
              std::byte{0});
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(padded));
  }
  return {};
}

}  // namespace

Result<void> save_as_elf(const Dump& dump, unsigned elf_machine,
                         std::string_view vmcoreinfo,
                         const std::filesystem::path& file) {
  std::vector<PhysRange> ranges = dump.ranges();
  errno = 0;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  std::endian endian = dump.info().endian;
  std::string head =
      headers(endian, elf_machine, note(endian, vmcoreinfo), ranges);
  out.write(head.data(), static_cast<std::streamsize>(head.size()));
  for (const PhysRange& range : ranges)
    TRY(copy_range(dump, range, out));
  if (out.flush()) return {};
  const char* reason = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
  return Error(ErrorKind::io, fmt::format("{}: {}", file.string(), reason));
}

}  // namespace inquest
