// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/pattern.h"

#include <algorithm>
#include <tuple>

namespace inquest {
namespace {

// So many words are compared before anyone asks whether one was equal: without
// a branch in between, the compiler compares several at once.
constexpr std::size_t block_words = 64;

// 16 bytes of words, compared as any CPU can do it.
template <typename Lane>
struct Vector {
  using Type __attribute__((vector_size(16))) = Lane;
};

// Whether |size| bytes have a lane that is |value| where |compared| has bits.
template <typename Lane>
bool has_lane(const std::byte* from, std::size_t size, Lane value,
              Lane compared) {
  using Lanes = typename Vector<Lane>::Type;
  const Lanes values = Lanes{} + static_cast<Lane>(value & compared);
  const Lanes mask = Lanes{} + compared;
  Lanes equal = {};
  for (std::size_t at = 0; at < size; at += sizeof(Lanes)) {
    Lanes lanes;
    std::memcpy(&lanes, from + at, sizeof lanes);
    equal |= static_cast<Lanes>((lanes & mask) == values);
  }
  std::array<std::uint64_t, sizeof equal / 8> parts;
  std::memcpy(parts.data(), &equal, sizeof equal);
  return (parts[0] | parts[1]) != 0;
}

template <typename Word>
bool may_have(const std::byte* from, Word value, Word compared) {
  return has_lane(from, block_words * sizeof(Word), value, compared);
}

// Not every CPU compares 64 bits at once. Half of the word will do: the one
// that is less common in memory.
template <>
bool may_have(const std::byte* from, std::uint64_t value,
              std::uint64_t compared) {
  constexpr unsigned half = 32;
  bool is_upper = static_cast<std::uint32_t>(value & compared) == 0 &&
                  (value & compared) >> half != 0;
  unsigned shift = is_upper ? half : 0;
  return has_lane(from, block_words * sizeof value,
                  static_cast<std::uint32_t>(value >> shift),
                  static_cast<std::uint32_t>(compared >> shift));
}

// What is looked for, in words as they lie in memory.
template <typename Word>
struct WordSearch {
  std::vector<Word> values;
  Word compared = 0;

  void find(Bytes bytes, std::size_t limit,
            std::vector<Pattern::Match>& found) const {
    constexpr std::size_t block_size = block_words * sizeof(Word);
    std::size_t end = std::min(bytes.size() & ~(sizeof(Word) - 1), limit);
    std::size_t at = 0;
    for (; at + block_size <= end; at += block_size) {
      const std::byte* block = bytes.data() + at;
      bool any = std::ranges::any_of(
          values, [&](Word value) { return may_have(block, value, compared); });
      if (any) find_each(bytes, at, at + block_size, found);
    }
    find_each(bytes, at, end, found);
  }

  void find_each(Bytes bytes, std::size_t at, std::size_t end,
                 std::vector<Pattern::Match>& found) const {
    for (; at < end && at + sizeof(Word) <= bytes.size(); at += sizeof(Word)) {
      Word word;
      std::memcpy(&word, bytes.data() + at, sizeof(Word));
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (((word ^ values[i]) & compared) == 0) found.push_back({at, i});
      }
    }
  }
};

template <typename Word>
void find_words(const std::vector<std::uint64_t>& values, std::uint64_t ignored,
                Bytes bytes, std::size_t limit,
                std::vector<Pattern::Match>& found) {
  WordSearch<Word> search;
  for (std::uint64_t value : values)
    search.values.push_back(static_cast<Word>(value));
  search.compared = static_cast<Word>(~ignored);
  search.find(bytes, limit, found);
}

// Three bytes of a string, and how far they are behind its start.
struct Probe {
  explicit Probe(std::string_view string)
      : middle(string.size() / 2),
        last(string.size() - 1),
        bytes{static_cast<std::uint8_t>(string.front()),
              static_cast<std::uint8_t>(string[middle]),
              static_cast<std::uint8_t>(string.back())} {}

  // Whether any of the |block_words| places from |from| on has them all.
  bool is_near(const std::byte* from) const {
    const auto* at = reinterpret_cast<const std::uint8_t*>(from);
    std::uint8_t equal = 0;
    for (std::size_t i = 0; i < block_words; ++i) {
      const std::uint8_t first_is = at[i] == bytes[0];
      const std::uint8_t middle_is = at[i + middle] == bytes[1];
      const std::uint8_t last_is = at[i + last] == bytes[2];
      equal |= static_cast<std::uint8_t>(first_is & middle_is & last_is);
    }
    return equal != 0;
  }

  std::size_t middle, last;
  std::array<std::uint8_t, 3> bytes;
};

void find_string(std::string_view string, std::size_t which, Bytes bytes,
                 std::size_t limit, std::vector<Pattern::Match>& found) {
  if (string.empty() || string.size() > bytes.size()) return;
  std::size_t end = std::min(limit, bytes.size() - string.size() + 1);
  Probe probe(string);
  for (std::size_t at = 0; at < end; at += block_words) {
    bool is_whole = at + block_words <= end;
    if (is_whole && !probe.is_near(bytes.data() + at)) continue;
    for (std::size_t i = at; i < std::min(at + block_words, end); ++i) {
      if (std::memcmp(bytes.data() + i, string.data(), string.size()) == 0)
        found.push_back({i, which});
    }
  }
}

// |value| as the dump's CPU wrote it and this one would read it.
std::uint64_t as_stored(std::uint64_t value, unsigned width,
                        std::endian endian) {
  std::array<std::byte, 8> bytes = {};
  std::span<std::byte> used = std::span(bytes).first(width);
  store_unsigned(used, value, endian);
  return load_unsigned(used, std::endian::native);
}

}  // namespace

Pattern Pattern::words(unsigned width, const std::vector<std::uint64_t>& values,
                       std::uint64_t ignored, std::endian endian) {
  Pattern pattern;
  pattern.width_ = width;
  for (std::uint64_t value : values)
    pattern.values_.push_back(as_stored(value, width, endian));
  pattern.ignored_ = as_stored(ignored, width, endian);
  return pattern;
}

Pattern Pattern::strings(std::vector<std::string> strings) {
  Pattern pattern;
  pattern.strings_ = std::move(strings);
  return pattern;
}

std::size_t Pattern::longest() const {
  std::size_t longest = width_;
  for (const std::string& string : strings_)
    longest = std::max(longest, string.size());
  return longest;
}

void Pattern::find(Bytes bytes, std::size_t limit,
                   std::vector<Match>& found) const {
  switch (width_) {
    case 8:
      return find_words<std::uint64_t>(values_, ignored_, bytes, limit, found);
    case 4:
      return find_words<std::uint32_t>(values_, ignored_, bytes, limit, found);
    case 2:
      return find_words<std::uint16_t>(values_, ignored_, bytes, limit, found);
    default:
      break;
  }
  auto first = static_cast<std::ptrdiff_t>(found.size());
  for (std::size_t i = 0; i < strings_.size(); ++i)
    find_string(strings_[i], i, bytes, limit, found);
  if (strings_.size() > 1) {
    std::sort(found.begin() + first, found.end(),
              [](const Match& left, const Match& right) {
                return std::tie(left.offset, left.which) <
                       std::tie(right.offset, right.which);
              });
  }
}

}  // namespace inquest
