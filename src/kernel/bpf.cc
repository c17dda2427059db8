// SPDX-License-Identifier: GPL-3.0-or-later
//
// Programs, maps and links are numbered by three IDRs: prog_idr and map_idr
// (4.13 on), link_idr (5.8 on, a3b80e107894).

#include "kernel/bpf.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/bpf.h"
#include "base/interrupt.h"
#include "kernel/clock.h"
#include "kernel/linux_arch.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_used_maps = 4096;
constexpr std::uint64_t most_functions = 4096;
constexpr std::uint64_t most_instructions = 4 << 20;
constexpr std::uint64_t most_code = 64 << 20;

// ---- Parts that all have ----

// The name of an enumerator without what all of them begin with.
Result<std::string> short_name(const Object& object, std::string_view prefix) {
  std::int64_t value = TRY(object.to_signed());
  for (const Enumerator& one : object.type().stripped().enumerators()) {
    if (one.value != value) continue;
    return one.name.starts_with(prefix) ? one.name.substr(prefix.size())
                                        : one.name;
  }
  return fmt::to_string(value);
}

Result<std::uint64_t> user_id(const Object& user) {
  Address at = TRY(user.to_address());
  if (at.value == 0) return Error(ErrorKind::not_found, "it has no user");
  return user["uid"]["val"].to_unsigned();
}

// The pointers in an IDR, each read by |read|.
template <typename T, typename Read>
Result<BpfFound<T>> numbered(const Kernel& kernel, std::string_view idr,
                             std::string_view structure, Read read) {
  if (!kernel.has_symbol(idr)) {
    return Error(ErrorKind::not_found,
                 fmt::format("{} does not exist in this kernel", idr));
  }
  const Type* type = TRY(kernel.structure(structure));
  BpfFound<T> found;
  for (const IndexedEntry& entry :
       xarray_entries(kernel, kernel.variable(idr, "struct idr"))) {
    if (entry.fault) {
      if (!found.incomplete) found.incomplete = entry.fault;
      continue;
    }
    // A link gets its number before it is ready.
    if (entry.entry.value == 0 || entry.is_value()) continue;
    T item = read(Object(kernel.memory(), *type, entry.entry));
    item.id = entry.index;
    found.items.push_back(std::move(item));
  }
  return found;
}

// ---- Maps ----

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

// Each CPU has its own value, and what refers to other objects a word inside.
std::uint64_t stored_value(const Kernel& kernel, const std::string& type,
                           std::uint64_t size) {
  constexpr std::string_view references[] = {"PROG_ARRAY", "PERF_EVENT_ARRAY",
                                             "CGROUP_ARRAY", "ARRAY_OF_MAPS",
                                             "HASH_OF_MAPS"};
  if (std::ranges::find(references, type) != std::end(references)) return 4;
  if (type.find("PERCPU") == std::string::npos) return size;
  return rounded_up(size, 8) * kernel.possible_cpus().size();
}

// In pages: bpf_map.memory.pages from 5.3 to 5.10, bpf_map.pages before. Since
// 5.11 (80ee81e0403c) only the memory cgroup knows, and what is shown is the
// size of all entries.
Result<std::uint64_t> map_memory(const Kernel& kernel, const BpfMap& map) {
  constexpr std::uint64_t word = 8;
  std::uint64_t page = kernel.page_size();
  for (std::string_view pages : {"memory.pages", "pages"}) {
    if (!map.object.has_member(pages)) continue;
    return TRY(map.object[pages].to_unsigned()) * page;
  }
  std::uint64_t value = TRY(map.value_size);
  std::uint64_t key = TRY(map.key_size);
  std::uint64_t entries = TRY(map.most_entries);
  std::uint64_t one =
      rounded_up(key + stored_value(kernel, TRY(map.type), value), word);
  if (one > ~std::uint64_t{0} / 2 / std::max<std::uint64_t>(entries, 1)) {
    return Error(ErrorKind::corrupt, "the sizes of the map make no sense");
  }
  return rounded_up(entries * one, page);
}

std::optional<std::uint64_t> map_user(const Object& map) {
  for (std::string_view user : {"memory.user", "user"}) {
    if (!map.has_member(user)) continue;
    auto uid = user_id(map[user]);
    if (uid) return *uid;
  }
  return std::nullopt;
}

