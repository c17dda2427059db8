// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/cfi_sources.h"

#include "kernel/module.h"

namespace inquest {

CfiMethod::Source CfiSources::find(Address pc) {
  std::lock_guard lock(mutex_);
  const Module* module = kernel_.modules().at(pc);
  if (module == nullptr) {
    const ElfFile* vmlinux = kernel_.vmlinux_file();
    if (vmlinux == nullptr) return {};
    return {of(*vmlinux), kernel_.kaslr_offset()};
  }
  const ModuleFile* file = kernel_.modules().file(*module);
  if (file == nullptr || file->relocated == nullptr) return {};
  return {of(*file->relocated), 0};
}

std::shared_ptr<const Cfi> CfiSources::of(const ElfFile& file) {
  auto [found, is_new] = opened_.try_emplace(&file);
  if (is_new) {
    // The kernel keeps its files open longer than this.
    auto cfi = Cfi::open({std::shared_ptr<const void>(), &file});
    if (cfi) found->second = std::move(cfi).value();
  }
  return found->second;
}

std::shared_ptr<const UnwindMethod> CfiSources::method(
    const Kernel& kernel, std::vector<unsigned> preserved) {
  auto sources = std::make_shared<CfiSources>(kernel);
  return std::make_shared<CfiMethod>(
      kernel.arch(), std::move(preserved),
      [sources](Address pc) { return sources->find(pc); });
}

}  // namespace inquest
