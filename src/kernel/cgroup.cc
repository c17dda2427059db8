// SPDX-License-Identifier: GPL-3.0-or-later
//
// A hierarchy (cgroup_root) has a tree of groups (cgroup). Which groups a task
// is in, one of each hierarchy, says its css_set, which it shares with all
// tasks of the same groups: sets and groups are linked many to many by
// cgrp_cset_links. What a controller keeps of a group is a structure of its own
// that begins with a cgroup_subsys_state (css); the group's own css, self,
// links the tree. The name of a group is that of its folder (kernfs_node).

#include "kernel/cgroup.h"

#include <algorithm>

#include "base/interrupt.h"
#include "kernel/faults.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::size_t deepest = 256;
constexpr std::size_t most_controllers = 64;

// kernfs_node.__parent since 6.15 (633488947ef6), parent before.
Object parent_of(const Object& node) {
  return node.has_member("__parent") ? node["__parent"] : node["parent"];
}

// Of a mask of controllers.
std::uint64_t bits(const Kernel& kernel, const Object& word) {
  auto value = word.to_unsigned();
  if (!value) note_if_lost(kernel, value.error(), "some groups' controllers");
  return value.value_or(0);
}

// CSS_ONLINE is taken from a group that was removed.
bool is_online(const Kernel& kernel, const Object& css) {
  auto online = kernel.enumerator("CSS_ONLINE");
  auto flags = css["flags"].to_unsigned();
  return !online || !flags ||
         (*flags & static_cast<std::uint64_t>(*online)) != 0;
}

// ---- Counters ----

// struct page_counter counts pages, and has LONG_MAX bytes for no limit.
class PageCounter {
 public:
  PageCounter(Object counter, std::uint64_t page_size)
      : counter_(std::move(counter)), page_size_(page_size) {}

  Result<std::uint64_t> usage() const {
    return TRY(counter_["usage"]["counter"].to_unsigned()) * page_size_;
  }
  Result<std::uint64_t> pages(std::string_view member) const {
    constexpr std::uint64_t all = ~std::uint64_t{0} >> 1;
    std::uint64_t count = TRY(counter_[member].to_unsigned());
    return count >= all / page_size_ ? no_limit : count * page_size_;
  }

 private:
  Object counter_;
  std::uint64_t page_size_;
};

CgroupMemory memory_of(const Kernel& kernel, const Object& group) {
  PageCounter memory(group["memory"], kernel.page_size());
  std::string_view swap_name = group.has_member("swap") ? "swap" : "memsw";
  PageCounter swap(group[swap_name], kernel.page_size());
  return {.current = memory.usage(),
          .peak = memory.pages("watermark"),
          .min = memory.pages("min"),
          .low = memory.pages("low"),
          .high = memory.pages("high"),
          .max = memory.pages("max"),
          .swap = swap.usage(),
          .swap_max = swap.pages("max")};
}

// No limit is one more than there can be pids.
CgroupPids pids_of(const Object& group) {
  constexpr std::uint64_t most_pids = std::uint64_t{1} << 22;
  CgroupPids pids{.current = group["counter"]["counter"].to_unsigned(),
                  .max = group["limit"]["counter"].to_unsigned(),
                  .peak = std::nullopt};
  if (pids.max && *pids.max > most_pids) pids.max = no_limit;
  if (group.has_member("watermark")) {
    auto peak = group["watermark"].to_unsigned();
    if (peak) pids.peak = *peak;
  }
  return pids;
}

}  // namespace

// ---- Names ----

Result<std::vector<std::string>> cgroup_names(const Object& cgroup) {
  std::vector<std::string> names;
  Object node = TRY(pointed(cgroup["kn"], "the group has no folder"));
  while (!interrupted()) {
    Object parent = parent_of(node);
    if (TRY(parent.to_address()).value == 0) break;
    if (names.size() == deepest) {
      return Error(ErrorKind::corrupt, "the group's folders do not end");
    }
    names.push_back(TRY(node["name"].to_string()));
    node = TRY(pointed(parent, "the folder has no parent"));
  }
  std::ranges::reverse(names);
  return names;
}

Result<std::string> cgroup_path(const Object& cgroup) {
  std::string path;
  for (const std::string& name : TRY(cgroup_names(cgroup)))
    path += "/" + name;
  return path.empty() ? "/" : path;
}

// ---- Hierarchies ----

