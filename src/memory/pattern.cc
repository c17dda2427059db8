// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/pattern.h"

#include <algorithm>
#include <tuple>

namespace inquest {
namespace {

// So many words are compared before anyone asks whether one was equal: without
// a branch in between, the compiler compares several at once.
constexpr std::size_t block_words = 64;

template <typename Word>
bool has_any(const std::byte* from, Word value, Word compared) {
  Word equal = 0;
  for (std::size_t i = 0; i < block_words; ++i) {
    Word word;
    std::memcpy(&word, from + i * sizeof(Word), sizeof(Word));
    equal |= static_cast<Word>(((word ^ value) & compared) == 0);
  }
  return equal != 0;
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
          values, [&](Word value) { return has_any(block, value, compared); });
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

void find_string(std::string_view string, std::size_t which, Bytes bytes,
                 std::size_t limit, std::vector<Pattern::Match>& found) {
  if (string.empty()) return;
  std::size_t at = 0;
  while (at < limit && at < bytes.size()) {
    const void* hit = memmem(bytes.data() + at, bytes.size() - at,
                             string.data(), string.size());
    if (hit == nullptr) return;
    at = static_cast<std::size_t>(static_cast<const std::byte*>(hit) -
                                  bytes.data());
    if (at >= limit) return;
    found.push_back({at, which});
    ++at;
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

Pattern Pattern::words(unsigned width, std::vector<std::uint64_t> values,
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
