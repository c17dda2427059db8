// SPDX-License-Identifier: GPL-3.0-or-later
#include "dumps/test_dump.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "dumps/writer.h"

namespace inquest::test {

namespace {

std::string elf_name(const DumpShape& shape) {
  std::string name = shape.is_64 ? "elf64" : "elf32";
  if (shape.has_extended_count) name += "_xnum";
  return name;
}

std::string kdump_name(const DumpShape& shape) {
  constexpr const char* methods[] = {"none", "zlib", "lzo", "snappy", "zstd"};
  std::string name = fmt::format(
      "{}{}_{}", shape.kind == DumpKind::kdump ? "kdump" : "diskdump",
      shape.version, methods[static_cast<std::size_t>(shape.compression)]);
  if (!shape.is_64) name += "_32";
  if (shape.parts > 1) name += fmt::format("_split{}", shape.parts);
  if (shape.is_incomplete) name += "_incomplete";
  return name;
}

}  // namespace

std::string DumpShape::name() const {
  std::string name =
      kind == DumpKind::elf ? elf_name(*this) : kdump_name(*this);
  if (endian == std::endian::big) name += "_big";
  if (is_flattened) name += is_scattered ? "_scattered" : "_flat";
  return name;
}

std::vector<Content> dump_files(const Machine& machine,
                                const DumpShape& shape) {
  std::vector<Content> files;
  for (unsigned part = 0; part < shape.parts; ++part) {
    Content file = shape.kind == DumpKind::elf
                       ? elf_file(machine, shape)
                       : kdump_file(machine, shape, part);
    files.push_back(shape.is_flattened ? flatten(file, shape.is_scattered)
                                       : file);
  }
  return files;
}

Content flatten(const Content& plain, bool is_scattered) {
  constexpr std::size_t record = 1000;
  DumpWriter out(std::endian::big);
  out.text("makedumpfile", 16);
  out.u64(1);
  out.u64(1);
  out.pad_to(4096);
  auto write = [&](std::size_t at, std::size_t size, bool is_garbage) {
    size = std::min(size, plain.size() - at);
    out.u64(at);
    out.u64(size);
    if (is_garbage) {
      out.bytes(Content(size, std::byte{0xee}));
    } else {
      out.bytes(Bytes(plain).subspan(at, size));
    }
  };
  std::size_t count = (plain.size() + record - 1) / record;
  if (is_scattered && plain.size() > 2 * record) {
    write(record / 2, record, true);
    write(0, 10, true);
  }
  for (std::size_t i = 0; i < count; ++i) {
    // Odd records backwards, then even ones forwards.
    std::size_t half = count / 2;
    std::size_t which = i;
    if (is_scattered) {
      which = i < half ? 2 * (half - 1 - i) + 1 : 2 * (i - half);
    }
    write(which * record, record, false);
  }
  out.u64(~std::uint64_t{0});
  out.u64(~std::uint64_t{0});
  return out.content();
}

Content compress(Compression method, const Content& page) {
  Content out(page.size() * 2 + 1024);
  const auto* from = reinterpret_cast<const unsigned char*>(page.data());
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  switch (method) {
    case Compression::none:
      return page;
    case Compression::zlib: {
      uLongf size = out.size();
      ::compress(to, &size, from, page.size());
      out.resize(size);
      break;
    }
    case Compression::lzo: {
      lzo_init();
      std::vector<unsigned char> work(LZO1X_1_MEM_COMPRESS);
      lzo_uint size = out.size();
      lzo1x_1_compress(from, page.size(), to, &size, work.data());
      out.resize(size);
      break;
    }
    case Compression::snappy: {
      std::size_t size = out.size();
      snappy_compress(reinterpret_cast<const char*>(from), page.size(),
                      reinterpret_cast<char*>(to), &size);
      out.resize(size);
      break;
    }
    case Compression::zstd:
      out.resize(ZSTD_compress(to, out.size(), from, page.size(), 1));
      break;
    default:  // no dump file has it
      return {};
  }
  return out;
}

Folder::Folder() {
  std::string name =
      (std::filesystem::temp_directory_path() / "inquest-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Folder::write(std::string_view name,
                                    const Content& content) const {
  std::filesystem::path path = path_ / name;
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
  return path;
}

std::vector<std::filesystem::path> Folder::write(const Machine& machine,
                                                 const DumpShape& shape) const {
  std::vector<std::filesystem::path> paths;
  for (const Content& file : dump_files(machine, shape)) {
    paths.push_back(
        write(fmt::format("{}.{}", shape.name(), paths.size()), file));
  }
  return paths;
}

std::optional<std::filesystem::path> shared_folder(std::string_view source) {
  const char* named = std::getenv("INQUEST_SHARED");
  std::filesystem::path path =
      named ? std::filesystem::path(named)
            : std::filesystem::path(source).parent_path() / "shared";
  if (!std::filesystem::is_directory(path / "dumps")) return std::nullopt;
  return path;
}

}  // namespace inquest::test
