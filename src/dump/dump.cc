// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/dump.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "dump/data_source.h"
#include "dump/formats.h"

namespace inquest {
namespace {

constexpr std::array<const DumpFormat*, 2> formats = {&kdump_format,
                                                      &elf_format};

const DumpFormat* format_of(const DataSource& file) {
  for (const DumpFormat* format : formats) {
    if (format->probe(file)) return format;
  }
  return nullptr;
}

// The first bytes of a file, enough for every probe.
class FileStart : public DataSource {
 public:
  FileStart(const std::filesystem::path& path, Bytes start)
      : DataSource(path), start_(start) {}

  std::uint64_t size() const override { return start_.size(); }
  std::uint64_t stored_size() const override { return start_.size(); }
  Result<void> read(FileOffset from, std::span<std::byte> out) const override {
    Bytes bytes = TRY(slice(start_, from.value, out.size(), "file"));
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return {};
  }

 private:
  Bytes start_;
};

// All of |files| when they are raw RAM, none when not all are.
std::vector<RawPart> raw_parts(std::span<const std::filesystem::path> files) {
  std::vector<RawPart> parts;
  for (const std::filesystem::path& file : files) {
    auto part = raw_part(file.native());
    if (!part) return {};
    parts.push_back(std::move(*part));
  }
  return parts;
}

}  // namespace

PhysAddress Dump::memory_end() const {
  PhysAddress end;
  for (const PhysRange& range : ranges())
    end = std::max(end, range.start + range.size);
  return end;
}

void Dump::read_run(PhysAddress from, std::span<std::byte> out,
                    std::span<Unit> units) const {
  for (Unit& unit : units) {
    unit = Unit::missing;
    if (has_page(from)) {
      auto done = read(from, out.first(scan_unit));
      bool is_missing = !done && done.error().kind() == ErrorKind::fault;
      if (!is_missing) unit = done ? Unit::read : Unit::damaged;
    }
    out = out.subspan(scan_unit);
    from = from + scan_unit;
  }
}

Result<void> Dump::write(PhysAddress /*to*/, Bytes /*bytes*/) const {
  return Error(ErrorKind::unsupported, "not allowed on dumpfiles");
}

Result<std::unique_ptr<Dump>> open_dump(
    std::span<const std::filesystem::path> files) {
  auto raw = raw_parts(files);
  if (!raw.empty()) return open_raw(raw);
  std::vector<std::shared_ptr<const DataSource>> sources;
  const DumpFormat* format = nullptr;
  for (const std::filesystem::path& path : files) {
    auto source = TRY(open_data_source(path));
    const DumpFormat* found = format_of(*source);
    if (!found) {
      return Error(ErrorKind::unsupported,
                   fmt::format("{}: not a supported dump: neither an ELF core "
                               "nor kdump-compressed",
                               path.string()));
    }
    if (format && found != format) {
      return Error(ErrorKind::unsupported,
                   fmt::format("{}: {}, but {} is {}: not parts of one dump",
                               path.string(), found->name,
                               files.front().string(), format->name));
    }
    format = found;
    sources.push_back(std::move(source));
  }
  if (!format) return Error(ErrorKind::usage, "no dump file given");
  return format->open(std::move(sources));
}

bool is_dump(const std::filesystem::path& file) {
  auto mapped = MappedFile::open_to_read(file);
  if (!mapped) return false;
  std::array<std::byte, 512> start = {};
  std::uint64_t size = std::min<std::uint64_t>((*mapped)->size(), 512);
  if (!(*mapped)->read(FileOffset{0}, std::span(start).first(size))) {
    return false;
  }
  Bytes bytes = Bytes(start).first(size);
  if (is_flattened_file(bytes)) return true;
  return format_of(FileStart(file, bytes)) != nullptr;
}

}  // namespace inquest
