// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/invocation.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

#include <fmt/format.h>
#include <getopt.h>

#include "base/numbers.h"
#include "base/text.h"
#include "dump/dump.h"
#include "remote/server.h"

namespace inquest {
namespace {

using Apply = Result<void> (*)(Invocation& invocation, std::string_view value);

Error malformed(std::string message) {
  return Error(ErrorKind::usage, std::move(message));
}

Error refused(std::string_view what) {
  return Error(ErrorKind::unsupported, std::string(what));
}

// ---- What options do ----

Result<void> nothing(Invocation& /*invocation*/, std::string_view /*value*/) {
  return {};
}

template <Invocation::Task Task>
Result<void> choose_task(Invocation& invocation, std::string_view /*value*/) {
  invocation.task = Task;
  return {};
}

template <Invocation::Task Task>
Result<void> choose_dump_task(Invocation& invocation, std::string_view value) {
  invocation.task = Task;
  invocation.kernel.dumps.emplace_back(value);
  return {};
}

Result<void> serve_gdb(Invocation& invocation, std::string_view value) {
  auto endpoint = parse_endpoint(value);
  if (!endpoint)
    return malformed(
        fmt::format("--gdbserver: {}", endpoint.error().message()));
  invocation.task = Invocation::Task::gdbserver;
  invocation.endpoint = value;
  return {};
}

template <const char* Variable, const char* Value>
Result<void> set_to(Invocation& invocation, std::string_view /*value*/) {
  invocation.variables.emplace_back(Variable, Value);
  return {};
}

template <const char* Variable>
Result<void> set_variable(Invocation& invocation, std::string_view value) {
  invocation.variables.emplace_back(Variable, value);
  return {};
}

template <bool KernelOptions::*Flag>
Result<void> set_kernel_flag(Invocation& invocation,
                             std::string_view /*value*/) {
  invocation.kernel.*Flag = true;
  return {};
}

constexpr char scroll[] = "scroll";
constexpr char radix[] = "radix";
constexpr char json[] = "json";
constexpr char debug[] = "debug";
constexpr char edit[] = "edit";
constexpr char console[] = "console";
constexpr char offline[] = "offline";
constexpr char module_path[] = "module_path";
constexpr char source_path[] = "source_path";
constexpr char on[] = "on";
constexpr char off[] = "off";
constexpr char less[] = "less";
constexpr char more[] = "more";
constexpr char crash_pager[] = "CRASHPAGER";
constexpr char hex[] = "16";
constexpr char dec[] = "10";
constexpr char kcore[] = "/proc/kcore";

Result<void> be_silent(Invocation& invocation, std::string_view /*value*/) {
  invocation.is_silent = true;
  return {};
}

Result<void> add_script(Invocation& invocation, std::string_view value) {
  invocation.scripts.emplace_back(value);
  return {};
}

Result<void> add_command(Invocation& invocation, std::string_view value) {
  invocation.commands.emplace_back(value);
  return {};
}

Result<void> skip_rc_files(Invocation& invocation, std::string_view /*v*/) {
  invocation.has_rc_files = false;
  return {};
}

Result<void> load_extensions(Invocation& invocation, std::string_view /*v*/) {
  invocation.has_extensions = true;
  return {};
}

Result<void> be_minimal(Invocation& invocation, std::string_view /*value*/) {
  invocation.is_minimal = true;
  return {};
}

Result<void> zero_excluded(Invocation& invocation, std::string_view /*v*/) {
  invocation.kernel.zero_excluded = true;
  invocation.variables.emplace_back("zero_excluded", on);
  return {};
}

// "2g", "512m", "0x1000", "4096".
std::optional<std::uint64_t> size_number(std::string_view text) {
  unsigned shift = 0;
  if (!text.empty()) {
    char suffix = text.back();
    if (suffix == 'k' || suffix == 'K') shift = 10;
    if (suffix == 'm' || suffix == 'M') shift = 20;
    if (suffix == 'g' || suffix == 'G') shift = 30;
  }
  if (shift != 0) text.remove_suffix(1);
  auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift)
    return std::nullopt;
  return *number << shift;
}

Result<void> set_device(Invocation& invocation, std::string_view value) {
  if (invocation.kernel.live)
    return malformed(fmt::format("{} and {}: one memory device, please",
                                 invocation.kernel.live->string(), value));
  invocation.kernel.live = value;
  return {};
}

Result<void> set_save_as(Invocation& invocation, std::string_view value) {
  invocation.save_as = value;
  return {};
}

Result<void> set_kaslr(Invocation& invocation, std::string_view value) {
  if (value == "auto") return {};
  auto offset = size_number(value);
  if (!offset)
    return malformed(fmt::format("--kaslr: \"{}\" is no offset", value));
  invocation.kernel.kaslr_offset = offset;
  return {};
}

Result<void> set_machine(Invocation& invocation, std::string_view value) {
  for (std::string_view part : split(value, ',')) {
    std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return malformed(fmt::format("-m: \"{}\" is not key=value", part));
    std::string key(part.substr(0, equals));
    std::string_view text = part.substr(equals + 1);
    auto number = size_number(text);
    if (key == "vm") {
      if (text != "5level" && text != "orig")
        return refused(fmt::format("-m vm={}: there is no such layout", text));
      number = text == "5level" ? 5 : 4;  // levels of page tables
    }
    if (!number) return malformed(fmt::format("-m: \"{}\" is no number", text));
    invocation.kernel.machine[key] = *number;
  }
  return {};
}

Result<void> set_debug(Invocation& invocation, std::string_view value) {
  if (!parse_number(value))
    return malformed(fmt::format("-d: \"{}\" is no number", value));
  return set_variable<debug>(invocation, value);
}

Result<void> refuse_kerntypes(Invocation& /*i*/, std::string_view /*v*/) {
  return refused("-k: LKCD Kerntypes files are not supported");
}
Result<void> refuse_xen(Invocation& /*i*/, std::string_view /*v*/) {
  return refused("Xen hypervisor sessions are not supported");
}
Result<void> refuse_driver(Invocation& /*i*/, std::string_view /*v*/) {
  return refused(
      "--memory_module: no module is loaded; --memory_device names "
      "a device that there is");
}
Result<void> refuse_kvm(Invocation& /*i*/, std::string_view /*v*/) {
  return refused("files of \"virsh save\" are not supported");
}
Result<void> refuse_reloc(Invocation& /*i*/, std::string_view /*v*/) {
  return refused("--reloc is for 32-bit x86 only; use --kaslr");
}

// ---- The options ----

struct Option {
  char letter;            // '\0': none
  std::string_view name;  // long name, "" none; NUL-terminated
  int argument;           // no_argument, required_argument
  Apply apply;
  std::string_view operand;
  std::string_view meaning;
};

using Task = Invocation::Task;

constexpr std::array options = {
    Option{'h', "help", no_argument, choose_task<Task::help>, "[topic]",
           "show this, or the page of a command, and exit"},
    Option{'v', "version", no_argument, choose_task<Task::version>, "",
           "show the version and exit"},
    Option{'\0', "buildinfo", no_argument, choose_task<Task::build_info>, "",
           "show how this program was built and exit"},
    Option{'s', "silent", no_argument, be_silent, "",
           "no banner, no pager, input files not echoed"},
    Option{'i', "input", required_argument, add_script, "file",
           "run the commands in a file first"},
    Option{'\0', "command", required_argument, add_command, "line",
           "run a command line and exit; may be repeated"},
    Option{'\0', "json", no_argument, set_to<json, on>, "",
           "answer in JSON, one object a line"},
    Option{'\0', "osrelease", required_argument,
           choose_dump_task<Task::osrelease>, "dump",
           "show the release of the dump's kernel and exit"},
    Option{'\0', "build-id", required_argument,
           choose_dump_task<Task::build_id>, "dump",
           "show the build-id of the dump's kernel and exit"},
    Option{'\0', "log", required_argument, choose_dump_task<Task::log>, "dump",
           "show the kernel's log and exit"},
    Option{'\0', "gdbserver", required_argument, serve_gdb, "[host:]port",
           "let gdb connect and look at the dump, until Ctrl-C"},
    Option{'t', "", no_argument, choose_task<Task::crash_time>, "",
           "show when the dump was saved and exit"},
    Option{'m', "machdep", required_argument, set_machine, "key=value",
           "what is known about the machine better than found out"},
    Option{'\0', "kaslr", required_argument, set_kaslr, "offset|auto",
           "by how much the kernel was moved"},
    Option{'\0', "mod", required_argument, set_variable<module_path>, "dir",
           "where debug files of modules are searched for"},
    Option{'\0', "src", required_argument, set_variable<source_path>, "dir",
           "where the kernel's source is"},
    Option{'\0', "zero_excluded", no_argument, zero_excluded, "",
           "pages left out of the dump read as zero"},
    Option{'\0', "memory_device", required_argument, set_device, "device",
           "look at the running system through this instead of /proc/kcore"},
    Option{'\0', "allow-write", no_argument,
           set_kernel_flag<&KernelOptions::may_write>, "",
           "wr may change the memory of the running system"},
    Option{'o', "", required_argument, set_save_as, "file",
           "save raw RAM as an ELF file first"},
    Option{'\0', "no_vmlinux", no_argument,
           set_kernel_flag<&KernelOptions::no_vmlinux>, "",
           "do with the kernel's own symbols and types"},
    Option{'\0', "no_modules", no_argument,
           set_kernel_flag<&KernelOptions::no_modules>, "",
           "do without modules"},
    Option{'\0', "hex", no_argument, set_to<radix, hex>, "",
           "hexadecimal output"},
    Option{'\0', "dec", no_argument, set_to<radix, dec>, "", "decimal output"},
    Option{'\0', "no_scroll", no_argument, set_to<scroll, off>, "", "no pager"},
    Option{'\0', "less", no_argument, set_to<scroll, less>, "",
           "less is the pager"},
    Option{'\0', "more", no_argument, set_to<scroll, more>, "",
           "more is the pager"},
    Option{'\0', "CRASHPAGER", no_argument, set_to<scroll, crash_pager>, "",
           "the pager that CRASHPAGER names"},
    Option{'\0', "no_crashrc", no_argument, skip_rc_files, "",
           "leave .inquestrc and .crashrc unread"},
    Option{'\0', "offline", required_argument, set_variable<offline>,
           "show|hide", "whether offline CPUs are shown"},
    Option{'e', "", required_argument, set_variable<edit>, "vi|emacs",
           "keys of the line editor"},
    Option{'d', "debug", required_argument, set_debug, "number",
           "how much is told about how answers are found"},
    Option{'c', "", required_argument, set_variable<console>, "device",
           "kept for scripts"},
    Option{'\0', "minimal", no_argument, be_minimal, "",
           "only dis, eval, exit, extend, help, log, rd, set and sym"},
    Option{'x', "", no_argument, load_extensions, "",
           "load the extensions of a folder, see \"help extend\""},
    Option{'\0', "man", no_argument, choose_task<Task::man_page>, "",
           "write the man page and exit"},
    // Without effect: what they ask for is always so, or never needed.
    Option{'S', "", no_argument, nothing, "", ""},
    Option{'f', "", no_argument, nothing, "", ""},
    Option{'g', "", no_argument, nothing, "", ""},
    Option{'L', "", no_argument, nothing, "", ""},
    Option{'p', "", required_argument, nothing, "size", ""},
    Option{'\0', "active", no_argument, nothing, "", ""},
    Option{'\0', "no_kallsyms", no_argument, nothing, "", ""},
    Option{'\0', "no_ikconfig", no_argument, nothing, "", ""},
    Option{'\0', "no_data_debug", no_argument, nothing, "", ""},
    Option{'\0', "no_kmem_cache", no_argument, nothing, "", ""},
    Option{'\0', "kmem_cache_delay", no_argument, nothing, "", ""},
    Option{'\0', "no_elf_notes", no_argument, nothing, "", ""},
    Option{'\0', "no_panic", no_argument, nothing, "", ""},
    Option{'\0', "no_strip", no_argument, nothing, "", ""},
    Option{'\0', "readnow", no_argument, nothing, "", ""},
    Option{'\0', "smp", no_argument, nothing, "", ""},
    Option{'\0', "cpus", required_argument, nothing, "number", ""},
    Option{'\0', "hash", required_argument, nothing, "number", ""},
    Option{'\0', "max-malloc-bufs", required_argument, nothing, "number", ""},
    // Refused.
    Option{'k', "", no_argument, refuse_kerntypes, "", ""},
    Option{'\0', "hyper", no_argument, refuse_xen, "", ""},
    Option{'\0', "p2m_mfn", required_argument, refuse_xen, "frame", ""},
    Option{'\0', "xen_phys_start", required_argument, refuse_xen, "pa", ""},
    Option{'\0', "memory_module", required_argument, refuse_driver, "name", ""},
    Option{'\0', "reloc", required_argument, refuse_reloc, "size", ""},
    Option{'\0', "kvmhost", required_argument, refuse_kvm, "bits", ""},
    Option{'\0', "kvmio", required_argument, refuse_kvm, "size", ""},
};

constexpr int long_base = 256;  // getopt values of options without a letter

std::vector<option> long_options() {
  std::vector<option> all;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Option& each = options[i];
    if (each.name.empty()) continue;
    all.push_back({each.name.data(), each.argument, nullptr,
                   long_base + static_cast<int>(i)});
  }
  all.push_back({nullptr, 0, nullptr, 0});
  return all;
}