BpfMap read_map(const Kernel& kernel, const Object& object) {
  BpfMap map{.object = object,
             .type = short_name(object["map_type"], "BPF_MAP_TYPE_"),
             .flags = object["map_flags"].to_unsigned(),
             .key_size = object["key_size"].to_unsigned(),
             .value_size = object["value_size"].to_unsigned(),
             .most_entries = object["max_entries"].to_unsigned(),
             .memory = std::uint64_t{0},
             .name = object["name"].to_string().value_or(""),
             .uid = map_user(object)};
  map.memory = map_memory(kernel, map);
  return map;
}

// ---- Programs ----

Result<std::string> tag_of(const Object& program) {
  std::string text;
  auto bytes = TRY(program["tag"].to_bytes());
  for (std::byte byte : bytes)
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

std::vector<Object> used_maps(const Object& auxiliary) {
  std::vector<Object> maps;
  std::uint64_t count = std::min(
      auxiliary["used_map_cnt"].to_unsigned().value_or(0), most_used_maps);
  for (std::uint64_t i = 0; i < count; ++i)
    maps.push_back(auxiliary["used_maps"].at(i).dereference());
  return maps;
}

Result<std::int64_t> load_time(const Kernel& kernel, const Object& auxiliary) {
  constexpr std::uint64_t second = 1'000'000'000;
  std::uint64_t since_boot = TRY(auxiliary["load_time"].to_unsigned());
  auto boot = static_cast<std::uint64_t>(TRY(boot_time(kernel)));
  return static_cast<std::int64_t>(boot + since_boot / second);
}

Result<bool> is_gpl(const Object& program) {
  return TRY(program["gpl_compatible"].to_unsigned()) != 0;
}

Result<std::uint64_t> in_pages(const Kernel& kernel,
                               const Result<std::uint64_t>& pages) {
  if (!pages) return pages;
  return *pages * kernel.page_size();
}

// The size has counted only what is compiled since 4.13.
Result<std::uint64_t> compiled_size(const Object& program) {
  if (TRY(program["jited"].to_unsigned()) == 0) return std::uint64_t{0};
  return program["jited_len"].to_unsigned();
}

BpfProgram read_program(const Kernel& kernel, const Object& object) {
  Object auxiliary = object["aux"].dereference();
  BpfProgram program{.object = object,
                     .auxiliary = auxiliary,
                     .type = short_name(object["type"], "BPF_PROG_TYPE_"),
                     .tag = tag_of(object),
                     .map_ids = {},
                     .instructions = object["len"].to_unsigned(),
                     .compiled_size = compiled_size(object),
                     .memory = in_pages(kernel, object["pages"].to_unsigned()),
                     .load_time = load_time(kernel, auxiliary),
                     .is_gpl = is_gpl(object),
                     .name = auxiliary["name"].to_string().value_or(""),
                     .uid = user_id(auxiliary["user"])};
  for (const Object& map : used_maps(auxiliary))
    program.map_ids.push_back(map["id"].to_unsigned());
  return program;
}

// ---- Links ----

// What a link of one type is attached to.
Object outer(const Kernel& kernel, const Object& link,
             std::string_view structure) {
  auto type = kernel.structure(structure);
  if (!type) return type.error();
  return link.container_of(**type, "link");
}

Result<std::string> link_target(const Kernel& kernel, const Object& link,
                                const std::string& type) {
  if (type == "RAW_TRACEPOINT") {
    Object name = outer(kernel, link, "bpf_raw_tp_link")["btp"]["tp"]["name"];
    return "tracepoint " + TRY(name.to_string());
  }
  if (type == "NETNS") {
    Object net = outer(kernel, link, "bpf_netns_link")["net"];
    return fmt::format("net {:x}", TRY(net.to_address()).value);
  }
  if (type == "XDP") {
    Object device = outer(kernel, link, "bpf_xdp_link")["dev"];
    return "device " + TRY(device["name"].to_string());
  }
  if (type == "CGROUP") {
    Object group = outer(kernel, link, "bpf_cgroup_link")["cgroup"];
    return fmt::format("cgroup {:x}", TRY(group.to_address()).value);
  }
  if (type == "ITER") {
    Object information = outer(kernel, link, "bpf_iter_link")["tinfo"];
    Object target = information["reg_info"]["target"];
    return "iterator " + TRY(target.to_string());
  }
  return std::string();
}

BpfLink read_link(const Kernel& kernel, const Object& object) {
  BpfLink link{.object = object,
               .type = short_name(object["type"], "BPF_LINK_TYPE_"),
               .program = object["prog"].to_address(),
               .program_id = std::uint64_t{0},
               .target = std::string()};
  if (link.program && link.program->value == 0) {
    link.program_id = Error(ErrorKind::not_found, "no program");
  } else {
    link.program_id = object["prog"]["aux"]["id"].to_unsigned();
  }
  if (link.type) {
    link.target = link_target(kernel, object, *link.type);
  }
  return link;
}

// ---- Instructions ----

// A map's address, or one of a value in an array, as a program refers to it.
std::string constant_name(const Kernel& kernel, const std::vector<Object>& maps,
                          std::uint64_t value) {
  for (const Object& map : maps) {
    std::uint64_t id = map["id"].to_unsigned().value_or(0);
    if (map.fault() != nullptr) continue;
    if (map.address().value == value) return fmt::format("map[id:{}]", id);
    auto type = short_name(map["map_type"], "BPF_MAP_TYPE_");
    auto array = kernel.structure("bpf_array");
    if (!type || *type != "ARRAY" || !array) continue;
    Object values = map.container_of(**array, "map")["value"];
    std::uint64_t size = map["value_size"].to_unsigned().value_or(0) *
                         map["max_entries"].to_unsigned().value_or(0);
    if (values.fault() != nullptr || value < values.address().value) continue;
    std::uint64_t offset = value - values.address().value;
    if (offset < size) return fmt::format("map[id:{}][0]+{}", id, offset);
  }
  return "";
}

// Calls are relative to a function that is there for nothing else.
std::string function_name(const Kernel& kernel, std::int32_t distance) {
  auto base = kernel.symbol("__bpf_call_base");
  if (!base) return "";
  auto away = static_cast<std::uint64_t>(std::int64_t{distance});
  auto place = kernel.place(Address{base->value + away});
  return place && place->offset == 0 ? place->symbol : "";
}

}  // namespace

