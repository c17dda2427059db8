// SPDX-License-Identifier: GPL-3.0-or-later
// The content of a dump file at offsets: the file itself, or what a flattened
// file becomes once its records are put in order.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

namespace inquest {

class DataSource {
 public:
  explicit DataSource(std::filesystem::path path) : path_(std::move(path)) {}
  virtual ~DataSource() = default;

  const std::filesystem::path& path() const { return path_; }
  // Of the content.
  virtual std::uint64_t size() const = 0;
  // Of the file on disk: no allocation may be larger on a header's word.
  virtual std::uint64_t stored_size() const = 0;
  virtual bool is_flattened() const { return false; }
  // A flattened file lost its end.
  virtual bool is_truncated() const { return false; }

  // Fills |out|, or a |corrupt| error when the content ends before that.
  // Copies through pread(2): a file that shrinks meanwhile is an error and no
  // signal. Safe from many threads.
  virtual Result<void> read(FileOffset from,
                            std::span<std::byte> out) const = 0;

  // The bytes in place instead of a copy, to be given back with release(), or
  // nothing where that is not possible: read() knows why. For long runs.
  virtual Bytes acquire(FileOffset /*from*/, std::uint64_t /*size*/) const {
    return {};
  }
  virtual void release(Bytes /*acquired*/) const {}

  // |size| bytes, which are called |what| in errors.
  Result<std::vector<std::byte>> bytes(FileOffset from, std::uint64_t size,
                                       std::string_view what) const;

  // "<file>: <what> at offset <at>: <reason>".
  Error error(ErrorKind kind, std::string_view what, FileOffset at,
              std::string_view reason) const;

 private:
  std::filesystem::path path_;
};

// Opens |path|, looking through a flattened file if it is one. Reads all
// record headers of a flattened file.
Result<std::shared_ptr<const DataSource>> open_data_source(
    const std::filesystem::path& path);

// Whether the file starts like a flattened one, whatever that holds.
bool is_flattened_file(Bytes start);

}  // namespace inquest
