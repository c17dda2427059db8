// SPDX-License-Identifier: GPL-3.0-or-later
// What dev answers.

#pragma once

#include <optional>
#include <string>

#include "kernel/devices.h"
#include "kernel/disks.h"
#include "kernel/pci.h"
#include "report/report.h"

namespace inquest {

// A major number.
struct MajorRow {
  DeviceMajor major;
  std::string operations;  // the table's symbol
  bool is_block = false;
};
std::string major_heading(bool is_block);
report::Record to_record(const MajorRow& row);
std::string to_text(const MajorRow& row);

// -i: a range of ports or addresses.
struct ResourceRow {
  Address resource;
  Result<std::uint64_t> start, end;
  Result<std::string> name;
  unsigned depth = 0;
  bool is_memory = false;
};
std::string resource_heading(bool is_memory);
report::Record to_record(const ResourceRow& row);
std::string to_text(const ResourceRow& row);

// -p
struct BusRow {
  Address bus;
  Result<Address> parent;  // 0: a root bus
  Result<std::string> name;
};
report::Record to_record(const BusRow& row);
std::string to_text(const BusRow& row);

struct PciRow {
  PciDevice device;
};
std::string pci_heading();
report::Record to_record(const PciRow& row);
std::string to_text(const PciRow& row);

// -d
struct DiskRow {
  DiskState disk;
};
std::string disk_heading();
report::Record to_record(const DiskRow& row);
std::string to_text(const DiskRow& row);

// -V
struct DeviceDumpRow {
  std::size_t index = 0;
  FileOffset at;
  std::uint64_t size = 0;
  std::string name;
};
std::string device_dump_heading();
report::Record to_record(const DeviceDumpRow& row);
std::string to_text(const DeviceDumpRow& row);

}  // namespace inquest
