// SPDX-License-Identifier: GPL-3.0-or-later
//
// kdump-compressed files: a header block, sub header blocks, two bitmaps with
// a bit per page of the machine (the page exists; the page is in the file), a
// descriptor per page in the file in order of page numbers, and the pages,
// compressed one by one. Identical zero pages may share their bytes.
//
// A split set is several such files. Each has the whole bitmaps, but the
// descriptors of its own range of pages only.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/blocks.h"
#include "dump/block_cache.h"
#include "dump/compress.h"
#include "dump/formats.h"
#include "dump/kdump_header.h"
#include "dump/notes.h"
#include "dump/page_bitmap.h"

namespace inquest {
namespace {

constexpr std::uint64_t descriptor_size = 24;

// What is read at once, for compressed pages are small.
constexpr std::uint64_t data_block = 16384;

struct PageDescriptor {
  FileOffset at;
  std::uint64_t size = 0;
  std::uint32_t flags = 0;
};

Result<Compression> compression_of(std::uint32_t flags) {
  switch (flags & 0x27) {
    case 0:
      return Compression::none;
    case 1:
      return Compression::zlib;
    case 2:
      return Compression::lzo;
    case 4:
      return Compression::snappy;
    case 0x20:
      return Compression::zstd;
    default:
      return Error(ErrorKind::corrupt,
                   fmt::format("impossible compression flags {:#x}", flags));
  }
}

// One file: all of a dump, or a part of a split set.
struct Part {
  std::shared_ptr<const DataSource> file;
  KdumpHeader header;
  BlockCache descriptors = BlockCache(file);
  BlockCache data = BlockCache(file, data_block);
  std::uint64_t first_rank = 0;  // of header.first_page in the bitmap
};

// A page to be unpacked into |out|, the |index|th of a run.
struct StoredPage {
  PageDescriptor descriptor;
  std::uint64_t page = 0;
  std::size_t index = 0;
  std::span<std::byte> out;

  FileOffset end() const { return descriptor.at + descriptor.size; }
  bool has_sound_size() const {
    return descriptor.size != 0 && descriptor.size <= 2 * out.size();
  }
};

class KdumpDump : public Dump {
 public:
  static Result<std::unique_ptr<Dump>> open(
      std::vector<std::shared_ptr<const DataSource>> files);

  Result<void> read(PhysAddress from, std::span<std::byte> out) const override;
  void read_run(PhysAddress from, std::span<std::byte> out,
                std::span<Unit> units) const override;
  std::vector<PhysRange> ranges() const override;
  bool has_page(PhysAddress at) const override;
  Result<PhysAddress> physical_at(FileOffset offset) const override;

 private:
  Result<void> add_part(std::shared_ptr<const DataSource> file);
  Result<void> make_bitmaps();
  Result<void> order_parts();
  void describe();
  void take_part_notes(const Part& part);
  const Part* part_of(std::uint64_t page) const;
  PageDescriptor parse_descriptor(Bytes fields) const;
  Result<PageDescriptor> descriptor(const Part& part, std::uint64_t page) const;
  Result<std::vector<PageDescriptor>> descriptors(const Part& part,
                                                  std::uint64_t first,
                                                  std::uint64_t count) const;
  Result<std::vector<StoredPage>> stored_pages(const Part& part,
                                               std::uint64_t first,
                                               std::span<std::byte> out) const;
  void unpack_row(const Part& part, std::span<const StoredPage> row,
                  std::span<Unit> units) const;
  void unpack_shared(std::span<const StoredPage> pages,
                     std::span<Unit> units) const;
  void unpack_all(const Part& part, std::span<const StoredPage> pages,
                  std::span<Unit> units) const;
  Result<void> read_page(std::uint64_t page, std::uint64_t offset,
                         std::span<std::byte> out) const;
  Result<void> unpack(const Part& part, const PageDescriptor& descriptor,
                      std::span<std::byte> page) const;
  Error missing(std::uint64_t page) const;
  Error page_error(const Part& part, std::uint64_t page,
                   const Error& error) const;

