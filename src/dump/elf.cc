// SPDX-License-Identifier: GPL-3.0-or-later
//
// ELF core dumps of a machine: /proc/vmcore saved by kdump, makedumpfile -E,
// QEMU's dump-guest-memory.
//
// A PT_LOAD says where a range of physical memory lies in the file. On x86_64
// the kernel's text has a segment of its own that names the same physical
// memory as a segment of RAM, so segments may overlap.
//
// p_memsz beyond p_filesz means two things. Commonly in ELF, it is memory full
// of zeroes. makedumpfile -E, however, ends a segment's data where it left out
// 256 pages or more and counts these in p_memsz; and QEMU does the same where
// its memory map exceeds its RAM. The kernel itself always writes equal sizes.
// So where the dump has a vmcoreinfo, which names a program that filters, such
// a tail is taken for excluded pages, otherwise for zeroes.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "dump/data_source.h"
#include "dump/elf_header.h"
#include "dump/formats.h"
#include "dump/interval_map.h"
#include "dump/notes.h"

namespace inquest {
namespace {

class ElfDump : public Dump {
 public:
  static Result<std::unique_ptr<Dump>> open(
      std::vector<std::shared_ptr<const DataSource>> files);

  Result<void> read(PhysAddress from, std::span<std::byte> out) const override;
  void read_run(PhysAddress from, std::span<std::byte> out,
                std::span<Unit> units) const override;
  Bytes acquire(PhysAddress from, std::uint64_t size) const override;
  void release(Bytes acquired) const override { file_->release(acquired); }
  std::vector<PhysRange> ranges() const override { return ranges_; }
  bool has_page(PhysAddress at) const override;
  Result<PhysAddress> physical_at(FileOffset offset) const override;

 private:
  Result<void> take_note_segments(const std::vector<Segment>& segments);
  Result<void> check_segment(const Segment& segment) const;
  Result<void> map_segments(const std::vector<Segment>& segments);
  Error missing(PhysAddress at) const;

  // Memory of one kind.
  struct Extent {
    const Interval* stored = nullptr;  // null: zeroes
    std::uint64_t end = 0;             // physical
  };
  Result<Extent> extent_at(PhysAddress at) const;

  std::shared_ptr<const DataSource> file_;
  IntervalMap stored_;     // physical to file
  IntervalMap from_file_;  // file to physical
  IntervalMap tails_;      // p_memsz beyond p_filesz
  bool tails_are_zero_ = true;
  std::vector<PhysRange> ranges_;
};

bool probe_elf(const DataSource& file) {
  auto elf = read_header(file);
  return elf && elf->type == et_core;
}

Result<std::unique_ptr<Dump>> ElfDump::open(
    std::vector<std::shared_ptr<const DataSource>> files) {
  if (files.size() != 1) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{}: ELF dumps come in one file, {} were given",
                             files.front()->path().string(), files.size()));
  }
  auto dump = std::make_unique<ElfDump>();
  dump->file_ = std::move(files.front());
  const DataSource& file = *dump->file_;
  auto elf = TRY(read_header(file));
  auto segments = TRY(read_segments(file, elf));
  DumpInfo& info = dump->info_;
  info.format = "ELF";
  info.files = {file.path()};
  info.is_flattened = file.is_flattened();
  info.is_incomplete = file.is_truncated();
  info.elf_machine = elf.machine;
  info.endian = elf.endian;
  TRY(dump->take_note_segments(segments));
  TRY(dump->map_segments(segments));
  return std::unique_ptr<Dump>(std::move(dump));
}

Result<void> ElfDump::take_note_segments(const std::vector<Segment>& segments) {
  std::uint64_t total = 0;
  for (const Segment& segment : segments) {
    if (segment.type != pt_note) continue;
    auto bytes = TRY(file_->bytes(segment.offset, segment.file_size, "notes"));
    total += bytes.size();
    if (total > file_->stored_size()) {
      return file_->error(ErrorKind::corrupt, "notes", segment.offset,
                          "note segments are larger than the file");
    }
    take_notes(bytes, info_, segment.offset);
  }
  return {};
}

// How much memory the segments describe that somebody might look for something
// in. Damaged ones claim nearly everything: that there is four times of what
// the file holds, and of what it leaves out no more than there can be. The
// struct pages, which no dump leaves out, are a 64th of all memory.
class Described {
 public:
  explicit Described(std::uint64_t file_size)
      : file_size_(file_size),
        held_(std::min(file_size, largest_file) * 4),
        tail_(std::min(file_size, largest_file) * 64 + least_tail) {}

  std::uint64_t size_of(const Segment& segment) {
    std::uint64_t offset = segment.offset.value;
    std::uint64_t in_file = offset < file_size_ ? file_size_ - offset : 0;
    std::uint64_t held = std::min({segment.file_size, in_file, held_});
    held_ -= held;
    if (held < segment.file_size) return held;
    std::uint64_t size = std::max(segment.memory_size, segment.file_size);
    if (size - held > tail_) return held;
    tail_ -= size - held;
    return size;
  }

 private:
  static constexpr std::uint64_t largest_file = std::uint64_t{1} << 50;
  static constexpr std::uint64_t least_tail = std::uint64_t{4} << 30;

  std::uint64_t file_size_;
  std::uint64_t held_, tail_;  // what may still be described
};

