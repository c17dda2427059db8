// SPDX-License-Identifier: GPL-3.0-or-later
// Dump files of every format, and what is in them.

#include <array>
#include <functional>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/lzo_rle.h"
#include "dump/notes.h"
#include "fuzz/target.h"
#include "kernel/device_dumps.h"
#include "kernel/linux_arch.h"
#include "unit/debuginfo/build_elf.h"
#include "unit/dump/sample.h"

namespace inquest::test {
namespace {

// A file that is nowhere but in memory.
class MemoryOnly {
 public:
  explicit MemoryOnly(Bytes contents)
      : descriptor_(memfd_create("input", MFD_CLOEXEC)) {
    while (!contents.empty()) {
      ssize_t done = ::write(descriptor_, contents.data(), contents.size());
      if (done <= 0) throw std::runtime_error("no memory for a file");
      contents = contents.subspan(static_cast<std::size_t>(done));
    }
  }
  ~MemoryOnly() { close(descriptor_); }
  MemoryOnly(const MemoryOnly&) = delete;
  MemoryOnly& operator=(const MemoryOnly&) = delete;

  std::filesystem::path path() const {
    return fmt::format("/proc/self/fd/{}", descriptor_);
  }

 private:
  int descriptor_;
};

// The CPUs' registers, and what drivers added.
void read_notes(const DumpInfo& info) {
  (void)device_dumps(info);
  (void)elf_machine_of_prstatus(info);
  for (unsigned machine : {unsigned{EM_X86_64}, unsigned{EM_AARCH64}}) {
    for (const Note& note : info.notes)
      (void)find_linux_arch(machine)->prstatus(note.contents, info.endian);
  }
}

void read_range(const Dump& dump, const PhysRange& range, unsigned most) {
  std::uint64_t page = dump.info().page_size;
  std::vector<std::byte> out(page);
  for (std::uint64_t at = 0; at < range.size && most > 0; at += page, --most) {
    (void)dump.has_page(range.start + at);
    (void)dump.read(range.start + at, out);
  }
  (void)dump.read(range.start + (range.size - 1), std::span(out).first(1));
  std::vector<std::byte> run(4 * Dump::scan_unit);
  std::array<Dump::Unit, 4> units = {};
  std::uint64_t first = range.start.value & ~(Dump::scan_unit - 1);
  dump.read_run(PhysAddress{first}, run, units);
  Bytes acquired = dump.acquire(range.start, 64);
  dump.release(acquired);
}

void read_dump(const std::vector<std::filesystem::path>& files) {
  (void)is_dump(files.front());
  auto dump = open_dump(files);
  if (!dump) return;
  read_notes((*dump)->info());
  constexpr std::size_t most_ranges = 16;
  std::vector<PhysRange> ranges = (*dump)->ranges();
  if (ranges.size() > most_ranges) ranges.resize(most_ranges);
  for (const PhysRange& range : ranges)
    read_range(**dump, range, 8);
  for (std::uint64_t at : {0x0UL, 0x1000UL, 0x3ff8UL, 0x100000UL, 0x1401000UL})
    read_range(**dump, {PhysAddress{at}, 0x1008, {}}, 2);
  (void)(*dump)->physical_at(FileOffset{5000});
}

void run_dump(Bytes input) {
  MemoryOnly file(input);
  read_dump({file.path()});
}

// Two files, behind the first one's size.
void run_split_dump(Bytes input) {
  std::size_t first = take_number(input, 4);
  MemoryOnly one(take(input, first)), two(input);
  read_dump({one.path(), two.path()});
}

std::vector<Input> seeds_of(const std::function<bool(const DumpShape&)>& fits) {
  std::vector<Input> seeds;
  Machine machine = sample_machine();
  for (const DumpShape& shape : all_shapes()) {
    if (shape.parts == 1 && fits(shape))
      seeds.push_back(dump_files(machine, shape).front());
  }
  return seeds;
}

std::vector<Input> elf_seeds() {
  return seeds_of([](const DumpShape& shape) {
    return shape.kind == DumpKind::elf && !shape.is_flattened;
  });
}

std::vector<Input> kdump_seeds() {
  return seeds_of([](const DumpShape& shape) {
    bool is_usual = shape.version == 6 || shape.version == 3 ||
                    (shape.version < 3 && !shape.is_64);
    return shape.kind != DumpKind::elf && !shape.is_flattened && is_usual;
  });
}

std::vector<Input> flattened_seeds() {
  return seeds_of([](const DumpShape& shape) {
    return shape.is_flattened &&
           (shape.kind != DumpKind::kdump || shape.version == 6);
  });
}

std::vector<Input> split_seeds() {
  std::vector<Input> seeds;
  for (unsigned version : {2U, 6U}) {
    auto files = dump_files(sample_machine(), {.version = version, .parts = 2});
    Writer seed;
    seed.u32(files[0].size()).append(files[0]).append(files[1]);
    seeds.push_back(seed.bytes());
  }
  return seeds;
}

// A byte that says which compression, then what is packed.
void run_pages(Bytes input) {
  auto method = static_cast<Compression>(take_number(input, 1) % 8);
  std::vector<std::byte> page(4096);
  (void)decompress(method, input, page);
  (void)unpack_lzo_rle(input, page);
}

std::vector<Input> page_seeds() {
  std::vector<Input> seeds;
  Content page(4096);
  for (std::size_t i = 0; i < page.size(); ++i)
    page[i] = std::byte(i % 7 * (i / 600));
  for (Compression method : {Compression::zlib, Compression::lzo,
                             Compression::snappy, Compression::zstd}) {
    Content packed = compress(method, page);
    packed.insert(packed.begin(), std::byte(method));
    seeds.push_back(packed);
    if (method != Compression::lzo) continue;
    packed[0] = std::byte(Compression::lzo_rle);
    seeds.push_back(packed);
    // Literals, then a match of their first bytes.
    packed = to_input(
        "\x06\x40"
        "abcd\x04\x00");
    seeds.push_back(packed);
  }
  return seeds;
}

void run_notes(Bytes input) {
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    DumpInfo info;
    info.endian = endian;
    take_notes(input, info);
    read_notes(info);
  }
}

std::vector<Input> note_seeds() {
  std::vector<Input> seeds;
  std::vector<std::byte> registers(336), more(392);
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    Writer notes(endian);
    notes.append(note("CORE", NT_PRSTATUS, registers, endian))
        .append(note("CORE", NT_PRSTATUS, more, endian))
        .append(note("VMCOREINFO", 0,
                     inquest::as_bytes("OSRELEASE=6.1\nPAGESIZE=4096\n"),
                     endian))
        .append(note("LINUX", 0x700, more, endian))
        .append(note("QEMU", 0, more, endian));
    seeds.push_back(notes.bytes());
  }
  return seeds;
}

constexpr FuzzTarget targets[] = {
    {"elf_dump", run_dump, elf_seeds},
    {"kdump", run_dump, kdump_seeds},
    {"flattened", run_dump, flattened_seeds},
    {"split_dump", run_split_dump, split_seeds},
    {"pages", run_pages, page_seeds},
    {"notes", run_notes, note_seeds},
};

}  // namespace

std::span<const FuzzTarget> dump_targets() {
  return targets;
}

}  // namespace inquest::test
