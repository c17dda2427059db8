// SPDX-License-Identifier: GPL-3.0-or-later
// System V IPC: shared memory, semaphores, message queues.

#pragma once

#include <optional>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// As struct ipc_namespace counts them.
enum class IpcKind { semaphores = 0, messages = 1, shared_memory = 2 };

// What all three have in common.
struct IpcObject {
  Object object;  // struct shmid_kernel, sem_array or msg_queue
  Address address;
  Result<std::uint64_t> id, key, uid, mode;
};

struct IpcObjects {
  std::vector<IpcObject> found;     // by their place in the table
  std::optional<Error> incomplete;  // what hides the others
};

// The namespace of the first processes, and that of |task|: |not_found| when
// it has exited. struct ipc_namespace.
Object first_ipc_namespace(const Kernel& kernel);
Object ipc_namespace_of(const Object& task);

// Those that are not being deleted.
Result<IpcObjects> ipc_objects(const Kernel& kernel, const Object& name_space,
                               IpcKind kind);

struct SharedMemory {
  Result<std::uint64_t> bytes, attached;
  Result<std::uint64_t> pages;              // of |bytes|
  Result<std::uint64_t> resident, swapped;  // in pages
  Result<Address> inode;
  bool is_destroyed = false;  // as soon as nobody uses it
  bool is_locked = false;
};
SharedMemory shared_memory(const Kernel& kernel, const IpcObject& object);

Result<std::uint64_t> semaphore_count(const IpcObject& object);

struct MessageQueue {
  Result<std::uint64_t> bytes, messages;
};
MessageQueue message_queue(const IpcObject& object);

}  // namespace inquest
