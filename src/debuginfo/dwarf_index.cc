// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/dwarf_index.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/mapped_file.h"

namespace inquest {
namespace {

// The format's version is part of the cache file's name as well: an older
// program never meets a newer file.
constexpr std::uint32_t format_version = 1;
constexpr std::uint64_t magic = 0x0178'6574'7371'6e69;  // "inqstex\1"

// Written and read as it lies in memory: a foreign byte order turns the magic
// number round and is rejected with it.
struct Header {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t units = 0;
  std::uint32_t signatures = 0;
  std::uint32_t entries = 0;
  std::uint64_t info = 0, types = 0, abbrev = 0, strings = 0;
  std::array<char, 64> build_id{};
  std::uint64_t checksum = 0;  // of everything, this being 0
};
static_assert(sizeof(Header) % 8 == 0);
static_assert(sizeof(DwarfEntry) == 16 && sizeof(DwarfSignature) == 16);

// Four sums in turn, so that the processor works on them side by side.
std::uint64_t checksum(Bytes bytes) {
  constexpr std::uint64_t prime = 0x9e37'79b9'7f4a'7c15;
  std::array<std::uint64_t, 4> sums = {1, 2, 3, 4};
  std::size_t at = 0;
  for (; bytes.size() - at >= 32; at += 32) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + at + 8 * lane, 8);
      sums[lane] = (std::rotl(sums[lane], 29) ^ word) * prime;
    }
  }
  std::uint64_t total = bytes.size();
  for (; at < bytes.size(); ++at) {
    total = (total ^ std::to_integer<std::uint64_t>(bytes[at])) * prime;
  }
  for (std::uint64_t sum : sums)
    total = (std::rotl(total, 31) ^ sum) * prime;
  return total ^ (total >> 32);
}

std::uint64_t checksum_of(const Header& header, Bytes rest) {
  Header blank = header;
  blank.checksum = 0;
  return checksum(std::as_bytes(std::span(&blank, 1))) ^
         std::rotl(checksum(rest), 1);
}

// Arrays lie one after the other, each starting at a multiple of 8.
struct Layout {
  std::uint64_t units = sizeof(Header);
  std::uint64_t signatures = 0, entries = 0, end = 0;

  explicit Layout(const Header& header) {
    signatures = (units + 4 * std::uint64_t(header.units) + 7) & ~7ULL;
    entries = signatures + sizeof(DwarfSignature) * header.signatures;
    end = entries + sizeof(DwarfEntry) * header.entries;
  }
};

Header blank_header(const DwarfIdentity& identity) {
  Header header;
  header.magic = magic;
  header.version = format_version;
  header.info = identity.info;
  header.types = identity.types;
  header.abbrev = identity.abbrev;
  header.strings = identity.strings;
  std::size_t size = std::min(identity.build_id.size(), header.build_id.size());
  std::copy_n(identity.build_id.begin(), size, header.build_id.begin());
  return header;
}

Error unusable(std::string_view why) {
  return Error(ErrorKind::corrupt, fmt::format("index file: {}", why));
}

std::filesystem::path cache_file(const std::filesystem::path& folder,
                                 const DwarfIdentity& identity) {
  return folder / "index" /
         fmt::format("{}.v{}", identity.build_id, format_version);
}

bool write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

template <typename T>
std::span<const T> array_at(Bytes bytes, std::uint64_t at, std::size_t count) {
  return {reinterpret_cast<const T*>(bytes.data() + at), count};
}

}  // namespace

std::uint32_t dwarf_name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

std::string_view dwarf_entry_name(const DwarfSections& sections,
                                  const DwarfEntry& entry) {
  Bytes text = sections.strings;
  std::uint64_t offset = entry.name;
  if (entry.is_inline && offset < sections.info.size()) {
    text = sections.info;
  } else if (entry.is_inline) {
    text = sections.types;
    offset -= sections.info.size();
  }
  DwarfCursor cursor(text, offset, sections.endian);
  return cursor.c_string();
}

