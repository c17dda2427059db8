// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "command/kmem.h"
#include "command/values.h"

namespace inquest {

Result<std::vector<Address>> kmem_addresses(const Session& session,
                                            const Options& options) {
  std::vector<Address> addresses;
  for (const std::string& word : options.words())
    addresses.push_back(TRY(address_of(session.kernel, word)));
  return addresses;
}

bool is_kernel_address(Address at) {
  return at.value >> 63 != 0;
}

Result<std::uint64_t> kmem_frame(const Kernel& kernel, const PageMap& pages,
                                 Address at) {
  Error none(ErrorKind::not_found,
             fmt::format("cannot determine page for {:x}", at.value));
  if (!is_kernel_address(at)) {
    std::uint64_t frame = at.value / kernel.page_size();
    return pages.page(frame) ? Result(frame) : none;
  }
  if (auto frame = pages.frame(at)) return frame;
  auto physical = kernel.memory().to_physical(at);
  if (!physical) return none;
  std::uint64_t frame = physical->value / kernel.page_size();
  return pages.page(frame) ? Result(frame) : none;
}

}  // namespace inquest
