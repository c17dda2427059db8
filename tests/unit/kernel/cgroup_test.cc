// SPDX-License-Identifier: GPL-3.0-or-later
// Trees of control groups, whole and damaged.

#include "kernel/cgroup.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t roots_at = 0x100, root_at = 0x1000, child_at = 0x2000;
constexpr std::uint64_t subsystems_at = 0x180, memory_at = 0x3000;
// In a struct cgroup.
constexpr std::uint64_t sibling = 8, children = 24, parent = 40, node = 56;
constexpr std::uint64_t cgroup_size = 120;

// One controller, "memory"; a root with one group in it.
class GroupKernel : public test::TestKernel {
 public:
  // |name|: the node's link to its parent, which 6.15 renamed.
  explicit GroupKernel(const std::string& machine,
                       std::string_view name = "parent")
      : test::TestKernel(machine, {{"cgroup_roots", roots_at},
                                   {"cgrp_dfl_root", root_at},
                                   {"cgroup_subsys", subsystems_at}}) {
    word_ = &types().c_type("unsigned long");
    list_.kind = TypeKind::structure;
    list_.byte_size = 16;
    const Type& link = types().pointer_to(list_);
    links_ = {member("next", link, 0), member("prev", link, 8)};
    source->structure("list_head", 16, links_);
    add_groups(name);
    add_counters();
  }

  Cgroups cgroups() const {
    auto found = Cgroups::open(*this);
    EXPECT_TRUE(found) << found.error().message();
    return *found;
  }

  // Their paths; "?" for what cannot be reached.
  std::vector<std::string> paths() const {
    std::vector<std::string> found;
    Cgroups all = cgroups();
    for (const Object& group : all.groups(all.hierarchies().front())) {
      found.push_back(group.fault() != nullptr
                          ? "?"
                          : cgroup_path(group).value_or("(none)"));
    }
    return found;
  }

 private:
  void add_groups(std::string_view parent_name) {
    const Type& any = types().pointer_to(types().void_type());
    const Type& text = types().pointer_to(types().c_type("char"));
    kernfs_.kind = TypeKind::structure;
    kernfs_.byte_size = 16;
    folder_ = {member(parent_name, types().pointer_to(kernfs_), 0),
               member("name", text, 8)};
    css_.kind = TypeKind::structure;
    css_.byte_size = 56;
    state_ = {member("cgroup", any, 0), member("sibling", list_, sibling),
              member("children", list_, children),
              member("parent", types().pointer_to(css_), parent),
              member("flags", *word_, 48)};
    const Type& states = types().array_of(types().pointer_to(css_), 1);
    const Type& group = source->structure(
        "cgroup", cgroup_size,
        {member("self", css_, 0),
         member("kn", types().pointer_to(kernfs_), node),
         member("subtree_control", *word_, 64), member("subsys", states, 72),
         member("root", any, 80), member("cset_links", list_, 88)});
    state_.front() = member("cgroup", types().pointer_to(group), 0);
    source->structure(
        "cgroup_root", 160,
        {member("cgrp", group, 0), member("root_list", list_, cgroup_size),
         member("subsys_mask", *word_, 136),
         member("hierarchy_id", *word_, 144), member("name", text, 152)});
    source->structure("cgroup_subsys_state", 56, state_);
    source->structure("css_set", 16, {member("subsys", states, 0)});
    source->structure("cgrp_cset_link", 16, {member("cset_link", list_, 0)});
    source->structure("cgroup_subsys", 24,
                      {member("name", text, 0), member("legacy_name", text, 8),
                       member("root", any, 16)});
  }

  void add_counters() {
    const Type& count =
        source->structure("atomic_long_t", 8, {member("counter", *word_, 0)});
    const Type& pages = source->structure(
        "page_counter", 16,
        {member("usage", count, 0), member("max", *word_, 8)});
    source->structure("mem_cgroup", 88,
                      {member("css", css_, 0), member("memory", pages, 56),
                       member("swap", pages, 72)});
  }

  const Type* word_ = nullptr;
  std::vector<Member> links_, folder_, state_;
  Type list_{[this](const Type&, TypeBody& body) { body.members = links_; }};
  Type kernfs_{[this](const Type&, TypeBody& body) { body.members = folder_; }};
  Type css_{[this](const Type&, TypeBody& body) { body.members = state_; }};
};