Result<Cgroups> Cgroups::open(const Kernel& kernel) {
  if (!kernel.has_symbol("cgroup_roots")) {
    return Error(ErrorKind::unsupported,
                 "this kernel has no cgroups (no symbol cgroup_roots)");
  }
  Cgroups cgroups(kernel);
  TRY(cgroups.find_controllers());
  TRY(cgroups.find_hierarchies());
  return cgroups;
}

// There are as many as a css_set has room for.
Result<void> Cgroups::find_controllers() {
  const Type* set = TRY(kernel_.structure("css_set"));
  auto room = find_member(*set, "subsys");
  if (!room) return {};  // the kernel has none
  std::size_t count =
      std::min<std::size_t>(room->type->stripped().count, most_controllers);
  auto array = kernel_.symbol("cgroup_subsys");
  if (!array) return {};
  const AddressSpace& memory = kernel_.memory();
  for (std::size_t i = 0; i < count; ++i) {
    unsigned size = kernel_.arch().pointer_size();
    Address at{TRY(memory.load(*array + i * size, size))};
    Object subsystem = kernel_.object("cgroup_subsys", at);
    std::string name = TRY(subsystem["name"].to_string());
    auto legacy = subsystem["legacy_name"].to_string();
    controllers_.push_back(
        {.name = name,
         .legacy_name = legacy ? *legacy : name,
         .root = TRY(subsystem["root"].to_address()),
         .is_implicit = bits(kernel_, subsystem["implicit_on_dfl"]) != 0});
  }
  return {};
}

Result<void> Cgroups::find_hierarchies() {
  Object head = kernel_.variable("cgroup_roots", "struct list_head");
  Address main = TRY(kernel_.symbol("cgrp_dfl_root"));
  auto add = [&](const Object& root) {
    CgroupHierarchy found{.root = root,
                          .address = root.address(),
                          .id = root["hierarchy_id"].to_signed(),
                          .is_default = root.address() == main,
                          .name = root["name"].to_string().value_or(""),
                          .controllers = {}};
    for (const Controller& controller : controllers_) {
      if (controller.root != root.address()) continue;
      found.controllers.push_back(found.is_default ? controller.name
                                                   : controller.legacy_name);
    }
    hierarchies_.push_back(std::move(found));
  };
  for (const Object& root :
       list_entries(head, kernel_.structure("cgroup_root"), "root_list")) {
    if (root.fault() != nullptr) {
      incomplete_ = *root.fault();
    } else {
      add(root);
    }
  }
  if (std::ranges::none_of(hierarchies_, &CgroupHierarchy::is_default)) {
    add(kernel_.object("cgroup_root", main));
  }
  return {};
}

const CgroupHierarchy* Cgroups::hierarchy_of(const Object& cgroup) const {
  auto root = cgroup["root"].to_address();
  if (!root) return nullptr;
  auto found =
      std::ranges::find(hierarchies_, *root, &CgroupHierarchy::address);
  return found == hierarchies_.end() ? nullptr : &*found;
}

// ---- Groups ----

Generator<Object> Cgroups::groups(const CgroupHierarchy& hierarchy) const {
  auto css_type = kernel_.structure("cgroup_subsys_state");
  auto type = kernel_.structure("cgroup");
  if (!type) {
    co_yield type.error();
    co_return;
  }
  // Those that are to be visited, the next one last.
  std::vector<Object> waiting = {hierarchy.root["cgrp"]};
  CycleCheck check;
  while (!waiting.empty() && !interrupted()) {
    Object group = waiting.back();
    waiting.pop_back();
    co_yield group;
    if (group.fault() != nullptr) continue;
    if (check.is_repeated(group.address().value)) {
      Error loop(ErrorKind::corrupt, "the tree of groups has a circle");
      co_yield loop;
      co_return;
    }
    std::vector<Object> below;
    for (const Object& css :
         list_entries(group["self"]["children"], css_type, "sibling")) {
      below.push_back(
          css.fault() != nullptr ? css : css.container_of(**type, "self"));
    }
    waiting.insert(waiting.end(), below.rbegin(), below.rend());
  }
}

