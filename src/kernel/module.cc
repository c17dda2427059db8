// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's list of modules and where each of them lies.

#include "kernel/module.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "kernel/module_state.h"

namespace inquest {
namespace {

constexpr std::size_t most_modules = 65536;

ModuleRegion region(std::string name, std::uint64_t base, std::uint64_t size) {
  ModuleRegion made;
  made.is_text = name.ends_with("text");
  made.is_init = name.starts_with("init_");
  made.name = std::move(name);
  made.base = {base};
  made.size = size;
  return made;
}

// struct module_memory mem[] since 6.4 (ac3b43283923).
Result<void> add_memory(const Kernel& kernel, const Object& module,
                        Module& out) {
  struct Kind {
    std::string_view enumerator, name;
  };
  static constexpr Kind kinds[] = {
      {"MOD_TEXT", "text"},
      {"MOD_DATA", "data"},
      {"MOD_RODATA", "rodata"},
      {"MOD_RO_AFTER_INIT", "ro_after_init"},
      {"MOD_INIT_TEXT", "init_text"},
      {"MOD_INIT_DATA", "init_data"},
      {"MOD_INIT_RODATA", "init_rodata"},
  };
  for (const Kind& kind : kinds) {
    auto index = kernel.enumerator(kind.enumerator);
    if (!index || *index < 0) continue;
    Object memory = module["mem"].at(static_cast<std::uint64_t>(*index));
    std::uint64_t base = TRY(memory["base"].to_unsigned());
    std::uint64_t size = TRY(memory["size"].to_unsigned());
    out.regions.push_back(region(std::string(kind.name), base, size));
  }
  return {};
}

// A block of memory that starts with |text_size| bytes of code.
void add_block(Module& out, std::string_view prefix, std::uint64_t base,
               std::uint64_t size, std::uint64_t text_size) {
  text_size = std::min(text_size, size);
  std::string start(prefix);
  out.regions.push_back(region(start + "text", base, text_size));
  out.regions.push_back(
      region(start + "data", base + text_size, size - text_size));
}

// struct module_layout core_layout, init_layout since 4.5 (7523e4dc5057);
// before that module_core, core_size, core_text_size.
Result<void> add_blocks(const Object& module, Module& out) {
  for (std::string kind : {"core", "init"}) {
    bool is_layout = module.has_member(kind + "_layout");
    std::string prefix = is_layout ? kind + "_layout." : kind + "_";
    std::string base = is_layout ? prefix + "base" : "module_" + kind;
    add_block(out, kind == "init" ? "init_" : "",
              TRY(module[base].to_unsigned()),
              TRY(module[prefix + "size"].to_unsigned()),
              TRY(module[prefix + "text_size"].to_unsigned()));
  }
  return {};
}

// What lies where; |base| and |size| as lsmod-like listings show them.
Result<void> place(const Kernel& kernel, const Object& module, Module& out) {
  if (module.has_member("mem")) {
    TRY(add_memory(kernel, module, out));
  } else {
    TRY(add_blocks(module, out));
  }
  if (!out.regions.empty()) out.base = out.regions.front().base;
  for (const ModuleRegion& region : out.regions) {
    if (!region.is_init) out.size += region.size;
  }
  std::erase_if(out.regions, [](const ModuleRegion& region) {
    return region.base.value == 0 || region.size == 0;
  });
  std::ranges::sort(out.regions, {}, &ModuleRegion::base);
  return {};
}

Result<Module> described(const Kernel& kernel, const Object& object) {
  Module module;
  module.address = object.address();
  module.name = TRY(object["name"].to_string());
  module.taints = object["taints"].to_unsigned();
  TRY(place(kernel, object, module));
  return module;
}

// A module that is being set up is not a module yet (0d21b0e3477395).
bool is_unformed(const Object& module) {
  constexpr std::uint64_t module_state_unformed = 3;
  return module["state"].to_unsigned().value_or(0) == module_state_unformed;
}

Result<void> walk(const Kernel& kernel, std::vector<Module>& found) {
  Object head = kernel.variable("modules", "struct list_head");
  const Type* type = TRY(kernel.structure("module"));
  std::uint64_t link = TRY(find_member(*type, "list")).offset();
  Address next = TRY(head["next"].to_address());
  std::set<Address> seen;
  while (next != head.address()) {
    if (!seen.insert(next).second || seen.size() > most_modules) {
      return Error(ErrorKind::corrupt,
                   fmt::format("the list of modules does not end: {:#x} again",
                               next.value),
                   next.value);
    }
    Object module(kernel.memory(), *type, next - link);
    if (!is_unformed(module)) {
      found.push_back(TRY(described(kernel, module)));
    }
    next = TRY(module["list"]["next"].to_address());
  }
  return {};
}

}  // namespace

bool Module::contains(Address at) const {
  return std::ranges::any_of(
      regions, [&](const ModuleRegion& part) { return part.contains(at); });
}

bool Module::is_text(Address at) const {
  return std::ranges::any_of(regions, [&](const ModuleRegion& part) {
    return part.is_text && part.contains(at);
  });
}

Modules::Modules(const Kernel& kernel)
    : state_(std::make_unique<State>(kernel)) {
  if (kernel.options().no_modules || !kernel.has_symbol("modules")) return;
  auto walked = walk(kernel, state_->list);
  if (!walked) {
    state_->incomplete =
        std::move(walked).error().while_doing("reading the modules");
    kernel.note_loss(*state_->incomplete, {}, Kernel::LossOf::symbols);
  }
  std::ranges::sort(state_->list, {}, &Module::base);
  state_->details = std::vector<State::Detail>(state_->list.size());
  for (std::size_t i = 0; i < state_->list.size(); ++i) {
    for (const ModuleRegion& region : state_->list[i].regions)
      state_->by_address.emplace_back(region.base, i);
  }
  std::ranges::sort(state_->by_address);
}

Modules::~Modules() = default;

std::span<const Module> Modules::list() const {
  return state_->list;
}

const Error* Modules::incomplete() const {
  return state_->incomplete ? &*state_->incomplete : nullptr;
}

const Module* Modules::find(std::string_view name) const {
  auto found = std::ranges::find(state_->list, name, &Module::name);
  return found == state_->list.end() ? nullptr : &*found;
}

const Module* Modules::at(Address at) const {
  auto after = std::ranges::upper_bound(
      state_->by_address, at, {}, &std::pair<Address, std::size_t>::first);
  if (after == state_->by_address.begin()) return nullptr;
  const Module& module = state_->list[std::prev(after)->second];
  return module.contains(at) ? &module : nullptr;
}

std::optional<std::pair<const Module*, const Symbol*>> Modules::symbol(
    std::string_view name) const {
  for (const Module& module : state_->list) {
    if (const Symbol* found = symbols(module).find(name)) {
      return std::pair(&module, found);
    }
  }
  return std::nullopt;
}

const ModuleFile* Modules::file(const Module& module) const {
  return state_->detail(module).file.get();
}

}  // namespace inquest
