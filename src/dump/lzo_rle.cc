// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stream is a row of instructions, each a copy of bytes that are already
// unpacked (how many, how far back) or a run of literal bytes. A copy ends with
// the number of literals, up to 3, that follow it at once. By the first byte:
//   1 d:3 n:2.. (>= 0x40)  copy of 3 to 8, distance up to 2 KiB
//   001 length             copy, distance up to 16 KiB
//   0001 d length          copy, distance from 16 KiB on; just 16 KiB: the end
//   0000 length            literals after literals of a copy's end none: 4 and
//                          more; after 1 to 3 of them: a copy of 2 from nearby;
//                          after a run of literals: a copy of 3 from 2 KiB on
// A length of 0 goes on in the next bytes: 255 for each zero byte. The first
// byte above 17 is a run of literals.
//
// A stream that starts with 17 and a version other than 0 may have runs of
// zeroes: the third kind with the distance bits all ones (45ec975efb18).

#include "dump/lzo_rle.h"

#include <algorithm>

namespace inquest {
namespace {

class Unpacking {
 public:
  Unpacking(Bytes packed, std::span<std::byte> out) : in_(packed), out_(out) {}

  std::optional<std::size_t> run();

 private:
  // What came before decides what the small first bytes mean.
  enum class After { literals_of_copy, no_literals, run_of_literals };

  std::size_t byte();
  std::size_t word();  // 2 bytes
  std::size_t length(std::size_t bits, std::size_t mask);
  void literals(std::size_t count);
  void copy(std::size_t distance, std::size_t count);
  void end_of_copy(std::size_t literals_left);
  void start();
  void step();
  void small(std::size_t first);
  void far(std::size_t first);
  void zeroes(std::size_t first, std::size_t low);

  Bytes in_;
  std::span<std::byte> out_;
  std::size_t at_ = 0;    // in in_
  std::size_t done_ = 0;  // of out_
  bool has_runs_ = false;
  bool is_bad_ = false;
  bool is_done_ = false;
  After after_ = After::no_literals;
};

std::size_t Unpacking::byte() {
  if (at_ >= in_.size()) {
    is_bad_ = true;
    return 1;  // no 0, which would go on
  }
  return std::to_integer<std::size_t>(in_[at_++]);
}

std::size_t Unpacking::word() {
  std::size_t low = byte();
  return low | byte() << 8;
}

std::size_t Unpacking::length(std::size_t bits, std::size_t mask) {
  if ((bits & mask) != 0) return bits & mask;
  std::size_t sum = mask;
  std::size_t next = byte();
  for (; next == 0; next = byte())
    sum += 255;
  return sum + next;
}

void Unpacking::literals(std::size_t count) {
  if (count > in_.size() - at_ || count > out_.size() - done_) {
    is_bad_ = true;
    return;
  }
  std::ranges::copy(in_.subspan(at_, count),
                    out_.subspan(done_, count).begin());
  at_ += count;
  done_ += count;
}

// Byte by byte: what is copied may reach into what it makes.
void Unpacking::copy(std::size_t distance, std::size_t count) {
  if (distance > done_ || count > out_.size() - done_) {
    is_bad_ = true;
    return;
  }
  for (; count > 0; --count, ++done_)
    out_[done_] = out_[done_ - distance];
}

void Unpacking::end_of_copy(std::size_t literals_left) {
  std::size_t count = literals_left & 3;
  after_ = count == 0 ? After::no_literals : After::literals_of_copy;
  if (!is_bad_) literals(count);
}

void Unpacking::zeroes(std::size_t first, std::size_t low) {
  constexpr std::size_t shortest = 4;
  std::size_t count = ((first & 7) | byte() << 3) + shortest;
  if (count > out_.size() - done_) {
    is_bad_ = true;
    return;
  }
  std::ranges::fill(out_.subspan(done_, count), std::byte{});
  done_ += count;
  end_of_copy(low);
}

// First bytes below 16.
void Unpacking::small(std::size_t first) {
  if (after_ == After::no_literals) {
    literals(length(first, 15) + 3);
    after_ = After::run_of_literals;
    return;
  }
  std::size_t distance = (first >> 2) + (byte() << 2) + 1;
  if (after_ == After::run_of_literals) {
    copy(distance + 0x800, 3);
  } else {
    copy(distance, 2);
  }
  end_of_copy(first);
}

// First bytes from 16 to 31.
void Unpacking::far(std::size_t first) {
  constexpr std::size_t all_ones = 0xfffc;
  bool may_be_run = has_runs_ && (first & 0x18) == 0x18;
  if (may_be_run && in_.size() - at_ >= 3) {
    std::size_t low = load_unsigned(in_.subspan(at_, 2), std::endian::little);
    if ((low & all_ones) == all_ones) {
      at_ += 2;
      zeroes(first, low);
      return;
    }
  }
  std::size_t count = length(first, 7) + 2;
  std::size_t low = word();
  std::size_t distance = ((first & 8) << 11) + (low >> 2);
  if (distance == 0) {
    is_done_ = true;
    return;
  }
  copy(distance + 0x4000, count);
  end_of_copy(low);
}

void Unpacking::step() {
  std::size_t first = byte();
  if (is_bad_) return;
  if (first < 16) {
    small(first);
  } else if (first < 32) {
    far(first);
  } else if (first < 64) {
    std::size_t count = length(first, 31) + 2;
    std::size_t low = word();
    copy((low >> 2) + 1, count);
    end_of_copy(low);
  } else {
    std::size_t distance = ((first >> 2) & 7) + (byte() << 3) + 1;
    copy(distance, (first >> 5) + 1);
    end_of_copy(first);
  }
}

void Unpacking::start() {
  constexpr std::size_t marker = 17;
  if (in_.size() >= 5 && in_[0] == std::byte{marker}) {
    has_runs_ = in_[1] != std::byte{0};
    at_ = 2;
  }
  std::size_t first =
      at_ < in_.size() ? std::to_integer<std::size_t>(in_[at_]) : 0;
  if (first <= marker) return;
  ++at_;
  std::size_t count = first - marker;
  literals(count);
  after_ = count < 4 ? After::literals_of_copy : After::run_of_literals;
}

std::optional<std::size_t> Unpacking::run() {
  if (in_.size() < 3) return std::nullopt;
  start();
  while (!is_bad_ && !is_done_)
    step();
  if (is_bad_ || at_ != in_.size()) return std::nullopt;
  return done_;
}

}  // namespace

std::optional<std::size_t> unpack_lzo_rle(Bytes packed,
                                          std::span<std::byte> out) {
  return Unpacking(packed, out).run();
}

}  // namespace inquest
