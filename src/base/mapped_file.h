// SPDX-License-Identifier: GPL-3.0-or-later
// A file of the host, mapped read-only.

#pragma once

#include <filesystem>
#include <memory>

#include "base/address.h"
#include "base/bytes.h"

namespace inquest {

class MappedFile {
 public:
  // Maps the whole of |path|; |io| errors name the path and the host's reason.
  static Result<std::shared_ptr<const MappedFile>> open(
      const std::filesystem::path& path);
  // For who needs read() only: where the host has no address space left for
  // the whole of |path|, bytes() are empty.
  static Result<std::shared_ptr<const MappedFile>> open_to_read(
      const std::filesystem::path& path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const std::filesystem::path& path() const { return path_; }
  // Lives as long as this object. Pages that a shrinking file has lost read as
  // zeroes (base/lost_pages.h): formats read bulk data through read() instead,
  // which says so.
  Bytes bytes() const { return {data_, data_ != nullptr ? size_ : 0}; }
  std::uint64_t size() const { return size_; }

  // |size| bytes that can be read without a copy and, as they have just been
  // brought into memory, without SIGBUS; empty when that cannot be done (the
  // host is older than Linux 5.14, the file ends before, the disk is broken).
  // To be given back with release(). Both are safe from many threads.
  Bytes acquire(FileOffset from, std::uint64_t size) const;
  // Lets go of host memory that acquire() mapped.
  void release(Bytes acquired) const;

  // Copies out through pread(2); safe from many threads.
  Result<void> read(FileOffset from, std::span<std::byte> out) const;

 private:
  MappedFile() = default;

  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace inquest
