// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/scalar_text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace inquest {
namespace {

std::string escaped(unsigned char c, char quote) {
  constexpr std::string_view names = "abtnvfr";
  if (c >= 7 && c <= 13) return {'\\', names[c - 7U]};
  if (c == static_cast<unsigned char>(quote) || c == '\\') {
    return {'\\', static_cast<char>(c)};
  }
  if (c >= 32 && c < 127) return {static_cast<char>(c)};
  return fmt::format("\\{:03o}", c);
}

// One quoted stretch or a run, joined with ", " to what is there.
class StringText {
 public:
  explicit StringText(unsigned repeats) : repeats_(repeats) {}

  std::string run(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t length = utf8_length(text.substr(at));
      if (length > 1) {
        open();
        out_ += text.substr(at, length);
        at += length;
        continue;
      }
      std::size_t end = text.find_first_not_of(text[at], at);
      std::size_t count = std::min(end, text.size()) - at;
      auto c = static_cast<unsigned char>(text[at]);
      if (repeats_ != 0 && count >= repeats_) {
        run_of(c, count);
      } else {
        for (std::size_t i = 0; i < count; ++i)
          plain(c);
      }
      at += count;
    }
    close();
    return out_.empty() ? "\"\"" : out_;
  }

 private:
  void close() {
    if (is_open_) out_ += '"';
    is_open_ = false;
  }
  void open() {
    if (!is_open_) out_ += out_.empty() ? "\"" : ", \"";
    is_open_ = true;
  }
  void plain(unsigned char c) {
    open();
    out_ += escaped(c, '"');
  }
  void run_of(unsigned char c, std::size_t count) {
    close();
    if (!out_.empty()) out_ += ", ";
    out_ += fmt::format("{} <repeats {} times>", character_text(c), count);
  }

  unsigned repeats_;
  std::string out_;
  bool is_open_ = false;
};

// An x87 number: 64 bits of fraction, 15 of exponent, a sign.
double extended(Bytes bytes, std::endian endian) {
  bool is_little = endian == std::endian::little;
  std::uint64_t fraction =
      load_unsigned(is_little ? bytes.first(8) : bytes.subspan(2, 8), endian);
  std::uint64_t top =
      load_unsigned(is_little ? bytes.subspan(8, 2) : bytes.first(2), endian);
  int exponent = static_cast<int>(top & 0x7fff) - 16383 - 63;
  double value = std::ldexp(static_cast<double>(fraction), exponent);
  return (top & 0x8000) != 0 ? -value : value;
}

std::string real_text(double value, int digits) {
  if (std::isnan(value)) {
    return fmt::format(
        "{}nan(0x{:x})", std::signbit(value) ? "-" : "",
        std::bit_cast<std::uint64_t>(value) & ((std::uint64_t{1} << 52) - 1));
  }
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return fmt::format("{:.{}g}", value, digits);
}

}  // namespace

std::string character_text(unsigned char c) {
  return "'" + escaped(c, '\'') + "'";
}

std::string string_text(std::string_view text, unsigned repeats) {
  return StringText(repeats).run(text);
}

std::string number_text(std::uint64_t value, const NumberShape& shape,
                        char format, unsigned radix) {
  std::uint64_t mask = shape.bits >= 64 ? ~std::uint64_t{0}
                                        : (std::uint64_t{1} << shape.bits) - 1;
  std::uint64_t cut = value & mask;
  std::int64_t number = sign_extend(
      cut, static_cast<unsigned>(std::min<std::uint64_t>(shape.bits, 64)));
  if (format == 0 && radix == 16) format = 'x';
  switch (format) {
    case 'x':
      return fmt::format("{:#x}", cut);
    case 'z':
      return fmt::format("0x{:0{}x}", cut, (shape.bits + 3) / 4);
    case 'o':
      return cut == 0 ? "0" : fmt::format("0{:o}", cut);
    case 't':
      return fmt::format("{:b}", cut);
    case 'd':
      return fmt::format("{}", number);
    case 'u':
      return fmt::format("{}", cut);
    default:
      break;
  }
  std::string text =
      shape.is_signed ? fmt::format("{}", number) : fmt::format("{}", cut);
  if (!shape.is_char && format != 'c') return text;
  return text + " " + character_text(static_cast<unsigned char>(cut & 0xff));
}

std::string floating_text(Bytes bytes, std::endian endian) {
  switch (bytes.size()) {
    case 4: {
      auto raw = static_cast<std::uint32_t>(load_unsigned(bytes, endian));
      return real_text(static_cast<double>(std::bit_cast<float>(raw)), 9);
    }
    case 8:
      return real_text(std::bit_cast<double>(load_unsigned(bytes, endian)), 17);
    case 10:
    case 12:
    case 16:
      return real_text(extended(bytes, endian), 18);
    default:
      return fmt::format("<{}-byte floating point>", bytes.size());
  }
}

std::string wide_text(Bytes bytes, std::endian endian, bool is_signed,
                      bool is_hex) {
  std::vector<std::byte> all(bytes.begin(), bytes.end());
  if (endian == std::endian::little) std::reverse(all.begin(), all.end());
  bool is_negative = is_signed && !is_hex && !all.empty() &&
                     (all[0] & std::byte{0x80}) != std::byte{0};
  if (is_negative) {
    unsigned carry = 1;
    for (std::size_t i = all.size(); i-- > 0;) {
      unsigned sum = std::to_integer<unsigned>(~all[i]) + carry;
      all[i] = std::byte(sum & 0xff);
      carry = sum >> 8;
    }
  }
  unsigned base = is_hex ? 16 : 10;
  std::string digits;
  for (bool is_zero = false; !is_zero;) {
    is_zero = true;
    unsigned rest = 0;
    for (std::byte& byte : all) {
      unsigned now = rest << 8 | std::to_integer<unsigned>(byte);
      byte = std::byte(now / base);
      rest = now % base;
      is_zero = is_zero && byte == std::byte{0};
    }
    digits += "0123456789abcdef"[rest];
  }
  std::reverse(digits.begin(), digits.end());
  return (is_negative ? "-" : is_hex ? "0x" : "") + digits;
}

}  // namespace inquest
