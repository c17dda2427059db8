// SPDX-License-Identifier: GPL-3.0-or-later
//
// Raw RAM: files that hold memory and nothing else. Where it was in the machine
// is said by the user: "file@address". It says nothing of the machine, so all
// of that is found in the memory itself.

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "dump/formats.h"
#include "dump/plain_memory.h"

namespace inquest {
namespace {

Result<PlainMemory::Piece> piece_of(const RawPart& part) {
  auto file = TRY(MemoryFile::open(part.file));
  constexpr std::uint64_t most = std::uint64_t{1} << 52;  // of any CPU
  if (file->size() == 0 || file->size() > most) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{}: a size of {} is not that of memory",
                             part.file.string(), file->size()));
  }
  if (part.start.value > most - file->size()) {
    return Error(ErrorKind::usage,
                 fmt::format("{}@{:x}: there is no such physical address",
                             part.file.string(), part.start.value));
  }
  return PlainMemory::Piece{
      file, FileOffset{0}, {part.start, file->size(), std::nullopt}};
}

Result<void> check_overlaps(const std::vector<PlainMemory::Piece>& pieces) {
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const PlainMemory::Piece& before = pieces[i - 1];
    if (pieces[i].range.start - before.range.start >= before.range.size) {
      continue;
    }
    return Error(ErrorKind::usage,
                 fmt::format("{} reaches up to {:x}, but {} begins at {:x}",
                             before.file->path().string(),
                             (before.range.start + before.range.size).value,
                             pieces[i].file->path().string(),
                             pieces[i].range.start.value));
  }
  return {};
}

}  // namespace

std::optional<RawPart> raw_part(std::string_view name) {
  constexpr std::string_view mark = "live:";
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return std::nullopt;
  RawPart part;
  part.is_live = name.starts_with(mark);
  if (part.is_live) name.remove_prefix(mark.size());
  std::size_t at = name.rfind('@');
  if (at == 0 || at == std::string_view::npos) return std::nullopt;
  auto start = parse_hex(name.substr(at + 1));
  if (!start) return std::nullopt;
  part.file = name.substr(0, at);
  part.start = {*start};
  return part;
}

Result<std::unique_ptr<Dump>> open_raw(std::span<const RawPart> parts) {
  std::vector<PlainMemory::Piece> pieces;
  DumpInfo info;
  info.format = "raw RAM";
  if (parts.size() > PlainMemory::most_pieces) {
    return Error(ErrorKind::unsupported, "too many files of raw RAM");
  }
  for (const RawPart& part : parts) {
    pieces.push_back(TRY(piece_of(part)));
    info.files.push_back(part.file);
    info.is_live = info.is_live || part.is_live;
  }
  std::ranges::sort(pieces, {}, [](const PlainMemory::Piece& piece) {
    return piece.range.start;
  });
  TRY(check_overlaps(pieces));
  return std::unique_ptr<Dump>(
      std::make_unique<PlainMemory>(std::move(info), std::move(pieces)));
}

}  // namespace inquest
