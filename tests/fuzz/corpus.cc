// SPDX-License-Identifier: GPL-3.0-or-later
// usage: fuzz_corpus --list
//        fuzz_corpus --seeds FOLDER         writes FOLDER/TARGET/N
//        fuzz_corpus TARGET                 runs its seeds and mutations
//        fuzz_corpus TARGET FILE...         runs these inputs

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "fuzz/target.h"
#include "random.h"

namespace inquest::test {
namespace {

// In all of a target, whatever the number of its seeds.
constexpr std::size_t all_mutations = 600;

void change(Input& input, Random& random) {
  constexpr std::uint64_t extremes[] = {
      0,          1,          0x7f,       0xff,        0xffff,     0x7fffffff,
      0x80000000, 0xffffffff, ~0ULL >> 1, ~0ULL << 63, ~0ULL << 4, ~0ULL};
  std::size_t at = random.below(input.size());
  // Most formats have their headers in front.
  if (random.below(2) == 0) at %= 256;
  std::size_t size = std::size_t{1} << random.below(4);
  std::span<std::byte> rest = std::span(input).subspan(at);
  if (size > rest.size()) size = 1;
  switch (random.below(8)) {
    case 0:
      input.resize(at);
      break;
    case 1:
      input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), size,
                   rest.front());
      break;
    case 2:
    case 3:
      rest.front() ^= std::byte(1U << random.below(8));
      break;
    default:
      store_unsigned(
          rest.first(size), extremes[random.below(12)],
          random.below(4) == 0 ? std::endian::big : std::endian::little);
  }
}

Input mutated(Input input, std::uint64_t number) {
  Random random(number);
  std::uint64_t changes = 1 + random.below(3);
  for (std::uint64_t i = 0; i < changes && !input.empty(); ++i)
    change(input, random);
  return input;
}

std::size_t run_corpus(const FuzzTarget& target) {
  std::vector<Input> seeds = target.seeds();
  std::size_t mutations = all_mutations / seeds.size() + 1;
  for (const Input& seed : seeds) {
    target.run(seed);
    for (std::size_t i = 0; i < mutations; ++i)
      target.run(mutated(seed, i));
  }
  return seeds.size() * (mutations + 1);
}

Input contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return to_input(text);
}

void write_seeds(const FuzzTarget& target, std::filesystem::path folder) {
  folder /= target.name;
  std::filesystem::create_directories(folder);
  std::size_t number = 0;
  for (const Input& seed : target.seeds()) {
    std::ofstream file(folder / std::to_string(++number), std::ios::binary);
    file << as_text(seed);
  }
}

int run(std::span<const std::string> words) {
  if (words.size() == 1 && words[0] == "--list") {
    for (const FuzzTarget& target : fuzz_targets())
      std::cout << target.name << '\n';
    return 0;
  }
  if (words.size() == 2 && words[0] == "--seeds") {
    for (const FuzzTarget& target : fuzz_targets())
      write_seeds(target, words[1]);
    return 0;
  }
  const FuzzTarget* target = words.empty() ? nullptr : fuzz_target(words[0]);
  if (target == nullptr) {
    std::cerr << "usage: fuzz_corpus --list | --seeds FOLDER | "
                 "TARGET [FILE...]\n";
    return 2;
  }
  for (const std::string& file : words.subspan(1))
    target->run(contents(file));
  if (words.size() == 1)
    std::cout << target->name << ": " << run_corpus(*target) << " inputs\n";
  return 0;
}

}  // namespace
}  // namespace inquest::test

int main(int count, char** words) {
  std::vector<std::string> all(words + 1, words + count);
  return inquest::test::run(all);
}
