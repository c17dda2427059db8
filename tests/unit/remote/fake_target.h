// SPDX-License-Identifier: GPL-3.0-or-later
// Two threads and one page of memory.

#pragma once

#include <algorithm>
#include <vector>

#include "remote/target.h"

namespace inquest {

class FakeTarget : public RemoteTarget {
 public:
  static constexpr std::uint64_t base = 0xffff888000001000;
  static constexpr std::uint64_t size = 0x1000;

  explicit FakeTarget(std::string_view arch = "x86_64")
      : arch_(*find_arch(arch)) {
    threads_ = {{.id = 0x1f, .name = "init", .description = "RU", .cpu = 1},
                {.id = 0x20, .name = "a<b>\"\x1b", .description = "IN & out"}};
  }

  const Arch& arch() const override { return arch_; }
  std::span<const RemoteThread> threads() override { return threads_; }
  Registers registers(const RemoteThread& thread) override {
    Registers known;
    known.set(arch_.pc_register(), 0x1122334455667700 + thread.id);
    known.set(arch_.sp_register(), base + 0x80);
    return known;
  }
  // The byte at an offset is its low byte, or '}' in the upper half.
  std::size_t read(const RemoteThread& /*thread*/, Address from,
                   std::span<std::byte> out) override {
    std::uint64_t offset = from.value - base;
    if (offset >= size) return 0;
    std::size_t there = std::min<std::size_t>(out.size(), size - offset);
    for (std::size_t i = 0; i < there; ++i) {
      std::uint64_t at = offset + i;
      out[i] = at >= size / 2 ? std::byte{'}'} : std::byte(at & 0xff);
    }
    return there;
  }
  std::optional<Address> first_segment() override {
    return Address{0xffffffff91000000};
  }
  std::string monitor(std::string_view command) override {
    return "asked: " + std::string(command) + "\n";
  }

  void forget_threads() { threads_.clear(); }

 private:
  const Arch& arch_;
  std::vector<RemoteThread> threads_;
};

}  // namespace inquest
