// SPDX-License-Identifier: GPL-3.0-or-later
// BPF: the programs, maps and links that have an id.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct BpfMap {
  Object object;  // struct bpf_map
  std::uint64_t id = 0;
  Result<std::string> type;  // "HASH"
  Result<std::uint64_t> flags, key_size, value_size, most_entries;
  // In bytes. Where no member tells (5.11 on), what all entries would take.
  Result<std::uint64_t> memory;
  std::string name;
  std::optional<std::uint64_t> uid;  // until 5.10
};

struct BpfProgram {
  Object object;     // struct bpf_prog
  Object auxiliary;  // struct bpf_prog_aux
  std::uint64_t id = 0;
  Result<std::string> type, tag;
  std::vector<Result<std::uint64_t>> map_ids;
  Result<std::uint64_t> instructions;   // of the translated program
  Result<std::uint64_t> compiled_size;  // in bytes, 0: interpreted
  Result<std::uint64_t> memory;         // in bytes
  Result<std::int64_t> load_time;       // s since 1970
  Result<bool> is_gpl;
  std::string name;
  Result<std::uint64_t> uid;
};

struct BpfLink {
  Object object;  // struct bpf_link
  std::uint64_t id = 0;
  Result<std::string> type;  // "NETNS"
  Result<Address> program;
  Result<std::uint64_t> program_id;
  Result<std::string> target;  // "tracepoint sched_switch", "" not known
};

// Those with an id, ascending; what hides the rest.
template <typename T>
struct BpfFound {
  std::vector<T> items;
  std::optional<Error> incomplete;
};
Result<BpfFound<BpfProgram>> bpf_programs(const Kernel& kernel);
Result<BpfFound<BpfMap>> bpf_maps(const Kernel& kernel);
// Since 5.8.
Result<BpfFound<BpfLink>> bpf_links(const Kernel& kernel);

// An instruction of a program as the verifier left it.
struct BpfLine {
  std::uint64_t index = 0;
  std::vector<std::byte> bytes;
  std::string text;
};
Result<std::vector<BpfLine>> bpf_lines(const Kernel& kernel,
                                       const BpfProgram& program);

// The machine code of a program and of its functions; none: interpreted.
struct BpfCode {
  Address start;
  std::uint64_t size = 0;
};
Result<std::vector<BpfCode>> bpf_code(const Kernel& kernel,
                                      const BpfProgram& program);

}  // namespace inquest
