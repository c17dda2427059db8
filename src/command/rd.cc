// SPDX-License-Identifier: GPL-3.0-or-later
// rd: memory as numbers and characters.

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/alternatives.h"
#include "command/code.h"
#include "command/options.h"
#include "command/rd_row.h"
#include "command/values.h"
#include "debuginfo/elf_file.h"
#include "kernel/slab_name.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "read memory",
    .synopsis =
        "[-adDsSupxmfNR][-8|-16|-32|-64][-o offs][-e addr]"
        "[-r file]\n     [address|symbol] [count]",
    .description =
        "Shows |count| words of memory from the address on, one by default.\n"
        "The address is kernel virtual, or user virtual of the current task\n"
        "where it is no kernel address.",
    .options =
        {
            {"-p", "a physical address"},
            {"-u", "a user virtual address"},
            {"-f", "an offset in the dump file"},
            {"-8 -16 -32 -64", "words of so many bits; a pointer's by default"},
            {"-d", "signed decimal"},
            {"-D", "unsigned decimal"},
            {"-s", "kernel symbols for the values that are addresses of them"},
            {"-S", "the same, and slab caches' names; twice: with the value"},
            {"-x", "no characters"},
            {"-a", "a string"},
            {"-N", "16 and 32-bit words in network order"},
            {"-m", "a machine address of Xen: refused"},
            {"-R", "the words up to the address instead of from it on"},
            {"-o offs", "add this to the address"},
            {"-e addr", "up to this address instead of a count"},
            {"-r file", "write |count| bytes to this file"},
        },
    .examples =
        {
            {"Show the kernel's banner", "rd -a linux_banner"},
            {"Show four words of init_task with symbols", "rd -s init_task 4"},
        },
};

// ---- How we find it ----

enum class Space { kernel, user, physical, file };

struct Request {
  Space space = Space::kernel;
  Address start;
  std::uint64_t count = 1;
  unsigned width = 8;
  RdStyle style;
  const AddressSpace* memory = nullptr;
  std::unique_ptr<AddressSpace> owned;  // a process's memory
  Address read_from;                    // where |start| is in |memory|
};

std::string_view space_name(Space space) {
  switch (space) {
    case Space::user:
      return "user virtual address";
    case Space::physical:
      return "physical address";
    case Space::file:
      return "file offset";
    default:
      return "kernel virtual address";
  }
}

std::string_view space_type(Space space) {
  switch (space) {
    case Space::user:
      return "UVADDR";
    case Space::physical:
      return "PHYSADDR";
    case Space::file:
      return "FILEADDR";
    default:
      return "KVADDR";
  }
}

// The address that failed, as the user counts.
Error read_error(const Request& request, const Error& error) {
  std::uint64_t at =
      error.address() != 0
          ? request.start.value + (error.address() - request.read_from.value)
          : request.start.value;
  return failed_read(
      space_name(request.space), Address{at},
      fmt::format("{}-bit {}", request.width * 8, space_type(request.space)),
      error);
}

std::uint64_t in_network_order(std::uint64_t value, unsigned width,
                               std::endian endian) {
  if (endian == std::endian::big || (width != 2 && width != 4)) return value;
  std::array<std::byte, 4> bytes = {};
  std::span<std::byte> used = std::span(bytes).first(width);
  store_unsigned(used, value, std::endian::little);
  return load_unsigned(used, std::endian::big);
}

// The section of vmlinux that begins at |at|: a better name for the place than
// the linker's labels have.
const ElfSection* section_at(const Kernel& kernel, Address at) {
  const ElfFile* vmlinux = kernel.vmlinux_file();
  if (vmlinux == nullptr) return nullptr;
  for (const ElfSection& section : vmlinux->sections()) {
    bool is_there = section.address.value != 0 && section.size != 0 &&
                    section.address + kernel.kaslr_offset() == at;
    if (is_there) return &section;
  }
  return nullptr;
}

std::optional<std::string> symbol_text(const Kernel& kernel,
                                       std::uint64_t value) {
  auto place = kernel.pointed_place(value);
  if (!place || place->symbol.empty()) return std::nullopt;
  if (place->offset == 0) {
    const ElfSection* section =
        place->size == 0 ? section_at(kernel, Address{value}) : nullptr;
    return section != nullptr ? section->name : place->symbol;
  }
  return fmt::format("{}+{}", place->symbol, place->offset);
}