  std::vector<Part> parts_;  // by first page
  std::unique_ptr<PageBitmap> existing_;
  std::unique_ptr<PageBitmap> stored_;
};

Result<std::unique_ptr<Dump>> KdumpDump::open(
    std::vector<std::shared_ptr<const DataSource>> files) {
  auto dump = std::make_unique<KdumpDump>();
  for (auto& file : files) {
    dump->info_.files.push_back(file->path());
    TRY(dump->add_part(std::move(file)));
  }
  dump->describe();
  TRY(dump->make_bitmaps());
  TRY(dump->order_parts());
  return std::unique_ptr<Dump>(std::move(dump));
}

Result<void> KdumpDump::add_part(std::shared_ptr<const DataSource> file) {
  KdumpHeader header = TRY(read_kdump_header(*file));
  if (!parts_.empty()) {
    const KdumpHeader& first = parts_.front().header;
    if (!header.is_split || !first.is_split ||
        header.block_size != first.block_size ||
        header.page_count != first.page_count ||
        header.endian != first.endian) {
      return file->error(ErrorKind::usage, "kdump header", FileOffset{0},
                         fmt::format("not a part of the same split dump as {}",
                                     parts_.front().file->path().string()));
    }
  }
  parts_.push_back({std::move(file), std::move(header)});
  return {};
}

void KdumpDump::describe() {
  const Part& part = parts_.front();
  const KdumpHeader& header = part.header;
  info_.format = header.is_diskdump ? "diskdump" : "kdump-compressed";
  info_.endian = header.endian;
  info_.elf_machine = elf_machine_of(header.uts.machine);
  info_.phys_base = header.phys_base;
  info_.dump_level = header.dump_level;
  info_.is_partial = header.dump_level.value_or(0) > 0;
  info_.uts = header.uts;
  if (header.saved_at != 0) info_.saved_at = header.saved_at;
  for (const Part& each : parts_) {
    info_.is_flattened |= each.file->is_flattened();
    info_.is_incomplete |=
        each.file->is_truncated() || each.header.is_incomplete();
    take_part_notes(each);
  }
  // QEMU writes "Unknown" for all machines but x86.
  if (info_.elf_machine == 0)
    info_.elf_machine = elf_machine_of_prstatus(info_);
  if (header.cpus != 0) info_.cpus = header.cpus;
  info_.page_size = header.block_size;
}

// Notes and vmcoreinfo are worth having, but a dump is usable without them:
// what cannot be read is left out.
void KdumpDump::take_part_notes(const Part& part) {
  if (!info_.notes.empty() || !info_.vmcoreinfo.empty()) return;
  const KdumpHeader& header = part.header;
  if (header.notes.size != 0) {
    auto notes = part.file->bytes(header.notes.at, header.notes.size, "notes");
    if (notes) take_notes(*notes, info_, header.notes.at);
  }
  if (info_.vmcoreinfo.empty() && header.vmcoreinfo.size != 0) {
    auto text = part.file->bytes(header.vmcoreinfo.at, header.vmcoreinfo.size,
                                 "vmcoreinfo");
    if (text) take_vmcoreinfo(as_text(*text), info_);
  }
}

Result<void> KdumpDump::make_bitmaps() {
  const Part& part = parts_.front();
  const KdumpHeader& header = part.header;
  const DataSource& file = *part.file;
  FileOffset at = header.bitmap_at();
  std::uint64_t size = header.bitmap_blocks * header.block_size;
  if (size > file.stored_size() || at.value > file.size() ||
      size > file.size() - at.value) {
    return file.error(ErrorKind::corrupt, "page bitmap", at,
                      fmt::format("{} bytes are wanted, the file ends before "
                                  "(size {})",
                                  size, file.size()));
  }
  // Old diskdump files have one bitmap only.
  std::uint64_t needed = header.page_count / 8 / header.block_size;
  bool has_two =
      header.bitmap_blocks % 2 == 0 &&
      (!header.is_diskdump || header.bitmap_blocks / 2 > needed ||
       header.bitmap_blocks / 2 * header.block_size * 8 >= header.page_count);
  std::uint64_t each = has_two ? size / 2 : size;
  // Several versions of makedumpfile count one page too many or too few, so
  // this is no error.
  std::uint64_t pages = std::min(header.page_count, each * 8);
  existing_ = std::make_unique<PageBitmap>(part.file, at, pages);
  stored_ =
      std::make_unique<PageBitmap>(part.file, at + (has_two ? each : 0), pages);
  return {};
}

Result<void> KdumpDump::order_parts() {
  std::sort(parts_.begin(), parts_.end(),
            [](const Part& left, const Part& right) {
              return left.header.first_page < right.header.first_page;
            });
  for (Part& part : parts_) {
    if (!part.header.is_split || part.header.first_page == 0) continue;
    part.first_rank = TRY(stored_->rank(part.header.first_page));
  }
  return {};
}

const Part* KdumpDump::part_of(std::uint64_t page) const {
  if (!parts_.front().header.is_split) return &parts_.front();
  for (const Part& part : parts_) {
    if (page >= part.header.first_page && page < part.header.end_page) {
      return &part;
    }
  }
  return nullptr;
}

Error KdumpDump::missing(std::uint64_t page) const {
  std::uint64_t at = page * info_.page_size;
  auto exists = existing_->is_set(page);
  std::string_view reason = "not in dump";
  if (exists && *exists) {
    auto stored = stored_->is_set(page);
    reason = stored && *stored ? "page is in a part of the split dump that was "
                                 "not given"
                               : "page excluded";
  }
  return Error(ErrorKind::fault,
               fmt::format("physical address {:#x}: {}", at, reason), at);
}

Error KdumpDump::page_error(const Part& part, std::uint64_t page,
                            const Error& error) const {
  std::uint64_t at = page * info_.page_size;
  std::string file = part.file->path().string() + ": ";
  std::string_view reason = error.message();
  if (reason.starts_with(file)) reason.remove_prefix(file.size());
  return Error(error.kind(), fmt::format("{}page {:#x}: {}", file, at, reason),
               at);
}

PageDescriptor KdumpDump::parse_descriptor(Bytes fields) const {
  std::endian endian = info_.endian;
  return {.at = {load_unsigned(fields.first(8), endian)},
          .size = load_unsigned(fields.subspan(8, 4), endian),
          .flags = static_cast<std::uint32_t>(
              load_unsigned(fields.subspan(12, 4), endian))};
}

Result<PageDescriptor> KdumpDump::descriptor(const Part& part,
                                             std::uint64_t page) const {
  std::uint64_t rank = TRY(stored_->rank(page));
  std::array<std::byte, descriptor_size> bytes = {};
  FileOffset at =
      part.header.descriptors_at() + (rank - part.first_rank) * descriptor_size;
  TRY(part.descriptors.read(at, bytes));
  PageDescriptor found = parse_descriptor(bytes);
  // A writer that ran out of space leaves the rest of the table empty.
  if (found.at.value == 0) {
    return Error(ErrorKind::fault, "the dump was cut short, page not written");
  }
  return found;
}

Result<void> KdumpDump::unpack(const Part& part,
                               const PageDescriptor& descriptor,
                               std::span<std::byte> page) const {
  Compression method = TRY(compression_of(descriptor.flags));
  if (descriptor.size == 0 || descriptor.size > 2 * page.size()) {
    return Error(ErrorKind::corrupt,
                 fmt::format("impossible size {} of data", descriptor.size));
  }
  if (method == Compression::none && descriptor.size == page.size()) {
    return part.file->read(descriptor.at, page);
  }
  auto room = std::make_unique_for_overwrite<std::byte[]>(descriptor.size);
  std::span packed(room.get(), descriptor.size);
  TRY(part.data.read(descriptor.at, packed));
  return decompress(method, packed, page);
}

Result<void> KdumpDump::read_page(std::uint64_t page, std::uint64_t offset,
                                  std::span<std::byte> out) const {
  bool is_stored = TRY(stored_->is_set(page));
  const Part* part = is_stored ? part_of(page) : nullptr;
  if (!part) return missing(page);
  auto found = descriptor(*part, page);
  if (!found) return page_error(*part, page, found.error());
  if (out.size() == info_.page_size) {
    auto done = unpack(*part, *found, out);
    if (!done) return page_error(*part, page, done.error());
    return {};
  }
  std::vector<std::byte> whole(info_.page_size);
  auto done = unpack(*part, *found, whole);
  if (!done) return page_error(*part, page, done.error());
  std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
              out.begin());
  return {};
}

Result<void> KdumpDump::read(PhysAddress from, std::span<std::byte> out) const {
  std::uint64_t page_size = info_.page_size;
  return read_by_blocks(
      from, out, page_size, [&](PhysAddress at, std::span<std::byte> part) {
        return read_page(at.value / page_size, at.value % page_size, part);
      });
}

// ---- Runs of pages ----

// The |count| descriptors from |first|'s on.
Result<std::vector<PageDescriptor>> KdumpDump::descriptors(
    const Part& part, std::uint64_t first, std::uint64_t count) const {
  std::uint64_t rank = TRY(stored_->rank(first));
  FileOffset at =
      part.header.descriptors_at() + (rank - part.first_rank) * descriptor_size;
  auto bytes =
      TRY(part.file->bytes(at, count * descriptor_size, "page descriptors"));
  std::vector<PageDescriptor> found;
  found.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    found.push_back(parse_descriptor(
        Bytes(bytes).subspan(i * descriptor_size, descriptor_size)));
  }
  return found;
}

