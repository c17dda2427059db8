// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/dev_rows.h"

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"

namespace inquest {
namespace {

constexpr std::size_t address_width = 16;

std::string address_text(const Result<Address>& at) {
  return fmt::format("{:>{}}", cell(at), address_width);
}

}  // namespace

// ---- Major numbers ----

std::string major_heading(bool is_block) {
  std::string device = is_block ? centred_right("GENDISK", address_width)
                                : centred("CDEV", address_width);
  return fmt::format("{}    {:<14} {}  {:<{}}\n",
                     is_block ? "BLKDEV" : "CHRDEV", "NAME", device,
                     "OPERATIONS", address_width);
}

report::Record to_record(const MajorRow& row) {
  return report::Record()
      .with("kind", row.is_block ? "block" : "character")
      .with("major", row.major.major)
      .with("name", row.major.name)
      .with(row.is_block ? "gendisk" : "cdev", row.major.device)
      .with("operations", row.major.operations)
      .with("symbol", row.operations);
}

std::string to_text(const MajorRow& row) {
  std::string text =
      fmt::format(" {:>3}      {:<14} ", row.major.major, cell(row.major.name));
  const auto& device = row.major.device;
  if (device && device->value == 0) {
    return text + centred("(none)", address_width) + "\n";
  }
  std::string operations =
      row.operations.empty() ? cell(row.major.operations) : row.operations;
  return text + address_text(device) + "  " + operations + "\n";
}

// ---- Resources ----

std::string resource_heading(bool is_memory) {
  return fmt::format("{}  {}  NAME\n", centred("RESOURCE", address_width),
                     centred("RANGE", is_memory ? 17 : 9));
}

report::Record to_record(const ResourceRow& row) {
  return report::Record()
      .with("resource", row.resource)
      .with("space", row.is_memory ? "memory" : "ports")
      .with("start", row.start)
      .with("end", row.end)
      .with("name", row.name)
      .with("depth", row.depth);
}

std::string to_text(const ResourceRow& row) {
  int digits = row.is_memory ? 8 : 4;
  auto number = [&](const Result<std::uint64_t>& value) {
    return value ? fmt::format("{:0{}x}", *value, digits) : hex_cell(value);
  };
  return fmt::format("{:>{}x}  {}-{}  {}\n", row.resource.value, address_width,
                     number(row.start), number(row.end), cell(row.name));
}

// ---- PCI ----

report::Record to_record(const BusRow& row) {
  return report::Record()
      .with("pci_bus", row.bus)
      .with("parent", row.parent)
      .with("name", row.name);
}

std::string to_text(const BusRow& row) {
  bool is_root = row.parent && row.parent->value == 0;
  if (is_root) {
    return fmt::format("{} BUSNAME\n{:x} {}\n",
                       centred("ROOT BUS", address_width), row.bus.value,
                       cell(row.name));
  }
  return fmt::format("{} {} BUSNAME\n{:x} {} {}\n",
                     centred("PCI BUS", address_width),
                     centred("PARENT BUS", address_width), row.bus.value,
                     address_text(row.parent), cell(row.name));
}

std::string pci_heading() {
  return fmt::format("  {} DO:BU:SL.FN  CLASS   PCI_ID   {}\n",
                     centred("PCI DEV", address_width), centred("TYPE", 10));
}

report::Record to_record(const PciRow& row) {
  const PciDevice& device = row.device;
  report::Record record;
  record.add("pci_dev", device.address);
  record.add("name", device.name);
  record.add("class", device.class_code);
  record.add("vendor", device.vendor);
  record.add("device", device.device);
  record.add("type", device.express_flags
                         ? report::Value(pci_port_name(*device.express_flags))
                         : report::Value(device.express_flags.error()));
  record.add("header_type", device.header_type);
  return record;
}

std::string to_text(const PciRow& row) {
  const PciDevice& device = row.device;
  std::string kind = report::cell_text(
      device.class_code,
      [](std::uint64_t code) { return fmt::format("{:04x}", code >> 8); });
  std::string type = device.express_flags
                         ? std::string(pci_port_name(*device.express_flags))
                         : report::cell_text(device.express_flags.error());
  std::uint64_t header = device.header_type.value_or(0) & 0x7f;
  if (header == 1 || header == 2) type += " [BRIDGE]";
  std::string id = hex_cell(device.vendor) + ":" + hex_cell(device.device);
  return fmt::format("  {:x} {} {} {} {}\n", device.address.value,
                     cell(device.name), centred(kind, 6), centred(id, 9),
                     centred(type, 10));
}

// ---- Disks ----

std::string disk_heading() {
  return "MAJOR GENDISK            NAME       REQUEST_QUEUE      TOTAL  READ "
         "WRITE \n";
}

report::Record to_record(const DiskRow& row) {
  const DiskState& disk = row.disk;
  auto counts = [](const Result<RequestCounts>& number) -> report::Value {
    if (!number) return number.error();
    return report::Record()
        .with("reads", number->reads)
        .with("writes", number->writes);
  };
  return report::Record()
      .with("major", disk.major)
      .with("gendisk", disk.gendisk)
      .with("name", disk.name)
      .with("request_queue", disk.queue)
      .with("in_progress", counts(disk.in_progress))
      .with("completed", counts(disk.completed));
}

std::string to_text(const DiskRow& row) {
  const DiskState& disk = row.disk;
  std::string text = fmt::format("{:>5} {:x}   {:<10} {}   ", cell(disk.major),
                                 disk.gendisk.value, cell(disk.name),
                                 address_text(disk.queue));
  if (!disk.in_progress) {
    return text + report::cell_text(disk.in_progress.error()) + "\n";
  }
  const RequestCounts& counts = *disk.in_progress;
  return text + fmt::format("{:>5} {:>5} {:>5} \n",
                            counts.reads + counts.writes, counts.reads,
                            counts.writes);
}

// ---- What drivers added to the dump ----

std::string device_dump_heading() {
  return "INDEX  OFFSET             SIZE             NAME\n";
}

report::Record to_record(const DeviceDumpRow& row) {
  return report::Record()
      .with("index", std::uint64_t{row.index})
      .with("offset", Address{row.at.value})
      .with("size", row.size)
      .with("name", row.name);
}

std::string to_text(const DeviceDumpRow& row) {
  return fmt::format("{:>3}    0x{:<16x} {:<16} {}\n", row.index, row.at.value,
                     row.size, printable(row.name));
}

}  // namespace inquest