// Its ends are addresses.
Result<void> ElfDump::check_segment(const Segment& segment) const {
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t start = segment.start.value;
  std::uint64_t size = std::max(segment.memory_size, segment.file_size);
  bool is_sound = size <= largest - start &&
                  segment.file_size <= largest - segment.offset.value;
  if (is_sound) return {};
  return file_->error(
      ErrorKind::corrupt, "PT_LOAD", segment.offset,
      fmt::format("impossible size {:#x} at {:#x}", size, start));
}

Result<void> ElfDump::map_segments(const std::vector<Segment>& segments) {
  std::vector<Interval> stored;
  std::vector<Interval> from_file;
  std::vector<Interval> tails;
  std::uint64_t file_size = file_->size();
  Described memory(file_size);
  for (const Segment& segment : segments) {
    if (segment.type != pt_load) continue;
    TRY(check_segment(segment));
    std::uint64_t start = segment.start.value;
    std::uint64_t size = std::max(segment.memory_size, segment.file_size);
    std::uint64_t offset = segment.offset.value;
    if (size == 0) continue;
    std::uint64_t data = segment.file_size;
    if (data > 0 && offset + data > file_size) info_.is_incomplete = true;
    stored.push_back({start, start + data, offset});
    from_file.push_back({offset, offset + data, start});
    tails.push_back({start + data, start + size, 0});
    if (data < size) info_.is_partial = true;
    std::uint64_t described = memory.size_of(segment);
    if (described == 0) continue;
    ranges_.push_back({segment.start, described, segment.virtual_start});
  }
  stored_ = IntervalMap(stored);
  from_file_ = IntervalMap(from_file);
  tails_ = IntervalMap(tails);
  tails_are_zero_ = info_.vmcoreinfo.empty();
  info_.is_partial = info_.is_partial && !tails_are_zero_;
  std::stable_sort(ranges_.begin(), ranges_.end(),
                   [](const PhysRange& left, const PhysRange& right) {
                     return left.start < right.start;
                   });
  return {};
}

Error ElfDump::missing(PhysAddress at) const {
  const Interval* tail = tails_.find(at.value);
  bool excluded = tail && tail->start <= at.value;
  return Error(ErrorKind::fault,
               fmt::format("physical address {:#x}: {}", at.value,
                           excluded ? "page excluded" : "not in dump"),
               at.value);
}

Result<ElfDump::Extent> ElfDump::extent_at(PhysAddress at) const {
  const Interval* piece = stored_.find(at.value);
  if (piece && piece->start <= at.value) return Extent{piece, piece->end};
  const Interval* tail = tails_.find(at.value);
  if (!tail || tail->start > at.value || !tails_are_zero_) return missing(at);
  std::uint64_t end = piece ? std::min(tail->end, piece->start) : tail->end;
  return Extent{nullptr, end};
}

Result<void> ElfDump::read(PhysAddress from, std::span<std::byte> out) const {
  while (!out.empty()) {
    auto [stored, end] = TRY(extent_at(from));
    auto count = std::min<std::uint64_t>(end - from.value, out.size());
    if (stored != nullptr) {
      TRY(file_->read(FileOffset{stored->target_of(from.value)},
                      out.first(count)));
    } else {
      std::fill_n(out.begin(), count, std::byte{0});
    }
    out = out.subspan(count);
    from = from + count;
  }
  return {};
}

// Whole pieces at once; what lies across their ends, unit by unit.
void ElfDump::read_run(PhysAddress from, std::span<std::byte> out,
                       std::span<Unit> units) const {
  while (!units.empty()) {
    std::uint64_t count = 0;
    if (has_page(from)) {
      auto extent = extent_at(from);
      std::uint64_t end = extent ? extent->end : from.value;
      count =
          std::min<std::uint64_t>((end - from.value) / scan_unit, units.size());
    }
    if (count != 0 && read(from, out.first(count * scan_unit))) {
      std::fill_n(units.begin(), count, Unit::read);
    } else {
      count = 1;
      Dump::read_run(from, out.first(scan_unit), units.first(1));
    }
    out = out.subspan(count * scan_unit);
    units = units.subspan(count);
    from = from + count * scan_unit;
  }
}

Bytes ElfDump::acquire(PhysAddress from, std::uint64_t size) const {
  const Interval* piece = stored_.find(from.value);
  if (!piece || piece->start > from.value || piece->end - from.value < size) {
    return {};
  }
  return file_->acquire(FileOffset{piece->target_of(from.value)}, size);
}

bool ElfDump::has_page(PhysAddress at) const {
  const Interval* piece = stored_.find(at.value);
  if (piece && piece->start <= at.value) {
    return piece->target_of(at.value) < file_->size();
  }
  const Interval* tail = tails_.find(at.value);
  return tails_are_zero_ && tail && tail->start <= at.value;
}

Result<PhysAddress> ElfDump::physical_at(FileOffset offset) const {
  const Interval* piece = from_file_.find(offset.value);
  if (!piece || piece->start > offset.value) {
    return file_->error(ErrorKind::not_found, "data", offset,
                        "not part of the dumped memory");
  }
  return PhysAddress{piece->target_of(offset.value)};
}

}  // namespace

const DumpFormat elf_format = {
    .name = "ELF", .probe = probe_elf, .open = ElfDump::open};

}  // namespace inquest
