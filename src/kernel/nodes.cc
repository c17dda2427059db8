// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/nodes.h"

#include <algorithm>

namespace inquest {
namespace {

constexpr std::uint64_t most_nodes = 1024;

Result<MemoryNode> node_at(const Kernel& kernel, Address at, unsigned number) {
  Object node = kernel.object("pglist_data", at);
  return MemoryNode{.number = number,
                    .at = at,
                    .first_frame = TRY(node["node_start_pfn"].to_unsigned()),
                    .spanned = TRY(node["node_spanned_pages"].to_unsigned()),
                    .present = TRY(node["node_present_pages"].to_unsigned())};
}

}  // namespace

Result<std::vector<MemoryNode>> memory_nodes(const Kernel& kernel) {
  const Symbol* nodes = kernel.symbols().find("node_data");
  if (nodes == nullptr) {
    Address only = TRY(kernel.symbol("contig_page_data"));
    return std::vector{TRY(node_at(kernel, only, 0))};
  }
  unsigned word = kernel.arch().pointer_size();
  std::uint64_t count =
      std::clamp<std::uint64_t>(nodes->size / word, 1, most_nodes);
  std::vector<MemoryNode> found;
  for (unsigned i = 0; i < count; ++i) {
    std::uint64_t at = TRY(
        kernel.memory().load(nodes->address + std::uint64_t{i} * word, word));
    if (at != 0) found.push_back(TRY(node_at(kernel, Address{at}, i)));
  }
  return found;
}

}  // namespace inquest
