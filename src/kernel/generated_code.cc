// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/generated_code.h"

#include <algorithm>

#include "kernel/list.h"

namespace inquest {
namespace {

using Pieces = std::vector<GeneratedCode>;

// struct bpf_ksym (bfea9a8574f3, 5.7): programs, trampolines, dispatchers.
void add_bpf(const Kernel& kernel, Pieces& out) {
  if (!kernel.has_symbol("bpf_kallsyms")) return;
  Object head = kernel.variable("bpf_kallsyms", "struct list_head");
  for (const Object& symbol :
       list_entries(head, kernel.structure("bpf_ksym"), "lnode")) {
    auto start = symbol["start"].to_unsigned();
    auto end = symbol["end"].to_unsigned();
    if (!start || !end || *start >= *end) continue;
    auto name = symbol["name"].to_string();
    out.push_back({Address{*start}, Address{*end},
                   name ? std::move(name).value() : "bpf", std::nullopt});
  }
}

// A trampoline is a copy of ftrace_caller or, if the tracer wants all
// registers, of ftrace_regs_caller.
void add_ftrace(const Kernel& kernel, Pieces& out) {
  constexpr unsigned limit = 4096;
  if (!kernel.has_symbol("ftrace_ops_list")) return;
  auto all_registers = kernel.enumerator("FTRACE_OPS_FL_SAVE_REGS");
  Object link = kernel.variable("ftrace_ops_list", "struct ftrace_ops *");
  for (unsigned i = 0; i < limit; ++i) {
    auto at = link.to_address();
    if (!at || at->value == 0) return;
    Object ops = kernel.object("ftrace_ops", *at);
    auto start = ops["trampoline"].to_unsigned();
    auto size = ops["trampoline_size"].to_unsigned();
    auto flags = ops["flags"].to_unsigned();
    if (start && size && flags && *start != 0 && *size != 0) {
      bool has_all = all_registers &&
                     (*flags & static_cast<std::uint64_t>(*all_registers)) != 0;
      auto original =
          kernel.symbol(has_all ? "ftrace_regs_caller" : "ftrace_caller");
      GeneratedCode piece{Address{*start}, Address{*start + *size},
                          "ftrace_trampoline", std::nullopt};
      if (original) piece.copied_from = *original;
      out.push_back(std::move(piece));
    }
    link = ops["next"];
  }
}

}  // namespace

const GeneratedCode* GeneratedCodes::find(Address at) const {
  std::call_once(listed_, [this] {
    add_bpf(kernel_, pieces_);
    add_ftrace(kernel_, pieces_);
    std::ranges::sort(pieces_, {}, &GeneratedCode::start);
  });
  auto above = std::ranges::upper_bound(pieces_, at, {}, &GeneratedCode::start);
  if (above == pieces_.begin()) return nullptr;
  const GeneratedCode& piece = *std::prev(above);
  return at < piece.end ? &piece : nullptr;
}

}  // namespace inquest
