// SPDX-License-Identifier: GPL-3.0-or-later
// What is mapped of a range of virtual addresses, and where it lies.

#pragma once

#include "base/generator.h"
#include "memory/mapped_space.h"

namespace inquest {

// Addresses in a row, which lie in a row physically.
struct Extent {
  Address start;
  PhysAddress physical;
  std::uint64_t size = 0;

  Address end() const { return start + size; }
};

// A range of addresses with its last one, so that it may be everything.
struct AddressRange {
  Address start, last;

  bool contains(Address at) const { return at >= start && at <= last; }
};

// The bytes that one entry of the table maps which is the |steps|-th of a walk.
std::uint64_t entry_reach(const Paging& paging, std::size_t steps);

// Of |range|, ascending: linear windows whole, the rest as the page tables say,
// as far as these can be read. The time depends on what is mapped, not on the
// range's size; an interrupt ends it.
Generator<Extent> mapped_extents(const MappedSpace& space, AddressRange range);

}  // namespace inquest
