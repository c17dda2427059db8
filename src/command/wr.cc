// SPDX-License-Identifier: GPL-3.0-or-later
// wr: memory in use, changed.

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/options.h"
#include "command/values.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "write memory",
    .synopsis = "[-u | -k | -p] [-8 | -16 | -32 | -64] address value",
    .description =
        "Writes |value| to the address, which may be a symbol or a sum in\n"
        "parentheses. It is kernel virtual, or user virtual of the current\n"
        "task where it is no kernel address.\n"
        "\n"
        "A dump is never changed. The memory of the running system is, "
        "through\n"
        "/dev/mem, when inquest was started with --allow-write and the kernel\n"
        "lets it; most kernels do not (CONFIG_STRICT_DEVMEM).",
    .options =
        {
            {"-k", "a kernel virtual address"},
            {"-u", "a user virtual address"},
            {"-p", "a physical address"},
            {"-8 -16 -32 -64",
             "a value of so many bits; a pointer's by "
             "default"},
        },
};

// ---- What we answer ----

struct WrittenRow {
  Address address;
  Result<std::uint64_t> before;
  std::uint64_t value = 0;
};

report::Record to_record(const WrittenRow& row) {
  return report::Record()
      .with("address", row.address)
      .with("before", row.before)
      .with("value", row.value);
}

// As crash: what went well is not talked about.
std::string to_text(const WrittenRow& /*row*/) {
  return "";
}

// ---- How it is done ----

Result<void> check_allowed(const Kernel& kernel) {
  if (!kernel.is_live()) {
    return Error(ErrorKind::unsupported, "not allowed on dumpfiles");
  }
  if (kernel.options().may_write) return {};
  return Error(ErrorKind::unsupported,
               "not allowed: memory in use is changed only when inquest was "
               "started with --allow-write");
}

Result<std::uint64_t> value_of(const Kernel& kernel, const std::string& word,
                               unsigned width) {
  auto value = parse_number(word);
  if (!value) value = TRY(address_of(kernel, word)).value;
  if (width < sizeof(*value) && *value >> 8 * width != 0) {
    return Error(ErrorKind::usage,
                 fmt::format("{} does not fit into {} bits", word, 8 * width));
  }
  return *value;
}

struct Target {
  const AddressSpace* memory = nullptr;
  std::unique_ptr<AddressSpace> owned;  // a process's memory
  Address at;
};

Result<Target> target_of(const Session& session, const Options& options) {
  const Kernel& kernel = session.kernel;
  constexpr std::uint64_t kernel_half = std::uint64_t{1} << 63;
  Target target;
  target.at = TRY(address_of(kernel, options.words()[0]));
  bool is_user =
      options.has('u') || (!options.has('k') && target.at.value < kernel_half);
  if (options.has('p')) {
    target.memory = &kernel.physical();
  } else if (is_user) {
    target.owned = TRY(user_space(session));
    target.memory = target.owned.get();
  } else {
    target.memory = &kernel.memory();
  }
  return target;
}

// Each page of the target is somewhere else.
Result<void> write(const Kernel& kernel, const Target& target, Bytes bytes) {
  Address at = target.at;
  while (!bytes.empty()) {
    std::uint64_t in_page = kernel.page_size() - at.value % kernel.page_size();
    auto count = std::min<std::uint64_t>(in_page, bytes.size());
    PhysAddress physical = TRY(target.memory->to_physical(at));
    TRY(kernel.dump().write(physical, bytes.first(count)));
    bytes = bytes.subspan(count);
    at = at + count;
  }
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  TRY(check_allowed(kernel));
  std::vector<std::string> rest(words.begin(), words.end());
  unsigned width = take_width(rest, kernel.arch().pointer_size());
  Options options = TRY(Options::parse(rest, "ukp"));
  if (options.words().size() != 2 || options.all().size() > 1) {
    return Error(ErrorKind::usage, "an address and a value are expected");
  }
  std::uint64_t value = TRY(value_of(kernel, options.words()[1], width));
  Target target = TRY(target_of(session, options));
  std::array<std::byte, 8> bytes = {};
  for (unsigned i = 0; i < width; ++i) {
    bool is_little = target.memory->endian() == std::endian::little;
    bytes[is_little ? i : width - 1 - i] = std::byte(value >> 8 * i);
  }
  auto before = target.memory->load(target.at, width);
  TRY(write(kernel, target, Bytes(bytes).first(width)));
  emit(out, WrittenRow{target.at, before, value});
  return {};
}

}  // namespace

extern const Command wr_command;
const Command wr_command = {"wr", &help, run};

}  // namespace inquest
