// SPDX-License-Identifier: GPL-3.0-or-later
// dev: devices and their drivers.

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/code.h"
#include "command/dev_rows.h"
#include "command/options.h"
#include "command/rd_row.h"
#include "kernel/device_dumps.h"
#include "kernel/resources.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "devices and their drivers",
    .synopsis = "[-i | -p | -d | -D | -V | -v index [file]]",
    .description =
        "Lists the major numbers of character and block devices with their\n"
        "names, the struct cdev or gendisk behind each, and the table of its\n"
        "functions.",
    .options =
        {
            {"-i", "the I/O ports and physical addresses, and whose they are"},
            {"-p", "the PCI buses and devices"},
            {"-d",
             "the disks and how many requests to them are in progress; ram and "
             "loop disks only where there are any"},
            {"-D", "the disks to which requests are in progress"},
            {"-V", "what drivers added to the dump when the kernel crashed"},
            {"-v index [file]",
             "the data of one of these, or a copy of them in a file"},
        },
    .examples =
        {
            {"Which drivers have device numbers?", "dev"},
            {"Whose are which I/O ports?", "dev -i"},
            {"Which PCI devices are there?", "dev -p"},
            {"Which disks are busy?", "dev -D"},
            {"What did drivers add to the dump?", "dev -V"},
        },
};

// ---- How we find it ----

Result<void> show_majors(const Kernel& kernel, bool is_block,
                         report::Sink& out) {
  DeviceMajors found =
      TRY(is_block ? block_majors(kernel) : character_majors(kernel));
  out.layout(major_heading(is_block));
  for (DeviceMajor& major : found.majors) {
    MajorRow row{
        .major = std::move(major), .operations = "", .is_block = is_block};
    if (row.major.operations) {
      row.operations = place_text(kernel, *row.major.operations);
    }
    emit(out, row);
  }
  for (const Error& fault : found.faults)
    out.problem(Error(fault).while_doing("dev"));
  return {};
}

// Both of two tables; the first one's loss is no reason to lose the second.
template <typename Show>
Result<void> show_both(const Show& show, report::Sink& out) {
  auto first = show(false);
  if (first) {
    out.layout("\n");
  } else {
    out.problem(std::move(first).error().while_doing("dev"));
  }
  return show(true);
}

Result<void> show_resources(const Kernel& kernel, bool is_memory,
                            report::Sink& out) {
  out.layout(resource_heading(is_memory));
  for (const IoResource& each :
       io_resources(kernel, is_memory ? "iomem_resource" : "ioport_resource")) {
    const Object& resource = each.object;
    if (resource.fault() != nullptr) return *resource.fault();
    emit(out, ResourceRow{.resource = resource.address(),
                          .start = resource["start"].to_unsigned(),
                          .end = resource["end"].to_unsigned(),
                          .name = resource["name"].to_string(),
                          .depth = each.depth,
                          .is_memory = is_memory});
  }
  return {};
}

Result<void> show_pci(const Kernel& kernel, report::Sink& out) {
  for (const PciBus& bus : pci_buses(kernel)) {
    if (bus.object.fault() != nullptr) {
      out.problem(Error(*bus.object.fault()).while_doing("dev"));
      continue;
    }
    emit(out, BusRow{.bus = bus.object.address(),
                     .parent = bus.parent,
                     .name = bus.name});
    out.layout(pci_heading());
    for (const Object& device : pci_devices(kernel, bus.object)) {
      if (device.fault() != nullptr) {
        out.problem(Error(*device.fault()).while_doing("dev"));
      } else {
        emit(out, PciRow{pci_device(device)});
      }
    }
    out.layout("\n");
  }
  return {};
}

// Disks that most systems have and nobody uses.
bool is_spare(const DiskState& disk) {
  std::string name = disk.name.value_or("");
  return name.starts_with("ram") || name.starts_with("loop");
}

