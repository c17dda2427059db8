// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/struct_snapshot.h"

#include <algorithm>

#include "base/parallel.h"

namespace inquest {
namespace {

constexpr std::uint64_t word = 8;
constexpr std::uint64_t largest_structure = 1 << 16, largest_member = 256;
constexpr std::size_t structures_at_once = 128;

}  // namespace

// Parts are cut at words; those that touch each other are one.
void StructSnapshot::choose_members(const Type& type,
                                    std::span<const std::string_view> members) {
  std::vector<Part> wanted;
  for (std::string_view name : members) {
    auto place = find_member(type, name);
    if (!place || place->type == nullptr) continue;
    std::uint64_t size = place->type->size();
    if (size == 0 || size > largest_member) continue;
    std::uint64_t start = place->offset() / word * word;
    std::uint64_t end = (place->offset() + size + word - 1) / word * word;
    if (end <= size_) wanted.push_back({start, end - start, 0});
  }
  std::ranges::sort(wanted, {}, &Part::start);
  for (const Part& part : wanted) {
    if (!parts_.empty() &&
        part.start <= parts_.back().start + parts_.back().size) {
      Part& last = parts_.back();
      last.size = std::max(last.size, part.start + part.size - last.start);
    } else {
      parts_.push_back(part);
    }
  }
  for (Part& part : parts_) {
    part.at = kept_;
    kept_ += part.size;
  }
}

StructSnapshot::StructSnapshot(const AddressSpace& memory, const Type& type,
                               std::span<const std::string_view> members,
                               std::vector<Address> structures)
    : memory_(memory), size_(type.size()), structures_(std::move(structures)) {
  std::ranges::sort(structures_);
  structures_.erase(std::unique(structures_.begin(), structures_.end()),
                    structures_.end());
  if (size_ <= largest_structure) choose_members(type, members);
  if (parts_.empty()) structures_.clear();
  is_kept_.resize(structures_.size());
  bytes_ =
      std::make_unique_for_overwrite<std::byte[]>(structures_.size() * kept_);
  own_.reserve(structures_.size());
  for (std::size_t i = 0; i < structures_.size(); ++i)
    own_.emplace_back(*this, i);
  in_parallel(
      structures_.size(), structures_at_once,
      [this](std::size_t first, std::size_t last) { take(first, last); });
}

// Structures [first, last).
void StructSnapshot::take(std::size_t first, std::size_t last) {
  std::uint64_t start = parts_.front().start;
  std::vector<std::byte> all(parts_.back().start + parts_.back().size - start);
  for (std::size_t i = first; i < last; ++i) {
    if (!memory_.read(structures_[i] + start, all)) continue;
    std::span<std::byte> kept = bytes_of(i);
    for (const Part& part : parts_) {
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(part.start - start),
                  part.size,
                  kept.begin() + static_cast<std::ptrdiff_t>(part.at));
    }
    is_kept_[i] = 1;
  }
}

std::optional<std::size_t> StructSnapshot::structure_before(Address at) const {
  auto above = std::ranges::upper_bound(structures_, at);
  if (above == structures_.begin()) return std::nullopt;
  return static_cast<std::size_t>(above - structures_.begin()) - 1;
}

bool StructSnapshot::read_kept(std::size_t structure, Address from,
                               std::span<std::byte> out) const {
  std::uint64_t offset = from - structures_[structure];
  if (offset >= size_ || is_kept_[structure] == 0) return false;
  auto after = std::ranges::upper_bound(parts_, offset, {}, &Part::start);
  if (after == parts_.begin()) return false;
  const Part& part = *std::prev(after);
  std::uint64_t within = offset - part.start;
  if (within > part.size || out.size() > part.size - within) return false;
  const std::byte* kept = bytes_.get() + structure * kept_ + part.at + within;
  std::copy_n(kept, out.size(), out.begin());
  return true;
}

Result<void> StructSnapshot::read(Address from,
                                  std::span<std::byte> out) const {
  auto structure = structure_before(from);
  if (structure && read_kept(*structure, from, out)) return {};
  return memory_.read(from, out);
}

Result<void> StructSnapshot::Own::read(Address from,
                                       std::span<std::byte> out) const {
  if (all_.read_kept(structure_, from, out)) return {};
  return all_.read(from, out);
}

const AddressSpace& StructSnapshot::around(Address structure) const {
  auto found = structure_before(structure);
  if (!found || structures_[*found] != structure) return *this;
  return own_[*found];
}

}  // namespace inquest
