// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/resources.h"

#include <vector>

#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr unsigned deepest = 64;

// A link that may lead nowhere.
struct Pending {
  Object link;
  unsigned depth = 0;
};

}  // namespace

Generator<IoResource> io_resources(const Kernel& kernel, std::string root) {
  Object first = kernel.variable(root, "struct resource");
  IoResource top{.object = first, .depth = 0};
  co_yield top;
  if (first.fault() != nullptr) co_return;
  std::vector<Pending> later = {{.link = first["child"], .depth = 1}};
  CycleCheck check;
  while (!later.empty() && !interrupted()) {
    Pending step = later.back();
    later.pop_back();
    auto at = step.link.to_address();
    if (at && at->value == 0) continue;
    IoResource next{.object = at ? step.link.dereference() : at.error(),
                    .depth = step.depth};
    if (at && (check.is_repeated(at->value) || step.depth > deepest)) {
      next.object =
          Error(ErrorKind::corrupt, "the tree of resources loops", at->value);
    }
    co_yield next;
    if (next.object.fault() != nullptr) co_return;
    later.push_back({.link = next.object["sibling"], .depth = step.depth});
    later.push_back({.link = next.object["child"], .depth = step.depth + 1});
  }
}

}  // namespace inquest
