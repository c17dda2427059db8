// SPDX-License-Identifier: GPL-3.0-or-later
// An ELF file (vmlinux, module, separate debug file), opened by content.

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/mapped_file.h"

namespace inquest {

struct ElfSection {
  std::string name;
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
  Address address;
  FileOffset offset;
  std::uint64_t size = 0;
  std::uint64_t entry_size = 0;
  unsigned link = 0, info = 0;
};

struct ElfSymbol {
  std::string_view name;  // lives as long as the file
  std::uint64_t value = 0;
  std::uint64_t size = 0;
  unsigned char info = 0;  // type and binding, as st_info
  unsigned section = 0;    // SHN_*
};

class ElfFile {
 public:
  // Opens |path|; .xz, .gz and .zst are unpacked in memory. Errors name the
  // file and what is wrong.
  static Result<std::shared_ptr<const ElfFile>> open(
      const std::filesystem::path& path);
  static Result<std::shared_ptr<const ElfFile>> from_bytes(
      std::vector<std::byte> bytes, std::string name);
  virtual ~ElfFile() = default;

  const std::filesystem::path& path() const { return path_; }
  unsigned machine() const { return machine_; }  // EM_*
  unsigned type() const { return type_; }        // ET_EXEC, ET_REL, ET_DYN
  std::endian endian() const { return endian_; }
  unsigned pointer_size() const { return pointer_size_; }
  std::span<const ElfSection> sections() const { return sections_; }
  // The first section of that name, or null.
  const ElfSection* section(std::string_view name) const;
  // A section's bytes, decompressed (SHF_COMPRESSED) when need be; lives as
  // long as the file. NOBITS sections are empty.
  virtual Result<Bytes> contents(const ElfSection& section) const = 0;
  Bytes image() const { return image_; }
  // GNU build-id in lower-case hex; "" when the file has none.
  const std::string& build_id() const { return build_id_; }
  std::optional<std::string> debug_link() const;
  // All of .symtab, in file order.
  Result<std::vector<ElfSymbol>> symbols() const;

 protected:
  std::filesystem::path path_;
  unsigned machine_ = 0, type_ = 0, pointer_size_ = 8;
  std::endian endian_ = std::endian::little;
  std::vector<ElfSection> sections_;
  Bytes image_;
  std::string build_id_;
};

// The build-id in the contents of an ELF note section, in hex, or "".
std::string build_id_in_notes(Bytes notes, std::endian endian);

}  // namespace inquest
