// SPDX-License-Identifier: GPL-3.0-or-later
//
// The memory of the machine we run on.
//
// /proc/kcore is an ELF core file of the kernel's address space. Each PT_LOAD
// is a range of virtual addresses; since 4.11 (464920104bf7) p_paddr says where
// those of the direct map and of the kernel image lie physically, and is all
// ones for the others (vmalloc, modules, vmemmap). The direct map shows all
// RAM, so the ranges with an address are physical memory, and what is mapped
// elsewhere is found through the page tables. A VMCOREINFO note is there since
// 4.19 (23c85094fe18). The other notes are about the reader and of no use.
//
// /dev/mem shows memory at its physical addresses. Most kernels keep RAM from
// it (CONFIG_STRICT_DEVMEM). Which addresses are RAM is in /proc/iomem, and
// where the VMCOREINFO note lies in /sys/kernel/vmcoreinfo.

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/numbers.h"
#include "base/text.h"
#include "dump/elf_header.h"
#include "dump/formats.h"
#include "dump/notes.h"
#include "dump/plain_memory.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kcore = "/proc/kcore";
constexpr std::string_view devmem = "/dev/mem";

std::string contents_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The part in brackets of "none [integrity] confidentiality".
std::string lockdown() {
  std::string text = contents_of("/sys/kernel/security/lockdown");
  std::size_t start = text.find('[');
  std::size_t end = text.find(']', start);
  if (start == std::string::npos || end == std::string::npos) return "";
  std::string level = text.substr(start + 1, end - start - 1);
  return level == "none" ? "" : level;
}

// What stands between us and |device|.
std::string obstacle(const fs::path& device) {
  std::error_code ignored;
  if (!fs::exists(device, ignored)) {
    if (device == kcore) {
      return "this kernel has no such file (CONFIG_PROC_KCORE), or it is "
             "hidden from us";
    }
    return "there is no such device here (CONFIG_DEVMEM)";
  }
  if (geteuid() != 0) return "only root may look at the kernel's memory";
  if (std::string level = lockdown(); !level.empty()) {
    return fmt::format(
        "the kernel is locked down ({}) and shows its memory "
        "to nobody",
        level);
  }
  return "the right to look at the kernel's memory (CAP_SYS_RAWIO) is missing, "
         "as in a container";
}

Error unavailable(const fs::path& device, const Error& error) {
  return {error.kind(),
          fmt::format("the running kernel cannot be opened: {}; {}",
                      error.message(), obstacle(device))};
}

void keep_vmcoreinfo_alone(DumpInfo& info) {
  info.cpus = 0;
  std::erase_if(info.notes,
                [](const Note& note) { return note.name != "VMCOREINFO"; });
}

// "0x00000000012f4000 1024": where the note lies, and how large it is.
std::string noted_vmcoreinfo(const Dump& memory) {
  constexpr std::uint64_t most = 1 << 20;
  std::string text = contents_of("/sys/kernel/vmcoreinfo");
  auto place = words(text);
  if (place.size() != 2) return "";
  auto at = parse_hex(place[0]);
  auto size = parse_hex(place[1]);
  if (!at || !size || *size > most) return "";
  std::vector<std::byte> bytes(*size);
  if (!memory.read(PhysAddress{*at}, bytes)) return "";
  DumpInfo found;
  found.endian = memory.info().endian;
  take_notes(bytes, found);
  return found.vmcoreinfo;
}

Result<std::unique_ptr<Dump>> memory_of(DumpInfo info,
                                        std::vector<PlainMemory::Piece> pieces,
                                        const fs::path& writer) {
  if (info.vmcoreinfo.empty() && info.is_own_machine) {
    std::string noted = noted_vmcoreinfo(PlainMemory(info, pieces));
    if (!noted.empty()) take_vmcoreinfo(noted, info);
  }
  return std::unique_ptr<Dump>(std::make_unique<PlainMemory>(
      std::move(info), std::move(pieces), writer));
}

// ---- /proc/kcore ----

bool has_physical(const Segment& segment) {
  constexpr std::uint64_t none = ~std::uint64_t{0};
  return segment.type == pt_load && segment.memory_size > 0 &&
         segment.start.value != none;
}

Result<void> check_addresses(const MemoryFile& file,
                             const std::vector<Segment>& segments) {
  auto shown = std::ranges::count_if(segments, has_physical);
  auto at_zero = std::ranges::count_if(segments, [](const Segment& segment) {
    return has_physical(segment) && segment.start.value == 0;
  });
  if (shown > 0 && at_zero < 2) return {};
  return Error(ErrorKind::unsupported,
               fmt::format("{} does not say which physical memory it shows: "
                           "Linux does since 4.11",
                           file.path().string()));
}