Result<void> show_disks(const Kernel& kernel, bool only_busy,
                        report::Sink& out) {
  out.layout(disk_heading());
  for (const Object& disk : disks(kernel)) {
    if (interrupted()) break;
    if (disk.fault() != nullptr) return *disk.fault();
    DiskRow row{disk_state(kernel, disk)};
    const auto& counts = row.disk.in_progress;
    // What cannot be told may be busy.
    bool is_busy = !counts || counts->reads + counts->writes != 0;
    if (is_busy || (!only_busy && !is_spare(row.disk))) emit(out, row);
    if (!counts) {
      out.problem(Error(counts.error())
                      .while_doing("dev: " + row.disk.name.value_or("?")));
    }
  }
  return {};
}

Result<std::vector<DeviceDump>> known_dumps(const Kernel& kernel) {
  auto found = device_dumps(kernel.dump_info());
  if (!found.empty()) return found;
  return Error(ErrorKind::not_found, "no device dumps found in this dumpfile");
}

Result<void> list_dumps(const Kernel& kernel, report::Sink& out) {
  auto found = TRY(known_dumps(kernel));
  out.layout(device_dump_heading());
  for (std::size_t i = 0; i < found.size(); ++i) {
    emit(out, DeviceDumpRow{.index = i,
                            .at = found[i].at,
                            .size = found[i].data.size(),
                            .name = found[i].name});
  }
  return {};
}

Result<void> copy_dump(const DeviceDump& dump, const std::string& path,
                       report::Sink& out) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) {
    return Error(ErrorKind::io, fmt::format("cannot open {}", path));
  }
  file.write(reinterpret_cast<const char*>(dump.data.data()),
             static_cast<std::streamsize>(dump.data.size()));
  if (!file.flush()) {
    return Error(ErrorKind::io, fmt::format("cannot write to {}", path));
  }
  emit(out, CopiedRow{Address{dump.at.value}, dump.data.size(), path});
  return {};
}

// As rd shows memory.
void show_data(const DeviceDump& dump, std::endian endian, report::Sink& out) {
  constexpr std::size_t line_size = 16;
  for (std::size_t at = 0; at < dump.data.size() && !interrupted();
       at += line_size) {
    Bytes line =
        dump.data.subspan(at, std::min(line_size, dump.data.size() - at));
    RdRow row{.address = Address{dump.at.value + at}};
    row.bytes.assign(line.begin(), line.end());
    for (std::size_t i = 0; i < line.size(); i += row.width) {
      std::size_t size = std::min<std::size_t>(row.width, line.size() - i);
      row.values.push_back(load_unsigned(line.subspan(i, size), endian));
      row.symbols.emplace_back();
    }
    emit(out, row);
  }
}

Result<void> show_dump(const Kernel& kernel, const Options& options,
                       report::Sink& out) {
  std::string_view word = *options.argument('v');
  auto index = parse_number(word);
  if (!index) {
    return Error(ErrorKind::usage, fmt::format("not a valid index: {}", word));
  }
  auto found = TRY(known_dumps(kernel));
  if (*index >= found.size()) {
    return Error(ErrorKind::not_found,
                 fmt::format("no device dump found at index: {}", word));
  }
  const DeviceDump& dump = found[*index];
  out.layout(fmt::format("DEVICE: {}\n", printable(dump.name)));
  if (!options.words().empty()) return copy_dump(dump, options.words()[0], out);
  show_data(dump, kernel.memory().endian(), out);
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "ipdDVv:"));
  const Kernel& kernel = session.kernel;
  std::size_t most_words = options.has('v') ? 1 : 0;
  if (options.all().size() > 1 || options.words().size() > most_words) {
    return Error(ErrorKind::usage, "");
  }
  char wanted = options.all().empty() ? '\0' : options.all()[0].first;
  switch (wanted) {
    case 'i':
      return show_both(
          [&](bool is_memory) {
            return show_resources(kernel, is_memory, out);
          },
          out);
    case 'p':
      return show_pci(kernel, out);
    case 'd':
    case 'D':
      return show_disks(kernel, wanted == 'D', out);
    case 'V':
      return list_dumps(kernel, out);
    case 'v':
      return show_dump(kernel, options, out);
    default:
      return show_both(
          [&](bool is_block) { return show_majors(kernel, is_block, out); },
          out);
  }
}

}  // namespace

extern const Command dev_command;
const Command dev_command = {"dev", &help, run};

}  // namespace inquest
