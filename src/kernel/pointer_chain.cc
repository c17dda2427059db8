// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether a chain comes back to one of its entries is found by Brent's
// algorithm: a mark waits at an entry while the walk goes on, and is moved to
// the walk's place after 1, 2, 4, ... steps. Walk and mark meet on every loop,
// whose length that tells; two walks that far apart then meet where it begins.

#include "kernel/pointer_chain.h"

#include <fmt/format.h>

#include "base/interrupt.h"

namespace inquest {
namespace {

// A pointer of the chain; none behind its end.
using NextPointer = std::optional<Address>;

class Walk {
 public:
  explicit Walk(const PointerChain& chain)
      : chain_(chain), stop_(chain.head.value_or(first_pointer())) {}

  Result<NextPointer> first() const {
    if (chain_.head) return through(*chain_.head);
    return NextPointer(first_pointer());
  }

  Result<NextPointer> next(Address pointer) const {
    return through(chain_.is_embedded ? pointer : pointer + chain_.offset);
  }

  Address entry(Address pointer) const {
    return chain_.is_embedded ? pointer - chain_.offset : pointer;
  }

 private:
  Address first_pointer() const {
    return chain_.is_embedded ? chain_.start + chain_.offset : chain_.start;
  }

  Result<NextPointer> through(Address link) const {
    Address at = chain_.is_backwards ? link + chain_.pointer_size : link;
    auto read = chain_.memory.load(at, chain_.pointer_size);
    if (!read) {
      return Error(read.error().kind(), read.error().message(), at.value);
    }
    Address pointer{*read};
    bool is_over = pointer.value == 0 || pointer == stop_ ||
                   (chain_.end &&
                    (pointer == *chain_.end || entry(pointer) == *chain_.end));
    return is_over ? NextPointer() : NextPointer(pointer);
  }

  const PointerChain& chain_;
  Address stop_;
};

// How long the loop is that the chain runs into; 0: it ends, or was
// interrupted.
std::uint64_t loop_length(const Walk& walk) {
  auto at = walk.first();
  if (!at || !*at) return 0;
  Address mark = **at;
  std::uint64_t steps = 0;
  for (std::uint64_t limit = 1; !interrupted();) {
    at = walk.next(**at);
    if (!at || !*at) return 0;
    ++steps;
    if (**at == mark) return steps;
    if (steps == limit) {
      mark = **at;
      steps = 0;
      limit *= 2;
    }
  }
  return 0;
}

// The first entry of a loop of |length|.
NextPointer loop_start(const Walk& walk, std::uint64_t length) {
  auto ahead = walk.first();
  for (std::uint64_t i = 0; i < length && ahead && *ahead; ++i)
    ahead = walk.next(**ahead);
  auto behind = walk.first();
  while (ahead && *ahead && behind && *behind && !interrupted()) {
    if (**ahead == **behind) return **ahead;
    ahead = walk.next(**ahead);
    behind = walk.next(**behind);
  }
  return {};
}

Error repeated(Address entry) {
  return {ErrorKind::corrupt,
          fmt::format("duplicate list entry: {:x}", entry.value), entry.value};
}

}  // namespace

Generator<ChainItem> chain_entries(PointerChain chain) {
  Walk walk(chain);
  std::uint64_t length = loop_length(walk);
  NextPointer again = length != 0 ? loop_start(walk, length) : NextPointer();
  bool is_again = false;
  auto at = walk.first();
  while (!interrupted()) {
    if (!at) {
      ChainItem last{.fault = at.error()};
      co_yield last;
      co_return;
    }
    if (!*at) co_return;
    if (again && **at == *again) {
      if (is_again) {
        ChainItem last{.fault = repeated(walk.entry(**at))};
        co_yield last;
        co_return;
      }
      is_again = true;
    }
    ChainItem item{.entry = walk.entry(**at)};
    co_yield item;
    at = walk.next(**at);
  }
}

}  // namespace inquest
