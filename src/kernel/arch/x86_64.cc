// SPDX-License-Identifier: GPL-3.0-or-later
// Where Linux on x86_64 lies in memory.
//
// The kernel image is linked at 0xffffffff81000000 and mapped, by the top
// 2 GiB of the address space, to wherever the boot loader or physical KASLR
// put it: physical = virtual - 0xffffffff80000000 + phys_base. Text KASLR moves
// the virtual side by a multiple of 2 MiB (CONFIG_PHYSICAL_ALIGN). All other
// mappings hang on variables inside the image: page_offset_base (where
// physical 0 is mapped), vmalloc_base, vmemmap_base (randomised since 4.8), and
// the top-level page table. So the image comes first, then the rest.
//
// Where the image is: VMCOREINFO says so, or the program headers of
// /proc/vmcore. Otherwise the kernel's banner text, which is in vmlinux too,
// is looked for: through the page tables of a CPU whose CR3 QEMU noted, or
// else at each 2 MiB step of physical memory.

#include "kernel/arch/x86_64.h"

#include <algorithm>

#include <fmt/format.h>

#include "debuginfo/elf_file.h"
#include "kernel/address_ranges.h"
#include "kernel/arch/image_search.h"
#include "kernel/kernel.h"
#include "memory/extents.h"

namespace inquest {
namespace {

constexpr Address image_map{0xffffffff80000000};  // __START_KERNEL_map
constexpr std::uint64_t image_step = 0x200000;
constexpr std::uint64_t image_span = 0x40000000;

class LayoutSearch : private ImageSearch {
 public:
  using ImageSearch::ImageSearch;

  Result<KernelLayout> layout();

 private:
  Result<Image> image();
  std::optional<std::uint64_t> known_phys_base() const;
  std::optional<Image> image_by_tables(const Paging& paging);
  std::optional<std::uint64_t> own_slide(const Image& unmapped);
  std::optional<Paging> qemu_paging(const Note& note) const;

