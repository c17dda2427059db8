// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/return_hooks.h"

#include <fmt/format.h>

#include "kernel/list.h"

namespace inquest {
namespace {

// struct ftrace_ret_stack entries, or the words that hold them since 6.10,
// fill at most some pages.
constexpr std::uint64_t graph_stack_limit = 16384;

}  // namespace

ReturnHooks::Trampoline ReturnHooks::trampoline_at(Address pc) {
  static constexpr std::pair<std::string_view, Trampoline> known[] = {
      {"return_to_handler", Trampoline::graph},
      {"arch_rethook_trampoline", Trampoline::rethook},   // 5.18
      {"__kretprobe_trampoline", Trampoline::kretprobe},  // 5.16
      {"kretprobe_trampoline", Trampoline::kretprobe},
  };
  if (!is_open_) {
    is_open_ = true;
    for (auto [name, kind] : known) {
      const Symbol* symbol = kernel_.symbols().find(name);
      if (symbol != nullptr) trampolines_.emplace_back(symbol->address, kind);
    }
  }
  for (auto [address, kind] : trampolines_) {
    if (address == pc) return kind;
  }
  return Trampoline::none;
}

Result<Address> ReturnHooks::resolved(Address pc, Address slot) {
  switch (trampoline_at(pc)) {
    case Trampoline::none:
      return pc;
    case Trampoline::graph:
      return in_graph_stack(slot);
    case Trampoline::rethook:
      return in_list(task_["rethooks"], "rethook_node", "llist", "frame", slot);
    case Trampoline::kretprobe:
      return in_list(task_["kretprobe_instances"], "kretprobe_instance",
                     "llist", "fp", slot);
  }
  return pc;
}

// Each record names the slot it was taken from (retp, since 4.9), which is
// all that must be known of how records are packed: an array until 6.9, words
// with headers between since 6.10 (7aa1eaef9f42).
Result<Address> ReturnHooks::in_graph_stack(Address slot) {
  Address stack = TRY(task_["ret_stack"].to_address());
  std::int64_t top = TRY(task_["curr_ret_stack"].to_signed());
  const Type* record = TRY(kernel_.structure("ftrace_ret_stack"));
  std::uint64_t retp = TRY(find_member(*record, "retp")).offset();
  std::uint64_t ret = TRY(find_member(*record, "ret")).offset();
  const Type& pointed = task_["ret_stack"].type();
  bool is_words = pointed.stripped().target() == nullptr ||
                  !pointed.stripped().target()->is_compound();
  std::uint64_t used =
      is_words ? static_cast<std::uint64_t>(top) * 8
               : static_cast<std::uint64_t>(top + 1) * record->size();
  if (top < 0 || stack.value == 0 || used > graph_stack_limit) {
    return Error(ErrorKind::corrupt, "curr_ret_stack makes no sense");
  }
  auto bytes = TRY(kernel_.memory().bytes(stack, used));
  std::endian endian = kernel_.memory().endian();
  bool has_places = false;
  for (std::uint64_t at = 0; at + record->size() <= used; at += 8) {
    Bytes here = Bytes(bytes).subspan(at);
    std::uint64_t place = load_unsigned(here.subspan(retp, 8), endian);
    has_places = has_places || place != 0;
    if (place != slot.value) continue;
    return Address{load_unsigned(here.subspan(ret, 8), endian)};
  }
  // Until 5.16 arm64 noted no places: the newest record is the first found.
  std::uint64_t end = used - graph_returns_ * record->size();
  if (!has_places && !is_words && record->size() <= end) {
    ++graph_returns_;
    Bytes here = Bytes(bytes).subspan(end - record->size());
    return Address{load_unsigned(here.subspan(ret, 8), endian)};
  }
  return Error(ErrorKind::not_found,
               fmt::format("return_to_handler at {:x} has no record in "
                           "ret_stack",
                           slot.value));
}

Result<Address> ReturnHooks::in_list(const Object& head, std::string_view type,
                                     std::string_view member,
                                     std::string_view frame, Address slot) {
  for (const Object& node :
       llist_entries(head, kernel_.structure(type), std::string(member))) {
    std::uint64_t at = TRY(node[frame].to_unsigned());
    if (at == slot.value) {
      return Address{TRY(node["ret_addr"].to_unsigned())};
    }
  }
  return Error(ErrorKind::not_found,
               fmt::format("the kretprobe trampoline at {:x} has no record",
                           slot.value));
}

}  // namespace inquest
