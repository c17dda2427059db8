// SPDX-License-Identifier: GPL-3.0-or-later
// What the searches for the kernel image have in common, whatever the CPU.

#pragma once

#include "debuginfo/elf_file.h"
#include "kernel/linux_arch.h"

namespace inquest {

// Where the kernel image is. The distances wrap, as the kernel's own do.
struct Image {
  std::uint64_t slide = 0;  // from where it is linked to where it is mapped
  std::uint64_t moved = 0;  // from where it is linked to where it lies
  std::string source;

  PhysAddress physical(Address linked) const { return {linked.value + moved}; }
};

class ImageSearch {
 public:
  explicit ImageSearch(const LayoutClues& clues)
      : clues_(clues), arch_(clues.arch) {}

 protected:
  // What -m gave for |name|.
  std::optional<std::uint64_t> option(std::string_view name) const;
  // What vmlinux's addresses are to be moved by, if --kaslr or VMCOREINFO
  // says so.
  std::optional<std::uint64_t> known_slide() const;
  // A NUMBER() of VMCOREINFO as its bits.
  std::optional<std::uint64_t> noted(std::string_view name) const;
  // The value of a variable of the image, if there is such a variable.
  std::optional<std::uint64_t> value(const Image& image, std::string_view name,
                                     unsigned size) const;

  // The kernel's banner as vmlinux has it.
  Result<std::string> banner_in_file() const;
  bool has_banner(PhysAddress at, std::string_view banner) const;

  // How far the image that lies |image.moved| away is mapped, as its own page
  // tables say; nothing when it is none, but a copy.
  using SlideOf =
      std::function<std::optional<std::uint64_t>(const Image& image)>;
  // The image by its banner: images start at multiples of |step|. The first
  // that has |slide|, if that is known, or else a slide of its own counts.
  // |not_found| when the banner is nowhere, which takes a look at every step of
  // the dump, or when only copies were found.
  Result<Image> image_by_banner(std::optional<std::uint64_t> slide,
                                std::uint64_t step,
                                const SlideOf& slide_of) const;

  // The first symbol of the image, as linked.
  Result<Address> image_start() const;
  // |most|: how large an image may be.
  Result<LinearWindow> image_window(const Image& image,
                                    std::uint64_t most) const;

  PhysRead reader() const;

  const LayoutClues& clues_;
  const Arch& arch_;
};

}  // namespace inquest
