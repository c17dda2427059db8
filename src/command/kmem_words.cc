// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/numbers.h"
#include "command/kmem.h"
#include "command/values.h"

namespace inquest {

Result<std::vector<Address>> kmem_addresses(const Session& session,
                                            const Options& options) {
  std::vector<Address> addresses;
  for (const std::string& word : options.words()) {
    if (word.starts_with('(')) {
      addresses.push_back(TRY(address_of(session.kernel, word)));
      continue;
    }
    auto number = parse_hex(word);
    if (!number) return Error(ErrorKind::usage, "");
    addresses.push_back(Address{*number});
  }
  return addresses;
}

bool is_kernel_address(Address at) {
  return at.value >> 63 != 0;
}

}  // namespace inquest
