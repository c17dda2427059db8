// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/variables.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>
#include <unistd.h>

#include "base/numbers.h"

namespace inquest {
namespace {

constexpr std::string_view on_off = "on | off";

Error nonsense() {
  return Error(ErrorKind::usage, "");
}

std::string_view to_text(bool value) {
  return value ? "on" : "off";
}

Result<bool> to_flag(std::string_view value) {
  if (value == "on" || value == "1") return true;
  if (value == "off" || value == "0") return false;
  return nonsense();
}

template <bool Settings::*Flag>
std::string flag_text(const Session& session) {
  return std::string(to_text(session.settings.*Flag));
}

template <bool Settings::*Flag>
Result<void> assign_flag(Session& session, std::string_view value) {
  session.settings.*Flag = TRY(to_flag(value));
  return {};
}

// A flag that only the shell looks at; |Name| has static storage.
template <const char* Name>
std::string shell_text(const Session& session) {
  return std::string(shell_value(session.settings, Name));
}

template <const char* Name>
Result<void> assign_shell_flag(Session& session, std::string_view value) {
  session.settings.shell[Name] = to_text(TRY(to_flag(value)));
  return {};
}

constexpr char refresh_name[] = "refresh";
constexpr char console_name[] = "console";
constexpr char core_name[] = "core";
constexpr char hash_name[] = "hash";
constexpr char silent_name[] = "silent";
constexpr char edit_name[] = "edit";
constexpr char namelist_name[] = "namelist";
constexpr char dumpfile_name[] = "dumpfile";
constexpr char unwind_name[] = "unwind";
constexpr char gdb_name[] = "gdb";
constexpr char scope_name[] = "scope";
constexpr char offline_name[] = "offline";
constexpr char redzone_name[] = "redzone";
constexpr char error_name[] = "error";
constexpr char data_debug_name[] = "data_debug";

Result<unsigned> to_unsigned(std::string_view value) {
  auto number = parse_number(value);
  if (!number || *number > std::numeric_limits<unsigned>::max())
    return nonsense();
  return static_cast<unsigned>(*number);
}

Result<void> assign_zero_excluded(Session& session, std::string_view value) {
  TRY(assign_flag<&Settings::zero_excluded>(session, value));
  session.kernel.zero_excluded(session.settings.zero_excluded);
  return {};
}

// ---- scroll ----

std::string scroll_text(const Session& session) {
  std::string_view pager = shell_value(session.settings, "pager");
  pager = pager.substr(0, pager.find(' '));
  return fmt::format("{} ({})", shell_value(session.settings, "scroll"),
                     pager.empty() ? "none" : pager);
}

Result<void> assign_scroll(Session& session, std::string_view value) {
  auto& shell = session.settings.shell;
  if (value == "off" || value == "0") {
    shell["scroll"] = "off";
    return {};
  }
  bool is_pager = value == "less" || value == "more" || value == "CRASHPAGER";
  if (!is_pager && value != "on" && value != "1") return nonsense();
  std::string pager = pager_command(is_pager ? value : "on");
  if (is_pager && pager.empty())
    return Error(ErrorKind::usage, fmt::format("no such pager: {}", value));
  if (is_pager || shell["pager"].empty()) shell["pager"] = pager;
  shell["scroll"] = "on";
  return {};
}

// ---- radix ----

std::string radix_text(const Session& session) {
  unsigned radix = session.settings.radix;
  return fmt::format("{} ({})", radix, radix == 16 ? "hex" : "decimal");
}

Result<void> assign_radix(Session& session, std::string_view value) {
  if (value != "10" && value != "16" && value != "0x10" && value != "hex" &&
      value != "dec") {
    return nonsense();
  }
  session.settings.radix = value == "10" || value == "dec" ? 10 : 16;
  return {};
}

Result<void> assign_hex(Session& session, std::string_view /*value*/) {
  session.settings.radix = 16;
  return {};
}

Result<void> assign_dec(Session& session, std::string_view /*value*/) {
  session.settings.radix = 10;
  return {};
}

// ---- numbers ----

std::string print_max_text(const Session& session) {
  return std::to_string(session.settings.print_max);
}

Result<void> assign_print_max(Session& session, std::string_view value) {
  session.settings.print_max = TRY(to_unsigned(value));
  return {};
}

std::string debug_text(const Session& session) {
  return std::to_string(session.settings.debug);
}

Result<void> assign_debug(Session& session, std::string_view value) {
  session.settings.debug = TRY(to_unsigned(value));
  return {};
}

// ---- words ----

std::string console_text(const Session& session) {
  std::string_view console = shell_value(session.settings, console_name);
  return std::string(console.empty() ? "(not assigned)" : console);
}

Result<void> assign_console(Session& session, std::string_view value) {
  session.settings.shell[console_name] = value;
  return {};
}

Result<void> assign_gdb(Session& /*session*/, std::string_view value) {
  if (!TRY(to_flag(value))) return {};
  return Error(ErrorKind::unsupported,
               "lines are not handed to gdb one and all; put \"gdb\" before "
               "those that are for it");
}

Result<void> assign_scope(Session& session, std::string_view value) {
  auto& shell = session.settings.shell;
  if (value == "0") {
    shell[scope_name] = "0 (not set)";
    return {};
  }
  auto symbol = session.kernel.symbol(value);
  auto number = parse_hex(value);
  if (!symbol && !number)
    return Error(ErrorKind::not_found,
                 fmt::format("invalid text address: {}", value));
  Address at = symbol ? *symbol : Address{*number};
  auto place = session.kernel.place(at);
  if (!place || !session.kernel.is_text(at))
    return Error(ErrorKind::not_found,
                 fmt::format("invalid text address: {}", value));
  std::string offset =
      place->offset == 0 ? "" : fmt::format("+{}", place->offset);
  shell[scope_name] =
      fmt::format("{:x} ({}{})", at.value, place->symbol, offset);
  return {};
}

Result<void> assign_offline(Session& session, std::string_view value) {
  if (value != "show" && value != "hide") return nonsense();
  session.settings.shell[offline_name] = value;
  return {};
}

Result<void> assign_error(Session& session, std::string_view value) {
  session.settings.shell[error_name] = value;
  return {};
}

Result<void> assign_edit(Session& session, std::string_view value) {
  if (value != "vi" && value != "emacs") return nonsense();
  session.settings.shell[edit_name] = value;
  return {};
}

Result<void> assign_vi(Session& session, std::string_view /*value*/) {
  return assign_edit(session, "vi");
}

Result<void> assign_emacs(Session& session, std::string_view /*value*/) {
  return assign_edit(session, "emacs");
}

Result<void> assign_namelist(Session& /*session*/, std::string_view /*value*/) {
  return Error(ErrorKind::unsupported,
               "the kernel is named on the command line, or found by itself");
}

Result<void> assign_free(Session& /*session*/, std::string_view /*value*/) {
  return {};
}

std::string free_text(const Session& /*session*/) {
  return "0 pages freed";
}

// The last ones are not part of "set -v".
constexpr std::size_t hidden = 6;

constexpr std::array all_variables = {
    Variable{"scroll", "on | off | less | more | CRASHPAGER",
             "whether long output goes through a pager, and which", scroll_text,
             assign_scroll},
    Variable{"radix", "10 | 16", "the base of numbers that p and struct print",
             radix_text, assign_radix},
    Variable{"refresh", on_off, "only for live systems; kept for scripts",
             shell_text<refresh_name>, assign_shell_flag<refresh_name>},
    Variable{"print_max", "number", "array elements printed at most",
             print_max_text, assign_print_max},
    Variable{"print_array", on_off, "one array element a line",
             flag_text<&Settings::print_array>,
             assign_flag<&Settings::print_array>},
    Variable{"console", "device", "kept for scripts; nothing is sent there",
             console_text, assign_console},
    Variable{"debug", "number", "how much is told about how answers are found",
             debug_text, assign_debug},
    Variable{"core", on_off, "kept for scripts; errors drop no core",
             shell_text<core_name>, assign_shell_flag<core_name>},
    Variable{"hash", on_off, "kept for scripts; lists are always verified",
             shell_text<hash_name>, assign_shell_flag<hash_name>},
    Variable{"silent", on_off, "no commands echoed from input files",
             shell_text<silent_name>, assign_shell_flag<silent_name>},
    Variable{"edit", "vi | emacs", "keys of the line editor",
             shell_text<edit_name>, assign_edit},
    Variable{"namelist", "", "the vmlinux in use", shell_text<namelist_name>,
             assign_namelist},
    Variable{"dumpfile", "", "the dump in use", shell_text<dumpfile_name>,
             nullptr},
    Variable{"unwind", on_off, "kept for scripts; the best unwinder is used",
             shell_text<unwind_name>, assign_shell_flag<unwind_name>},
    Variable{"zero_excluded", on_off, "pages left out of the dump read as zero",
             flag_text<&Settings::zero_excluded>, assign_zero_excluded},
    Variable{"null-stop", on_off, "character arrays end at the first NUL",
             flag_text<&Settings::null_stop>,
             assign_flag<&Settings::null_stop>},
    Variable{"gdb", "off", "gdb gets only the lines that start with it",
             shell_text<gdb_name>, assign_gdb},
    Variable{"scope", "text address",
             "where the meaning of a name is looked up", shell_text<scope_name>,
             assign_scope},
    Variable{"offline", "show | hide", "whether offline CPUs are shown",
             shell_text<offline_name>, assign_offline},
    Variable{"redzone", on_off, "slab objects start with their red zone",
             shell_text<redzone_name>, assign_shell_flag<redzone_name>},
    Variable{"error", "default | redirect | file",
             "where error messages go besides the terminal",
             shell_text<error_name>, assign_error},
    Variable{"json", on_off, "answers are JSON, one object a line",
             flag_text<&Settings::is_json>, assign_flag<&Settings::is_json>},
    Variable{"hex", "", "the same as radix 16", radix_text, assign_hex, true},
    Variable{"dec", "", "the same as radix 10", radix_text, assign_dec, true},
    Variable{"vi", "", "the same as edit vi", shell_text<edit_name>, assign_vi,
             true},
    Variable{"emacs", "", "the same as edit emacs", shell_text<edit_name>,
             assign_emacs, true},
    Variable{"free", "", "kept for scripts", free_text, assign_free, true},
    Variable{"data_debug", on_off, "kept for scripts",
             shell_text<data_debug_name>, assign_shell_flag<data_debug_name>},
};

}  // namespace

std::span<const Variable> variables() {
  return std::span(all_variables).first(all_variables.size() - hidden);
}

const Variable* find_variable(std::string_view name) {
  const auto* found = std::ranges::find(all_variables, name, &Variable::name);
  return found == all_variables.end() ? nullptr : found;
}

std::string_view shell_value(const Settings& settings, std::string_view name) {
  auto found = settings.shell.find(name);
  return found == settings.shell.end() ? std::string_view() : found->second;
}

Settings default_settings() {
  Settings settings;
  settings.shell = {
      {"scroll", "on"},        {"pager", pager_command("on")},
      {refresh_name, "on"},    {console_name, ""},
      {core_name, "off"},      {hash_name, "on"},
      {silent_name, "off"},    {edit_name, "vi"},
      {unwind_name, "off"},    {gdb_name, "off"},
      {offline_name, "show"},  {scope_name, "0 (not set)"},
      {redzone_name, "on"},    {error_name, "default"},
      {data_debug_name, "on"},
  };
  return settings;
}

std::string pager_command(std::string_view name) {
  auto executable = [](const char* path) { return access(path, X_OK) == 0; };
  if (name == "CRASHPAGER") {
    const char* pager = std::getenv("CRASHPAGER");
    return pager == nullptr ? "" : pager;
  }
  if (name != "more" && executable("/usr/bin/less"))
    return "/usr/bin/less -E -X";
  if (name == "less") return "";
  if (executable("/bin/more")) return "/bin/more";
  return executable("/usr/bin/more") ? "/usr/bin/more" : "";
}

}  // namespace inquest