// The words of a struct cgroup.
std::string group(std::uint64_t at, const std::vector<std::uint64_t>& css,
                  std::uint64_t folder, std::uint64_t memory) {
  std::vector<std::uint64_t> all = css;
  std::uint64_t links = base + at + 88;
  all.insert(all.end(),
             {base + folder, 1, memory, base + root_at, links, links});
  return words(at, all);
}

// |child_next|: where the list of the root's children goes on behind the one.
std::string machine(std::uint64_t child_next = root_at + children,
                    std::uint64_t top_parent = 0) {
  std::uint64_t list = base + root_at + cgroup_size;
  return words(roots_at, {list, list}) +
         group(root_at,
               {base + root_at, 0, 0, base + child_at + sibling, 0, 0, 2},
               0x400, 0) +
         words(root_at + cgroup_size,
               {base + roots_at, base + roots_at, 1, 0, base + 0x500}) +
         group(child_at,
               {base + child_at, base + child_next, 0,
                base + child_at + children, 0, base + root_at, 2},
               0x420, base + memory_at) +
         // Folders and their names, "" and "one"; the controller "memory".
         words(0x400, {top_parent, base + 0x500}) +
         words(0x420, {base + 0x400, base + 0x508}) +
         words(0x500, {0, 0x656e6f}) + words(subsystems_at, {base + 0x600}) +
         words(0x600, {base + 0x640, base + 0x640, base + root_at}) +
         words(0x640, {0x79726f6d656d}) +
         words(memory_at + 56, {3, ~std::uint64_t{0} / 2 / 4096, 0, 5});
}

TEST(Cgroups, FollowTheTreeAndNameItsFolders) {
  EXPECT_EQ(GroupKernel(machine()).paths(),
            (std::vector<std::string>{"/", "/one"}));
  EXPECT_EQ(GroupKernel(machine(), "__parent").paths(),
            (std::vector<std::string>{"/", "/one"}));
}

TEST(Cgroups, CountPagesInBytes) {
  GroupKernel kernel(machine());
  Cgroups all = kernel.cgroups();
  ASSERT_EQ(all.hierarchies().size(), 1U);
  EXPECT_EQ(all.hierarchies().front().controllers,
            (std::vector<std::string>{"memory"}));
  std::vector<Object> groups;
  for (const Object& each : all.groups(all.hierarchies().front()))
    groups.push_back(each);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_FALSE(all.record(groups[0]).memory);
  Cgroup record = all.record(groups[1]);
  ASSERT_TRUE(record.memory);
  EXPECT_EQ(record.memory->current.value_or(0), 3 * kernel.page_size());
  EXPECT_EQ(record.memory->max.value_or(0), no_limit);
  EXPECT_EQ(record.memory->swap_max.value_or(0), 5 * kernel.page_size());
  EXPECT_FALSE(record.memory->peak);  // this kernel has none
  EXPECT_EQ(record.controllers, (std::vector<std::string>{"memory"}));
}

TEST(Cgroups, OfATreeThatLoopsEnd) {
  // The child is its own sibling.
  auto paths = GroupKernel(machine(child_at + sibling)).paths();
  EXPECT_GE(paths.size(), 3U);
  EXPECT_LT(paths.size(), 20U);
  EXPECT_TRUE(std::ranges::count(paths, "?") == 1);
}

TEST(Cgroups, WhoseChildrenAreNotThereKeepTheOthers) {
  EXPECT_EQ(GroupKernel(machine(0x900000)).paths(),
            (std::vector<std::string>{"/", "/one", "(none)", "?", "?"}));
}

TEST(Cgroups, WhoseFoldersLoopHaveNoName) {
  EXPECT_EQ(GroupKernel(machine(root_at + children, base + 0x400)).paths(),
            (std::vector<std::string>{"(none)", "(none)"}));
}

TEST(Cgroups, NeedAKernelThatHasThem) {
  test::TestKernel kernel(words(0, {0}), {});
  auto found = Cgroups::open(kernel);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::unsupported);
}

}  // namespace
}  // namespace inquest