// Those of the pages that fill |out| that are in the file.
Result<std::vector<StoredPage>> KdumpDump::stored_pages(
    const Part& part, std::uint64_t first, std::span<std::byte> out) const {
  std::uint64_t page_size = info_.page_size;
  std::size_t count = out.size() / page_size;
  auto flags = std::make_unique<bool[]>(count);
  std::span<const bool> is_stored(flags.get(), count);
  TRY(stored_->flags(first, std::span(flags.get(), count)));
  auto stored = std::ranges::count(is_stored, true);
  auto found =
      TRY(descriptors(part, first, static_cast<std::uint64_t>(stored)));
  std::vector<StoredPage> pages;
  pages.reserve(found.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_stored[i]) continue;
    const PageDescriptor& descriptor = found[pages.size()];
    pages.push_back(
        {descriptor, first + i, i, out.subspan(i * page_size, page_size)});
  }
  return pages;
}

// Pages whose data lie in a row in the file.
void KdumpDump::unpack_row(const Part& part, std::span<const StoredPage> row,
                           std::span<Unit> units) const {
  FileOffset start = row.front().descriptor.at;
  std::size_t size = row.back().end() - start;
  Bytes packed = part.file->acquire(start, size);
  bool is_acquired = !packed.empty();
  std::vector<std::byte> copy;
  if (!is_acquired) {
    copy.resize(size);
    if (part.file->read(start, copy)) packed = copy;
  }
  std::uint64_t units_of_page = info_.page_size / scan_unit;
  for (const StoredPage& page : row) {
    Unit unit = Unit::damaged;
    auto method = compression_of(page.descriptor.flags);
    if (method && !packed.empty()) {
      Bytes bytes =
          packed.subspan(page.descriptor.at - start, page.descriptor.size);
      if (decompress(*method, bytes, page.out)) unit = Unit::read;
    }
    std::fill_n(
        units.begin() + static_cast<std::ptrdiff_t>(page.index * units_of_page),
        units_of_page, unit);
  }
  if (is_acquired) part.file->release(packed);
}

