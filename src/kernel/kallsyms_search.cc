// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/kallsyms_search.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "debuginfo/kallsyms.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_symbols = 4 << 20;
constexpr std::uint64_t most_names = 64 << 20;
constexpr std::uint64_t token_table_size = 64 << 10;
constexpr std::uint64_t token_index_size = 512;

class Search {
 public:
  Search(const AddressSpace& memory, const Vmcoreinfo& vmcoreinfo,
         unsigned pointer_size)
      : memory_(memory), vmcoreinfo_(vmcoreinfo), pointer_size_(pointer_size) {}

  Result<SymbolTable> symbols() {
    count_ = TRY(number("kallsyms_num_syms", 4));
    if (count_ == 0 || count_ > most_symbols) {
      return Error(ErrorKind::corrupt,
                   fmt::format("kallsyms_num_syms is {}", count_));
    }
    names_ = TRY(table("kallsyms_names", most_names));
    tokens_ = TRY(table("kallsyms_token_table", token_table_size));
    index_ = TRY(bytes("kallsyms_token_index", token_index_size));
    if (noted("kallsyms_addresses")) {
      places_ = TRY(bytes("kallsyms_addresses", count_ * pointer_size_));
      return decoded(KallsymsForm::absolute);
    }
    places_ = TRY(bytes("kallsyms_offsets", count_ * 4));
    base_ = TRY(number("kallsyms_relative_base", pointer_size_));
    auto found = decoded(KallsymsForm::per_cpu_absolute);
    return found ? std::move(found) : decoded(KallsymsForm::base_relative);
  }

 private:
  Result<Address> noted(std::string_view name) const {
    if (auto at = vmcoreinfo_.symbol(name)) return Address{*at};
    return Error(ErrorKind::not_found,
                 fmt::format("VMCOREINFO does not say where {} is, as it does "
                             "since Linux 6.0",
                             name));
  }

  Result<std::uint64_t> number(std::string_view name, unsigned size) const {
    Address at = TRY(noted(name));
    return memory_.load(at, size);
  }
  Result<std::vector<std::byte>> bytes(std::string_view name,
                                       std::uint64_t size) const {
    Address at = TRY(noted(name));
    return memory_.bytes(at, size);
  }

  // Up to the next table that is known, or as far as memory can be read.
  Result<std::vector<std::byte>> table(std::string_view name,
                                       std::uint64_t most) const {
    static constexpr std::array<std::string_view, 7> all = {
        "kallsyms_names",       "kallsyms_num_syms", "kallsyms_token_table",
        "kallsyms_token_index", "kallsyms_offsets",  "kallsyms_relative_base",
        "kallsyms_addresses"};
    Address start = TRY(noted(name));
    std::uint64_t size = most;
    for (std::string_view other : all) {
      auto at = noted(other);
      if (at && *at > start) size = std::min(size, *at - start);
    }
    auto bytes = memory_.bytes(start, size);
    while (!bytes && size > 1) {
      size /= 2;
      bytes = memory_.bytes(start, size);
    }
    return bytes;
  }

  // What VMCOREINFO says of _stext tells a wrong form.
  Result<SymbolTable> decoded(KallsymsForm form) const {
    SymbolTable found = TRY(kallsyms({.endian = memory_.endian(),
                                      .pointer_size = pointer_size_,
                                      .form = form,
                                      .count = count_,
                                      .relative_base = base_,
                                      .places = places_,
                                      .names = names_,
                                      .token_table = tokens_,
                                      .token_index = index_}));
    const Symbol* start = found.find("_stext");
    if (start != nullptr &&
        start->address.value == vmcoreinfo_.symbol("_stext")) {
      return found;
    }
    return Error(ErrorKind::corrupt,
                 "kallsyms: _stext is not where VMCOREINFO says");
  }

  const AddressSpace& memory_;
  const Vmcoreinfo& vmcoreinfo_;
  unsigned pointer_size_;
  std::uint64_t count_ = 0, base_ = 0;
  std::vector<std::byte> names_, tokens_, index_, places_;
};

}  // namespace

Result<SymbolTable> kallsyms_in_memory(const AddressSpace& memory,
                                       const Vmcoreinfo& vmcoreinfo,
                                       unsigned pointer_size) {
  return Search(memory, vmcoreinfo, pointer_size).symbols();
}

std::function<std::optional<Address>(std::string_view)> noted_symbols(
    const Vmcoreinfo& vmcoreinfo, std::uint64_t slide) {
  return [&vmcoreinfo, slide](std::string_view name) -> std::optional<Address> {
    constexpr std::uint64_t far = std::uint64_t{512} << 20;
    bool is_end = name == "_end";
    auto at = vmcoreinfo.symbol(is_end ? "_stext" : name);
    if (!at) return std::nullopt;
    return Address{*at - slide + (is_end ? far : 0)};
  };
}

}  // namespace inquest
