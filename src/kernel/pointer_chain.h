// SPDX-License-Identifier: GPL-3.0-or-later
// A chain of pointers of which only places are known, no types: what a user
// says of a list when he follows it by hand.

#pragma once

#include <optional>

#include "base/generator.h"
#include "memory/address_space.h"

namespace inquest {

struct PointerChain {
  const AddressSpace& memory;
  unsigned pointer_size = 8;
  Address start = {};        // the first entry; with |head|: not used
  std::uint64_t offset = 0;  // of an entry's link
  // Links point to links, as list_head does, and not to entries.
  bool is_embedded = false;
  bool is_backwards = false;         // by list_head.prev
  std::optional<Address> head = {};  // a link that is in no entry
  std::optional<Address> end = {};   // an entry or link to stop before
};

struct ChainItem {
  Address entry = {};
  std::optional<Error> fault = {};  // why the chain ends early: the last item
};

// The entries up to a null pointer, |end|, or the return to the start. One that
// is met twice is an error, as is an unreadable link (a fault, whose address()
// is the link's): what precedes is delivered. In constant memory: the chain is
// walked once to find where it ends, then again.
Generator<ChainItem> chain_entries(PointerChain chain);

}  // namespace inquest
