// SPDX-License-Identifier: GPL-3.0-or-later
//
// The low bits of page.mapping say what it points to: nothing set, the struct
// address_space of a file, which has a tree of the areas that map it; 1, a
// struct anon_vma, whose tree leads to areas by way of struct anon_vma_chain.
// An area that may have the page need not: its page tables decide.

#include "kernel/page_users.h"

#include <algorithm>
#include <map>

#include "base/interrupt.h"
#include "kernel/faults.h"
#include "kernel/list.h"
#include "kernel/task.h"
#include "kernel/user_memory.h"

namespace inquest {
namespace {

constexpr std::size_t most_users = 256;
constexpr std::uint64_t kind_bits = 3, anonymous = 1;

// What a page holds: the page |index| of |mapping|.
struct Contents {
  std::uint64_t mapping = 0;
  std::uint64_t index = 0;
};

Result<Contents> contents_of(const Kernel& kernel, const PageMap& pages,
                             std::uint64_t frame) {
  Object page = TRY(pages.page(frame));
  Object head = TRY(head_page(kernel, page));
  std::uint64_t first = TRY(pages.frame(head.address()));
  PageState state = TRY(page_state(kernel, {first * kernel.page_size()}));
  bool is_other =
      !state.type.empty() || state.count.value_or(0) <= 0 ||
      std::ranges::any_of(state.flag_names, [](const std::string& name) {
        return name == "slab" || name == "reserved";
      });
  if (is_other || frame < first) return Contents{};
  return Contents{TRY(state.mapping).value, TRY(state.index) + (frame - first)};
}

// The areas that may have the page.
Generator<Object> areas_of(const Kernel& kernel, Contents contents) {
  Address at{contents.mapping & ~kind_bits};
  if ((contents.mapping & kind_bits) == anonymous) {
    Object root = kernel.object("anon_vma", at)["rb_root"];
    auto type = kernel.structure("anon_vma_chain");
    for (const Object& link : rbtree_entries(root, type, "rb")) {
      Object area = link.fault() != nullptr ? link : link["vma"].dereference();
      co_yield area;
    }
  } else if ((contents.mapping & kind_bits) == 0 && at.value != 0) {
    Object root = kernel.object("address_space", at)["i_mmap"];
    auto type = kernel.structure("vm_area_struct");
    for (const Object& area : rbtree_entries(root, type, "shared.rb"))
      co_yield area;
  }
}

class UserFinder {
 public:
  UserFinder(const Kernel& kernel, std::uint64_t frame)
      : kernel_(kernel), frame_(frame) {}

  // The place of the page in |area|, where that has it.
  Result<std::optional<PageUser>> user_of(const Object& area,
                                          std::uint64_t index) {
    std::optional<PageUser> none;
    std::uint64_t size = kernel_.page_size();
    std::uint64_t start = TRY(area["vm_start"].to_unsigned());
    std::uint64_t end = TRY(area["vm_end"].to_unsigned());
    std::uint64_t first = TRY(area["vm_pgoff"].to_unsigned());
    if (end <= start || index < first) return none;
    if (index - first >= (end - start) / size) return none;
    Address at{start + (index - first) * size};
    Object mm = area["vm_mm"].dereference();
    if (mm.fault() != nullptr) return *mm.fault();
    auto memory = TRY(process_memory(kernel_, mm));
    auto physical = memory.to_physical(at);
    if (!physical && !is_unmapped(physical.error())) return physical.error();
    if (!physical || physical->value / size != frame_) return none;
    return std::optional(PageUser{mm.address(), at, task_of(mm.address())});
  }

 private:
  std::optional<Object> task_of(Address mm) {
    if (tasks_.empty()) {
      for (const Object& task : tasks(kernel_)) {
        auto own = task.fault() == nullptr ? task_mm(task)
                                           : Result<Address>(*task.fault());
        if (own && own->value != 0) tasks_.try_emplace(own->value, task);
      }
    }
    auto found = tasks_.find(mm.value);
    return found != tasks_.end() ? std::optional(found->second) : std::nullopt;
  }

  const Kernel& kernel_;
  std::uint64_t frame_;
  std::map<std::uint64_t, Object> tasks_;  // by mm
};

}  // namespace

PageUsers page_users(const Kernel& kernel, const PageMap& pages,
                     std::uint64_t frame) {
  PageUsers users;
  auto contents = contents_of(kernel, pages, frame);
  if (!contents) {
    if (is_lost(contents.error())) users.incomplete = contents.error();
    return users;
  }
  UserFinder finder(kernel, frame);
  for (const Object& area : areas_of(kernel, *contents)) {
    if (interrupted() || users.found.size() == most_users) break;
    auto user = area.fault() != nullptr
                    ? Result<std::optional<PageUser>>(*area.fault())
                    : finder.user_of(area, contents->index);
    if (!user) {
      users.incomplete = user.error();
    } else if (*user) {
      users.found.push_back(**user);
    }
  }
  return users;
}

}  // namespace inquest