std::string symbolic(const Kernel& kernel, std::uint64_t value,
                     const RdStyle& style) {
  if (auto symbol = symbol_text(kernel, value)) return *symbol;
  if (style.slab_names == 0) return "";
  auto cache = slab_cache_name(kernel, Address{value});
  if (!cache) return "";
  return style.slab_names > 1 ? fmt::format("[{:x}:{}]", value, *cache)
                              : fmt::format("[{}]", *cache);
}

RdRow row_of(const Kernel& kernel, const Request& request, Address at,
             Bytes bytes) {
  RdRow row{.address = at, .width = request.width, .style = request.style};
  row.bytes.assign(bytes.begin(), bytes.end());
  std::endian endian = request.memory->endian();
  for (std::size_t i = 0; i + row.width <= bytes.size(); i += row.width) {
    std::uint64_t value = load_unsigned(bytes.subspan(i, row.width), endian);
    if (row.style.network_order) {
      value = in_network_order(value, row.width, endian);
    }
    row.values.push_back(value);
    row.symbols.push_back(row.style.is_symbolic && row.width == 8
                              ? symbolic(kernel, value, row.style)
                              : "");
  }
  return row;
}

// The words of one line that can be read, up to the first that cannot.
std::pair<std::vector<std::byte>, std::optional<Error>> line_bytes(
    const Request& request, Address from, std::size_t size) {
  std::vector<std::byte> bytes(size);
  if (request.memory->read(from, bytes)) return {bytes, std::nullopt};
  for (std::size_t at = 0; at < size; at += request.width) {
    auto done = request.memory->read(
        from + at, std::span(bytes).subspan(at, request.width));
    if (done) continue;
    bytes.resize(at);
    return {bytes, done.error()};
  }
  return {bytes, std::nullopt};
}

Result<void> show_words(const Kernel& kernel, const Request& request,
                        report::Sink& out) {
  constexpr std::size_t line_size = 16;
  constexpr auto most = std::uint64_t{1} << 60;
  std::uint64_t size = std::min(request.count, most) * request.width;
  for (std::uint64_t at = 0; at < size && !interrupted(); at += line_size) {
    auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(line_size, size - at));
    auto [bytes, error] = line_bytes(request, request.read_from + at, count);
    if (!bytes.empty()) {
      emit(out, row_of(kernel, request, request.start + at, bytes));
    }
    if (error) return read_error(request, *error);
  }
  return {};
}

// A string of printable characters, up to |limit| of them.
Result<void> show_string(const Request& request, std::uint64_t limit,
                         report::Sink& out) {
  StringRow row{.address = request.start, .text = ""};
  for (std::uint64_t i = 0; i < limit; ++i) {
    auto byte = request.memory->load(request.read_from + i, 1);
    if (!byte) {
      if (!row.text.empty()) emit(out, row);
      return read_error(request, byte.error());
    }
    if (*byte < 0x20 || *byte > 0x7e) break;
    row.text += static_cast<char>(*byte);
  }
  emit(out, row);
  return {};
}

Result<void> write_file(const Request& request, const std::string& path,
                        report::Sink& out) {
  constexpr std::uint64_t chunk = 65536;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) {
    return Error(ErrorKind::io, fmt::format("cannot open {}", path));
  }
  for (std::uint64_t at = 0; at < request.count && !interrupted();
       at += chunk) {
    auto size = static_cast<std::size_t>(std::min(chunk, request.count - at));
    auto bytes = request.memory->bytes(request.read_from + at, size);
    if (!bytes) return read_error(request, bytes.error());
    file.write(reinterpret_cast<const char*>(bytes->data()),
               static_cast<std::streamsize>(bytes->size()));
  }
  if (!file.flush()) {
    return Error(ErrorKind::io, fmt::format("cannot write to {}", path));
  }
  emit(out, CopiedRow{request.start, request.count, path});
  return {};
}

