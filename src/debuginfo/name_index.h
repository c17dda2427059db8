// SPDX-License-Identifier: GPL-3.0-or-later
// A hash from names to places in an array that holds them: two integers an
// entry, no copies of names, linear to make however many share a name.

#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace inquest {

// Eight bytes at a step: a kernel has megabytes of names.
inline std::uint32_t name_hash(std::string_view name) {
  constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
  std::uint64_t hash = name.size() * factor;
  while (!name.empty()) {
    std::uint64_t part = 0;
    std::size_t size = name.size() < 8 ? name.size() : 8;
    std::memcpy(&part, name.data(), size);
    hash = (hash ^ part) * factor;
    hash ^= hash >> 29;
    name.remove_prefix(size);
  }
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

class NameIndex {
 public:
  // |name_of(i)| is the name of entry i of |count|; "" leaves it out.
  template <typename NameOf>
  void fill(std::size_t count, const NameOf& name_of) {
    heads_.assign(std::bit_ceil(count + 1), 0);
    next_.assign(count + 1, 0);
    for (std::size_t i = count; i != 0; --i) {
      std::string_view name = name_of(i - 1);
      if (name.empty()) continue;
      std::uint32_t& head = heads_[name_hash(name) & (heads_.size() - 1)];
      next_[i] = std::exchange(head, static_cast<std::uint32_t>(i));
    }
  }

  // Entries that may have that name, in order, until |each| returns false.
  template <typename Each>
  void candidates(std::string_view name, const Each& each) const {
    if (heads_.empty()) return;
    std::uint32_t i = heads_[name_hash(name) & (heads_.size() - 1)];
    while (i != 0 && each(std::size_t{i} - 1))
      i = next_[i];
  }

 private:
  // Indices plus one; 0 ends a chain.
  std::vector<std::uint32_t> heads_, next_;
};

}  // namespace inquest
