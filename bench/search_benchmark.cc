// SPDX-License-Identifier: GPL-3.0-or-later
//
// How fast memory is searched, beside what the machine can do at all: reading
// the same file, and unpacking the same pages, on all cores without anything
// else. Dumps of INQUEST_BENCH_MIB (512) MiB of made-up memory are written once
// into $XDG_CACHE_HOME/inquest/bench; INQUEST_BENCH_DUMP names another one to
// search.
//
//   cmake --build --preset release --target search_benchmark
//   build/release/bench/search_benchmark

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "dump/compress.h"
#include "dumps/test_dump.h"
#include "memory/search.h"

namespace inquest {
namespace {

using test::DumpKind;
using test::DumpShape;

constexpr std::uint64_t page_size = 4096;
constexpr std::uint64_t needle = 0xfeedfacecafebeef;

std::uint64_t wanted_pages() {
  const char* mib = std::getenv("INQUEST_BENCH_MIB");
  return (mib ? std::strtoull(mib, nullptr, 10) : 512) * 256;
}

std::filesystem::path folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path path =
      cache ? cache : std::filesystem::path(home ? home : ".") / ".cache";
  path /= "inquest/bench";
  std::filesystem::create_directories(path);
  return path;
}

// As compressible as a kernel's memory: pointers that share their upper half,
// small numbers, text, and some noise.
test::Content made_up_page(std::uint64_t seed) {
  test::Content page(page_size);
  std::uint64_t random = seed * 0x9e3779b97f4a7c15 + 1;
  for (std::size_t at = 0; at < page_size; at += 8) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    std::uint64_t word = 0xffff888000000000 | (random & 0xffffff8);
    if (random >> 60 < 9) word = 0;
    if (random >> 60 == 9) word = random & 0xff;
    if (random >> 60 == 10) word = 0x2e65722073692074;
    if (random >> 60 == 11) word = random;
    store_unsigned(std::span(page).subspan(at, 8), word, std::endian::little);
  }
  return page;
}

std::filesystem::path made_up_dump(const DumpShape& shape) {
  std::uint64_t count = wanted_pages();
  auto path = folder() / fmt::format("{}-{}", shape.name(), count);
  if (std::filesystem::exists(path)) return path;
  test::Machine machine = test::parse_machine("machine = x86_64\n");
  for (std::uint64_t page = 1; page <= count; ++page)
    machine.pages[page] = made_up_page(page);
  test::Content content = test::dump_files(machine, shape).front();
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  return path;
}

std::shared_ptr<const Dump> opened(const std::filesystem::path& path) {
  auto dump = open_dump(std::array{path});
  if (!dump) throw std::runtime_error(dump.error().message());
  return std::move(dump).value();
}

std::filesystem::path chosen_dump(const DumpShape& shape) {
  const char* given = std::getenv("INQUEST_BENCH_DUMP");
  return given ? std::filesystem::path(given) : made_up_dump(shape);
}

Generator<Extent> memory_of(const Dump& dump) {
  for (const PhysRange& range : dump.ranges())
    co_yield Extent{Address{range.start.value}, range.start, range.size};
}

void measure_search(benchmark::State& state, const DumpShape& shape,
                    const Pattern& pattern) {
  PhysicalMemory memory(opened(chosen_dump(shape)));
  std::uint64_t searched = 0;
  for (auto _ : state) {
    auto totals = search(
        {.memory = memory,
         .pattern = pattern,
         .bounds = {Address{0}, Address{~std::uint64_t{0}}},
         .on_hit =
             [](const SearchHit& hit) {
               benchmark::DoNotOptimize(hit.at.value);
             }},
        dumped_extents(memory_of(memory.dump()), memory.dump().ranges()));
    searched += totals.searched;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(searched));
}

// What |work| does with each of |count| pieces, all cores taking part.
void on_all_cores(std::uint64_t count,
                  const std::function<void(std::uint64_t)>& work) {
  std::atomic<std::uint64_t> next = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t piece = next++; piece < count; piece = next++)
        work(piece);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

// The file read from the page cache, each byte looked at once.
void measure_reading(benchmark::State& state) {
  auto path = chosen_dump({.kind = DumpKind::elf});
  constexpr std::uint64_t piece = 1 << 20;
  std::uint64_t count = std::filesystem::file_size(path) / piece;
  for (auto _ : state) {
    on_all_cores(count, [&](std::uint64_t i) {
      thread_local std::ifstream file(path, std::ios::binary);
      thread_local std::vector<std::uint64_t> words(piece / 8);
      file.seekg(static_cast<std::streamoff>(i * piece));
      file.read(reinterpret_cast<char*>(words.data()), piece);
      std::uint64_t sum = 0;
      for (std::uint64_t word : words)
        sum ^= word;
      benchmark::DoNotOptimize(sum);
    });
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(
      count * piece * static_cast<std::uint64_t>(state.iterations())));
}

// The made-up pages, packed, in memory.
void measure_unpacking(benchmark::State& state, Compression method) {
  constexpr std::uint64_t kept = 4096;
  std::vector<test::Content> packed;
  for (std::uint64_t page = 1; page <= kept; ++page)
    packed.push_back(test::compress(method, made_up_page(page)));
  constexpr std::uint64_t per_piece = 64;
  for (auto _ : state) {
    on_all_cores(wanted_pages() / per_piece, [&](std::uint64_t piece) {
      std::array<std::byte, page_size> page;
      for (std::uint64_t i = 0; i < per_piece; ++i) {
        const test::Content& from = packed[(piece * per_piece + i) % kept];
        bool done = decompress(method, from, page).has_value();
        benchmark::DoNotOptimize(done);
      }
    });
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(
      wanted_pages() * page_size *
      static_cast<std::uint64_t>(state.iterations())));
}

Pattern words(unsigned width, std::vector<std::uint64_t> values,
              std::uint64_t ignored) {
  return Pattern::words(width, std::move(values), ignored, std::endian::little);
}

template <typename Function, typename... Arguments>
void add(const std::string& name, Function function, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

void add_all() {
  DumpShape elf{.kind = DumpKind::elf};
  add("read/elf", measure_reading);
  add("search/elf/64-bit", measure_search, elf, words(8, {needle}, 0));
  add("search/elf/32-bit", measure_search, elf, words(4, {0xfeedface}, 0));
  add("search/elf/16-bit", measure_search, elf, words(2, {0xfeed}, 0));
  add("search/elf/masked", measure_search, elf, words(8, {needle}, 0xfff));
  add("search/elf/4 values", measure_search, elf,
      words(8, {needle, needle + 1, needle + 2, needle + 3}, 0));
  add("search/elf/string", measure_search, elf,
      Pattern::strings({"needle-in-haystack"}));
  for (Compression method : {Compression::zlib, Compression::lzo,
                             Compression::snappy, Compression::zstd}) {
    DumpShape shape{.compression = method};
    add("unpack/" + shape.name(), measure_unpacking, method);
    add("search/" + shape.name(), measure_search, shape, words(8, {needle}, 0));
  }
}

}  // namespace
}  // namespace inquest

int main(int argc, char** argv) {
  inquest::add_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
