// SPDX-License-Identifier: GPL-3.0-or-later
//
// The header is a C structure in the dumped machine's layout: signature,
// version, the six names of uname(2), a timeval, then 32-bit words. A 32-bit
// machine has a timeval of 8 bytes instead of 16, so what follows lies lower.
//
// The sub header begins in the second block and grew with each version:
//   0 phys_base; 1 dump level; 2 the split part's page numbers; 3 place of the
//   vmcoreinfo; 4 of the notes; 5 of the erase information; 6 page numbers in
//   64 bits. Its words are longs, and its file offsets have 64 bits, aligned
//   to 4 on i386 and to 8 everywhere else.

#include "dump/kdump_header.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr std::string_view kdump_signature = "KDUMP   ";
constexpr std::string_view diskdump_signature = "DISKDUMP";
constexpr std::size_t version_at = 8;
constexpr std::size_t uts_at = 12;
constexpr std::size_t uts_name_size = 65;
constexpr std::size_t header_size = 464;
constexpr unsigned newest_version = 6;
constexpr std::uint32_t status_incomplete = 8;
// Larger than any page, and smaller than 4096 in the wrong byte order: that
// alone tells the order of a header whose version is 0.
constexpr std::uint64_t largest_block = std::uint64_t{1} << 18;

std::string name_at(Bytes header, std::size_t index) {
  std::string_view name =
      as_text(header.subspan(uts_at + index * uts_name_size, uts_name_size));
  return std::string(name.substr(0, name.find('\0')));
}

// Takes fields of a C structure one after the other, as a compiler lays them
// out; zero past the end.
class Fields {
 public:
  Fields(Bytes bytes, std::endian endian, unsigned long_size,
         unsigned offset_alignment)
      : bytes_(bytes),
        endian_(endian),
        long_size_(long_size),
        offset_alignment_(offset_alignment) {}

  std::uint64_t word() { return take(4, 4); }
  std::uint64_t long_word() { return take(long_size_, long_size_); }
  std::uint64_t wide() { return take(8, offset_alignment_); }

 private:
  std::uint64_t take(std::size_t size, std::size_t alignment) {
    at_ = (at_ + alignment - 1) / alignment * alignment;
    std::size_t at = at_;
    at_ += size;
    if (at_ > bytes_.size()) return 0;
    return load_unsigned(bytes_.subspan(at, size), endian_);
  }

  Bytes bytes_;
  std::endian endian_;
  unsigned long_size_;
  unsigned offset_alignment_;
  std::size_t at_ = 0;
};

std::uint64_t word_at(Bytes header, std::size_t at, std::endian endian) {
  return load_unsigned(header.subspan(at, 4), endian);
}

bool is_block_size(std::uint64_t size) {
  return std::has_single_bit(size) && size >= 512 && size <= largest_block;
}

// The offset of |status|, which follows the timeval.
std::size_t status_at(Bytes header, std::endian endian) {
  constexpr std::size_t at_64 = 424;
  constexpr std::size_t at_32 = 412;
  return is_block_size(word_at(header, at_64 + 4, endian)) ? at_64 : at_32;
}

void read_sub_header(Bytes bytes, bool is_64, KdumpHeader& header) {
  bool is_i386 = header.uts.machine.size() == 4 &&
                 header.uts.machine.starts_with('i') &&
                 header.uts.machine.ends_with("86");
  Fields fields(bytes, header.endian, is_64 ? 8 : 4, is_i386 ? 4 : 8);
  header.phys_base = fields.long_word();
  if (header.version < 1) return;
  header.dump_level = static_cast<unsigned>(fields.word());
  if (header.version < 2) return;
  header.is_split = fields.word() != 0;
  header.first_page = fields.long_word();
  header.end_page = fields.long_word();
  if (header.version < 3) return;
  header.vmcoreinfo.at = {fields.wide()};
  header.vmcoreinfo.size = fields.long_word();
  if (header.version < 4) return;
  header.notes.at = {fields.wide()};
  header.notes.size = fields.long_word();
  if (header.version < 5) return;
  fields.wide();
  fields.long_word();
  if (header.version < 6) return;
  header.first_page = fields.wide();
  header.end_page = fields.wide();
  std::uint64_t page_count = fields.wide();
  if (page_count != 0) header.page_count = page_count;
}

