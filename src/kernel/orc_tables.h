// SPDX-License-Identifier: GPL-3.0-or-later
// The ORC tables of a dumped kernel and of its modules.

#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "debuginfo/orc.h"
#include "kernel/generated_code.h"
#include "kernel/kernel.h"

namespace inquest {

struct Module;

class OrcTables {
 public:
  OrcTables(const Kernel& kernel,
            std::shared_ptr<const GeneratedCodes> generated)
      : kernel_(kernel), generated_(std::move(generated)) {}

  // The entry for the instruction at |pc|. Copies that ftrace made of code
  // have the original's. Safe from many threads.
  std::optional<OrcEntry> entry(Address pc);

 private:
  using Table = std::unique_ptr<const OrcTable>;

  void open();
  const OrcTable* table(Address pc);
  const OrcTable* of_module(const Module& module);

  const Kernel& kernel_;
  std::shared_ptr<const GeneratedCodes> generated_;
  std::mutex mutex_;
  bool is_open_ = false;
  std::vector<std::pair<Address, Address>> text_;  // of vmlinux
  Table vmlinux_;
  std::map<Address, Table> modules_;  // by struct module; null: has none
};

// How this kernel lays out struct orc_entry: from its type where that is
// known, else from the entry that the kernel keeps for frame pointers.
OrcFormat orc_format(const Kernel& kernel);

}  // namespace inquest
