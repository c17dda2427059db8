// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/mapped_space.h"

#include <algorithm>
#include <array>
#include <atomic>

#include <fmt/format.h>

namespace inquest {

bool is_unmapped(const Error& fault) {
  return fault.message().find("not mapped") != std::string::npos;
}

// Page translations, direct mapped, without locks. An entry's two words are
// written one after the other, so a reader may see halves of two entries; the
// first word therefore holds the page combined with the second one, and halves
// that do not belong together match no page.
class MappedSpace::TranslationCache {
 public:
  // |page| and |physical| are page-aligned.
  std::optional<PhysAddress> find(Address page, unsigned shift) const {
    const Entry& entry = entries_[place_of(page, shift)];
    std::uint64_t physical = entry.physical.load(std::memory_order_relaxed);
    std::uint64_t check = entry.check.load(std::memory_order_relaxed);
    if ((check ^ physical) != (page.value | valid)) return std::nullopt;
    return PhysAddress{physical};
  }

  void forget() {
    for (Entry& entry : entries_)
      entry.check.store(0, std::memory_order_relaxed);
  }

  void keep(Address page, PhysAddress physical, unsigned shift) {
    Entry& entry = entries_[place_of(page, shift)];
    entry.physical.store(physical.value, std::memory_order_relaxed);
    entry.check.store((page.value | valid) ^ physical.value,
                      std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned entry_bits = 12;
  static constexpr std::uint64_t valid = 1;

  // CPUs have the same data at distances of many zeroes: bits are mixed.
  static std::size_t place_of(Address page, unsigned shift) {
    constexpr std::uint64_t mix = 0x9e3779b97f4a7c15;
    return (page.value >> shift) * mix >> (64 - entry_bits);
  }

  struct Entry {
    std::atomic<std::uint64_t> check = 0;
    std::atomic<std::uint64_t> physical = 0;
  };
  std::array<Entry, 1 << entry_bits> entries_;
};

MappedSpace::MappedSpace(std::shared_ptr<const PhysicalMemory> memory,
                         const Arch& arch, std::vector<LinearWindow> windows,
                         std::optional<Paging> paging)
    : memory_(std::move(memory)),
      arch_(arch),
      windows_(std::move(windows)),
      paging_(paging) {
  std::sort(windows_.begin(), windows_.end(),
            [](const LinearWindow& left, const LinearWindow& right) {
              return left.start < right.start;
            });
  if (paging_) cache_ = std::make_shared<TranslationCache>();
}

const LinearWindow* MappedSpace::window_of(Address at) const {
  auto after = std::upper_bound(windows_.begin(), windows_.end(), at,
                                [](Address value, const LinearWindow& window) {
                                  return value < window.start;
                                });
  if (after == windows_.begin()) return nullptr;
  const LinearWindow& window = *std::prev(after);
  return at - window.start < window.size ? &window : nullptr;
}

// The CPU does not look at the byte above bit 55.
Address MappedSpace::untagged(Address at) const {
  if (!paging_ || !paging_->has_tags) return at;
  return {static_cast<std::uint64_t>(sign_extend(at.value, 56))};
}

Result<Translation> MappedSpace::walk(Address at,
                                      std::vector<WalkStep>* steps) const {
  if (!paging_) {
    return Error(ErrorKind::fault, fmt::format("{:#x}: not mapped", at.value),
                 at.value);
  }
  PhysRead memory = [this](PhysAddress from, std::span<std::byte> out) {
    return memory_->read(from, out);
  };
  return arch_.translate(memory, *paging_, untagged(at), steps);
}

void MappedSpace::forget_translations() const {
  if (cache_) cache_->forget();
}

Result<PhysAddress> MappedSpace::translated(Address at) const {
  if (!paging_) {
    return Error(ErrorKind::fault, fmt::format("{:#x}: not mapped", at.value),
                 at.value);
  }
  unsigned shift = paging_->page_shift;
  std::uint64_t offset = at.value & ((std::uint64_t{1} << shift) - 1);
  Address page = at - offset;
  if (auto known = cache_->find(page, shift)) return *known + offset;
  auto found = walk(at, nullptr);
  if (!found) {
    return Error(found.error().kind(), found.error().message(), at.value);
  }
  cache_->keep(page, found->physical - offset, shift);
  return found->physical;
}

Result<MappedSpace::Extent> MappedSpace::extent_at(Address tagged) const {
  Address at = untagged(tagged);
  if (const LinearWindow* window = window_of(at)) {
    std::uint64_t offset = at - window->start;
    return Extent{window->physical + offset, window->size - offset};
  }
  PhysAddress physical = TRY(translated(at));
  std::uint64_t page = std::uint64_t{1} << paging_->page_shift;
  return Extent{physical, page - (at.value & (page - 1))};
}

Result<PhysAddress> MappedSpace::to_physical(Address at) const {
  return TRY(extent_at(at)).physical;
}

Result<void> MappedSpace::read(Address from, std::span<std::byte> out) const {
  while (!out.empty()) {
    Extent extent = TRY(extent_at(from));
    auto count = std::min<std::uint64_t>(extent.size, out.size());
    auto done = memory_->read(extent.physical, out.first(count));
    if (!done) {
      std::uint64_t good = done.error().address() - extent.physical.value;
      return Error(done.error().kind(), done.error().message(),
                   from.value + (good < count ? good : 0));
    }
    out = out.subspan(count);
    from = from + count;
  }
  return {};
}

}  // namespace inquest
