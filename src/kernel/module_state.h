// SPDX-License-Identifier: GPL-3.0-or-later
// What the files behind Modules share.

#pragma once

#include <mutex>

#include "kernel/module.h"

namespace inquest {

struct Modules::State {
  // What is found of a module when first asked for.
  struct Detail {
    std::once_flag symbols_once;
    std::unique_ptr<SymbolTable> symbols;
    std::unique_ptr<ModuleFile> file;
    std::once_flag btf_once;
    std::shared_ptr<TypeSource> btf;
  };

  explicit State(const Kernel& of) : kernel(of) {}

  Detail& detail(const Module& module) {
    return details[static_cast<std::size_t>(&module - list.data())];
  }

  // The module files in a folder, by module name; listed once.
  using Files = std::multimap<std::string, std::filesystem::path>;
  const Files& files(const std::filesystem::path& folder, bool is_tree);

  const Kernel& kernel;
  std::mutex folders_lock;
  std::map<std::pair<std::filesystem::path, bool>, Files> folders;
  std::vector<Module> list;
  std::optional<Error> incomplete;
  std::vector<Detail> details;                              // as list
  std::vector<std::pair<Address, std::size_t>> by_address;  // of regions
};

// The symbols a module's kallsyms in the dump name.
Result<SymbolTable> module_kallsyms(const Kernel& kernel, const Module& module);

}  // namespace inquest