Result<BpfFound<BpfProgram>> bpf_programs(const Kernel& kernel) {
  return numbered<BpfProgram>(
      kernel, "prog_idr", "bpf_prog",
      [&kernel](const Object& one) { return read_program(kernel, one); });
}

Result<BpfFound<BpfMap>> bpf_maps(const Kernel& kernel) {
  return numbered<BpfMap>(
      kernel, "map_idr", "bpf_map",
      [&kernel](const Object& one) { return read_map(kernel, one); });
}

Result<BpfFound<BpfLink>> bpf_links(const Kernel& kernel) {
  return numbered<BpfLink>(
      kernel, "link_idr", "bpf_link",
      [&kernel](const Object& one) { return read_link(kernel, one); });
}

Result<std::vector<BpfLine>> bpf_lines(const Kernel& kernel,
                                       const BpfProgram& program) {
  std::uint64_t count = TRY(program.instructions);
  if (count > most_instructions) {
    return Error(ErrorKind::corrupt, "the program is too long");
  }
  Object first = program.object["insnsi"];
  if (first.fault() != nullptr) return *first.fault();
  auto code =
      TRY(kernel.memory().bytes(first.address(), count * BpfInstruction::unit));
  std::vector<Object> maps = used_maps(program.auxiliary);
  BpfNames names;
  names.function = [&kernel](std::int32_t distance) {
    return function_name(kernel, distance);
  };
  names.constant = [&kernel, &maps](std::uint64_t value) {
    return constant_name(kernel, maps, value);
  };
  std::vector<BpfLine> lines;
  Bytes rest = code;
  while (!rest.empty() && !interrupted()) {
    BpfInstruction one = TRY(bpf_instruction(rest, kernel.memory().endian()));
    Bytes own = rest.first(one.size());
    std::uint64_t at = (code.size() - rest.size()) / BpfInstruction::unit;
    lines.push_back({at, {own.begin(), own.end()}, bpf_text(one, names)});
    rest = rest.subspan(one.size());
  }
  return lines;
}

Result<std::vector<BpfCode>> bpf_code(const Kernel& kernel,
                                      const BpfProgram& program) {
  std::vector<Object> functions;
  std::uint64_t count = std::min(
      program.auxiliary["func_cnt"].to_unsigned().value_or(0), most_functions);
  for (std::uint64_t i = 0; i < count; ++i)
    functions.push_back(program.auxiliary["func"].at(i).dereference());
  // The first function is the program itself.
  if (functions.empty()) functions.push_back(program.object);
  std::vector<BpfCode> code;
  for (const Object& function : functions) {
    std::uint64_t size = TRY(compiled_size(function));
    if (size > most_code) {
      return Error(ErrorKind::corrupt, "the code is too long");
    }
    if (size == 0) continue;
    std::uint64_t start = TRY(function["bpf_func"].to_unsigned());
    code.push_back({kernel.layout().code_address(start), size});
  }
  return code;
}

}  // namespace inquest