// What is enabled in a group, by number: what its parent hands on.
std::uint64_t Cgroups::controller_mask(const Object& cgroup,
                                       bool is_default) const {
  auto parent = pointed(cgroup["self"]["parent"], "no parent");
  if (parent) return bits(kernel_, (*parent)["cgroup"]["subtree_control"]);
  std::uint64_t mask = bits(kernel_, cgroup["root"]["subsys_mask"]);
  auto inhibited = kernel_.symbol("cgrp_dfl_inhibit_ss_mask");
  if (!is_default || !inhibited) return mask;
  const Type& type = cgroup["subtree_control"].type();
  return mask & ~bits(kernel_, Object(kernel_.memory(), type, *inhibited));
}

std::vector<std::string> Cgroups::controllers_of(const Object& cgroup) const {
  const CgroupHierarchy* hierarchy = hierarchy_of(cgroup);
  bool is_default = hierarchy != nullptr && hierarchy->is_default;
  std::uint64_t mask = controller_mask(cgroup, is_default);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < controllers_.size(); ++i) {
    const Controller& controller = controllers_[i];
    if ((mask >> i & 1) == 0) continue;
    if (is_default && controller.is_implicit) continue;
    names.push_back(is_default ? controller.name : controller.legacy_name);
  }
  return names;
}

// |structure| of |controller| in this very group.
std::optional<Object> Cgroups::state(const Object& cgroup,
                                     std::string_view controller,
                                     std::string_view structure) const {
  auto found = std::ranges::find(controllers_, controller, &Controller::name);
  auto type = kernel_.structure(structure);
  if (found == controllers_.end() || !type) return std::nullopt;
  auto number = static_cast<std::uint64_t>(found - controllers_.begin());
  auto css = pointed(cgroup["subsys"].at(number), "not enabled");
  if (!css) return std::nullopt;
  return css->container_of(**type, "css");
}

Cgroup Cgroups::record(const Object& cgroup) const {
  Cgroup found{.object = cgroup,
               .address = cgroup.address(),
               .path = cgroup_path(cgroup),
               .tasks = std::uint64_t{0}};
  found.controllers = controllers_of(cgroup);
  found.is_dying = !is_online(kernel_, cgroup["self"]);
  std::uint64_t count = 0;
  for (const Object& link :
       list_entries(cgroup["cset_links"], kernel_.structure("cgrp_cset_link"),
                    "cset_link")) {
    auto tasks = link["cset"]["nr_tasks"].to_unsigned();
    if (!tasks) found.tasks = tasks.error();
    count += tasks.value_or(0);
  }
  if (found.tasks) found.tasks = count;
  // The root's own counters count nothing.
  auto parent = cgroup["self"]["parent"].to_address();
  if (!parent || parent->value == 0) return found;
  if (auto group = state(cgroup, "memory", "mem_cgroup")) {
    found.memory = memory_of(kernel_, *group);
  }
  if (auto group = state(cgroup, "pids", "pids_cgroup")) {
    found.pids = pids_of(*group);
  }
  return found;
}

// ---- Tasks ----

Generator<Object> Cgroups::tasks(Object cgroup) const {
  auto link_type = kernel_.structure("cgrp_cset_link");
  auto task_type = kernel_.structure("task_struct");
  for (const Object& link :
       list_entries(cgroup["cset_links"], link_type, "cset_link")) {
    if (link.fault() != nullptr) {
      co_yield link;
      co_return;
    }
    // Those that are on their way to another group are in the second list.
    for (std::string_view list : {"tasks", "mg_tasks"}) {
      for (const Object& task :
           list_entries(link["cset"][list], task_type, "cg_list"))
        co_yield task;
    }
  }
}

std::vector<Object> Cgroups::groups_of(const Object& task) const {
  std::vector<Object> groups;
  auto set = pointed(task["cgroups"], "the task has no groups");
  if (!set) return {set.error()};
  for (const Object& link :
       list_entries((*set)["cgrp_links"], kernel_.structure("cgrp_cset_link"),
                    "cgrp_link")) {
    auto group = link.fault() != nullptr ? Result<Object>(*link.fault())
                                         : pointed(link["cgrp"], "no group");
    groups.push_back(group ? *group : Object(group.error()));
  }
  // In the order of the hierarchies.
  std::ranges::stable_sort(groups, {}, [this](const Object& group) {
    const CgroupHierarchy* hierarchy = hierarchy_of(group);
    return hierarchy == nullptr
               ? hierarchies_.size()
               : static_cast<std::size_t>(hierarchy - hierarchies_.data());
  });
  return groups;
}

}  // namespace inquest
