// SPDX-License-Identifier: GPL-3.0-or-later
//
// A block is a row of sequences: a byte with two lengths (literals in its upper
// half, the copy in its lower), more of the first length, the literals, the
// copy's distance (2 bytes), more of the second length. A length of 15 goes on:
// bytes are added up to the first that is not 255. The last sequence ends with
// its literals.

#include "dump/lz4.h"

#include <algorithm>

namespace inquest {
namespace {

class Unpacking {
 public:
  Unpacking(Bytes packed, std::span<std::byte> out) : in_(packed), out_(out) {}

  std::optional<std::size_t> run() {
    while (!is_bad_ && at_ < in_.size())
      sequence();
    if (is_bad_ || in_.empty()) return std::nullopt;
    return done_;
  }

 private:
  std::size_t byte() {
    if (at_ >= in_.size()) {
      is_bad_ = true;
      return 0;
    }
    return std::to_integer<std::size_t>(in_[at_++]);
  }
  std::size_t length(std::size_t half);
  void literals(std::size_t count);
  void copy(std::size_t distance, std::size_t count);
  void sequence();

  Bytes in_;
  std::span<std::byte> out_;
  std::size_t at_ = 0;    // in in_
  std::size_t done_ = 0;  // of out_
  bool is_bad_ = false;
};

std::size_t Unpacking::length(std::size_t half) {
  constexpr std::size_t goes_on = 15;
  if (half != goes_on) return half;
  std::size_t next = byte();
  for (; next == 255; next = byte())
    half += next;
  return half + next;
}

void Unpacking::literals(std::size_t count) {
  if (count > in_.size() - at_ || count > out_.size() - done_) {
    is_bad_ = true;
    return;
  }
  std::ranges::copy(in_.subspan(at_, count), out_.begin() + done_);
  at_ += count;
  done_ += count;
}

// Byte by byte: what is copied may reach into what it makes.
void Unpacking::copy(std::size_t distance, std::size_t count) {
  if (distance == 0 || distance > done_ || count > out_.size() - done_) {
    is_bad_ = true;
    return;
  }
  for (; count > 0; --count, ++done_)
    out_[done_] = out_[done_ - distance];
}

void Unpacking::sequence() {
  constexpr std::size_t shortest_copy = 4;
  std::size_t lengths = byte();
  literals(length(lengths >> 4));
  if (is_bad_ || at_ == in_.size()) return;
  std::size_t low = byte();
  std::size_t distance = low | byte() << 8;
  std::size_t count = length(lengths & 15) + shortest_copy;
  if (!is_bad_) copy(distance, count);
}

}  // namespace

std::optional<std::size_t> unpack_lz4(Bytes packed, std::span<std::byte> out) {
  return Unpacking(packed, out).run();
}

}  // namespace inquest