  Result<Paging> paging(const Image& image) const;
  unsigned levels(const Image& image) const;
  bool is_direct_map(const Paging& paging, std::uint64_t base) const;
  std::optional<std::uint64_t> mapped_base(const Paging& paging) const;
  std::uint64_t direct_map_base(const Image& image, KernelLayout& layout) const;
  LinearWindow direct_map(const Image& image, KernelLayout& layout) const;
};

// ---- The image ----

// NUMBER(phys_base) since 4.10 (401721ecd1dc).
std::optional<std::uint64_t> LayoutSearch::known_phys_base() const {
  if (auto given = option("phys_base")) return given;
  if (auto base = noted("phys_base")) return base;
  for (const PhysRange& range : clues_.memory.dump().ranges()) {
    if (range.virtual_start && *range.virtual_start >= image_map &&
        range.virtual_start->value < image_map.value + image_span) {
      return range.start.value - (*range.virtual_start - image_map);
    }
  }
  return std::nullopt;
}

Result<Image> LayoutSearch::image() {
  auto slide = known_slide();
  auto phys_base = known_phys_base();
  if (slide && phys_base) {
    return Image{*slide, *slide - image_map.value + *phys_base, "VMCOREINFO"};
  }
  for (const Note& note : clues_.memory.dump().info().notes) {
    if (note.name != "QEMU") continue;
    auto tables = qemu_paging(note);
    if (!tables) continue;
    if (auto found = image_by_tables(*tables)) return std::move(*found);
  }
  return image_by_banner(slide, image_step, [this](const Image& unmapped) {
    return own_slide(unmapped);
  });
}

// QEMU's QEMUCPUState, version 1: two 32-bit words, 18 registers, 10 segments
// of 24 bytes, then CR0 to CR4.
std::optional<Paging> LayoutSearch::qemu_paging(const Note& note) const {
  constexpr std::size_t cr3_at = 8 + 18 * 8 + 10 * 24 + 3 * 8;
  constexpr std::uint64_t la57 = 1 << 12;
  constexpr std::uint64_t user_tables = 0x1000;  // KPTI's other half
  if (note.contents.size() < cr3_at + 16) return std::nullopt;
  Bytes bytes(note.contents);
  std::uint64_t cr3 =
      load_unsigned(bytes.subspan(cr3_at, 8), std::endian::little);
  std::uint64_t cr4 =
      load_unsigned(bytes.subspan(cr3_at + 8, 8), std::endian::little);
  Paging paging;
  paging.root = {cr3 & ~user_tables & 0x000ffffffffff000};
  paging.levels = (cr4 & la57) != 0 ? 5 : 4;
  paging.va_bits = paging.levels == 5 ? 57 : 48;
  return paging;
}

std::optional<Image> LayoutSearch::image_by_tables(const Paging& paging) {
  auto linked = clues_.linked("linux_banner");
  auto banner = banner_in_file();
  if (!linked || !banner) return std::nullopt;
  for (std::uint64_t slide = 0; slide < image_span; slide += image_step) {
    Address at = *linked + slide;
    auto found = arch_.translate(reader(), paging, at);
    if (found && has_banner(found->physical, *banner)) {
      return Image{slide, found->physical.value - linked->value, "page tables"};
    }
  }
  return std::nullopt;
}

// As far as its page tables, with four or five levels, map it.
std::optional<std::uint64_t> LayoutSearch::own_slide(const Image& unmapped) {
  auto root = paging(unmapped);
  if (!root) return std::nullopt;
  for (unsigned depth : {4U, 5U}) {
    Paging tables = *root;
    tables.levels = depth;
    tables.va_bits = depth == 5 ? 57 : 48;
    auto found = image_by_tables(tables);
    if (found && found->moved == unmapped.moved) return found->slide;
  }
  return std::nullopt;
}

// ---- What hangs on the image ----

unsigned LayoutSearch::levels(const Image& image) const {
  auto is_l5 = clues_.vmcoreinfo.number("pgtable_l5_enabled");
  if (is_l5) return *is_l5 != 0 ? 5 : 4;
  return value(image, "__pgtable_l5_enabled", 4).value_or(0) != 0 ? 5 : 4;
}

Result<Paging> LayoutSearch::paging(const Image& image) const {
  Paging paging;
  // init_top_pgt since 4.13 (65ade2f872b4).
  auto top = clues_.linked("init_top_pgt");
  if (!top) top = clues_.linked("init_level4_pgt");
  if (!top) top = clues_.linked("swapper_pg_dir");
  if (!top) {
    return Error(ErrorKind::not_found,
                 "vmlinux has no symbol init_top_pgt or init_level4_pgt");
  }
  paging.root = image.physical(*top);
  paging.levels = levels(image);
  paging.va_bits = paging.levels == 5 ? 57 : 48;
  auto mask = noted("sme_mask");
  if (!mask) mask = value(image, "sme_me_mask", 8);
  paging.ignored = mask.value_or(0);
  return paging;
}

// Page 0 itself may be left out.
bool LayoutSearch::is_direct_map(const Paging& paging,
                                 std::uint64_t base) const {
  Address at = Address{base} + image_step;
  auto found = arch_.translate(reader(), paging, at);
  return found && found->physical.value == image_step;
}

// What /proc/vmcore's headers say, or else the page tables: KASLR moves the
// direct map, the first of the kernel's regions, by a multiple of 1 GiB.
std::optional<std::uint64_t> LayoutSearch::mapped_base(
    const Paging& paging) const {
  constexpr std::uint64_t step = std::uint64_t{1} << 30;
  constexpr unsigned most_extents = 4096;  // damaged tables map a great deal
  for (const PhysRange& range : clues_.memory.dump().ranges()) {
    if (!range.virtual_start || *range.virtual_start >= image_map) continue;
    std::uint64_t base = range.virtual_start->value - range.start.value;
    if (base >> 63 == 1 && base % step == 0) return base;
  }
  MappedSpace space({std::shared_ptr<void>(), &clues_.memory}, arch_, {},
                    paging);
  Address lowest{~std::uint64_t{0} << (paging.va_bits - 1)};
  unsigned count = 0;
  for (const Extent& extent : mapped_extents(space, {lowest, image_map - 1})) {
    std::uint64_t base = extent.start.value - extent.physical.value;
    if (extent.size >= image_step && base % step == 0) return base;
    if (++count == most_extents) break;
  }
  return std::nullopt;
}

std::uint64_t LayoutSearch::direct_map_base(const Image& image,
                                            KernelLayout& layout) const {
  const Paging& paging = layout.paging;
  if (auto given = option("page_offset")) return *given;
  auto said = value(image, "page_offset_base", 8);
  bool is_sound = said && *said >> 63 == 1;
  if (is_sound && is_direct_map(paging, *said)) return *said;
  // Moved for the LDT remap in 4.20 (d52888aa2753); not randomised here.
  constexpr std::uint64_t four[] = {0xffff888000000000, 0xffff880000000000};
  constexpr std::uint64_t five[] = {0xff11000000000000, 0xff10000000000000};
  std::span<const std::uint64_t> bases = paging.levels == 5 ? five : four;
  for (std::uint64_t base : bases) {
    if (is_direct_map(paging, base)) return base;
  }
  auto found = mapped_base(paging);
  if (found && (!is_sound || is_direct_map(paging, *found))) return *found;
  if (is_sound) return *said;
  if (clues_.linked("page_offset_base")) {
    layout.remark = fmt::format(
        "where the direct map begins is lost: page_offset_base is not in the "
        "dump and the page tables do not tell; taken to be {:#x}",
        bases[0]);
  }
  return bases[0];
}

// As far as physical memory may reach, but not into the next region; where
// that is lost, as far as there is memory.
LinearWindow LayoutSearch::direct_map(const Image& image,
                                      KernelLayout& layout) const {
  std::uint64_t base = direct_map_base(image, layout);
  std::uint64_t size = std::uint64_t{1}
                       << (layout.paging.levels == 5 ? 52 : 46);
  for (std::string_view next : {"vmalloc_base", "vmemmap_base"}) {
    auto start = value(image, next, 8);
    if (start && *start > base) {
      size = std::min(size, *start - base);
    } else if (!start && clues_.linked(next)) {
      size = std::min(size, clues_.memory.dump().memory_end().value);
    }
  }
  return {Address{base}, size, PhysAddress{0}};
}

Result<KernelLayout> LayoutSearch::layout() {
  Image found = TRY(image());
  KernelLayout layout;
  layout.kaslr_offset = found.slide;
  layout.source = found.source;
  layout.paging = TRY(paging(found));
  layout.windows.push_back(direct_map(found, layout));
  auto start = image_start();
  if (!start || *start < image_map) {
    return Error(ErrorKind::corrupt,
                 "vmlinux has no sound symbols _text and _end");
  }
  layout.windows.push_back(TRY(image_window(found, image_span * 2)));
  return layout;
}

// ---- What the page tables map ----

// Bases in variables since 4.8 (021182e52fe0), fixed before.
std::uint64_t region_base(const Kernel& kernel, std::string_view name,
                          std::uint64_t four, std::uint64_t five) {
  bool is_five = kernel.layout().paging.levels == 5;
  std::uint64_t usual = is_five ? five : four;
  if (!kernel.has_symbol(name)) return usual;
  auto base = kernel.variable(name, "unsigned long").to_unsigned();
  if (base && *base >> 63 == 1) return *base;
  kernel.note_loss(base ? Error(ErrorKind::corrupt, fmt::format("{:#x}", *base))
                        : base.error(),
                   fmt::format("{}, taken to be {:#x}", name, usual));
  return usual;
}

// The end of the 2 MiB pages that map the image: modules are beyond.
Address image_end(const Kernel& kernel) {
  Address end = image_map;
  for (const LinearWindow& window : kernel.layout().windows) {
    if (window.start >= image_map) end = window.start + window.size;
  }
  return {(end.value + image_step - 1) / image_step * image_step};
}

}  // namespace

std::vector<KernelRange> LinuxX86::mapped_ranges(const Kernel& kernel) const {
  constexpr unsigned tib_bits = 40;
  constexpr std::uint64_t modules_end = 0xffffffffff000000;
  bool is_five = kernel.layout().paging.levels == 5;
  Address vmalloc{region_base(kernel, "vmalloc_base", 0xffffc90000000000,
                              0xffa0000000000000)};
  Address vmemmap{region_base(kernel, "vmemmap_base", 0xffffea0000000000,
                              0xffd4000000000000)};
  std::uint64_t vmalloc_size = std::uint64_t{is_five ? 12800U : 32U}
                               << tib_bits;
  Address vmalloc_end = vmalloc + vmalloc_size;
  if (vmemmap > vmalloc) vmalloc_end = std::min(vmalloc_end, vmemmap);
  std::uint64_t vmemmap_size = std::uint64_t{is_five ? 512U : 1U} << tib_bits;
  return {
      {RangeKind::vmalloc, {vmalloc, vmalloc_end - 1}},
      {RangeKind::vmemmap, {vmemmap, vmemmap + (vmemmap_size - 1)}},
      {RangeKind::modules, {image_end(kernel), Address{modules_end - 1}}},
  };
}

Result<KernelLayout> LinuxX86::layout(const LayoutClues& clues) const {
  return LayoutSearch(clues).layout();
}

}  // namespace inquest
