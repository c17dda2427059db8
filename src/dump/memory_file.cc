// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/memory_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace inquest {
namespace {

std::string host_reason() {
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
}

// Why an access failed, once the file was open.
std::string refusal() {
  if (errno == EPERM) {
    return "the kernel keeps its memory from us there (CONFIG_STRICT_DEVMEM)";
  }
  return host_reason();
}

}  // namespace

Result<std::shared_ptr<const MemoryFile>> MemoryFile::open(
    const std::filesystem::path& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return Error(ErrorKind::io,
                 fmt::format("{}: {}", path.string(), host_reason()));
  }
  std::shared_ptr<MemoryFile> file(new MemoryFile(path, descriptor));
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) {
    return Error(ErrorKind::io,
                 fmt::format("{}: {}", path.string(), host_reason()));
  }
  if (S_ISDIR(status.st_mode)) {
    return Error(ErrorKind::io, fmt::format("{}: is a folder", path.string()));
  }
  // /proc/kcore passes for a regular file of any size.
  struct statfs system = {};
  bool is_proc =
      fstatfs(descriptor, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
  file->is_device_ = S_ISCHR(status.st_mode) || is_proc;
  file->size_ = file->is_device_ ? std::numeric_limits<std::int64_t>::max()
                                 : static_cast<std::uint64_t>(status.st_size);
  return std::shared_ptr<const MemoryFile>(std::move(file));
}

MemoryFile::~MemoryFile() {
  close(descriptor_);
}

std::uint64_t MemoryFile::stored_size() const {
  constexpr std::uint64_t headers = 64 << 20;
  return is_device_ ? headers : size_;
}

Result<void> MemoryFile::read(FileOffset from, std::span<std::byte> out) const {
  while (!out.empty()) {
    ssize_t count = pread(descriptor_, out.data(), out.size(),
                          static_cast<off_t>(from.value));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return error(ErrorKind::fault, "memory", from,
                   count == 0 ? "there is none" : refusal());
    }
    out = out.subspan(static_cast<std::size_t>(count));
    from = from + static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> MemoryFile::write(FileOffset to, Bytes bytes) const {
  int writer = ::open(path().c_str(), O_WRONLY | O_CLOEXEC | O_SYNC);
  if (writer < 0) {
    return Error(ErrorKind::io, fmt::format("{}: cannot be written: {}",
                                            path().string(), host_reason()));
  }
  Result<void> done;
  while (done && !bytes.empty()) {
    ssize_t count = pwrite(writer, bytes.data(), bytes.size(),
                           static_cast<off_t>(to.value));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      done = error(
          ErrorKind::io, "memory", to,
          "cannot be written: " + (count == 0 ? "there is none" : refusal()));
      break;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    to = to + static_cast<std::uint64_t>(count);
  }
  close(writer);
  return done;
}

}  // namespace inquest
