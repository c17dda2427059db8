// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/arch/image_search.h"

namespace inquest {

PhysRead ImageSearch::reader() const {
  return [this](PhysAddress from, std::span<std::byte> out) {
    return clues_.memory.read(from, out);
  };
}

std::optional<std::uint64_t> ImageSearch::option(std::string_view name) const {
  auto found = clues_.machine.find(name);
  if (found == clues_.machine.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> ImageSearch::noted(std::string_view name) const {
  auto number = clues_.vmcoreinfo.number(name);
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// "KERNELOFFSET=" since 3.14 (b6085a865762); SYMBOL(_stext) on all.
std::optional<std::uint64_t> ImageSearch::known_slide() const {
  if (clues_.kaslr_offset) return clues_.kaslr_offset;
  auto stext = clues_.vmcoreinfo.symbol("_stext");
  auto linked = clues_.linked("_stext");
  if (!stext || !linked) return std::nullopt;
  return *stext - linked->value;
}

std::optional<std::uint64_t> ImageSearch::value_at(PhysAddress at,
                                                   unsigned size) const {
  auto read = clues_.memory.load(Address{at.value}, size);
  if (!read) return std::nullopt;
  return *read;
}

Result<std::string> ImageSearch::banner_in_file() const {
  return linked_text(clues_.vmlinux, clues_.linked("linux_banner"));
}

bool ImageSearch::has_banner(PhysAddress at, std::string_view banner) const {
  std::string there(banner.size(), '\0');
  auto out = std::as_writable_bytes(std::span(there.data(), there.size()));
  return clues_.memory.dump().read(at, out) && there == banner;
}

Result<PhysAddress> ImageSearch::banner_in_memory(
    std::uint64_t step,
    const std::function<bool(PhysAddress)>& is_image) const {
  std::string banner = TRY(banner_in_file());
  auto linked = clues_.linked("linux_banner");
  std::uint64_t in_step = linked->value & (step - 1);
  bool has_copies = false;
  for (const PhysRange& range : clues_.memory.dump().ranges()) {
    std::uint64_t first = range.start.value & ~(step - 1);
    std::uint64_t end = range.start.value + range.size;
    for (std::uint64_t at = first + in_step; at < end && at >= in_step;
         at += step) {
      if (!has_banner({at}, banner)) continue;
      if (is_image({at})) return PhysAddress{at};
      has_copies = true;
    }
  }
  if (has_copies) {
    return Error(ErrorKind::not_found,
                 "the kernel's page tables do not map its image: give the "
                 "offset with --kaslr");
  }
  return Error(ErrorKind::not_found,
               "the text of this vmlinux's linux_banner is nowhere in the "
               "dump: it belongs to another kernel");
}

}  // namespace inquest