std::string short_options() {
  std::string all = ":";
  for (const Option& each : options) {
    if (each.letter == '\0') continue;
    all += each.letter;
    if (each.argument == required_argument) all += ':';
  }
  return all;
}

const Option* find_option(int value) {
  if (value >= long_base)
    return &options[static_cast<std::size_t>(value - long_base)];
  const auto* found = std::ranges::find(options, value, &Option::letter);
  return found == options.end() ? nullptr : found;
}

// ---- Files ----

bool is_system_map(std::string_view head) {
  std::size_t digits = head.find_first_not_of("0123456789abcdef");
  return digits != std::string_view::npos && digits >= 8 &&
         digits + 2 < head.size() && head[digits] == ' ' &&
         head[digits + 2] == ' ';
}

bool is_compressed(std::string_view head) {
  using namespace std::string_view_literals;
  for (std::string_view magic : {"\x1f\x8b"sv, "BZh"sv,
                                 "\xfd"
                                 "7zXZ"sv,
                                 "\x28\xb5\x2f\xfd"sv}) {
    if (head.starts_with(magic)) return true;
  }
  return false;
}

// A device that shows memory, whether it is there or not.
bool is_memory_device(const std::string& name) {
  std::error_code ignored;
  return name == kcore || name == "/dev/mem" || name == "/dev/crash" ||
         std::filesystem::is_character_file(name, ignored);
}