Result<void> check_sizes(const DataSource& file, const KdumpHeader& header) {
  constexpr std::uint64_t most_blocks = std::uint64_t{1} << 32;
  if (!is_block_size(header.block_size)) {
    return file.error(
        ErrorKind::corrupt, "kdump header", FileOffset{0},
        fmt::format("impossible block size {}", header.block_size));
  }
  if (header.sub_header_blocks >= most_blocks ||
      header.bitmap_blocks >= most_blocks || header.bitmap_blocks == 0) {
    return file.error(
        ErrorKind::corrupt, "kdump header", FileOffset{0},
        fmt::format("impossible sizes: {} blocks of sub header, "
                    "{} of bitmaps",
                    header.sub_header_blocks, header.bitmap_blocks));
  }
  return {};
}

std::optional<std::endian> endian_of(Bytes header) {
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    std::uint64_t version = word_at(header, version_at, endian);
    std::size_t at = status_at(header, endian);
    if (version < 256 && is_block_size(word_at(header, at + 4, endian))) {
      return endian;
    }
  }
  return std::nullopt;
}

}  // namespace

bool KdumpHeader::is_incomplete() const {
  return !is_diskdump && (status & status_incomplete) != 0;
}

bool is_kdump(const DataSource& file) {
  std::array<std::byte, 8> start = {};
  if (file.size() < start.size() || !file.read(FileOffset{0}, start)) {
    return false;
  }
  std::string_view signature = as_text(start);
  return signature == kdump_signature || signature == diskdump_signature;
}

Result<KdumpHeader> read_kdump_header(const DataSource& file) {
  auto bytes = TRY(file.bytes(FileOffset{0}, header_size, "kdump header"));
  KdumpHeader header;
  header.is_diskdump = as_text(bytes).starts_with(diskdump_signature);
  auto endian = endian_of(bytes);
  if (!endian) {
    return file.error(ErrorKind::corrupt, "kdump header", FileOffset{0},
                      "version and block size make no sense in either byte "
                      "order");
  }
  header.endian = *endian;
  header.version = static_cast<unsigned>(word_at(bytes, version_at, *endian));
  header.uts = {.system = name_at(bytes, 0),
                .node = name_at(bytes, 1),
                .release = name_at(bytes, 2),
                .version = name_at(bytes, 3),
                .machine = name_at(bytes, 4),
                .domain = name_at(bytes, 5)};
  std::size_t at = status_at(bytes, *endian);
  bool is_64 = at == 424;
  header.saved_at = load_unsigned(
      Bytes(bytes).subspan(is_64 ? 408 : 404, is_64 ? 8 : 4), *endian);
  auto word = [&](std::size_t index) {
    return word_at(bytes, at + index * 4, *endian);
  };
  header.status = static_cast<std::uint32_t>(word(0));
  header.block_size = word(1);
  header.sub_header_blocks = word(2);
  header.bitmap_blocks = word(3);
  header.page_count = word(4);
  header.cpus = static_cast<unsigned>(word(9));
  TRY(check_sizes(file, header));
  if (header.is_diskdump || header.sub_header_blocks == 0) return header;
  std::uint64_t sub_size = std::min<std::uint64_t>(
      header.sub_header_blocks * header.block_size, 512);
  auto sub_header = TRY(
      file.bytes(FileOffset{header.block_size}, sub_size, "kdump sub header"));
  header.version = std::min(header.version, newest_version);
  read_sub_header(sub_header, is_64, header);
  return header;
}

}  // namespace inquest
