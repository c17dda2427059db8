// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/bpf_symbols.h"

#include <algorithm>

namespace inquest {
namespace {

constexpr unsigned most_symbols = 65536;

// struct bpf_ksym, linked by lnode, since 5.8 (ca4424c920f5).
Result<void> walk(const Kernel& kernel, std::vector<BpfSymbol>& found) {
  const Type* type = TRY(kernel.structure("bpf_ksym"));
  std::uint64_t link = TRY(find_member(*type, "lnode")).offset();
  Object head = kernel.variable("bpf_kallsyms", "struct list_head");
  Address next = TRY(head["next"].to_address());
  for (unsigned i = 0; i < most_symbols && next != head.address(); ++i) {
    Object object(kernel.memory(), *type, next - link);
    BpfSymbol symbol;
    symbol.start = {TRY(object["start"].to_unsigned())};
    symbol.end = {TRY(object["end"].to_unsigned())};
    symbol.name = TRY(object["name"].to_string());
    found.push_back(std::move(symbol));
    next = TRY(object["lnode"]["next"].to_address());
  }
  return {};
}

}  // namespace

std::vector<BpfSymbol> bpf_symbols(const Kernel& kernel) {
  std::vector<BpfSymbol> found;
  if (!kernel.has_symbol("bpf_kallsyms")) return found;
  // A broken list leaves what was found before.
  static_cast<void>(walk(kernel, found));
  std::ranges::sort(found, {}, &BpfSymbol::start);
  return found;
}

}  // namespace inquest
