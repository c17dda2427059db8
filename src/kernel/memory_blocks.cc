// SPDX-License-Identifier: GPL-3.0-or-later
//
// Memory blocks are the devices of the bus memory_subsys. What a bus keeps of
// its devices is in its struct subsys_private, to which bus_type.p points;
// since 6.4 (d2bf38c088e0) it is looked for among all buses, in bus_kset.

#include "kernel/memory_blocks.h"

#include <array>

#include "kernel/list.h"

namespace inquest {
namespace {

Result<Object> private_part(const Kernel& kernel) {
  Address bus = TRY(kernel.symbol("memory_subsys"));
  Object object = kernel.object("bus_type", bus);
  if (object.has_member("p")) return object["p"].dereference();
  const Type* type = TRY(kernel.structure("subsys_private"));
  Object all = kernel.variable("bus_kset", "struct kset *")["list"];
  for (const Object& one : list_entries(all, type, "subsys.kobj.entry")) {
    if (one.fault() != nullptr) return *one.fault();
    auto of = one["bus"].to_address();
    if (of && *of == bus) return one;
  }
  return Error(ErrorKind::not_found, "memory_subsys is not among the buses");
}

// Bits to 6.18, then numbers in the order of an enumeration; its names go
// first.
Result<std::string> state_name(const Kernel& kernel, const Object& block) {
  constexpr std::array<std::string_view, 8> bits = {
      "ONLINE",        "GOING_OFFLINE",  "OFFLINE",        "GOING_ONLINE",
      "CANCEL_ONLINE", "CANCEL_OFFLINE", "PREPARE_ONLINE", "FINISH_OFFLINE"};
  std::uint64_t state = TRY(block["state"].to_unsigned());
  auto type = kernel.types().type("memory_block_state", TypeTag::enumeration);
  if (type) {
    for (const Enumerator& one : (*type)->enumerators()) {
      if (static_cast<std::uint64_t>(one.value) != state) continue;
      bool is_prefixed = one.name.starts_with("MEM_");
      return is_prefixed ? one.name.substr(4) : one.name;
    }
  }
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (state == std::uint64_t{1} << i) return std::string(bits.at(i));
  return Error(ErrorKind::corrupt, "state " + std::to_string(state));
}

MemoryBlock block_record(const Kernel& kernel, const Object& block) {
  return {.at = block.address(),
          .name = block["dev"]["kobj"]["name"].to_string(),
          .first_section = block["start_section_nr"].to_unsigned(),
          .node = block["nid"].to_signed(),
          .state = state_name(kernel, block)};
}

}  // namespace

Result<MemoryBlocks> memory_blocks(const Kernel& kernel) {
  const Type* block_type = TRY(kernel.structure("memory_block"));
  const Type* device = TRY(kernel.structure("device_private"));
  Object devices = TRY(private_part(kernel))["klist_devices"]["k_list"];
  MemoryBlocks blocks;
  blocks.sections = kernel.variable("sections_per_block", "int").to_unsigned();
  for (const Object& one : list_entries(devices, device, "knode_bus.n_node")) {
    if (one.fault() != nullptr) {
      blocks.incomplete = *one.fault();
      break;
    }
    Object block = one["device"].container_of(*block_type, "dev");
    if (block.fault() != nullptr) {
      blocks.incomplete = *block.fault();
      continue;
    }
    blocks.found.push_back(block_record(kernel, block));
  }
  return blocks;
}

}  // namespace inquest
