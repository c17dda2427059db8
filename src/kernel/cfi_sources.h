// SPDX-License-Identifier: GPL-3.0-or-later
// Call frame information of vmlinux and of the modules that have a file.

#pragma once

#include <map>
#include <mutex>

#include "kernel/kernel.h"
#include "unwind/cfi_method.h"

namespace inquest {

// Tables are opened when first asked for and kept. Safe from many threads.
class CfiSources {
 public:
  explicit CfiSources(const Kernel& kernel) : kernel_(kernel) {}

  CfiMethod::Source find(Address pc);

  // The way to unwind by them; |preserved| as in CfiMethod.
  static std::shared_ptr<const UnwindMethod> method(
      const Kernel& kernel, std::vector<unsigned> preserved);

 private:
  std::shared_ptr<const Cfi> of(const ElfFile& file);

  const Kernel& kernel_;
  std::mutex mutex_;
  std::map<const ElfFile*, std::shared_ptr<const Cfi>> opened_;
};

}  // namespace inquest
