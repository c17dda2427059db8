// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/user_memory.h"

#include "kernel/linux_arch.h"

namespace inquest {

Result<MappedSpace> process_memory(const Kernel& kernel, const Object& mm) {
  Paging paging = TRY(LinuxArch::user_paging(kernel, mm));
  // Not owned: the kernel keeps its physical memory.
  std::shared_ptr<const PhysicalMemory> physical(std::shared_ptr<void>(),
                                                 &kernel.physical());
  return MappedSpace(physical, kernel.arch(), {}, paging);
}

Result<std::unique_ptr<AddressSpace>> task_user_memory(const Kernel& kernel,
                                                       const Object& task) {
  Object mm = task["mm"];
  if (TRY(mm.to_address()).value == 0) {
    return Error(ErrorKind::not_found,
                 "the task is a kernel thread: it has no user memory");
  }
  return std::unique_ptr<AddressSpace>(
      std::make_unique<MappedSpace>(TRY(process_memory(kernel, mm))));
}

}  // namespace inquest