Result<void> choose_memory(const Session& session, const Options& options,
                           Request& request) {
  const Kernel& kernel = session.kernel;
  constexpr std::uint64_t kernel_half = std::uint64_t{1} << 63;
  request.read_from = request.start;
  if (options.has('p')) {
    request.space = Space::physical;
    request.memory = &kernel.physical();
  } else if (options.has('f')) {
    request.space = Space::file;
    request.owned = TRY(file_space(kernel));
    request.memory = request.owned.get();
  } else if (options.has('u') || request.start.value < kernel_half) {
    request.space = Space::user;
    auto space = user_space(session);
    if (!space) {
      return Error(
          ErrorKind::fault,
          fmt::format("invalid {} address: {:x}  type: \"{}-bit {}\"",
                      options.has('u') ? "user virtual" : "kernel virtual",
                      request.start.value, request.width * 8,
                      options.has('u') ? "UVADDR" : "KVADDR"));
    }
    request.owned = std::move(space).value();
    request.memory = request.owned.get();
  } else {
    request.memory = &kernel.memory();
  }
  return {};
}

// A number that was meant to be one, or crash's words for what it is instead.
Result<std::uint64_t> number_of(std::string_view word) {
  if (auto number = parse_number(word)) return *number;
  return Error(ErrorKind::corrupt, fmt::format("not a valid number: {}", word));
}

Result<void> set_count(const Kernel& kernel, const Options& options,
                       Request& request, report::Sink& out) {
  const auto& words = options.words();
  auto end = options.argument('e');
  if (words.size() > 1) {
    request.count = TRY(number_of(words[1]));
    if (request.count == 0) {
      return Error(ErrorKind::corrupt,
                   fmt::format("invalid count request: {}", words[1]));
    }
    if (end) {
      out.note("WARNING: ending address ignored when count is specified");
    }
    return {};
  }
  if (!end) {
    if (!options.has('r')) return {};
    return Error(ErrorKind::corrupt,
                 "-r option requires either a count argument or the -e option");
  }
  Address last = TRY(code_place(kernel, *end)).at;
  if (last <= request.start) {
    return Error(ErrorKind::corrupt,
                 fmt::format("invalid ending address: {:x}", last.value));
  }
  std::uint64_t bytes = last - request.start;
  request.count =
      options.has('r') ? bytes : (bytes + request.width - 1) / request.width;
  return {};
}

Result<void> set_range(const Kernel& kernel, const Options& options,
                       Request& request, report::Sink& out) {
  request.start = TRY(code_place(kernel, options.words()[0])).at;
  if (auto offset = options.argument('o')) {
    request.start = request.start + TRY(number_of(*offset));
  }
  TRY(set_count(kernel, options, request, out));
  if (options.has('R')) {
    request.start = request.start - (request.count - 1) * request.width;
  }
  return {};
}

RdStyle style_of(const Options& options) {
  RdStyle style;
  if (options.has('d')) style.number = RdNumber::signed_decimal;
  if (options.has('D')) style.number = RdNumber::unsigned_decimal;
  style.slab_names = options.count('S');
  style.is_symbolic = options.has('s') || style.slab_names > 0;
  style.has_characters = !options.has('x') && !style.is_symbolic &&
                         style.number == RdNumber::hexadecimal;
  style.network_order = options.has('N');
  return style;
}

// The symbol that is not there: of the address, or of -e.
Result<void> unknown_symbol(const Session& session, const Options& options,
                            report::Sink& out) {
  bool is_start = !code_place(session.kernel, options.words()[0]);
  show_alternatives(session,
                    is_start ? options.words()[0]
                             : std::string(options.argument('e').value_or("")),
                    out);
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  std::vector<std::string> rest(words.begin(), words.end());
  Request request;
  request.width = take_width(rest, session.kernel.arch().pointer_size());
  Options options = TRY(Options::parse(rest, "adDsSupxmfNRo:e:r:"));
  if (options.words().empty() || options.words().size() > 2) {
    return Error(ErrorKind::usage, "");
  }
  if (options.has('m')) {
    return Error(ErrorKind::unsupported,
                 "machine addresses (-m) exist on Xen only");
  }
  request.style = style_of(options);
  auto range = set_range(session.kernel, options, request, out);
  if (!range && range.error().kind() == ErrorKind::not_found) {
    return unknown_symbol(session, options, out);
  }
  TRY(range);
  TRY(choose_memory(session, options, request));
  if (auto file = options.argument('r')) {
    return write_file(request, std::string(*file), out);
  }
  if (options.has('a')) {
    bool has_count = options.words().size() > 1 || options.has('e');
    constexpr std::uint64_t longest = 65536;
    return show_string(request, has_count ? request.count : longest, out);
  }
  return show_words(session.kernel, request, out);
}

}  // namespace

extern const Command rd_command;
const Command rd_command = {"rd", &help, run};

}  // namespace inquest
