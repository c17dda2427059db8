// SPDX-License-Identifier: GPL-3.0-or-later
// The frames of gdb's remote serial protocol: $PAYLOAD#CC, where CC is the sum
// of the payload's bytes in hexadecimal, between them single bytes: + and -
// acknowledge a frame or ask for it again, 0x03 is the user's Ctrl-C.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace inquest {

// The longest payload that either side may send, as qSupported tells.
constexpr std::size_t longest_packet = 0x20000;

struct Incoming {
  enum class Kind {
    packet,        // |payload|
    damaged,       // a frame whose sum is wrong, or that is too long
    acknowledged,  // +
    repeat,        // -
    interrupt,     // 0x03
  };
  Kind kind = Kind::packet;
  std::string payload = {};
};

// Finds frames in a stream that may be cut anywhere and hold anything. Keeps
// no more than one frame's bytes, besides what was found.
class PacketReader {
 public:
  void feed(std::string_view bytes);
  std::optional<Incoming> next();

 private:
  enum class State { between, payload, first_digit, second_digit };

  void take(char byte);
  void take_between(char byte);
  void take_payload(char byte);
  void finish(char digit);

  State state_ = State::between;
  std::string payload_;
  bool is_too_long_ = false;
  char first_digit_ = '0';
  std::deque<Incoming> found_;
};

// |payload| as a frame. It must not hold # $ } * but as escaped() makes them.
std::string framed(std::string_view payload);
// Any bytes as part of a payload.
std::string escaped(std::string_view bytes);
// How many bytes of |bytes| fit into |limit| when escaped.
std::size_t fitting(std::string_view bytes, std::size_t limit);

std::string to_hex(Bytes bytes);
std::string to_hex(std::string_view text);
// The text behind pairs of hexadecimal digits; nothing for anything else.
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace inquest
