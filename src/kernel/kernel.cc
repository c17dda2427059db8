// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/kernel.h"

#include <algorithm>
#include <utility>

#include "debuginfo/elf_file.h"
#include "kernel/linux_arch.h"

namespace inquest {

Result<const Type*> Kernel::type(std::string_view name) const {
  return types().parse(name);
}

Result<const Type*> Kernel::structure(std::string_view name) const {
  return types().structure(name);
}

bool Kernel::has_member(std::string_view structure_name,
                        std::string_view path) const {
  auto found = types().structure(structure_name);
  return found && inquest::has_member(**found, path);
}

Result<std::int64_t> Kernel::enumerator(std::string_view name) const {
  return TRY(types().enumerator(name)).second;
}

Object Kernel::variable(std::string_view name, std::string_view type) const {
  auto at = symbol(name);
  if (!at) return std::move(at).error();
  auto found = types().parse(type);
  if (!found) return std::move(found).error();
  return {memory(), **found, *at};
}

Object Kernel::object(std::string_view structure_name, Address at) const {
  auto found = types().structure(structure_name);
  if (!found) return std::move(found).error();
  return {memory(), **found, at};
}

Object Kernel::per_cpu(std::string_view name, unsigned cpu) const {
  Object variable_template = variable(name);
  if (variable_template.fault() != nullptr) return variable_template;
  auto at = per_cpu_address(variable_template.address(), cpu);
  if (!at) return std::move(at).error();
  return {memory(), variable_template.type(), *at};
}

Object Kernel::per_cpu(std::string_view name, std::string_view type,
                       unsigned cpu) const {
  Object variable_template = variable(name, type);
  if (variable_template.fault() != nullptr) return variable_template;
  auto at = per_cpu_address(variable_template.address(), cpu);
  if (!at) return std::move(at).error();
  return {memory(), variable_template.type(), *at};
}

void Kernel::note_loss(Error loss, std::string_view doing, LossOf of) const {
  constexpr std::size_t most = 1000;
  if (!doing.empty()) loss = std::move(loss).while_doing(doing);
  std::lock_guard lock(losses_mutex_);
  if (losses_.size() >= most) return;
  bool is_known = std::ranges::any_of(losses_, [&](const Loss& known) {
    return known.error.message() == loss.message();
  });
  if (!is_known) losses_.push_back({std::move(loss), of, false});
}

std::vector<Error> Kernel::new_losses(std::optional<LossOf> again) const {
  std::lock_guard lock(losses_mutex_);
  std::vector<Error> found;
  for (Loss& loss : losses_) {
    bool was_told = std::exchange(loss.is_told, true);
    if (!was_told || loss.of == again) found.push_back(loss.error);
  }
  return found;
}

std::optional<Kernel::Place> Kernel::pointed_place(std::uint64_t word) const {
  if (auto found = place(Address{word})) return found;
  Address code = layout().code_address(word);
  return code.value != word && is_text(code) ? place(code) : std::nullopt;
}

}  // namespace inquest
