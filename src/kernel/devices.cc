// SPDX-License-Identifier: GPL-3.0-or-later
//
// fs/char_dev.c and block/genhd.c: who registered a major number is in the
// hash tables chrdevs and major_names, whose chains hang together by "next".
// A kobj_map leads from a number to the struct cdev: one chain of ranges for
// each of 255 slots, the smallest range that holds the number counts. Disks had
// such a map too (bdev_map) until 5.11 (commit 22ae8ce8b892); since then their
// block devices' inodes are all there is.

#include "kernel/devices.h"

#include <functional>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::uint64_t hash_slots = 255;
constexpr unsigned minor_bits = 20;
constexpr unsigned minor_mask = (1U << minor_bits) - 1;

// Calls |take| with each structure of a chain linked by |next|.
Result<void> follow(Object link, std::string_view next,
                    const std::function<Result<void>(const Object&)>& take) {
  CycleCheck check;
  while (!interrupted()) {
    Address at = TRY(link.to_address());
    if (at.value == 0) return {};
    if (check.is_repeated(at.value)) {
      return Error(ErrorKind::corrupt,
                   fmt::format("the chain loops at {:#x}", at.value), at.value);
    }
    Object item = link.dereference();
    TRY(take(item));
    link = item[next];
  }
  return {};
}

// Calls |take| with what hangs off each slot of the hash table |name|, an array
// of pointers to |structure|. A chain that breaks is one of the faults.
Result<void> each_registered(
    const Kernel& kernel, const std::string& name, const std::string& structure,
    std::vector<Error>& faults,
    const std::function<Result<void>(const Object&)>& take) {
  TRY(kernel.structure(structure));
  const Type* pointer = TRY(kernel.type("struct " + structure + " *"));
  Address table = TRY(kernel.symbol(name));
  for (std::uint64_t i = 0; i < hash_slots && !interrupted(); ++i) {
    Object slot(kernel.memory(), *pointer, table + i * pointer->size());
    auto done = follow(slot, "next", take);
    if (!done) {
      faults.push_back(
          Error(done.error()).while_doing(fmt::format("{}[{}]", name, i)));
    }
  }
  return {};
}

// What a kobj_map has for a device number; 0: nothing.
class DeviceMap {
 public:
  DeviceMap(const Kernel& kernel, std::string_view name)
      : probes_(kernel.variable(name, "struct kobj_map *")["probes"]) {}

  Result<Address> device(std::uint64_t major, std::uint64_t minor) const {
    std::uint64_t number = major << minor_bits | minor;
    std::uint64_t smallest = ~std::uint64_t{0};
    Address found{0};
    auto take = [&](const Object& probe) -> Result<void> {
      std::uint64_t first = TRY(probe["dev"].to_unsigned());
      std::uint64_t range = TRY(probe["range"].to_unsigned());
      // The map's own last resort is for all numbers.
      bool is_in = number >= first && number - first < range;
      if (!is_in || range >= smallest) return {};
      smallest = range;
      found = TRY(probe["data"].to_address());
      return {};
    };
    TRY(follow(probes_.at(major % hash_slots), "next", take));
    return found;
  }

 private:
  Object probes_;
};

Result<Address> operations_of(const Kernel& kernel, const Result<Address>& at,
                              std::string_view structure,
                              std::string_view member) {
  if (!at) return at.error();
  if (at->value == 0) return Address{0};
  return kernel.object(structure, *at)[member].to_address();
}

// The numbers of a driver that made its cdev apart from them are known to the
// map only.
DeviceMajor character_major(const Kernel& kernel, const DeviceMap& map,
                            const Object& entry, std::uint64_t major) {
  DeviceMajor found{.major = major,
                    .minor = entry["baseminor"].to_unsigned().value_or(0),
                    .name = entry["name"].to_string()};
  found.device = entry["cdev"].to_address();
  if (found.device && found.device->value == 0) {
    found.device = map.device(found.major, found.minor);
  }
  found.operations = operations_of(kernel, found.device, "cdev", "ops");
  return found;
}

// Disks by major number.
class DisksByMajor {
 public:
  static DisksByMajor open(const Kernel& kernel, std::vector<Error>& faults) {
    DisksByMajor disks;
    if (kernel.has_symbol("bdev_map")) {
      disks.map_.emplace(kernel, "bdev_map");
      return disks;
    }
    auto read = disks.read_inodes(kernel, faults);
    if (!read) faults.push_back(read.error());
    return disks;
  }

  Result<Address> disk(std::uint64_t major) const {
    if (map_) return map_->device(major, 0);
    auto found = by_major_.find(major);
    return found == by_major_.end() ? Address{0} : found->second;
  }

 private:
  Result<void> read_inodes(const Kernel& kernel, std::vector<Error>& faults) {
    const Type* both = TRY(kernel.structure("bdev_inode"));
    Object super =
        kernel.variable("blockdev_superblock", "struct super_block *");
    for (const Object& inode : list_entries(
             super["s_inodes"], TRY(kernel.structure("inode")), "i_sb_list")) {
      if (inode.fault() != nullptr) {
        faults.push_back(
            Error(*inode.fault()).while_doing("blockdev_superblock"));
        break;
      }
      Object device = inode.container_of(*both, "vfs_inode")["bdev"];
      auto number = device["bd_dev"].to_unsigned();
      auto disk = device["bd_disk"].to_address();
      if (!number || !disk || disk->value == 0) continue;
      by_major_.emplace(device_number(*number).major, *disk);
    }
    return {};
  }

  std::optional<DeviceMap> map_;
  std::map<std::uint64_t, Address> by_major_;
};

}  // namespace

DeviceNumber device_number(std::uint64_t dev) {
  return {.major = static_cast<unsigned>(dev >> minor_bits),
          .minor = static_cast<unsigned>(dev & minor_mask)};
}

Result<DeviceMajors> character_majors(const Kernel& kernel) {
  DeviceMajors found;
  DeviceMap map(kernel, "cdev_map");
  auto take = [&](const Object& entry) -> Result<void> {
    auto major = TRY(entry["major"].to_unsigned());
    found.majors.push_back(character_major(kernel, map, entry, major));
    return {};
  };
  TRY(each_registered(kernel, "chrdevs", "char_device_struct", found.faults,
                      take));
  return found;
}

Result<DeviceMajors> block_majors(const Kernel& kernel) {
  DeviceMajors found;
  DisksByMajor disks = DisksByMajor::open(kernel, found.faults);
  auto take = [&](const Object& entry) -> Result<void> {
    DeviceMajor major{.major = TRY(entry["major"].to_unsigned()),
                      .minor = 0,
                      .name = entry["name"].to_string()};
    major.device = disks.disk(major.major);
    major.operations = operations_of(kernel, major.device, "gendisk", "fops");
    found.majors.push_back(std::move(major));
    return {};
  };
  TRY(each_registered(kernel, "major_names", "blk_major_name", found.faults,
                      take));
  return found;
}

}  // namespace inquest
