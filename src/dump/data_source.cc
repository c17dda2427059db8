// SPDX-License-Identifier: GPL-3.0-or-later
//
// A flattened file is what makedumpfile writes to a pipe and QEMU to a
// monitor's file descriptor: a 4096-byte header, then records of offset, size
// (both big-endian 64-bit) and that many bytes, as they would have been
// written at that offset of an ordinary file. Offsets are in no order, records
// may overwrite earlier ones (headers are patched at the end), and a record
// with offset and size -1 ends the file. We keep a sorted map from content to
// file and read in place. What no record covers is a hole and reads as zeroes.

#include "dump/data_source.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "dump/interval_map.h"

namespace inquest {
namespace {

constexpr std::string_view flattened_signature("makedumpfile\0\0\0\0", 16);
constexpr std::uint64_t flattened_header_size = 4096;
constexpr std::uint64_t record_header_size = 16;

class PlainFile : public DataSource {
 public:
  explicit PlainFile(std::shared_ptr<const MappedFile> file)
      : DataSource(file->path()), file_(std::move(file)) {}

  std::uint64_t size() const override { return file_->size(); }
  std::uint64_t stored_size() const override { return file_->size(); }
  Result<void> read(FileOffset from, std::span<std::byte> out) const override {
    if (from.value > size() || out.size() > size() - from.value) {
      return error(ErrorKind::corrupt, "data", from, "the file ends before");
    }
    return file_->read(from, out);
  }
  Bytes acquire(FileOffset from, std::uint64_t size) const override {
    return file_->acquire(from, size);
  }
  void release(Bytes acquired) const override { file_->release(acquired); }

 private:
  std::shared_ptr<const MappedFile> file_;
};

class FlattenedFile : public DataSource {
 public:
  explicit FlattenedFile(std::shared_ptr<const MappedFile> file)
      : DataSource(file->path()), file_(std::move(file)) {}

  Result<void> index();

  std::uint64_t size() const override { return size_; }
  std::uint64_t stored_size() const override { return file_->size(); }
  bool is_flattened() const override { return true; }
  bool is_truncated() const override { return is_truncated_; }
  Result<void> read(FileOffset from, std::span<std::byte> out) const override;

 private:
  std::shared_ptr<const MappedFile> file_;
  IntervalMap records_;
  std::uint64_t size_ = 0;
  bool is_truncated_ = true;
};

Result<void> FlattenedFile::index() {
  constexpr auto end_mark = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint64_t largest = end_mark >> 1;
  std::vector<Interval> records;
  std::uint64_t at = flattened_header_size;
  std::uint64_t file_size = file_->size();
  while (at <= file_size && file_size - at >= record_header_size) {
    std::array<std::byte, record_header_size> header = {};
    TRY(file_->read(FileOffset{at}, header));
    Bytes fields = header;
    std::uint64_t offset = load_unsigned(fields.first(8), std::endian::big);
    std::uint64_t size = load_unsigned(fields.subspan(8), std::endian::big);
    if (offset == end_mark && size == end_mark) {
      is_truncated_ = false;
      break;
    }
    if (offset > largest || size > largest - offset) {
      return error(
          ErrorKind::corrupt, "flattened record", FileOffset{at},
          fmt::format("impossible offset {:#x} or size {:#x}", offset, size));
    }
    at += record_header_size;
    size = std::min(size, file_size - at);
    if (size > 0) {
      records.push_back({offset, offset + size, at});
      size_ = std::max(size_, offset + size);
    }
    at += size;
  }
  records_ = IntervalMap(records);
  return {};
}

Result<void> FlattenedFile::read(FileOffset from,
                                 std::span<std::byte> out) const {
  if (from.value > size_ || out.size() > size_ - from.value) {
    return error(ErrorKind::corrupt, "data", from,
                 is_truncated_ ? "the flattened file was cut off"
                               : "the flattened content ends before");
  }
  const Interval* piece = records_.find(from.value);
  const Interval* end = records_.pieces().data() + records_.pieces().size();
  while (!out.empty()) {
    // The content's end is a record's end, so a hole is followed by a record.
    if (!piece || piece == end) break;
    if (from.value < piece->start) {
      std::uint64_t hole =
          std::min<std::uint64_t>(piece->start - from.value, out.size());
      std::fill_n(out.begin(), hole, std::byte{0});
      out = out.subspan(hole);
      from = from + hole;
      continue;
    }
    std::uint64_t count =
        std::min<std::uint64_t>(piece->end - from.value, out.size());
    TRY(file_->read(FileOffset{piece->target_of(from.value)},
                    out.first(count)));
    out = out.subspan(count);
    from = from + count;
    ++piece;
  }
  return {};
}

}  // namespace

Result<std::vector<std::byte>> DataSource::bytes(FileOffset from,
                                                 std::uint64_t size,
                                                 std::string_view what) const {
  std::uint64_t limit = this->size();
  if (size > stored_size() || from.value > limit || size > limit - from.value) {
    return error(ErrorKind::corrupt, what, from,
                 fmt::format("{} bytes are wanted, the file ends before "
                             "(size {})",
                             size, limit));
  }
  std::vector<std::byte> out(size);
  TRY(read(from, out));
  return out;
}

Error DataSource::error(ErrorKind kind, std::string_view what, FileOffset at,
                        std::string_view reason) const {
  return Error(kind, fmt::format("{}: {} at offset {:#x}: {}", path_.string(),
                                 what, at.value, reason));
}

bool is_flattened_file(Bytes start) {
  return as_text(start).starts_with(flattened_signature);
}

Result<std::shared_ptr<const DataSource>> open_data_source(
    const std::filesystem::path& path) {
  auto file = TRY(MappedFile::open_to_read(path));
  std::array<std::byte, flattened_signature.size()> start = {};
  std::uint64_t size = std::min<std::uint64_t>(file->size(), start.size());
  TRY(file->read(FileOffset{0}, std::span(start).first(size)));
  if (!is_flattened_file(start)) {
    return std::shared_ptr<const DataSource>(
        std::make_shared<PlainFile>(std::move(file)));
  }
  auto flattened = std::make_shared<FlattenedFile>(std::move(file));
  TRY(flattened->index());
  return std::shared_ptr<const DataSource>(std::move(flattened));
}

}  // namespace inquest