DwarfIndex::DwarfIndex(const DwarfIdentity& identity,
                       const DwarfIndexParts& parts) {
  Header header = blank_header(identity);
  header.units = static_cast<std::uint32_t>(parts.units.size());
  header.signatures = static_cast<std::uint32_t>(parts.signatures.size());
  header.entries = static_cast<std::uint32_t>(parts.entries.size());
  Layout layout(header);
  own_.resize(layout.end / 8);
  auto bytes = std::as_writable_bytes(std::span(own_));
  auto put = [&](std::uint64_t at, Bytes what) {
    std::copy(what.begin(), what.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(layout.units, std::as_bytes(std::span(parts.units)));
  put(layout.signatures, std::as_bytes(std::span(parts.signatures)));
  put(layout.entries, std::as_bytes(std::span(parts.entries)));
  header.checksum = checksum_of(header, bytes.subspan(sizeof(Header)));
  put(0, std::as_bytes(std::span(&header, 1)));
  take(bytes);
}

Result<std::shared_ptr<const DwarfIndex>> DwarfIndex::open(
    Bytes bytes, const DwarfIdentity& identity,
    std::shared_ptr<const void> keeps) {
  Header header;
  if (bytes.size() < sizeof(header)) return unusable("too short");
  std::memcpy(&header, bytes.data(), sizeof(header));
  Header wanted = blank_header(identity);
  wanted.units = header.units;
  wanted.signatures = header.signatures;
  wanted.entries = header.entries;
  wanted.checksum = header.checksum;
  if (std::memcmp(&header, &wanted, sizeof(header)) != 0) {
    return unusable("made from another file or by another version");
  }
  if (Layout(header).end != bytes.size()) return unusable("size is wrong");
  if (checksum_of(header, bytes.subspan(sizeof(header))) != header.checksum) {
    return unusable("damaged");
  }
  std::shared_ptr<DwarfIndex> index(new DwarfIndex);
  index->keeps_ = std::move(keeps);
  index->take(bytes);
  return std::shared_ptr<const DwarfIndex>(index);
}

void DwarfIndex::take(Bytes bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  Layout layout(header);
  bytes_ = bytes;
  units_ = array_at<std::uint32_t>(bytes, layout.units, header.units);
  signatures_ =
      array_at<DwarfSignature>(bytes, layout.signatures, header.signatures);
  entries_ = array_at<DwarfEntry>(bytes, layout.entries, header.entries);
}

std::span<const DwarfEntry> DwarfIndex::find(std::string_view name) const {
  struct ByHash {
    bool operator()(const DwarfEntry& a, std::uint32_t b) const {
      return a.hash < b;
    }
    bool operator()(std::uint32_t a, const DwarfEntry& b) const {
      return a < b.hash;
    }
  };
  auto [first, last] = std::equal_range(entries_.begin(), entries_.end(),
                                        dwarf_name_hash(name), ByHash());
  return {first, last};
}

Result<std::uint64_t> DwarfIndex::unit_of(std::uint64_t die) const {
  auto behind = std::upper_bound(units_.begin(), units_.end(), die);
  if (behind == units_.begin()) {
    return Error(ErrorKind::not_found,
                 fmt::format("no DWARF unit holds {:#x}", die));
  }
  return std::uint64_t(*std::prev(behind));
}

std::optional<std::uint64_t> DwarfIndex::signed_type(
    std::uint64_t signature) const {
  auto found =
      std::lower_bound(signatures_.begin(), signatures_.end(), signature,
                       [](const DwarfSignature& one, std::uint64_t wanted) {
                         return one.signature < wanted;
                       });
  if (found == signatures_.end() || found->signature != signature) return {};
  return found->die;
}

DwarfIdentity dwarf_identity(const ElfFile& file,
                             const DwarfSections& sections) {
  return {.build_id = file.build_id(),
          .info = sections.info.size(),
          .types = sections.types.size(),
          .abbrev = sections.abbrev.size(),
          .strings = sections.strings.size()};
}

Result<std::shared_ptr<const DwarfIndex>> cached_index(
    const std::filesystem::path& folder, const DwarfIdentity& identity) {
  if (folder.empty() || identity.build_id.empty()) {
    return Error(ErrorKind::not_found, "index files are not kept");
  }
  auto file = TRY(MappedFile::open(cache_file(folder, identity)));
  return DwarfIndex::open(file->bytes(), identity, file);
}

void cache_index(const std::filesystem::path& folder,
                 const DwarfIdentity& identity, const DwarfIndex& index) {
  if (folder.empty() || identity.build_id.empty()) return;
  std::filesystem::path path = cache_file(folder, identity);
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) return;
  std::string part = path.string() + ".XXXXXX";
  int descriptor = mkostemp(part.data(), O_CLOEXEC);
  if (descriptor < 0) return;
  bool is_whole = write_all(descriptor, index.bytes());
  is_whole &= close(descriptor) == 0;
  if (is_whole) is_whole = std::rename(part.c_str(), path.c_str()) == 0;
  if (!is_whole) unlink(part.c_str());
}

}  // namespace inquest