Result<void> take_file(Invocation& invocation, const std::string& name) {
  if (is_memory_device(name)) return set_device(invocation, name);
  if (raw_part(name)) {
    invocation.kernel.dumps.emplace_back(name);
    return {};
  }
  std::error_code unknown;
  if (std::filesystem::is_fifo(name, unknown) ||
      std::filesystem::is_socket(name, unknown)) {
    return Error(ErrorKind::io, fmt::format("{}: not a regular file", name));
  }
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  char head[64] = {};
  if (!file.read(head, 1)) {
    std::string reason = file.is_open() && errno == 0
                             ? "the file is empty"
                             : std::string(std::strerror(errno));
    return Error(ErrorKind::io, fmt::format("{}: {}", name, reason));
  }
  file.read(head + 1, sizeof(head) - 1);
  std::string_view text(head, sizeof(head));
  if (is_dump(name)) {
    invocation.kernel.dumps.emplace_back(name);
  } else if (text.starts_with("\177ELF") || is_compressed(text)) {
    if (invocation.kernel.vmlinux)
      return malformed(fmt::format("{} and {}: one vmlinux, please",
                                   invocation.kernel.vmlinux->string(), name));
    invocation.kernel.vmlinux = name;
  } else if (!is_system_map(text)) {  // vmlinux has the same symbols
    return Error(ErrorKind::unsupported,
                 fmt::format("{}: neither a dump that is known here nor a "
                             "vmlinux",
                             name));
  }
  return {};
}