// Pages of the same content may share their data, which then lies before that
// of their neighbours.
void KdumpDump::unpack_shared(std::span<const StoredPage> pages,
                              std::span<Unit> units) const {
  std::uint64_t per_page = info_.page_size / scan_unit;
  const StoredPage* last = nullptr;
  for (const StoredPage& page : pages) {
    std::span<Unit> own = units.subspan(page.index * per_page, per_page);
    bool is_same = last && last->descriptor.at == page.descriptor.at &&
                   units[last->index * per_page] == Unit::read;
    if (is_same) {
      std::ranges::copy(last->out, page.out.begin());
      std::ranges::fill(own, Unit::read);
    } else {
      PhysAddress at{page.page * info_.page_size};
      Dump::read_run(at, page.out, own);
      last = &page;
    }
  }
}

void KdumpDump::unpack_all(const Part& part, std::span<const StoredPage> pages,
                           std::span<Unit> units) const {
  std::vector<StoredPage> row;
  std::vector<StoredPage> others;
  for (const StoredPage& page : pages) {
    bool is_next = row.empty() || page.descriptor.at == row.back().end();
    if (!page.has_sound_size() ||
        (!is_next && page.descriptor.at < row.back().end())) {
      others.push_back(page);
      continue;
    }
    if (!is_next) {
      unpack_row(part, row, units);
      row.clear();
    }
    row.push_back(page);
  }
  if (!row.empty()) unpack_row(part, row, units);
  unpack_shared(others, units);
}

// One read for the descriptors, and one for the data of pages that were
// written one after the other.
void KdumpDump::read_run(PhysAddress from, std::span<std::byte> out,
                         std::span<Unit> units) const {
  std::uint64_t page_size = info_.page_size;
  std::uint64_t first = from.value / page_size;
  bool is_whole = from.value % page_size == 0 && out.size() % page_size == 0 &&
                  page_size % scan_unit == 0 && !out.empty();
  const Part* part = part_of(first);
  if (is_whole && part && part == part_of(first + out.size() / page_size - 1)) {
    if (auto pages = stored_pages(*part, first, out)) {
      std::ranges::fill(units, Unit::missing);
      unpack_all(*part, *pages, units);
      return;
    }
  }
  Dump::read_run(from, out, units);
}

std::vector<PhysRange> KdumpDump::ranges() const {
  return existing_->runs(info_.page_size).value_or({});
}

bool KdumpDump::has_page(PhysAddress at) const {
  std::uint64_t page = at.value / info_.page_size;
  return stored_->is_set(page).value_or(false) && part_of(page);
}

Result<PhysAddress> KdumpDump::physical_at(FileOffset offset) const {
  return parts_.front().file->error(
      ErrorKind::not_found, "data", offset,
      "pages of a kdump-compressed file have no file offset of their own");
}

}  // namespace

const DumpFormat kdump_format = {
    .name = "kdump-compressed", .probe = is_kdump, .open = KdumpDump::open};

}  // namespace inquest
