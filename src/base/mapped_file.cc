// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mapped_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace inquest {
namespace {

Error host_error(const std::filesystem::path& path) {
  return Error(ErrorKind::io,
               fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

// The host's pages that |bytes| lie in.
std::pair<void*, std::size_t> whole_pages(Bytes bytes) {
  auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto start = reinterpret_cast<std::uintptr_t>(bytes.data());
  std::uintptr_t into = start % page;
  return {const_cast<std::byte*>(bytes.data() - into), bytes.size() + into};
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(
    const std::filesystem::path& path) {
  auto file = TRY(open_to_read(path));
  if (file->size() == file->bytes().size()) return file;
  return Error(ErrorKind::io,
               fmt::format("{}: there is no memory to map its {} bytes",
                           path.string(), file->size()));
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open_to_read(
    const std::filesystem::path& path) {
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->path_ = path;
  file->descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file->descriptor_ < 0) return host_error(path);
  struct stat status = {};
  if (fstat(file->descriptor_, &status) != 0) return host_error(path);
  if (!S_ISREG(status.st_mode)) {
    return Error(ErrorKind::io,
                 fmt::format("{}: not a regular file", path.string()));
  }
  if (status.st_size == 0) return std::shared_ptr<const MappedFile>(file);
  file->size_ = static_cast<std::size_t>(status.st_size);
  void* data =
      mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, file->descriptor_, 0);
  if (data != MAP_FAILED) {
    file->data_ = static_cast<const std::byte*>(data);
  } else if (errno != ENOMEM) {
    return host_error(path);
  }
  return std::shared_ptr<const MappedFile>(file);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
  if (descriptor_ >= 0) close(descriptor_);
}

Bytes MappedFile::acquire(FileOffset from, std::uint64_t size) const {
#ifdef MADV_POPULATE_READ
  std::size_t mapped = bytes().size();
  if (from.value > mapped || size > mapped - from.value) return {};
  Bytes bytes = this->bytes().subspan(from.value, size);
  auto [start, length] = whole_pages(bytes);
  // Fails where touching the pages would raise SIGBUS.
  if (madvise(start, length, MADV_POPULATE_READ) == 0) return bytes;
#endif
  return {};
}

void MappedFile::release(Bytes acquired) const {
  if (acquired.empty()) return;
  auto [start, length] = whole_pages(acquired);
  madvise(start, length, MADV_DONTNEED);
}

Result<void> MappedFile::read(FileOffset from, std::span<std::byte> out) const {
  while (!out.empty()) {
    ssize_t count = pread(descriptor_, out.data(), out.size(),
                          static_cast<off_t>(from.value));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return host_error(path_);
    if (count == 0) {
      return Error(ErrorKind::corrupt,
                   fmt::format("{}: ends before offset {:#x}", path_.string(),
                               from.value + out.size()));
    }
    out = out.subspan(static_cast<std::size_t>(count));
    from.value += static_cast<std::uint64_t>(count);
  }
  return {};
}

}  // namespace inquest
