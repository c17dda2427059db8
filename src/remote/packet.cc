// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/packet.h"

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr char interrupt_byte = 3;
constexpr char escape = '}';
constexpr char escape_mask = 0x20;

bool needs_escape(char byte) {
  return byte == '#' || byte == '$' || byte == '}' || byte == '*';
}

unsigned sum_of(std::string_view payload) {
  unsigned sum = 0;
  for (char byte : payload)
    sum += static_cast<unsigned char>(byte);
  return sum & 0xff;
}

std::optional<unsigned> digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

std::optional<unsigned> byte_value(char high, char low) {
  auto first = digit_value(high);
  auto second = digit_value(low);
  if (!first || !second) return std::nullopt;
  return *first * 16 + *second;
}

}  // namespace

void PacketReader::feed(std::string_view bytes) {
  for (char byte : bytes)
    take(byte);
}

std::optional<Incoming> PacketReader::next() {
  if (found_.empty()) return std::nullopt;
  Incoming first = std::move(found_.front());
  found_.pop_front();
  return first;
}

void PacketReader::take(char byte) {
  switch (state_) {
    case State::between:
      take_between(byte);
      break;
    case State::payload:
      take_payload(byte);
      break;
    case State::first_digit:
      first_digit_ = byte;
      state_ = State::second_digit;
      break;
    case State::second_digit:
      finish(byte);
      break;
  }
}

void PacketReader::take_between(char byte) {
  if (byte == '$') {
    payload_.clear();
    is_too_long_ = false;
    state_ = State::payload;
  } else if (byte == '+') {
    found_.push_back({Incoming::Kind::acknowledged});
  } else if (byte == '-') {
    found_.push_back({Incoming::Kind::repeat});
  } else if (byte == interrupt_byte) {
    found_.push_back({Incoming::Kind::interrupt});
  }
}

void PacketReader::take_payload(char byte) {
  if (byte == '#') {
    state_ = State::first_digit;
  } else if (byte == '$') {  // the frame before it was cut off
    payload_.clear();
    is_too_long_ = false;
  } else if (payload_.size() < longest_packet) {
    payload_ += byte;
  } else {
    is_too_long_ = true;
  }
}

void PacketReader::finish(char digit) {
  state_ = State::between;
  bool is_good =
      !is_too_long_ && byte_value(first_digit_, digit) == sum_of(payload_);
  if (is_good) {
    found_.push_back({Incoming::Kind::packet, std::move(payload_)});
  } else {
    found_.push_back({Incoming::Kind::damaged});
  }
  payload_ = {};
}

std::string framed(std::string_view payload) {
  return fmt::format("${}#{:02x}", payload, sum_of(payload));
}

std::string escaped(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (char byte : bytes) {
    if (needs_escape(byte)) {
      text += escape;
      byte = static_cast<char>(byte ^ escape_mask);
    }
    text += byte;
  }
  return text;
}

std::size_t fitting(std::string_view bytes, std::size_t limit) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    used += needs_escape(bytes[i]) ? 2 : 1;
    if (used > limit) return i;
  }
  return bytes.size();
}

std::string to_hex(Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte >> 4)];
    text += digits[std::to_integer<unsigned>(byte & std::byte{0xf})];
  }
  return text;
}

std::string to_hex(std::string_view text) {
  return to_hex(as_bytes(text));
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string text;
  text.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    auto value = byte_value(digits[i], digits[i + 1]);
    if (!value) return std::nullopt;
    text += static_cast<char>(*value);
  }
  return text;
}

}  // namespace inquest
