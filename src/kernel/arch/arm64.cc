// SPDX-License-Identifier: GPL-3.0-or-later
// Where Linux on arm64 lies in memory.
//
// The kernel's half of the address space is halved again. One half is the
// linear map, where all of physical memory is mapped from memstart_addr
// (PHYS_OFFSET) on; in the other lie modules, the kernel image, vmalloc and
// the rest. Which is which was swapped in 5.4 (14c127c957c1): since then the
// linear map is the lower half. The image is known by kimage_voffset, its
// virtual minus its physical address.
//
// A kernel built for 52-bit virtual addresses also runs where the CPU has only
// 48. Its linear map then starts at the 48-bit PAGE_OFFSET, but memstart_addr
// is still relative to the 52-bit one. With 16 and 64 KiB pages the top table
// keeps the size that 52 bits need, and the CPU is pointed to its end; with
// 4 KiB pages the top level is left out (LPA2, 6.9).
//
// Where the image is: VMCOREINFO says so, or the program headers of
// /proc/vmcore; otherwise the kernel's banner is looked for in physical
// memory, and the variable kimage_voffset of the image found is checked
// against the page tables.

#include "kernel/arch/arm64.h"

#include <algorithm>

#include "base/numbers.h"
#include "debuginfo/elf_file.h"
#include "kernel/address_ranges.h"
#include "kernel/arch/image_search.h"
#include "kernel/kernel.h"

namespace inquest {
namespace {

// EFI may load an image at any multiple of this.
constexpr std::uint64_t image_step = 0x10000;
constexpr std::uint64_t image_span = std::uint64_t{1} << 31;
constexpr unsigned most_va_bits = 52;
constexpr unsigned shift_4k = 12;

std::uint64_t bits(unsigned count) {
  return (std::uint64_t{1} << count) - 1;
}

// The first address of an upper half of |va_bits|.
std::uint64_t half_start(unsigned va_bits) {
  return ~bits(va_bits);
}

bool is_va_bits(std::uint64_t value) {
  static constexpr unsigned known[] = {36, 39, 42, 47, 48, most_va_bits};
  return std::ranges::find(known, value) != std::end(known);
}

class LayoutSearch : private ImageSearch {
 public:
  using ImageSearch::ImageSearch;

  Result<KernelLayout> layout();

 private:
  Result<Image> image() const;
  std::optional<std::uint64_t> known_voffset(std::uint64_t slide) const;
  std::optional<std::uint64_t> own_slide(const Image& unmapped) const;