// Without a dump it is the running system that is meant.
Result<void> check_memory(Invocation& invocation) {
  KernelOptions& kernel = invocation.kernel;
  bool has_dump = !kernel.dumps.empty();
  if (invocation.task == Task::crash_time && !has_dump)
    return malformed("no dump given");
  if (has_dump && kernel.live) {
    return malformed(
        fmt::format("{} and {}: a dump or the running system, "
                    "please",
                    kernel.dumps[0].string(), kernel.live->string()));
  }
  bool is_session =
      invocation.task == Task::session || invocation.task == Task::gdbserver;
  if (is_session && !has_dump && !kernel.live) kernel.live = kcore;
  if (kernel.vmlinux && kernel.no_vmlinux)
    return malformed("--no_vmlinux, and a vmlinux");
  bool is_raw = has_dump && raw_part(kernel.dumps[0].native());
  if (invocation.save_as && !is_raw)
    return malformed("-o is for raw RAM: file@address");
  return {};
}

Result<void> take_operands(Invocation& invocation,
                           std::vector<std::string> operands) {
  if (invocation.task == Task::help) {
    if (!operands.empty()) invocation.topic = operands[0];
    return {};
  }
  for (const std::string& operand : operands) {
    // Parts of a raw dump may be joined by commas; so may those of a set.
    std::error_code unknown;
    if (std::filesystem::exists(operand, unknown) ||
        operand.find(',') == std::string::npos) {
      TRY(take_file(invocation, operand));
      continue;
    }
    for (std::string_view part : split(operand, ','))
      TRY(take_file(invocation, std::string(part)));
  }
  return check_memory(invocation);
}

}  // namespace

