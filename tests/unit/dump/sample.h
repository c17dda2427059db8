// SPDX-License-Identifier: GPL-3.0-or-later
// A small machine, and every shape its dump may have.

#pragma once

#include "dumps/test_dump.h"

namespace inquest::test {

inline Machine sample_machine() {
  Machine machine = parse_machine(R"(
    system = Linux
    release = 6.1.0-test
    machine = x86_64
    time = 1700000000
    cpus = 2
    dump_level = 31
    phys_base = 0x1000000
    vmcoreinfo = OSRELEASE=6.1.0-test
    vmcoreinfo = PAGESIZE=4096
    @0x1000 raw AA*4096
    @0x2000 exclude
    @0x3000 u64 0x1122334455667788*512
    @0x4000 text "end of the first run"
    # A hole from 5000 to 100000, past the first 4096 pages another one.
    @0x100000 raw 00*4096
    @0x101ff8 u64 42
    @0x1400000 raw 0102*2048
  )");
  // Bytes that do not compress.
  std::uint64_t random = 88172645463325252;
  for (unsigned i = 0; i < 512; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    machine.write(0x1401000 + i * 8, random, 8);
  }
  return machine;
}

inline std::vector<DumpShape> all_shapes() {
  std::vector<DumpShape> shapes;
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    for (bool is_64 : {true, false}) {
      shapes.push_back(
          {.kind = DumpKind::elf, .endian = endian, .is_64 = is_64});
    }
  }
  shapes.push_back({.kind = DumpKind::elf, .has_extended_count = true});
  for (unsigned version = 0; version <= 6; ++version) {
    for (Compression method :
         {Compression::none, Compression::zlib, Compression::lzo,
          Compression::snappy, Compression::zstd}) {
      shapes.push_back({.version = version, .compression = method});
    }
    shapes.push_back({.version = version, .endian = std::endian::big});
    shapes.push_back({.version = version, .is_64 = false});
  }
  for (unsigned version : {2U, 4U, 6U}) {
    shapes.push_back({.version = version, .parts = 3});
  }
  shapes.push_back({.kind = DumpKind::diskdump, .version = 1});
  std::size_t plain = shapes.size();
  for (std::size_t i = 0; i < plain; ++i) {
    DumpShape shape = shapes[i];
    shape.is_flattened = true;
    shape.is_scattered = i % 2 == 0;
    shapes.push_back(shape);
  }
  return shapes;
}

}  // namespace inquest::test
