// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/kernel_target.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "debuginfo/elf_file.h"
#include "kernel/crash_notes.h"
#include "kernel/task.h"
#include "kernel/user_memory.h"

namespace inquest {
namespace {

// Numbers beyond any pid (PID_MAX_LIMIT is 2^22).
constexpr std::uint64_t first_idle = 10000000;
constexpr std::uint64_t first_odd = 20000000;

// A word of gdb's command language.
std::string quoted(const std::string& word) {
  std::string text = "\"";
  for (char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

// Section names come from the dump.
bool is_section_name(std::string_view name) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return name.starts_with('.') && name.size() > 1 &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

// p_vaddr of the first PT_LOAD of a 64-bit file.
Result<Address> first_loaded(const ElfFile& file) {
  constexpr std::uint32_t pt_load = 1;
  Reader reader(file.image(), file.endian(), "program headers");
  TRY(reader.seek(32));
  std::uint64_t headers = TRY(reader.read<std::uint64_t>());
  TRY(reader.seek(54));
  std::uint64_t size = TRY(reader.read<std::uint16_t>());
  std::uint64_t count = TRY(reader.read<std::uint16_t>());
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(reader.seek(headers + i * size));
    if (TRY(reader.read<std::uint32_t>()) != pt_load) continue;
    TRY(reader.seek(headers + i * size + 16));
    return Address{TRY(reader.read<std::uint64_t>())};
  }
  return Error(ErrorKind::not_found, "no loadable segment");
}

std::string description_of(const Kernel& kernel, const Object& task) {
  std::string text = fmt::format("task {:x}", task.address().value);
  if (auto state = task_state(kernel, task))
    text += fmt::format(", {}", state->abbreviation());
  if (auto cpu = task_cpu(kernel, task)) text += fmt::format(", CPU {}", *cpu);
  return text;
}

// The task to begin with: what panicked, else what CPU 0 was doing.
Address first_task(const Kernel& kernel) {
  if (auto task = panic_task(kernel)) return task->address();
  auto cpus = scheduled_cpus(kernel);
  if (cpus.empty()) return {};
  auto task = current_task(kernel, cpus[0]);
  return task ? task->address() : Address{};
}

constexpr std::string_view monitor_help =
    "monitor modules   the commands that load the symbols of the modules whose "
    "files are found\n"
    "monitor kernel    the command that loads the kernel's symbols where the "
    "dump has them\n";

std::string module_commands(const Kernel& kernel) {
  std::string text;
  Modules& modules = kernel.modules();
  for (const Module& module : modules.list()) {
    const ModuleFile* loaded = modules.file(module);
    auto path = loaded != nullptr ? loaded->path : modules.search(module, {});
    auto command = path ? load_module_symbols(kernel, module, *path)
                        : Result<std::string>(path.error());
    text += command ? *command + "\n"
                    : fmt::format("# {}: {}\n", module.name,
                                  command.error().message());
  }
  return text;
}

}  // namespace

void KernelTarget::add(const Object& task, bool is_idle) {
  auto cpu = task_cpu(kernel_, task);
  auto pid = task_pid(task);
  std::uint64_t id = first_odd + threads_.size();
  if (is_idle && cpu) {
    id = first_idle + *cpu;
  } else if (pid && *pid > 0 && *pid < static_cast<std::int64_t>(first_idle)) {
    id = static_cast<std::uint64_t>(*pid);
  }
  // A damaged list may hold two tasks of one pid.
  if (!tasks_.try_emplace(id, task).second) {
    id = first_odd + threads_.size();
    tasks_.emplace(id, task);
  }
  auto comm = task_comm(task);
  threads_.push_back({.id = id,
                      .name = comm ? *comm : std::string("?"),
                      .description = description_of(kernel_, task)});
  if (cpu) threads_.back().cpu = *cpu;
}

std::span<const RemoteThread> KernelTarget::threads() {
  if (has_threads_) return threads_;
  threads_.clear();
  tasks_.clear();
  for (const Object& task : tasks(kernel_)) {
    if (task.fault() != nullptr) continue;
    add(task, task_pid(task).value_or(-1) == 0);
  }
  has_threads_ = !interrupted();  // which ends the walk early
  if (auto first = place_of(first_task(kernel_))) {
    auto at = threads_.begin() + static_cast<std::ptrdiff_t>(*first);
    std::rotate(threads_.begin(), at, at + 1);
  }
  return threads_;
}

Address KernelTarget::task(const RemoteThread& thread) const {
  auto found = tasks_.find(thread.id);
  return found == tasks_.end() ? Address{} : found->second.address();
}

std::optional<std::size_t> KernelTarget::position(Address wanted) {
  threads();
  return place_of(wanted);
}

std::optional<std::size_t> KernelTarget::place_of(Address wanted) const {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (task(threads_[i]) == wanted) return i;
  }
  return std::nullopt;
}

Result<Object> KernelTarget::task_of(const RemoteThread& thread) const {
  auto found = tasks_.find(thread.id);
  if (found == tasks_.end())
    return Error(ErrorKind::not_found, "no such thread");
  return found->second;
}

Registers KernelTarget::registers(const RemoteThread& thread) {
  auto task = task_of(thread);
  if (!task) return {};
  Registers found;
  if (auto cpu = walker_.active_cpu(*task)) {
    found = cpu_registers(kernel_, *cpu).registers.value_or(found);
  } else if (auto saved = kernel_.linux_arch().sleeping(kernel_, *task)) {
    found = std::move(saved).value();
  }
  for (unsigned i = 0; i < Registers::limit; ++i) {
    if (auto value = found.find(i)) found.set(i, without_signature(*value));
  }
  return found;
}

std::uint64_t KernelTarget::without_signature(std::uint64_t word) const {
  Address code = kernel_.layout().code_address(word);
  return code.value != word && kernel_.is_text(code) ? code.value : word;
}

void KernelTarget::remove_signatures(const RemoteThread& thread, Address from,
                                     std::span<std::byte> bytes) {
  if (kernel_.layout().signature == 0) return;
  if (stack_thread_ != thread.id) {
    stack_thread_ = thread.id;
    auto task = task_of(thread);
    stacks_ = task ? walker_.stacks(*task) : std::vector<StackRange>();
  }
  std::size_t word_size = kernel_.arch().pointer_size();
  std::endian endian = kernel_.memory().endian();
  std::size_t first = (word_size - from.value % word_size) % word_size;
  for (std::size_t at = first; at + word_size <= bytes.size();
       at += word_size) {
    bool is_on_stack = std::ranges::any_of(
        stacks_, [&](const auto& stack) { return stack.contains(from + at); });
    if (!is_on_stack) continue;
    auto place = bytes.subspan(at, word_size);
    store_unsigned(place, without_signature(load_unsigned(place, endian)),
                   endian);
  }
}

const AddressSpace* KernelTarget::user_memory(const RemoteThread& thread) {
  if (user_thread_ != thread.id) {
    user_thread_ = thread.id;
    auto task = task_of(thread);
    auto memory = task ? task_user_memory(kernel_, *task)
                       : Result<std::unique_ptr<AddressSpace>>(task.error());
    user_memory_ = memory ? std::move(memory).value() : nullptr;
  }
  return user_memory_.get();
}

std::size_t KernelTarget::read(const RemoteThread& thread, Address from,
                               std::span<std::byte> out) {
  constexpr std::uint64_t kernel_half = std::uint64_t{1} << 63;
  bool is_kernel = from.value >= kernel_half;
  const AddressSpace* memory =
      is_kernel ? &kernel_.memory() : user_memory(thread);
  if (memory == nullptr || out.empty()) return 0;
  // Up to the end of the half, which for the kernel's is that of all memory.
  std::uint64_t last = is_kernel ? ~std::uint64_t{0} : kernel_half - 1;
  if (last - from.value < out.size() - 1)
    out = out.first(static_cast<std::size_t>(last - from.value + 1));
  auto done = memory->read(from, out);
  if (!done) {
    std::uint64_t readable = done.error().address() - from.value;
    if (done.error().address() <= from.value || readable >= out.size())
      return 0;
    out = out.first(static_cast<std::size_t>(readable));
    if (!memory->read(from, out)) return 0;
  }
  if (is_kernel) remove_signatures(thread, from, out);
  return out.size();
}

std::optional<Address> KernelTarget::first_segment() {
  if (kernel_.vmlinux_file() == nullptr) return std::nullopt;
  auto linked = first_loaded(*kernel_.vmlinux_file());
  if (!linked) return std::nullopt;
  return *linked + kernel_.kaslr_offset();
}

std::string KernelTarget::monitor(std::string_view command) {
  if (command == "modules") return module_commands(kernel_);
  if (command == "kernel") {
    auto load = load_kernel_symbols(kernel_);
    return (load ? *load : "# " + load.error().message()) + "\n";
  }
  return std::string(monitor_help);
}

Result<std::string> load_kernel_symbols(const Kernel& kernel) {
  if (kernel.vmlinux_file() == nullptr) {
    return Error(ErrorKind::not_found,
                 "gdb needs a vmlinux, and there is none");
  }
  std::string command =
      fmt::format("add-symbol-file {} -o {:#x}",
                  quoted(std::filesystem::absolute(kernel.vmlinux()).string()),
                  kernel.kaslr_offset());
  const ElfSection* per_cpu = kernel.vmlinux_file()->section(".data..percpu");
  if (per_cpu != nullptr && per_cpu->address.value == 0)
    command += " -s .data..percpu 0";
  return command;
}

Result<std::string> load_module_symbols(const Kernel& kernel,
                                        const Module& module,
                                        const std::filesystem::path& path) {
  auto file = TRY(ElfFile::open(path));
  auto sections = TRY(kernel.modules().sections(module));
  std::string command = fmt::format(
      "add-symbol-file {}", quoted(std::filesystem::absolute(path).string()));
  std::size_t count = 0;
  for (const ElfSection& section : file->sections()) {
    constexpr std::uint64_t shf_alloc = 2;
    bool is_loaded = (section.flags & shf_alloc) != 0;
    if (!is_loaded || !is_section_name(section.name)) continue;
    auto at = sections.find(section.name);
    if (at != sections.end()) ++count;
    // What is in the file only would lie at 0, and name null pointers.
    Address place =
        at != sections.end() ? at->second : Address{0xdead000000000000};
    command += fmt::format(" -s {} {:#x}", section.name, place.value);
  }
  if (count == 0) {
    return Error(ErrorKind::not_found,
                 "the dump does not say where its sections are");
  }
  return command;
}

}  // namespace inquest
