// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/open_kernel.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"
#include "kernel/bpf_symbols.h"
#include "kernel/kallsyms_search.h"
#include "kernel/running_kernel.h"

namespace inquest {
namespace {

// A kernel may be built for at most this many (x86_64: 8192).
constexpr unsigned most_cpus = 8192;

// What a list of a million entries is spread over, and no more than a part of
// any machine's memory. Commands that see little of the dump use little of it.
constexpr std::size_t cache_size = std::size_t{64} << 20;

// $XDG_CACHE_HOME/inquest or ~/.cache/inquest; "" without a home.
std::filesystem::path default_cache() {
  // NOLINTBEGIN(concurrency-mt-unsafe)
  if (const char* cache = std::getenv("XDG_CACHE_HOME");
      cache != nullptr && *cache == '/') {
    return std::filesystem::path(cache) / "inquest";
  }
  const char* home = std::getenv("HOME");
  // NOLINTEND(concurrency-mt-unsafe)
  if (home == nullptr || *home != '/') return {};
  return std::filesystem::path(home) / ".cache/inquest";
}

bool is_same_module(const Module& before, const Module& now) {
  return before.address == now.address && before.name == now.name &&
         before.base == now.base && before.size == now.size;
}

}  // namespace

Result<std::unique_ptr<Kernel>> Kernel::open(const KernelOptions& options) {
  std::shared_ptr<const Dump> dump =
      TRY(options.live ? open_live(*options.live) : open_dump(options.dumps));
  auto kernel = std::make_unique<OpenKernel>(options, std::move(dump));
  TRY(kernel->start());
  return std::unique_ptr<Kernel>(std::move(kernel));
}

OpenKernel::OpenKernel(KernelOptions options, std::shared_ptr<const Dump> dump)
    : options_(std::move(options)),
      dump_(std::move(dump)),
      vmcoreinfo_(dump_->info().vmcoreinfo),
      physical_(std::make_shared<PhysicalMemory>(dump_, cache_size)) {
  if (options_.zero_excluded) physical_->zero_excluded(true);
}

// ---- Opening ----

Result<void> OpenKernel::start() {
  TRY(find_file());
  TRY(find_layout());
  if (vmcoreinfo_.empty()) read_vmcoreinfo();
  return {};
}

VmlinuxQuery OpenKernel::query() const {
  VmlinuxQuery query;
  if (dump_->info().is_own_machine) query = running_kernel();
  if (dump_->info().uts) {
    query.release = dump_->info().uts->release;
    query.version = dump_->info().uts->version;
  }
  if (auto release = vmcoreinfo_.find("OSRELEASE")) query.release = *release;
  if (auto id = vmcoreinfo_.find("BUILD-ID")) query.build_id = *id;
  query.dumps = options_.dumps;
  return query;
}

Result<void> OpenKernel::find_file() {
  if (options_.vmlinux) {
    vmlinux_ = TRY(ElfFile::open(*options_.vmlinux));
    TRY(check_build_id(query(), *vmlinux_));
  } else {
    auto found = options_.no_vmlinux
                     ? Error(ErrorKind::not_found, "no vmlinux is wanted")
                     : find_vmlinux(query());
    if (!found) return do_without_file(found.error());
    vmlinux_ = std::move(found).value();
  }
  named_ = vmlinux_->path();
  unsigned machine = vmlinux_->machine();
  unsigned dumped = dump_->info().elf_machine;
  if (dumped != 0 && dumped != machine) {
    return Error(ErrorKind::not_found,
                 fmt::format("{} is for another architecture (ELF machine {}) "
                             "than the dump (ELF machine {})",
                             vmlinux_->path().string(), machine, dumped));
  }
  return choose_arch(machine, vmlinux_->path().string());
}

Result<void> OpenKernel::do_without_file(const Error& missing) {
  bool has_symbols = vmcoreinfo_.symbol("kallsyms_names").has_value() ||
                     dump_->info().is_own_machine;
  if (!has_symbols || dump_->info().elf_machine == 0) {
    if (!options_.no_vmlinux) return missing;
    return Error(missing.kind(),
                 "--no_vmlinux: the dump does not say where the kernel's own "
                 "symbols are, as Linux does since 6.0");
  }
  remarks_.push_back(missing.message());
  return choose_arch(dump_->info().elf_machine,
                     dump_->info().files.front().string());
}

Result<void> OpenKernel::choose_arch(unsigned machine,
                                     const std::string& whose) {
  arch_ = find_arch(machine);
  linux_arch_ = find_linux_arch(machine);
  if (arch_ != nullptr && linux_arch_ != nullptr) return {};
  return Error(ErrorKind::unsupported,
               fmt::format("{}: kernels of ELF machine {} are not supported",
                           whose, machine));
}

// Not all marks of the image are among its own symbols: arm64's swapper_pg_dir
// is in VMCOREINFO alone, and its _end nowhere.
std::optional<Address> OpenKernel::mark(std::string_view name) const {
  if (const Symbol* found = symbols_->find(name)) return found->address;
  if (vmlinux_) return std::nullopt;
  if (auto noted = vmcoreinfo_.symbol(name)) return Address{*noted};
  if (name != "_end" || symbols_->sorted().empty()) return std::nullopt;
  constexpr std::uint64_t largest_page = 0x10000;
  const Symbol& last = symbols_->sorted().back();
  return Address{(last.address.value | (largest_page - 1)) + 1};
}

std::optional<Address> OpenKernel::linked(std::string_view name) const {
  auto at = mark(name);
  return at ? std::optional(*at - slide_) : std::nullopt;
}

Result<KernelLayout> OpenKernel::layout_by(
    const std::function<std::optional<Address>(std::string_view)>& linked,
    std::optional<std::uint64_t> slide) const {
  return linux_arch_->layout({*physical_, vmcoreinfo_, *arch_, vmlinux_.get(),
                              linked, slide, options_.machine});
}

// A kernel of our own machine lists them; every one has them in memory, from
// where they are taken when it hides the list.
Result<SymbolTable> OpenKernel::find_symbols() {
  if (vmlinux_) return symbol_table(vmlinux_, slide_);
  std::string hidden;
  if (dump_->info().is_own_machine) {
    named_ = "/proc/kallsyms";
    auto listed = running_symbols();
    if (listed) return enough(std::move(listed).value());
    hidden = listed.error().message();
  }
  named_ = "(kallsyms)";
  auto found = symbols_in_memory();
  if (found) {
    if (!hidden.empty()) remarks_.push_back(hidden);
    return enough(std::move(found).value());
  }
  if (!hidden.empty()) hidden += "; ";
  return Error(found.error().kind(),
               fmt::format("{}; the kernel alone does not do: {}{}",
                           remarks_.front(), hidden, found.error().message()));
}

// Without variables and types there is next to nothing that could be said.
Result<SymbolTable> OpenKernel::enough(SymbolTable own) {
  std::string_view lacks;
  if (own.find("init_task") == nullptr) {
    lacks =
        "its own symbols are those of code alone (CONFIG_KALLSYMS_ALL is "
        "off)";
  } else if (own.find("__start_BTF") == nullptr) {
    lacks = "it has no BTF (CONFIG_DEBUG_INFO_BTF is off)";
  }
  if (!lacks.empty()) {
    return Error(ErrorKind::not_found,
                 fmt::format("{}; the kernel alone does not do: {}",
                             remarks_.front(), lacks));
  }
  remarks_.front() +=
      "; going on with the kernel's own symbols (kallsyms) and types (BTF): "
      "most variables have no type, code has no line numbers";
  return own;
}

Result<SymbolTable> OpenKernel::symbols_in_memory() {
  KernelLayout first =
      TRY(layout_by(noted_symbols(vmcoreinfo_, slide_), slide_));
  MappedSpace image(physical_, *arch_, first.windows, first.paging);
  return kallsyms_in_memory(image, vmcoreinfo_, arch_->pointer_size());
}

Result<void> OpenKernel::find_layout() {
  std::optional<std::uint64_t> slide = options_.kaslr_offset;
  if (!slide) {
    if (auto noted = vmcoreinfo_.find("KERNELOFFSET")) {
      slide = parse_hex(*noted);
    }
  }
  slide_ = slide.value_or(0);
  symbols_.emplace(TRY(find_symbols()));
  // The kernel's own symbols are where they are, however far it was moved.
  if (!vmlinux_) slide = slide_;
  layout_ = TRY(
      layout_by([this](std::string_view name) { return linked(name); }, slide));
  if (!layout_.remark.empty()) remarks_.push_back(layout_.remark);
  if (layout_.kaslr_offset != slide_) {
    slide_ = layout_.kaslr_offset;
    symbols_.emplace(TRY(symbol_table(vmlinux_, slide_)));
  }
  memory_ = std::make_unique<MappedSpace>(physical_, *arch_, layout_.windows,
                                          layout_.paging);
  note_image();
  bool is_known = !vmlinux_ || vmcoreinfo_.find("BUILD-ID");
  return is_known ? Result<void>() : check_banner();
}

// Kernels before 5.9 do not note their build-id.
Result<void> OpenKernel::check_banner() const {
  auto at = linked("linux_banner");
  auto expected = linked_text(vmlinux_.get(), at);
  if (!expected) return {};
  auto bytes = memory_->bytes(*at + slide_, expected->size());
  std::string_view found = bytes ? as_text(*bytes) : "";
  if (found == *expected) return {};
  return Error(
      ErrorKind::not_found,
      fmt::format(
          "{} is not the dump's kernel: where it has \"{}\" the dump has {}; "
          "{}",
          vmlinux_->path().string(), *expected,
          bytes ? '"' + printable(found) + '"' : bytes.error().message(),
          vmlinux_advice(query())));
}

void OpenKernel::note_image() {
  auto range = [this](std::string_view start, std::string_view end) {
    auto first = mark(start);
    auto last = mark(end);
    return first && last ? Range{*first, *last} : Range{};
  };
  image_ = range("_text", "_end");
  if (image_.start == image_.end) image_ = range("_stext", "_end");
  text_ = {range("_stext", "_etext"), range("_sinittext", "_einittext")};
}

// Dumps made outside of the kernel lack the note; the memory has it.
void OpenKernel::read_vmcoreinfo() {
  constexpr std::uint64_t most = 65536;
  const Symbol* data = symbols_->find("vmcoreinfo_data");
  const Symbol* size = symbols_->find("vmcoreinfo_size");
  if (data == nullptr || size == nullptr) return;
  auto at = memory_->load(data->address, arch_->pointer_size());
  auto length = memory_->load(size->address, arch_->pointer_size());
  if (!at || !length || *length == 0 || *length > most) return;
  auto text = memory_->bytes({*at}, *length);
  if (text) vmcoreinfo_ = Vmcoreinfo(std::string(as_text(*text)));
}

// ---- Symbols ----

Modules& OpenKernel::modules() const {
  std::call_once(passing_->modules_once, [this] {
    passing_->modules = std::make_unique<Modules>(*this);
  });
  return *passing_->modules;
}

// Files that were loaded for modules stay as long as the modules do.
void OpenKernel::refresh() const {
  if (!is_live()) return;
  memory_->forget_translations();
  forget_tasks();
  auto fresh = std::make_unique<Passing>();
  if (Modules* before = passing_->modules.get()) {
    Modules now(*this);
    if (std::ranges::equal(before->list(), now.list(), is_same_module)) {
      std::call_once(fresh->modules_once,
                     [&] { fresh->modules = std::move(passing_->modules); });
    } else {
      for (const Module& module : before->list())
        before->unload(module);
    }
  }
  passing_ = std::move(fresh);
}

Result<Address> OpenKernel::symbol(std::string_view name) const {
  if (const Symbol* found = symbols_->find(name)) return found->address;
  if (!options_.no_modules) {
    if (auto found = modules().symbol(name)) return found->second->address;
  }
  return Error(ErrorKind::not_found,
               fmt::format("symbol \"{}\" does not exist", name));
}

// ---- Types ----

Types& OpenKernel::types() const {
  std::call_once(types_once_, [this] {
    types_ = std::make_unique<Types>(arch_->pointer_size());
    add_type_sources();
  });
  return *types_;
}

void OpenKernel::add_type_sources() const {
  if (auto found = find_btf()) {
    btf_ = std::move(found).value();
    types_->add(btf_);
  }
  if (btf_ && dump_->info().is_own_machine) {
    types_->add(running_module_types(btf_, arch_->pointer_size()));
  }
  if (!vmlinux_) return;
  if (auto dwarf = dwarf_types(vmlinux_, dwarf_options())) {
    types_->add(std::move(dwarf).value());
  }
}

std::shared_ptr<const Btf> OpenKernel::btf() const {
  types();
  return btf_;
}

DwarfOptions OpenKernel::dwarf_options() const {
  DwarfOptions options;
  options.cache = options_.cache ? *options_.cache : default_cache();
  options.progress = options_.progress;
  return options;
}

// From vmlinux, or else what the kernel shows of itself or has in memory.
Result<std::shared_ptr<Btf>> OpenKernel::find_btf() const {
  unsigned pointer_size = arch_->pointer_size();
  const ElfSection* section = vmlinux_ ? vmlinux_->section(".BTF") : nullptr;
  if (section != nullptr) {
    Bytes bytes = TRY(vmlinux_->contents(*section));
    return Btf::open(bytes, vmlinux_->endian(), pointer_size, nullptr,
                     vmlinux_);
  }
  if (dump_->info().is_own_machine) {
    if (auto shown = running_btf("vmlinux")) {
      return Btf::open(**shown, arch_->endian(), pointer_size, nullptr, *shown);
    }
  }
  constexpr std::uint64_t most = std::uint64_t{256} << 20;
  // Not symbol(): that would ask the modules, and those need types.
  const Symbol* first = symbols_->find("__start_BTF");
  const Symbol* last = symbols_->find("__stop_BTF");
  if (first == nullptr || last == nullptr) {
    return Error(ErrorKind::not_found, "this kernel has no BTF");
  }
  Address start = first->address;
  Address stop = last->address;
  if (stop <= start || stop - start > most) {
    return Error(ErrorKind::corrupt, "__start_BTF and __stop_BTF do not match");
  }
  auto bytes = std::make_shared<const std::vector<std::byte>>(
      TRY(memory_->bytes(start, stop - start)));
  return Btf::open(*bytes, arch_->endian(), pointer_size, nullptr, bytes);
}

// The symbol table knows where a variable is in the dump, debug information
// which of several static ones of that name it means.
Object OpenKernel::variable(std::string_view name) const {
  auto typed = types().variable(name);
  if (!typed) {
    auto at = symbol(name);
    if (!at) return std::move(at).error();
    return std::move(typed).error();
  }
  const Type& type =
      typed->type != nullptr ? *typed->type : types().void_type();
  std::vector<const Symbol*> named = symbols_->all(name);
  if (typed->address) {
    for (const Symbol* symbol : named) {
      if (symbol->address == *typed->address + slide_ ||
          symbol->address == *typed->address) {
        return {*memory_, type, symbol->address};
      }
    }
  }
  if (auto at = symbol(name)) return {*memory_, type, *at};
  if (typed->address) return {*memory_, type, *typed->address + slide_};
  return Error(ErrorKind::not_found,
               fmt::format("\"{}\" has no address", name));
}

// ---- CPUs ----

Result<Address> OpenKernel::per_cpu_address(Address template_at,
                                            unsigned cpu) const {
  const Symbol* offsets = symbols_->find("__per_cpu_offset");
  if (offsets == nullptr) return template_at;  // not an SMP kernel
  unsigned size = arch_->pointer_size();
  if (cpu >= most_cpus || (offsets->size != 0 && cpu >= offsets->size / size)) {
    return Error(ErrorKind::not_found, fmt::format("no CPU {}", cpu));
  }
  std::uint64_t offset =
      TRY(memory_->load(offsets->address + std::uint64_t{cpu} * size, size));
  return template_at + offset;
}

Result<std::vector<unsigned>> OpenKernel::cpus(std::string_view mask) const {
  const Symbol* found = symbols_->find(mask);
  if (found == nullptr && mask.starts_with("__") && mask.ends_with("_mask")) {
    // Before 4.5 (5aec01b834fd) the bits had no struct around them.
    std::string bits(mask.substr(2, mask.size() - 7));
    found = symbols_->find(bits + "_bits");
  }
  if (found == nullptr) {
    return Error(ErrorKind::not_found,
                 fmt::format("symbol \"{}\" does not exist", mask));
  }
  unsigned word = arch_->pointer_size();
  std::uint64_t size =
      std::clamp<std::uint64_t>(found->size, word, most_cpus / 8);
  std::vector<unsigned> set;
  for (std::uint64_t at = 0; at + word <= size; at += word) {
    std::uint64_t bits = TRY(memory_->load(found->address + at, word));
    for (unsigned bit = 0; bit < word * 8; ++bit) {
      if (bits >> bit & 1) set.push_back(static_cast<unsigned>(at * 8) + bit);
    }
  }
  TRY(check_cpus(mask, set));
  return set;
}

// Where there are more CPUs than there may be, thousands are none.
Result<void> OpenKernel::check_cpus(std::string_view mask,
                                    const std::vector<unsigned>& set) const {
  const Symbol* symbol = symbols_->find("nr_cpu_ids");
  if (symbol == nullptr || set.empty()) return {};
  auto most = memory_->u32(symbol->address);
  if (!most || (set.back() < *most && *most <= most_cpus)) return {};
  return Error(ErrorKind::corrupt,
               fmt::format("{} has CPU {} and nr_cpu_ids is {}", mask,
                           set.back(), *most));
}

// A kernel runs on at least one CPU, whatever its masks say.
std::vector<unsigned> OpenKernel::known_cpus(std::string_view mask) const {
  auto found = cpus(mask);
  if (found && !found->empty()) return std::move(found).value();
  if (!found && symbols_->find(mask) != nullptr) {
    note_loss(found.error(), "the CPUs are those of the dump's notes");
  }
  unsigned count = std::clamp(dump_->info().cpus, 1U, most_cpus);
  std::vector<unsigned> assumed(count);
  for (unsigned cpu = 0; cpu < count; ++cpu)
    assumed[cpu] = cpu;
  return assumed;
}

std::vector<unsigned> OpenKernel::online_cpus() const {
  return known_cpus("__cpu_online_mask");
}

std::vector<unsigned> OpenKernel::possible_cpus() const {
  return known_cpus("__cpu_possible_mask");
}

// ---- Code ----

bool OpenKernel::is_in_image(Address at) const {
  return at >= image_.start && at < image_.end;
}

std::optional<Kernel::Place> OpenKernel::place(Address at) const {
  if (is_in_image(at)) {
    auto found = symbols_->at(at);
    if (!found || found->symbol->address < image_.start) return std::nullopt;
    return Place{std::string(found->symbol->name), found->offset,
                 found->symbol->size, ""};
  }
  const Module* module = options_.no_modules ? nullptr : modules().at(at);
  if (module == nullptr) return bpf_place(at);
  auto found = modules().symbols(*module).at(at);
  if (!found || !module->contains(found->symbol->address)) return std::nullopt;
  return Place{std::string(found->symbol->name), found->offset,
               found->symbol->size, module->name};
}

std::optional<Kernel::Place> OpenKernel::bpf_place(Address at) const {
  if (at.value >> 63 == 0) return std::nullopt;  // kernel code lies high
  std::call_once(passing_->bpf_once,
                 [this] { passing_->bpf = bpf_symbols(*this); });
  const std::vector<BpfSymbol>& all = passing_->bpf;
  auto after = std::ranges::upper_bound(all, at, {}, &BpfSymbol::start);
  if (after == all.begin()) return std::nullopt;
  const BpfSymbol& symbol = *std::prev(after);
  if (at >= symbol.end) return std::nullopt;
  return Place{symbol.name, at - symbol.start, symbol.end - symbol.start,
               "bpf"};
}

Result<SourceLine> OpenKernel::source_line(Address at) const {
  if (!is_in_image(at)) {
    const Module* module = options_.no_modules ? nullptr : modules().at(at);
    const ModuleFile* file =
        module != nullptr ? modules().file(*module) : nullptr;
    if (file != nullptr && file->lines) return file->lines->line_at(at);
    return Error(ErrorKind::not_found, "no line numbers for this address");
  }
  std::call_once(lines_once_, [this] {
    if (!vmlinux_) return;
    auto opened = source_lines(vmlinux_);
    if (opened) lines_ = std::move(opened).value();
  });
  if (!lines_)
    return Error(ErrorKind::not_found,
                 vmlinux_ ? "vmlinux has no line numbers"
                          : "without vmlinux there are no line numbers");
  return lines_->line_at(at - slide_);
}

bool OpenKernel::is_text(Address at) const {
  if (std::ranges::any_of(text_, [&](const Range& range) {
        return at >= range.start && at < range.end;
      })) {
    return true;
  }
  if (is_in_image(at)) return false;
  const Module* module = options_.no_modules ? nullptr : modules().at(at);
  return module != nullptr ? module->is_text(at) : bpf_place(at).has_value();
}

}  // namespace inquest