Result<Invocation> parse_invocation(std::vector<std::string> arguments) {
  Invocation invocation;
  std::string program = "inquest";
  std::vector<char*> words = {program.data()};
  for (std::string& argument : arguments)
    words.push_back(argument.data());
  words.push_back(nullptr);
  int count = static_cast<int>(words.size()) - 1;
  std::string letters = short_options();
  std::vector<option> names = long_options();
  optind = 0;  // starts afresh
  opterr = 0;
  int value = 0;
  while ((value = getopt_long(count, words.data(), letters.c_str(),
                              names.data(), nullptr)) != -1) {
    std::string word = words[static_cast<std::size_t>(optind - 1)];
    if (value == ':')
      return malformed(fmt::format("{} needs an argument", word));
    const Option* found = value == '?' ? nullptr : find_option(value);
    if (found == nullptr) {
      return malformed(
          fmt::format("unknown option {}",
                      optopt > 0 && optopt < long_base
                          ? fmt::format("-{}", static_cast<char>(optopt))
                          : word));
    }
    TRY(found->apply(invocation, optarg == nullptr ? "" : optarg));
  }
  std::vector<std::string> operands(words.begin() + optind,
                                    words.begin() + count);
  TRY(take_operands(invocation, std::move(operands)));
  return invocation;
}

std::vector<OptionHelp> option_help() {
  std::vector<OptionHelp> help;
  for (const Option& each : options) {
    if (each.apply != nothing && each.meaning.empty()) continue;  // refused
    std::string text;
    if (each.letter != '\0') text = fmt::format("-{}", each.letter);
    if (!each.name.empty())
      text += fmt::format("{}--{}", text.empty() ? "" : ", ", each.name);
    if (!each.operand.empty()) text += fmt::format(" {}", each.operand);
    help.push_back({std::move(text), each.meaning});
  }
  return help;
}

}  // namespace inquest
