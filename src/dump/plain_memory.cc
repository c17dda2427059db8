// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/plain_memory.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {
namespace {

// IntervalMap moves targets along with what it cuts off: an interval's target
// holds the number of its piece, and how far behind the piece's start it is.
constexpr unsigned piece_shift = 52;

}  // namespace

PlainMemory::PlainMemory(DumpInfo info, std::vector<Piece> pieces,
                         std::filesystem::path writer)
    : pieces_(std::move(pieces)), writer_(std::move(writer)) {
  info_ = std::move(info);
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const PhysRange& range = pieces_[i].range;
    std::uint64_t start = range.start.value;
    intervals.push_back(
        {start, start + range.size, std::uint64_t{i} << piece_shift});
    ranges_.push_back(range);
  }
  place_ = IntervalMap(intervals);
  std::ranges::stable_sort(ranges_, {}, &PhysRange::start);
}

Result<PlainMemory::Extent> PlainMemory::extent_at(PhysAddress at) const {
  const Interval* found = place_.find(at.value);
  if (found == nullptr || found->start > at.value) {
    return Error(ErrorKind::fault,
                 fmt::format("physical address {:#x}: not in {}", at.value,
                             info_.is_live ? "the machine's memory" : "dump"),
                 at.value);
  }
  std::uint64_t target = found->target_of(at.value);
  const Piece& piece = pieces_[target >> piece_shift];
  std::uint64_t behind = target & ((std::uint64_t{1} << piece_shift) - 1);
  return Extent{piece.file.get(), piece.offset + behind, found->end - at.value};
}

Result<void> PlainMemory::read(PhysAddress from,
                               std::span<std::byte> out) const {
  while (!out.empty()) {
    Extent extent = TRY(extent_at(from));
    auto count = std::min<std::uint64_t>(extent.size, out.size());
    auto done = extent.file->read(extent.offset, out.first(count));
    if (!done) {
      return Error(done.error().kind(),
                   fmt::format("physical address {:#x}: {}", from.value,
                               done.error().message()),
                   from.value);
    }
    out = out.subspan(count);
    from = from + count;
  }
  return {};
}

bool PlainMemory::has_page(PhysAddress at) const {
  return extent_at(at).has_value();
}

Result<PhysAddress> PlainMemory::physical_at(FileOffset offset) const {
  for (const Piece& piece : pieces_) {
    bool is_first = piece.file == pieces_.front().file;
    std::uint64_t behind = offset.value - piece.offset.value;
    if (is_first && behind < piece.range.size) {
      return piece.range.start + behind;
    }
  }
  return Error(ErrorKind::not_found,
               fmt::format("{}: offset {:#x} is no memory",
                           info_.files.front().string(), offset.value));
}

Result<void> PlainMemory::write(PhysAddress to, Bytes bytes) const {
  if (!info_.is_live) return Dump::write(to, bytes);
  std::shared_ptr<const MemoryFile> other;
  if (!writer_.empty()) other = TRY(MemoryFile::open(writer_));
  while (!bytes.empty()) {
    Extent extent = TRY(extent_at(to));
    auto count = std::min<std::uint64_t>(extent.size, bytes.size());
    TRY(other ? other->write(FileOffset{to.value}, bytes.first(count))
              : extent.file->write(extent.offset, bytes.first(count)));
    bytes = bytes.subspan(count);
    to = to + count;
  }
  return {};
}

}  // namespace inquest
