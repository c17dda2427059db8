// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/vmlinux_search.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

namespace inquest {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// vmlinux, vmlinux-REL and *.debug in the dump's own folder.
void add_beside(const VmlinuxQuery& query, const fs::path& dump,
                std::vector<fs::path>& places) {
  constexpr int most_entries = 4096;
  fs::path folder = dump.parent_path();
  places.push_back(folder / "vmlinux");
  if (!query.release.empty()) {
    places.push_back(folder / ("vmlinux-" + query.release));
  }
  // Without a build-id nothing tells whose *.debug it is.
  if (query.build_id.empty()) return;
  std::error_code error;
  fs::directory_iterator entry(folder.empty() ? fs::path(".") : folder, error);
  std::vector<fs::path> found;
  for (int i = 0;
       !error && entry != fs::directory_iterator() && i < most_entries;
       entry.increment(error), ++i) {
    if (entry->path().extension() == ".debug") {
      found.push_back(folder / entry->path().filename());
    }
  }
  std::ranges::sort(found);
  places.insert(places.end(), found.begin(), found.end());
}

bool has_word(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

bool is_red_hat(std::string_view release) {
  return has_word(release, ".el") || has_word(release, ".fc") ||
         has_word(release, ".amzn");
}

bool is_debian(const VmlinuxQuery& query) {
  return has_word(query.version, "Debian") ||
         query.release.ends_with("-amd64") ||
         query.release.ends_with("-arm64") || has_word(query.release, "+deb");
}

bool is_ubuntu(const VmlinuxQuery& query) {
  return has_word(query.version, "Ubuntu") ||
         query.release.ends_with("-generic") ||
         query.release.ends_with("-lowlatency");
}

bool is_suse(const VmlinuxQuery& query) {
  return has_word(query.version, "SUSE") || query.release.ends_with("-default");
}

}  // namespace

std::vector<fs::path> vmlinux_places(const VmlinuxQuery& query,
                                     const fs::path& root) {
  std::vector<fs::path> places;
  if (query.build_id.size() > 2) {
    places.push_back(root / "usr/lib/debug/.build-id" /
                     query.build_id.substr(0, 2) /
                     (query.build_id.substr(2) + ".debug"));
  }
  // A release is a name from the dump: it must not lead out of the folders.
  if (!query.release.empty() && !has_word(query.release, "/")) {
    const std::string& release = query.release;
    std::string named = "vmlinux-" + release;
    fs::path modules = root / "lib/modules" / release;
    places.insert(
        places.end(),
        {root / "usr/lib/debug/boot" / named,
         root / "usr/lib/debug/lib/modules" / release / "vmlinux",
         root / "usr/lib/debug/lib/modules" / release / "vmlinux.debug",
         root / "usr/lib/debug" / named, modules / "build/vmlinux",
         modules / "vmlinux", modules / "kernel/vmlinux",
         root / "boot" / named});
  }
  for (const fs::path& dump : query.dumps)
    add_beside(query, dump, places);
  std::erase_if(places, [](const fs::path& path) { return !is_file(path); });
  return places;
}

Result<void> check_build_id(const VmlinuxQuery& query, const ElfFile& file) {
  if (query.build_id.empty() || file.build_id() == query.build_id) return {};
  std::string of_file = file.build_id().empty() ? "none" : file.build_id();
  return Error(
      ErrorKind::not_found,
      fmt::format("{} is not the dump's kernel: its build-id is {}, the dump's "
                  "is {}; {}",
                  file.path().string(), of_file, query.build_id,
                  vmlinux_advice(query)));
}

Result<std::shared_ptr<const ElfFile>> find_vmlinux(const VmlinuxQuery& query,
                                                    const fs::path& root) {
  std::string tried;
  for (const fs::path& place : vmlinux_places(query, root)) {
    auto file = ElfFile::open(place);
    if (!file) {
      tried += "\n  " + file.error().message();
      continue;
    }
    if (check_build_id(query, **file)) return file;
    tried += fmt::format("\n  {} has build-id {}", place.string(),
                         (*file)->build_id());
  }
  std::string wanted =
      query.release.empty() ? "the dump's kernel" : query.release;
  if (!query.build_id.empty()) wanted += ", build-id " + query.build_id;
  return Error(ErrorKind::not_found,
               fmt::format("no vmlinux with debug information for {}: {}{}{}",
                           wanted, vmlinux_advice(query),
                           tried.empty() ? "" : "; not it:", tried));
}

std::string vmlinux_advice(const VmlinuxQuery& query) {
  const std::string& release = query.release;
  if (release.empty()) return "name the file on the command line";
  if (is_red_hat(release)) {
    return fmt::format("install kernel-debuginfo-{} (Fedora, RHEL)", release);
  }
  if (is_ubuntu(query)) {
    return fmt::format(
        "install linux-image-{0}-dbgsym or linux-image-unsigned-{0}-dbgsym "
        "(Ubuntu)",
        release);
  }
  if (is_suse(query)) {
    std::size_t flavour = release.rfind('-');
    return fmt::format("install kernel-{}-debuginfo of version {} (SUSE)",
                       release.substr(flavour + 1), release.substr(0, flavour));
  }
  if (is_debian(query)) {
    return fmt::format("install linux-image-{}-dbg (Debian)", release);
  }
  return fmt::format("name the vmlinux of {} on the command line", release);
}

}  // namespace inquest
