// SPDX-License-Identifier: GPL-3.0-or-later
//
// A namespace has three struct ipc_ids, each with an IDR (ipcs_idr, 2.6.22 on)
// of pointers to the struct kern_ipc_perm at the start of the objects.

#include "kernel/ipc.h"

#include <array>

#include "kernel/list.h"

namespace inquest {
namespace {

struct Layout {
  std::string_view structure, permission;
};

constexpr std::array<Layout, 3> layouts = {{{"sem_array", "sem_perm"},
                                            {"msg_queue", "q_perm"},
                                            {"shmid_kernel", "shm_perm"}}};

constexpr std::uint64_t destroyed = 01000;  // SHM_DEST
constexpr std::uint64_t locked = 02000;     // SHM_LOCKED

// The uid is a kuid_t since 3.5.
Result<std::uint64_t> user_of(const Object& permission) {
  Object uid = permission["uid"];
  return uid.has_member("val") ? uid["val"].to_unsigned() : uid.to_unsigned();
}

// Pages of huge memory are counted as huge pages.
Result<std::uint64_t> page_factor(const Kernel& kernel, const Object& inode,
                                  const Object& file) {
  auto huge = kernel.symbol("hugetlbfs_file_operations");
  if (!huge || TRY(file["f_op"].to_address()) != *huge) {
    return std::uint64_t{1};
  }
  Object information = inode["i_sb"]["s_fs_info"].cast(
      *TRY(kernel.type("struct hugetlbfs_sb_info *")));
  std::uint64_t order = TRY(information["hstate"]["order"].to_unsigned());
  if (order >= 32) return Error(ErrorKind::corrupt, "the order of huge pages");
  return std::uint64_t{1} << order;
}

Result<std::uint64_t> swapped_pages(const Kernel& kernel, const Object& inode,
                                    std::uint64_t factor) {
  if (factor != 1) return std::uint64_t{0};
  const Type* type = TRY(kernel.structure("shmem_inode_info"));
  return inode.container_of(*type, "vfs_inode")["swapped"].to_unsigned();
}

void read_pages(const Kernel& kernel, const Object& file, SharedMemory& row) {
  Object inode = file["f_inode"].dereference();
  if (inode.fault() != nullptr) {
    row.inode = *inode.fault();
    row.resident = row.swapped = *inode.fault();
    return;
  }
  row.inode = inode.address();
  auto factor = page_factor(kernel, inode, file);
  auto resident = inode["i_data"]["nrpages"].to_unsigned();
  if (factor && resident) {
    row.resident = *factor * *resident;
  } else {
    row.resident = factor ? resident.error() : factor.error();
  }
  row.swapped = swapped_pages(kernel, inode, factor.value_or(1));
}

}  // namespace

Object first_ipc_namespace(const Kernel& kernel) {
  return kernel.variable("init_ipc_ns", "struct ipc_namespace");
}

Object ipc_namespace_of(const Object& task) {
  auto proxy = pointed(task["nsproxy"], "the task has no namespaces any more");
  if (!proxy) return std::move(proxy).error();
  return (*proxy)["ipc_ns"].dereference();
}

Result<IpcObjects> ipc_objects(const Kernel& kernel, const Object& name_space,
                               IpcKind kind) {
  auto index = static_cast<std::size_t>(kind);
  const Layout& layout = layouts.at(index);
  const Type* type = TRY(kernel.structure(layout.structure));
  std::uint64_t offset = TRY(find_member(*type, layout.permission)).offset();
  Object identifiers = name_space["ids"].at(index)["ipcs_idr"];
  if (identifiers.fault() != nullptr) return *identifiers.fault();
  IpcObjects all;
  for (const IndexedEntry& entry : xarray_entries(kernel, identifiers)) {
    if (entry.fault) {
      if (!all.incomplete) all.incomplete = entry.fault;
      continue;
    }
    if (entry.is_value()) continue;
    Address at = entry.entry - offset;
    Object object(kernel.memory(), *type, at);
    Object permission = object[layout.permission];
    if (permission["deleted"].to_unsigned().value_or(0) != 0) continue;
    all.found.push_back({object, at, permission["id"].to_unsigned(),
                         permission["key"].to_unsigned(), user_of(permission),
                         permission["mode"].to_unsigned()});
  }
  return all;
}

SharedMemory shared_memory(const Kernel& kernel, const IpcObject& object) {
  SharedMemory row{.bytes = object.object["shm_segsz"].to_unsigned(),
                   .attached = object.object["shm_nattch"].to_unsigned(),
                   .pages = std::uint64_t{0},
                   .resident = std::uint64_t{0},
                   .swapped = std::uint64_t{0},
                   .inode = Address{}};
  std::uint64_t page = kernel.page_size();
  row.pages = row.bytes;
  if (row.bytes) {
    row.pages = *row.bytes / page + (*row.bytes % page != 0 ? 1 : 0);
  }
  std::uint64_t mode = object.mode.value_or(0);
  row.is_destroyed = (mode & destroyed) != 0;
  row.is_locked = (mode & locked) != 0;
  read_pages(kernel, object.object["shm_file"], row);
  return row;
}

Result<std::uint64_t> semaphore_count(const IpcObject& object) {
  return object.object["sem_nsems"].to_unsigned();
}

MessageQueue message_queue(const IpcObject& object) {
  return {object.object["q_cbytes"].to_unsigned(),
          object.object["q_qnum"].to_unsigned()};
}

}  // namespace inquest