  Result<unsigned> page_shift() const;
  std::optional<unsigned> page_shift_in_header() const;
  // What the CPU used, and what the kernel was built for, where that is known.
  Result<unsigned> va_bits(const Image& image) const;
  unsigned built_va_bits(unsigned actual) const;
  Result<Paging> paging(const Image& image) const;
  bool is_in_memory(PhysAddress start, std::uint64_t size) const;
  Result<LinearWindow> linear_map(const Image& image, unsigned va_bits) const;
};

// ---- The image ----

// NUMBER(kimage_voffset) since 4.12 (20a166243328).
std::optional<std::uint64_t> LayoutSearch::known_voffset(
    std::uint64_t slide) const {
  if (auto given = option("kimage_voffset")) return given;
  if (auto offset = noted("kimage_voffset")) return offset;
  auto start = image_start();
  if (!start) return std::nullopt;
  Address at = *start + slide;
  for (const PhysRange& range : clues_.memory.dump().ranges()) {
    if (!range.virtual_start || at < *range.virtual_start) continue;
    if (at - *range.virtual_start >= range.size) continue;
    return range.virtual_start->value - range.start.value;
  }
  return std::nullopt;
}

Result<Image> LayoutSearch::image() const {
  auto slide = known_slide();
  if (slide) {
    auto voffset = known_voffset(*slide);
    if (voffset) return Image{*slide, *slide - *voffset, "VMCOREINFO"};
  }
  return image_by_banner(slide, image_step, [this](const Image& unmapped) {
    return own_slide(unmapped);
  });
}

// By its kimage_voffset, if its page tables agree.
std::optional<std::uint64_t> LayoutSearch::own_slide(
    const Image& unmapped) const {
  auto voffset = value(unmapped, "kimage_voffset", 8);
  if (!voffset) return std::nullopt;
  Image found{*voffset + unmapped.moved, unmapped.moved, ""};
  auto tables = paging(found);
  if (!tables) return std::nullopt;
  Address banner = *clues_.linked("linux_banner");
  auto mapped = arch_.translate(reader(), *tables, banner + found.slide);
  if (!mapped || mapped->physical != found.physical(banner)) {
    return std::nullopt;
  }
  return found.slide;
}

// ---- Page tables ----

// The header of the image's file form, which vmlinux starts with: magic at 56,
// flags at 24, whose bits 1 and 2 are the page size.
std::optional<unsigned> LayoutSearch::page_shift_in_header() const {
  static constexpr std::uint32_t magic = 0x644d5241;  // "ARM\x64"
  auto start = image_start();
  if (!start || clues_.vmlinux == nullptr) return std::nullopt;
  for (const ElfSection& section : clues_.vmlinux->sections()) {
    if (section.address != *start || section.size < 64) continue;
    auto bytes = clues_.vmlinux->contents(section);
    if (!bytes || bytes->size() < 64) continue;
    if (load_unsigned(bytes->subspan(56, 4), std::endian::little) != magic) {
      continue;
    }
    auto flags = load_unsigned(bytes->subspan(24, 8), std::endian::little);
    unsigned code = flags >> 1 & 3;
    if (code != 0) return 10 + 2 * code;
  }
  return std::nullopt;
}

Result<unsigned> LayoutSearch::page_shift() const {
  if (auto text = clues_.vmcoreinfo.find("PAGESIZE")) {
    auto size = parse_decimal(*text);
    for (unsigned shift : {12U, 14U, 16U}) {
      if (size && *size == std::uint64_t{1} << shift) return shift;
    }
    return Error(ErrorKind::corrupt, "VMCOREINFO's PAGESIZE makes no sense");
  }
  return page_shift_in_header().value_or(shift_4k);
}

// NUMBER(TCR_EL1_T1SZ) since 5.10 (bbdbc11804ff). Else by where the image is
// linked: at the first address of the half that is not the linear map.
Result<unsigned> LayoutSearch::va_bits(const Image& image) const {
  if (auto given = option("vabits_actual"); given && is_va_bits(*given)) {
    return static_cast<unsigned>(*given);
  }
  if (auto size = noted("TCR_EL1_T1SZ"); size && is_va_bits(64 - *size)) {
    return static_cast<unsigned>(64 - *size);
  }
  if (auto actual = value(image, "vabits_actual", 8);
      actual && is_va_bits(*actual)) {
    return static_cast<unsigned>(*actual);
  }
  if (auto built = noted("VA_BITS"); built && is_va_bits(*built)) {
    return static_cast<unsigned>(*built);
  }
  std::uint64_t start = TRY(image_start()).value;
  auto leading = static_cast<unsigned>(std::countl_one(start));
  for (unsigned guess : {64 - leading + 1, 64 - leading}) {
    if (is_va_bits(guess)) return guess;
  }
  return Error(ErrorKind::corrupt,
               "vmlinux is linked at no address of an arm64 kernel");
}

unsigned LayoutSearch::built_va_bits(unsigned actual) const {
  auto built = noted("VA_BITS");
  return built && is_va_bits(*built) ? static_cast<unsigned>(*built) : actual;
}

Result<Paging> LayoutSearch::paging(const Image& image) const {
  auto top = clues_.linked("swapper_pg_dir");
  if (!top) {
    return Error(ErrorKind::not_found, "vmlinux has no symbol swapper_pg_dir");
  }
  unsigned actual = TRY(va_bits(image));
  Paging paging;
  paging.root = image.physical(*top);
  paging.page_shift = TRY(page_shift());
  bool is_folded = paging.page_shift == shift_4k;
  paging.va_bits = is_folded ? actual : std::max(actual, built_va_bits(actual));
  unsigned index_bits = paging.page_shift - 3;
  paging.levels =
      (paging.va_bits - paging.page_shift + index_bits - 1) / index_bits;
  constexpr unsigned shift_64k = 16;
  paging.has_wide_entries =
      actual == most_va_bits && paging.page_shift != shift_64k;
  // KASAN by software or by memory tagging.
  paging.has_tags = clues_.linked("kasan_flag_enabled").has_value() ||
                    clues_.linked("kasan_tag_mismatch").has_value();
  return paging;
}

// ---- Windows ----

bool LayoutSearch::is_in_memory(PhysAddress start, std::uint64_t size) const {
  return std::ranges::any_of(
      clues_.memory.dump().ranges(), [&](const PhysRange& range) {
        return range.start - start < size || start - range.start < range.size;
      });
}

Result<LinearWindow> LayoutSearch::linear_map(const Image& image,
                                              unsigned va_bits) const {
  std::uint64_t size = std::uint64_t{1} << (va_bits - 1);
  std::uint64_t start = half_start(va_bits);
  bool is_upper = (TRY(image_start()).value & size) == 0;
  if (is_upper) start += size;
  // 5.4 to 5.9 keep what is to be added to an address.
  if (auto offset = value(image, "physvirt_offset", 8)) {
    return LinearWindow{Address{start}, size, PhysAddress{start + *offset}};
  }
  auto memory_start = option("phys_offset");
  if (!memory_start) memory_start = noted("PHYS_OFFSET");
  if (!memory_start) memory_start = value(image, "memstart_addr", 8);
  if (!memory_start) {
    return Error(ErrorKind::not_found,
                 "where physical memory starts is not known: neither "
                 "VMCOREINFO's PHYS_OFFSET nor memstart_addr can be read; "
                 "give it with -m phys_offset=");
  }
  PhysAddress first{*memory_start};
  for (unsigned built : {built_va_bits(va_bits), most_va_bits}) {
    PhysAddress there{*memory_start + half_start(va_bits) - half_start(built)};
    if (is_in_memory(there, size)) {
      first = there;
      break;
    }
  }
  return LinearWindow{Address{start}, size, first};
}

Result<KernelLayout> LayoutSearch::layout() {
  Image found = TRY(image());
  KernelLayout layout;
  layout.kaslr_offset = found.slide;
  layout.source = found.source;
  layout.paging = TRY(paging(found));
  layout.page_size = std::uint64_t{1} << layout.paging.page_shift;
  unsigned actual = TRY(va_bits(found));
  layout.windows.push_back(TRY(linear_map(found, actual)));
  layout.windows.push_back(TRY(image_window(found, image_span)));
  // NUMBER(KERNELPACMASK), where the kernel signs its pointers.
  constexpr std::uint64_t is_kernel = std::uint64_t{1} << 55;
  layout.signature =
      noted("KERNELPACMASK").value_or(half_start(actual) & ~is_kernel);
  return layout;
}

// ---- What the page tables map ----

struct NotedRange {
  RangeKind kind;
  std::string_view start, end;
};
constexpr NotedRange noted_ranges[] = {
    {RangeKind::modules, "MODULES_VADDR", "MODULES_END"},
    {RangeKind::vmalloc, "VMALLOC_START", "VMALLOC_END"},
    {RangeKind::vmemmap, "VMEMMAP_START", "VMEMMAP_END"},
};

}  // namespace

// VMCOREINFO has them since 5.19 (2369f171d5c5). Before, all of the half that
// is not the linear map.
std::vector<KernelRange> LinuxArm64::mapped_ranges(const Kernel& kernel) const {
  std::vector<KernelRange> ranges;
  for (const auto& [kind, start, end] : noted_ranges) {
    auto first = kernel.vmcoreinfo().number(start);
    auto behind = kernel.vmcoreinfo().number(end);
    if (!first || !behind || *behind <= *first) continue;
    ranges.push_back({kind,
                      {Address{static_cast<std::uint64_t>(*first)},
                       Address{static_cast<std::uint64_t>(*behind) - 1}}});
  }
  if (!ranges.empty()) return ranges;
  Address half{half_start(kernel.layout().paging.va_bits)};
  return {{RangeKind::vmalloc, {half, Address{~std::uint64_t{0}}}}};
}

Result<KernelLayout> LinuxArm64::layout(const LayoutClues& clues) const {
  return LayoutSearch(clues).layout();
}

}  // namespace inquest
