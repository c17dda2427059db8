// SPDX-License-Identifier: GPL-3.0-or-later
// A machine's memory, by way of a dump file.

#pragma once

#include <stdexcept>

#include "dumps/test_dump.h"
#include "memory/physical_memory.h"

namespace inquest::test {

class OpenedMemory {
 public:
  explicit OpenedMemory(const Machine& machine,
                        std::size_t cache_bytes = std::size_t{1} << 20,
                        const DumpShape& shape = {}) {
    auto dump = open_dump(folder_.write(machine, shape));
    if (!dump) throw std::runtime_error(dump.error().message());
    memory_ =
        std::make_shared<PhysicalMemory>(std::move(dump).value(), cache_bytes);
  }

  std::shared_ptr<PhysicalMemory> memory() const { return memory_; }
  PhysicalMemory* operator->() const { return memory_.get(); }

 private:
  Folder folder_;
  std::shared_ptr<PhysicalMemory> memory_;
};

}  // namespace inquest::test