Result<PlainMemory::Piece> piece_of(std::shared_ptr<const MemoryFile> file,
                                    const Segment& segment) {
  constexpr std::uint64_t most = std::uint64_t{1} << 52;
  std::uint64_t start = segment.start.value;
  std::uint64_t offset = segment.offset.value;
  if (start >= most || segment.memory_size > most - start ||
      offset > file->size() || segment.memory_size > file->size() - offset) {
    return file->error(ErrorKind::corrupt, "PT_LOAD", segment.offset,
                       fmt::format("impossible size {:#x} at {:#x}",
                                   segment.memory_size, start));
  }
  return PlainMemory::Piece{
      std::move(file),
      segment.offset,
      {segment.start, segment.memory_size, segment.virtual_start}};
}

Result<std::unique_ptr<Dump>> open_kcore(
    const std::shared_ptr<const MemoryFile>& file, DumpInfo info) {
  auto elf = TRY(read_header(*file));
  auto segments = TRY(read_segments(*file, elf));
  info.elf_machine = elf.machine;
  info.endian = elf.endian;
  std::uint64_t notes = 0;
  for (const Segment& segment : segments) {
    if (segment.type != pt_note) continue;
    auto bytes = TRY(file->bytes(segment.offset, segment.file_size, "notes"));
    notes += bytes.size();
    if (notes > file->stored_size()) break;
    take_notes(bytes, info);
  }
  keep_vmcoreinfo_alone(info);
  TRY(check_addresses(*file, segments));
  std::vector<PlainMemory::Piece> pieces;
  for (const Segment& segment : segments) {
    if (has_physical(segment)) pieces.push_back(TRY(piece_of(file, segment)));
    if (pieces.size() == PlainMemory::most_pieces) break;
  }
  // The file itself cannot be written.
  return memory_of(std::move(info), std::move(pieces), devmem);
}

// ---- /dev/mem ----

// Lines of /proc/iomem: "00100000-3fffffff : System RAM"; what lies within is
// indented.
std::vector<PhysRange> ram_ranges(std::string_view iomem) {
  std::vector<PhysRange> ranges;
  for (std::string_view line : lines(iomem)) {
    std::size_t dash = line.find('-');
    std::size_t colon = line.find(" : ");
    if (dash == 0 || dash == std::string_view::npos ||
        colon == std::string_view::npos || dash > colon || line[0] == ' ' ||
        trim(line.substr(colon + 3)) != "System RAM") {
      continue;
    }
    auto start = parse_hex(line.substr(0, dash));
    auto last = parse_hex(line.substr(dash + 1, colon - dash - 1));
    if (!start || !last || *last <= *start || *last >> 52 != 0) continue;
    ranges.push_back({PhysAddress{*start}, *last - *start + 1, std::nullopt});
  }
  return ranges;
}

// Kernels keep RAM above the first megabyte, or all of it, from /dev/mem.
Result<void> check_shown(const Dump& memory) {
  std::array<std::byte, 8> sample = {};
  const PhysRange last = memory.ranges().back();
  auto shown = memory.read(last.start + (last.size - sample.size()), sample);
  if (shown) return {};
  return Error(ErrorKind::unsupported,
               fmt::format("{}; /proc/kcore may show what {} does not",
                           shown.error().message(),
                           memory.info().files.front().string()));
}

Result<std::unique_ptr<Dump>> open_devmem(
    const std::shared_ptr<const MemoryFile>& file, DumpInfo info) {
  utsname names = {};
  if (uname(&names) == 0) info.elf_machine = elf_machine_of(names.machine);
  std::vector<PlainMemory::Piece> pieces;
  for (const PhysRange& range : ram_ranges(contents_of("/proc/iomem"))) {
    pieces.push_back({file, FileOffset{range.start.value}, range});
    if (pieces.size() == PlainMemory::most_pieces) break;
  }
  if (pieces.empty()) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{}: /proc/iomem does not say to us which "
                             "addresses are RAM",
                             file->path().string()));
  }
  TRY(check_shown(PlainMemory(info, pieces)));
  return memory_of(std::move(info), std::move(pieces), "");
}

}  // namespace

Result<std::unique_ptr<Dump>> open_live(const fs::path& device) {
  auto file = MemoryFile::open(device);
  if (!file) return unavailable(device, file.error());
  DumpInfo info;
  info.files = {device};
  info.is_live = true;
  std::array<std::byte, 4> magic = {};
  bool is_elf =
      (*file)->read(FileOffset{0}, magic) && as_text(magic) == "\x7f\x45LF";
  if (is_elf) {
    info.format = "kcore";
    info.is_own_machine = (*file)->is_device();
    return open_kcore(*file, std::move(info));
  }
  if (!(*file)->is_device()) {
    return open_raw(std::array{RawPart{device, PhysAddress{0}, true}});
  }
  info.format = "memory device";
  info.is_own_machine = true;
  return open_devmem(*file, std::move(info));
}

}  // namespace inquest
