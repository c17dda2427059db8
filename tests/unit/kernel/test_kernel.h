// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel whose memory, symbols and types a test writes down.

#pragma once

#include <fmt/format.h>

#include "arch/arch.h"
#include "unit/memory/opened.h"
#include "unit/shell/fake_kernel.h"
#include "unit/types/build_types.h"

namespace inquest::test {

class TestKernel : public FakeKernel {
 public:
  // Virtual addresses from here on are the machine's physical ones from 0 on.
  static constexpr std::uint64_t base = 0xffff888000000000;

  // |symbols|: name and physical address.
  TestKernel(std::string_view machine,
             std::map<std::string, std::uint64_t> symbols,
             const Arch& arch = *find_arch("x86_64"),
             std::optional<Paging> paging = std::nullopt)
      : TestKernel(OpenedMemory(parse_machine(machine)).memory(),
                   std::move(symbols), arch, paging) {}

  TestKernel(std::shared_ptr<const PhysicalMemory> physical,
             std::map<std::string, std::uint64_t> symbols,
             const Arch& arch = *find_arch("x86_64"),
             std::optional<Paging> paging = std::nullopt)
      : names_(std::move(symbols)),
        arch_(arch),
        memory_(std::move(physical), arch,
                {{Address{base}, std::uint64_t{1} << 40, PhysAddress{0}}},
                paging),
        symbols_(table(names_)),
        source(std::make_shared<FakeSource>()) {
    types().add(source);
  }

  const MappedSpace& memory() const override { return memory_; }
  const SymbolTable& symbols() const override { return symbols_; }
  const Arch& arch() const override { return arch_; }
  Result<Address> symbol(std::string_view name) const override {
    if (const Symbol* found = symbols_.find(name)) return found->address;
    return Error(ErrorKind::not_found, std::string(name));
  }

 private:
  static SymbolTable table(const std::map<std::string, std::uint64_t>& names) {
    std::vector<Symbol> symbols;
    symbols.reserve(names.size());
    for (const auto& [name, at] : names)
      symbols.push_back({name, Address{base + at}, 8, 'D'});
    return {std::move(symbols), nullptr};
  }

  std::map<std::string, std::uint64_t> names_;
  const Arch& arch_;
  MappedSpace memory_;
  SymbolTable symbols_;

 public:
  std::shared_ptr<FakeSource> source;
};

// One member of a structure under construction.
inline Member member(std::string_view name, const Type& type,
                     std::uint64_t offset, unsigned bit = 0,
                     unsigned bits = 0) {
  return {std::string(name), &type, offset * 8 + bit, bits};
}

// A line of a machine: words of 64 bits from the physical address |at| on.
inline std::string words(std::uint64_t at,
                         const std::vector<std::uint64_t>& values) {
  std::string text = fmt::format("@{:#x} u64", at);
  for (std::uint64_t value : values)
    text += fmt::format(" {:#x}", value);
  return text + "\n";
}

}  // namespace inquest::test
