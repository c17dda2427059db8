// SPDX-License-Identifier: GPL-3.0-or-later
// What gdb may ask about: threads, registers, memory, whatever they are those
// of; and how gdb wants the registers of an architecture described.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/arch.h"
#include "base/address.h"
#include "unwind/unwind.h"

namespace inquest {

struct RemoteThread {
  std::uint64_t id = 0;     // not 0, and no other thread's
  std::string name;         // any bytes
  std::string description;  // what "info threads" says besides; any bytes
  std::optional<unsigned> cpu = {};  // where it runs or ran last
};

class RemoteTarget {
 public:
  virtual ~RemoteTarget() = default;

  virtual const Arch& arch() const = 0;
  // The first one is selected when gdb connects; empty: nothing can be shown.
  virtual std::span<const RemoteThread> threads() = 0;
  // The registers that are known of |thread|, one of threads().
  virtual Registers registers(const RemoteThread& thread) = 0;
  // Fills |out| from the front and returns how far it came. |thread|: whose
  // user memory is meant.
  virtual std::size_t read(const RemoteThread& thread, Address from,
                           std::span<std::byte> out) = 0;
  // Where the executable's first segment lies.
  virtual std::optional<Address> first_segment() = 0;
  // gdb's "monitor |command|".
  virtual std::string monitor(std::string_view command) = 0;
};

// A register in gdb's order.
struct RemoteRegister {
  std::string name;
  unsigned bits = 64;
  std::string_view type = "int64";     // of gdb's predefined ones
  std::string_view group = {};         // "float", ...
  std::optional<unsigned> index = {};  // in Arch::registers()
};

// The registers that gdb insists on for |arch|; those without an index are
// never known. Empty when gdb is not told about such an architecture.
std::vector<RemoteRegister> remote_registers(const Arch& arch);
// target.xml.
std::string target_description(const Arch& arch);
// The value in hexadecimal as it lies in memory; 'x' for what is not known.
std::string register_text(const Arch& arch, const RemoteRegister& which,
                          const Registers& values);

// |text| inside of XML: quoted, and without what XML cannot hold.
std::string xml_text(std::string_view text);

}  // namespace inquest
