// SPDX-License-Identifier: GPL-3.0-or-later
// The processes that have a page in their memory.

#pragma once

#include <optional>
#include <vector>

#include "kernel/page.h"

namespace inquest {

struct PageUser {
  Address mm;                  // struct mm_struct
  Address at;                  // where it has the page
  std::optional<Object> task;  // the first whose mm this is
};

struct PageUsers {
  std::vector<PageUser> found;
  std::optional<Error> incomplete;  // what may hide others
};

// Those whose page tables map the page, as its anon_vma or its file tells; of
// pages that belong to neither there are none. At most 256.
PageUsers page_users(const Kernel& kernel, const PageMap& pages,
                     std::uint64_t frame);

}  // namespace inquest
