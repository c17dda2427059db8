// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel of one opened dump.

#pragma once

#include <mutex>

#include "debuginfo/btf.h"
#include "debuginfo/elf_file.h"
#include "kernel/bpf_symbols.h"
#include "kernel/kernel.h"
#include "kernel/linux_arch.h"
#include "kernel/module.h"
#include "kernel/vmlinux_search.h"

namespace inquest {

class OpenKernel final : public Kernel {
 public:
  OpenKernel(KernelOptions options, std::shared_ptr<const Dump> dump);
  // Finds vmlinux and layout; nothing else may be called before.
  Result<void> start();

  const DumpInfo& dump_info() const override { return dump_->info(); }
  const Dump& dump() const override { return *dump_; }
  const Vmcoreinfo& vmcoreinfo() const override { return vmcoreinfo_; }
  const std::filesystem::path& vmlinux() const override { return named_; }
  const ElfFile* vmlinux_file() const override { return vmlinux_.get(); }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  void refresh() const override;
  const Arch& arch() const override { return *arch_; }
  const LinuxArch& linux_arch() const override { return *linux_arch_; }
  const KernelOptions& options() const override { return options_; }

  const MappedSpace& memory() const override { return *memory_; }
  const PhysicalMemory& physical() const override { return *physical_; }
  void zero_excluded(bool on) const override { physical_->zero_excluded(on); }
  const KernelLayout& layout() const override { return layout_; }
  std::uint64_t page_size() const override { return layout_.page_size; }
  std::uint64_t kaslr_offset() const override { return layout_.kaslr_offset; }

  const SymbolTable& symbols() const override { return *symbols_; }
  Modules& modules() const override;
  Result<Address> symbol(std::string_view name) const override;

  Types& types() const override;
  std::shared_ptr<const Btf> btf() const override;
  DwarfOptions dwarf_options() const override;
  using Kernel::variable;
  Object variable(std::string_view name) const override;
  Result<Address> per_cpu_address(Address template_at,
                                  unsigned cpu) const override;

  Result<std::vector<unsigned>> cpus(std::string_view mask) const override;
  std::vector<unsigned> online_cpus() const override;
  std::vector<unsigned> possible_cpus() const override;

  std::optional<Place> place(Address at) const override;
  Result<SourceLine> source_line(Address at) const override;
  bool is_text(Address at) const override;

 private:
  Result<void> find_file();
  Result<void> do_without_file(const Error& missing);
  Result<void> choose_arch(unsigned machine, const std::string& whose);
  Result<SymbolTable> find_symbols();
  Result<SymbolTable> enough(SymbolTable own);
  Result<SymbolTable> symbols_in_memory();
  Result<void> find_layout();
  Result<KernelLayout> layout_by(
      const std::function<std::optional<Address>(std::string_view)>& linked,
      std::optional<std::uint64_t> slide) const;
  Result<void> check_banner() const;
  VmlinuxQuery query() const;
  std::optional<Address> mark(std::string_view name) const;
  std::optional<Address> linked(std::string_view name) const;
  void note_image();
  void read_vmcoreinfo();
  void add_type_sources() const;
  Result<std::shared_ptr<Btf>> find_btf() const;
  bool is_in_image(Address at) const;
  std::optional<Place> bpf_place(Address at) const;
  std::vector<unsigned> known_cpus(std::string_view mask) const;
  Result<void> check_cpus(std::string_view mask,
                          const std::vector<unsigned>& set) const;

  KernelOptions options_;
  std::shared_ptr<const Dump> dump_;
  Vmcoreinfo vmcoreinfo_;
  std::shared_ptr<const ElfFile> vmlinux_;  // null: there is none
  std::filesystem::path named_;             // where symbols_ come from
  std::vector<std::string> remarks_;
  const Arch* arch_ = nullptr;
  const LinuxArch* linux_arch_ = nullptr;
  std::shared_ptr<PhysicalMemory> physical_;
  std::optional<SymbolTable> symbols_;
  std::uint64_t slide_ = 0;  // of symbols_
  KernelLayout layout_;
  std::unique_ptr<MappedSpace> memory_;

  struct Range {
    Address start, end;
  };
  Range image_;
  std::vector<Range> text_;

  // What may be different after refresh().
  struct Passing {
    std::once_flag modules_once, bpf_once;
    std::unique_ptr<Modules> modules;
    std::vector<BpfSymbol> bpf;
  };

  mutable std::once_flag types_once_, lines_once_;
  mutable std::unique_ptr<Passing> passing_ = std::make_unique<Passing>();
  mutable std::unique_ptr<Types> types_;
  mutable std::shared_ptr<Btf> btf_;
  mutable std::shared_ptr<SourceLines> lines_;
};

}  // namespace inquest
