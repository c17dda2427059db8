// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel with one symbol and no memory, for tests of what stands above it.

#pragma once

#include <stdexcept>

#include "kernel/kernel.h"
#include "kernel/linux_arch.h"

namespace inquest {

class FakeKernel : public Kernel {
 public:
  const DumpInfo& dump_info() const override { return info_; }
  const std::filesystem::path& vmlinux() const override { return vmlinux_; }
  const KernelOptions& options() const override { return options_; }
  const KernelLayout& layout() const override { return layout_; }
  std::uint64_t page_size() const override { return 4096; }
  std::uint64_t kaslr_offset() const override { return 0; }
  Types& types() const override { return types_; }
  std::shared_ptr<const Btf> btf() const override { return nullptr; }
  DwarfOptions dwarf_options() const override { return {}; }
  Result<Address> symbol(std::string_view name) const override {
    if (name == "explosive") throw std::logic_error("boom");
    if (name == "known") return Address{0xffffffff81000000};
    return Error(ErrorKind::not_found, "no such symbol");
  }
  std::optional<Place> place(Address at) const override {
    return Place{"known", at.value & 0xfff, 0x100, ""};
  }
  bool is_text(Address /*at*/) const override { return true; }
  std::vector<unsigned> online_cpus() const override { return {0}; }
  std::vector<unsigned> possible_cpus() const override { return {0}; }

  const Dump& dump() const override { return none<const Dump>(); }
  const Vmcoreinfo& vmcoreinfo() const override {
    return none<const Vmcoreinfo>();
  }
  const ElfFile* vmlinux_file() const override { return nullptr; }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  void refresh() const override {}
  const Arch& arch() const override { return none<const Arch>(); }
  const LinuxArch& linux_arch() const override {
    return none<const LinuxArch>();
  }
  const MappedSpace& memory() const override {
    return none<const MappedSpace>();
  }
  const PhysicalMemory& physical() const override {
    return none<const PhysicalMemory>();
  }
  void zero_excluded(bool on) const override { is_zero_excluded_ = on; }
  bool is_zero_excluded() const { return is_zero_excluded_; }
  const SymbolTable& symbols() const override {
    return none<const SymbolTable>();
  }
  Modules& modules() const override { return none<Modules>(); }
  Object variable(std::string_view name) const override {
    return Error(ErrorKind::not_found, std::string(name));
  }
  Result<Address> per_cpu_address(Address /*at*/,
                                  unsigned /*cpu*/) const override {
    return Error(ErrorKind::not_found, "no per-CPU memory");
  }
  Result<std::vector<unsigned>> cpus(std::string_view /*mask*/) const override {
    return std::vector<unsigned>{0};
  }
  Result<SourceLine> source_line(Address /*at*/) const override {
    return Error(ErrorKind::not_found, "no lines");
  }

 private:
  template <typename T>
  [[noreturn]] static T& none() {
    throw std::logic_error("the fake kernel has none");
  }

  KernelLayout layout_;
  DumpInfo info_;
  std::vector<std::string> remarks_;
  std::filesystem::path vmlinux_;
  KernelOptions options_;
  mutable Types types_ = Types(8);
  mutable bool is_zero_excluded_ = false;
};

}  // namespace inquest
