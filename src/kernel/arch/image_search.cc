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

std::optional<std::uint64_t> ImageSearch::value(const Image& image,
                                                std::string_view name,
                                                unsigned size) const {
  auto linked = clues_.linked(name);
  if (!linked) return std::nullopt;
  auto read = clues_.memory.load(Address{image.physical(*linked).value}, size);
  if (!read) return std::nullopt;
  return *read;
}

Result<std::string> ImageSearch::banner_in_file() const {
  return linked_text(clues_.vmlinux, clues_.linked("linux_banner"));
}

bool ImageSearch::has_banner(PhysAddress at, std::string_view banner) const {
  // Damaged headers may claim a great deal of memory that is not there.
  if (!clues_.memory.dump().has_page(at)) return false;
  std::string there(banner.size(), '\0');
  auto out = std::as_writable_bytes(std::span(there.data(), there.size()));
  return clues_.memory.dump().read(at, out) && there == banner;
}

Result<Image> ImageSearch::image_by_banner(std::optional<std::uint64_t> slide,
                                           std::uint64_t step,
                                           const SlideOf& slide_of) const {
  std::string banner = TRY(banner_in_file());
  std::uint64_t linked = clues_.linked("linux_banner")->value;
  std::uint64_t in_step = linked & (step - 1);
  bool has_copies = false;
  for (const PhysRange& range : clues_.memory.dump().ranges()) {
    std::uint64_t first = range.start.value & ~(step - 1);
    std::uint64_t end = range.start.value + range.size;
    for (std::uint64_t at = first + in_step; at < end && at >= in_step;
         at += step) {
      if (!has_banner({at}, banner)) continue;
      Image image{0, at - linked, "linux_banner"};
      auto found = slide ? slide : slide_of(image);
      if (found) return Image{*found, image.moved, image.source};
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

Result<Address> ImageSearch::image_start() const {
  auto start = clues_.linked("_text");
  if (!start) start = clues_.linked("_stext");
  if (start) return *start;
  return Error(ErrorKind::corrupt, "vmlinux has no symbol _text or _stext");
}

Result<LinearWindow> ImageSearch::image_window(const Image& image,
                                               std::uint64_t most) const {
  Address start = TRY(image_start());
  auto end = clues_.linked("_end");
  if (!end || *end < start || *end - start > most) {
    return Error(ErrorKind::corrupt,
                 "vmlinux has no sound symbols _text and _end");
  }
  return LinearWindow{start + image.slide, *end - start, image.physical(start)};
}

}  // namespace inquest
