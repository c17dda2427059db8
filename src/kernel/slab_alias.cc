// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/slab_alias.h"

#include "kernel/list.h"

namespace inquest {
namespace {

// The cache whose folder a node of sysfs links to.
Result<Address> linked_cache(const Kernel& kernel, const Object& node) {
  const Type* cache = TRY(kernel.structure("kmem_cache"));
  Object folder = node["symlink"]["target_kn"];
  Address kobject = TRY(folder["priv"].to_address());
  if (kobject.value == 0) {
    return Error(ErrorKind::not_found, "no cache's folder");
  }
  Object found = kernel.object("kobject", kobject).container_of(*cache, "kobj");
  if (found.fault() != nullptr) return *found.fault();
  return found.address();
}

}  // namespace

std::optional<Address> slab_alias(const Kernel& kernel, std::string_view name) {
  constexpr std::uint64_t type_mask = 0xf, link = 4;  // KERNFS_LINK
  if (!kernel.has_symbol("slab_kset")) return std::nullopt;
  Object folder = kernel.variable("slab_kset", "struct kset *")["kobj"]["sd"];
  for (const Object& node : rbtree_entries(
           folder["dir"]["children"], kernel.structure("kernfs_node"), "rb")) {
    if (node.fault() != nullptr) return std::nullopt;
    auto found = node["name"].to_string();
    auto flags = node["flags"].to_unsigned();
    if (!found || *found != name || !flags) continue;
    if ((*flags & type_mask) != link) continue;
    auto cache = linked_cache(kernel, node);
    if (cache) return *cache;
  }
  return std::nullopt;
}

}  // namespace inquest
