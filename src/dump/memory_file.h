// SPDX-License-Identifier: GPL-3.0-or-later
// A file that is memory: raw RAM, or a device that shows the memory of a
// running machine. It is read and written where it lies, and never mapped.

#pragma once

#include <memory>

#include "dump/data_source.h"

namespace inquest {

class MemoryFile : public DataSource {
 public:
  // |io| errors name the file and the host's reason; unavailable() may know
  // more.
  static Result<std::shared_ptr<const MemoryFile>> open(
      const std::filesystem::path& path);
  ~MemoryFile() override;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Of a device: as far as offsets go.
  std::uint64_t size() const override { return size_; }
  std::uint64_t stored_size() const override;
  bool is_device() const { return is_device_; }
  // |fault| where there is no memory or the kernel does not show it.
  Result<void> read(FileOffset from, std::span<std::byte> out) const override;
  // Opens the file a second time, to be written.
  Result<void> write(FileOffset to, Bytes bytes) const;

 private:
  MemoryFile(std::filesystem::path path, int descriptor)
      : DataSource(std::move(path)), descriptor_(descriptor) {}

  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  bool is_device_ = false;
};

}  // namespace inquest
