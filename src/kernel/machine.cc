// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/machine.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "kernel/linux_arch.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_ranges = 16384;

// "DOUBLEFAULT exception": the stack's own name is the first word.
std::string_view short_name(std::string_view name) {
  constexpr std::string_view kind = " exception";
  if (name.ends_with(kind)) name.remove_suffix(kind.size());
  return name;
}

// |member|: of enum e820_type, or a number that is meant to be one.
std::string firmware_type(const Kernel& kernel, const Type& member,
                          std::int64_t value) {
  constexpr std::string_view prefix = "E820_TYPE_";
  const Type* types = &member.stripped();
  auto named = kernel.types().type("e820_type", TypeTag::enumeration);
  if (types->kind != TypeKind::enumeration && named) types = *named;
  for (const Enumerator& type : types->enumerators()) {
    if (type.value != value) continue;
    return type.name.starts_with(prefix)
               ? "E820_" + type.name.substr(prefix.size())
               : type.name;
  }
  return fmt::format("type {}", value);
}

bool is_inside(const std::vector<KernelRange>& ranges, Address at) {
  return std::ranges::any_of(ranges, [at](const KernelRange& range) {
    return range.range.contains(at);
  });
}

// The image is anywhere in an area of its own, behind which modules are; x86
// says how large it is.
void widen_to_areas(const Kernel& kernel, std::vector<KernelRange>& bases) {
  auto noted = kernel.vmcoreinfo().number("KERNEL_IMAGE_SIZE");
  if (!noted || *noted <= 0) return;
  auto size = static_cast<std::uint64_t>(*noted);
  auto image = std::ranges::find(bases, RangeKind::image, &KernelRange::kind);
  auto modules =
      std::ranges::find(bases, RangeKind::modules, &KernelRange::kind);
  if (image == bases.end() || !std::has_single_bit(size)) return;
  Address& start = image->range.start;
  start.value -= start.value % size;
  if (modules != bases.end()) modules->range.start = start + size;
}

// Of several stacks with one name the second is "VC2".
CpuStacks& kind_of(std::vector<CpuStacks>& kinds, const StackRange& stack,
                   unsigned cpu) {
  std::string base(short_name(stack.name));
  std::string name = base;
  for (unsigned number = 2;; ++number) {
    auto kind = std::ranges::find(kinds, name, &CpuStacks::name);
    if (kind == kinds.end()) {
      kinds.push_back({name, stack.size, {}});
      return kinds.back();
    }
    if (kind->stacks.empty() || kind->stacks.back().cpu != cpu) return *kind;
    name = fmt::format("{}{}", base, number);
  }
}

}  // namespace

// tick_nsec is 1 s / HZ, rounded.
Result<std::uint64_t> ticks_per_second(const Kernel& kernel) {
  constexpr std::uint64_t second = 1'000'000'000;
  std::uint64_t tick =
      TRY(kernel.variable("tick_nsec", "unsigned long").to_unsigned());
  if (tick == 0 || tick > second) {
    return Error(ErrorKind::corrupt, "tick_nsec is no part of a second");
  }
  return (second + tick / 2) / tick;
}

// x86_hyper_type since 4.15 (03b2a320b19f).
std::string hypervisor(const Kernel& kernel) {
  static constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"X86_HYPER_VMWARE", "VMware"}, {"X86_HYPER_MS_HYPERV", "Hyper-V"},
      {"X86_HYPER_XEN_PV", "Xen"},    {"X86_HYPER_XEN_HVM", "Xen"},
      {"X86_HYPER_KVM", "KVM"},       {"X86_HYPER_JAILHOUSE", "Jailhouse"},
      {"X86_HYPER_ACRN", "ACRN"},
  };
  if (!kernel.has_symbol("x86_hyper_type")) return "";
  Object type = kernel.variable("x86_hyper_type", "enum x86_hypervisor_type");
  auto value = type.to_signed();
  if (!value) {
    kernel.note_loss(value.error(), "the hypervisor");
    return "";
  }
  for (auto [enumerator, name] : known) {
    auto one = kernel.enumerator(enumerator);
    if (one && *one == *value) return std::string(name);
  }
  return "";
}

std::vector<KernelRange> memory_bases(const Kernel& kernel) {
  auto mapped = kernel.linux_arch().mapped_ranges(kernel);
  std::vector<KernelRange> bases;
  for (const KernelRange& range : kernel_ranges(kernel)) {
    bool is_known = std::ranges::any_of(
        bases,
        [&range](const KernelRange& base) { return base.kind == range.kind; });
    bool is_part =
        range.kind == RangeKind::image && is_inside(mapped, range.range.start);
    if (!is_known && !is_part) bases.push_back(range);
  }
  widen_to_areas(kernel, bases);
  return bases;
}

std::vector<CpuStacks> cpu_stack_kinds(const Kernel& kernel) {
  std::vector<CpuStacks> kinds;
  for (unsigned cpu : kernel.possible_cpus()) {
    for (const StackRange& stack :
         kernel.linux_arch().cpu_stacks(kernel, cpu)) {
      CpuStacks& kind = kind_of(kinds, stack, cpu);
      bool is_available = kernel.memory().u64(stack.base).has_value();
      kind.stacks.push_back({cpu, stack.base, is_available});
    }
  }
  return kinds;
}

// x86; e820_table since 4.12 (544a0f47e780).
Result<std::vector<FirmwareRange>> firmware_memory(const Kernel& kernel) {
  if (!kernel.has_symbol("e820_table")) {
    return Error(ErrorKind::not_found,
                 "e820_table does not exist in this kernel");
  }
  Object table = kernel.variable("e820_table", "struct e820_table *");
  std::uint64_t count =
      std::min(TRY(table["nr_entries"].to_unsigned()), most_ranges);
  Object entries = table["entries"];
  std::vector<FirmwareRange> found;
  for (std::uint64_t i = 0; i < count; ++i) {
    Object entry = entries.at(i);
    std::uint64_t start = TRY(entry["addr"].to_unsigned());
    std::uint64_t size = TRY(entry["size"].to_unsigned());
    Object type = entry["type"];
    std::int64_t value = TRY(type.to_signed());
    found.push_back(
        {PhysAddress{start}, size, firmware_type(kernel, type.type(), value)});
  }
  return found;
}

Result<Object> cpu_description(const Kernel& kernel, unsigned cpu) {
  if (kernel.has_symbol("cpu_info") && kernel.structure("cpuinfo_x86")) {
    return kernel.per_cpu("cpu_info", "struct cpuinfo_x86", cpu);
  }
  if (kernel.has_symbol("cpu_data") && kernel.structure("cpuinfo_arm64")) {
    return kernel.per_cpu("cpu_data", "struct cpuinfo_arm64", cpu);
  }
  return Error(ErrorKind::not_found,
               "neither cpu_info nor cpu_data exists in this kernel");
}

}  // namespace inquest
