// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel under examination: the dump's memory, the symbols and types that
// explain it, and the Linux knowledge that every part of kernel/ rests on.
// Everything is found when first asked for.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/arch.h"
#include "base/generator.h"
#include "debuginfo/dwarf.h"
#include "debuginfo/symbols.h"
#include "dump/dump.h"
#include "kernel/vmcoreinfo.h"
#include "memory/mapped_space.h"
#include "types/expression.h"
#include "types/object.h"
#include "types/types.h"

namespace inquest {

class Btf;
class LinuxArch;  // kernel/arch/: Linux on one CPU
struct KernelLayout;
class Modules;    // kernel/module.h: the loaded modules and their debug info
class TaskTable;  // kernel/task_table.h: all tasks, found once

// What to open, and what the user insists on.
struct KernelOptions {
  std::vector<std::filesystem::path> dumps;      // one dump; several: split
  std::optional<std::filesystem::path> live;     // instead: see open_live()
  std::optional<std::filesystem::path> vmlinux;  // else searched for
  std::optional<std::filesystem::path> cache;    // index folder; else XDG's
  std::optional<std::uint64_t> kaslr_offset;     // --kaslr
  std::map<std::string, std::uint64_t, std::less<>> machine;  // -m k=v
  bool zero_excluded = false;
  bool no_modules = false;
  bool no_vmlinux = false;      // not even where there is one
  bool may_write = false;       // wr may change memory in use
  DwarfProgress progress = {};  // told while an index is built
};

class Kernel {
 public:
  // Opens the dump and finds out where the kernel lies. Costs milliseconds
  // whatever the dump's size: no task, module or DWARF is looked at. A vmlinux
  // that is not the dump's own is an error that names both build-ids. Without
  // any, the kernel's own symbols and types have to do: see remarks().
  static Result<std::unique_ptr<Kernel>> open(const KernelOptions& options);
  virtual ~Kernel() = default;

  // ---- What was opened ----
  virtual const DumpInfo& dump_info() const = 0;
  virtual const Dump& dump() const = 0;
  virtual const Vmcoreinfo& vmcoreinfo() const = 0;
  // Where the symbols come from: vmlinux, /proc/kallsyms, or "(kallsyms)" for
  // those in memory.
  virtual const std::filesystem::path& vmlinux() const = 0;
  virtual const ElfFile* vmlinux_file() const = 0;  // null: there is none
  // What had to be done without, for the user to know.
  virtual const std::vector<std::string>& remarks() const = 0;
  virtual const Arch& arch() const = 0;
  virtual const LinuxArch& linux_arch() const = 0;
  virtual const KernelOptions& options() const = 0;
  // The memory is in use: every read may find something else.
  bool is_live() const { return dump_info().is_live; }
  // Forgets what such memory may have changed. Not while a command runs.
  virtual void refresh() const = 0;

  // ---- Memory ----
  virtual const MappedSpace& memory() const = 0;  // kernel virtual
  virtual const PhysicalMemory& physical() const = 0;
  // Whether pages left out of the dump read as zeroes from now on. Not while a
  // command runs. What is known already stays as it was found.
  virtual void zero_excluded(bool on) const = 0;
  virtual const KernelLayout& layout() const = 0;
  virtual std::uint64_t page_size() const = 0;
  virtual std::uint64_t kaslr_offset() const = 0;  // text: dump minus vmlinux

  // ---- Symbols: vmlinux first, then modules ----
  virtual const SymbolTable& symbols() const = 0;  // of vmlinux
  virtual Modules& modules() const = 0;
  // The address of a kernel or module symbol; |not_found| names it.
  virtual Result<Address> symbol(std::string_view name) const = 0;
  // Whether vmlinux has it: what layouts are told apart by. Cheap.
  bool has_symbol(std::string_view name) const {
    return symbols().find(name) != nullptr;
  }

  // ---- Types and variables ----
  virtual Types& types() const = 0;
  // vmlinux's BTF, over which modules' are split; null: it has none.
  virtual std::shared_ptr<const Btf> btf() const = 0;
  // Where debug information's indexes are kept, see DwarfOptions.
  virtual DwarfOptions dwarf_options() const = 0;
  Result<const Type*> type(std::string_view name) const;
  Result<const Type*> structure(std::string_view name) const;
  bool has_member(std::string_view structure, std::string_view path) const;
  // Value of an enumerator, |not_found| otherwise.
  Result<std::int64_t> enumerator(std::string_view name) const;
  // A global variable with its type from debug information.
  virtual Object variable(std::string_view name) const = 0;
  // A global variable whose type this caller knows: no debug information for
  // variables needed. |type| as in a cast: "struct list_head", "int".
  Object variable(std::string_view name, std::string_view type) const;
  // |structure| at |at|.
  Object object(std::string_view structure, Address at) const;
  // The instance of a per-CPU variable for |cpu|.
  Object per_cpu(std::string_view name, unsigned cpu) const;
  Object per_cpu(std::string_view name, std::string_view type,
                 unsigned cpu) const;
  virtual Result<Address> per_cpu_address(Address template_at,
                                          unsigned cpu) const = 0;

  // ---- CPUs ----
  // CPU numbers in a cpumask variable ("__cpu_online_mask", ...).
  virtual Result<std::vector<unsigned>> cpus(std::string_view mask) const = 0;
  virtual std::vector<unsigned> online_cpus() const = 0;
  virtual std::vector<unsigned> possible_cpus() const = 0;

  // ---- Code ----
  // "symbol+0x12" parts for an address in vmlinux, a module or BPF code.
  struct Place {
    std::string symbol;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  // of the symbol, 0 unknown
    std::string module;      // "" for vmlinux
  };
  virtual std::optional<Place> place(Address at) const = 0;
  // The same for a word found in memory, which may be a signed code address.
  std::optional<Place> pointed_place(std::uint64_t word) const;
  // File and line of an address, from vmlinux or a loaded module's debug file.
  virtual Result<SourceLine> source_line(Address at) const = 0;
  virtual bool is_text(Address at) const = 0;

  // ---- Losses ----
  // What everything after it has to do without: symbols of a module, say, that
  // are lost. Told once, however often it is met. |doing|: see
  // Error::while_doing(); none where it is empty.
  enum class LossOf { anything, symbols };
  void note_loss(Error loss, std::string_view doing = {},
                 LossOf of = LossOf::anything) const;
  // Those that nobody was told of yet; and all of |again|, for answers that
  // are nothing but what may be lost.
  std::vector<Error> new_losses(std::optional<LossOf> again = {}) const;

  // ---- Tasks ----
  // Made when first asked for; of memory in use, anew after refresh().
  std::shared_ptr<const TaskTable> task_table() const;
  // Null where nobody has asked yet: what few tasks are needed is then looked
  // for by itself.
  std::shared_ptr<const TaskTable> made_task_table() const;
  // Takes |task| for the one that |cpu| was running, whatever its run queue
  // says. Not while a command runs.
  void take_as_current(unsigned cpu, Address task) const;
  std::optional<Address> taken_as_current(unsigned cpu) const;

 protected:
  void forget_tasks() const;

 private:
  mutable std::mutex tasks_mutex_;
  mutable std::shared_ptr<const TaskTable> tasks_;
  mutable std::map<unsigned, Address> taken_;  // by CPU
  mutable std::mutex losses_mutex_;
  struct Loss {
    Error error;
    LossOf of;
    bool is_told;
  };
  mutable std::vector<Loss> losses_;
};

}  // namespace inquest
