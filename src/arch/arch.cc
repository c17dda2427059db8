// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/arch.h"

#include <array>

#include "arch/architectures.h"

namespace inquest {
namespace {

using Make = const Arch& (*)();
constexpr std::array<Make, 2> architectures = {x86_64, arm64};

}  // namespace

const Arch* find_arch(unsigned elf_machine) {
  for (Make make : architectures) {
    if (make().elf_machine() == elf_machine) return &make();
  }
  return nullptr;
}

const Arch* find_arch(std::string_view name) {
  for (Make make : architectures) {
    if (make().name() == name) return &make();
  }
  return nullptr;
}

}  // namespace inquest
