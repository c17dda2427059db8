// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/start.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/lost_pages.h"
#include "base/text.h"
#include "remote/kernel_target.h"
#include "remote/server.h"
#include "shell/invocation.h"
#include "shell/manual.h"
#include "shell/output.h"
#include "shell/progress.h"
#include "shell/shell.h"
#include "shell/variables.h"
#include "shell/version.h"

namespace inquest {
namespace {

constexpr int all_answered = 0;
constexpr int something_missing = 1;
constexpr int cannot_start = 2;

int fail(std::string_view program, const Error& error) {
  std::cerr << fmt::format("{}: {}\n", program, printable(error.message()));
  if (error.kind() == ErrorKind::usage)
    std::cerr << fmt::format("Try \"{} --help\".\n", program);
  return cannot_start;
}

void on_interrupt(int /*signal*/) {
  interrupt();
}

void set_signals() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_IGN;  // a closed pager shows up as EPIPE
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);  // "ulimit -f" as EFBIG
  survive_lost_pages();
}

// No file of ours becomes standard input or output where the user closed his:
// reading from and writing to these fails.
void keep_standard_descriptors() {
  int descriptor = -1;
  do {
    descriptor = open("/dev/null", O_RDONLY);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) close(descriptor);
}

// ---- Instead of a session ----

int show_help(std::string_view program, const std::string& topic) {
  if (topic.empty()) {
    std::cout << invocation_text();
    return all_answered;
  }
  std::string text = topic_text(topic);
  const Help* help = find_help(topic);
  if (text.empty() && help == nullptr) {
    return fail(program,
                Error(ErrorKind::not_found,
                      fmt::format("there is no help on \"{}\"", topic)));
  }
  std::cout << (text.empty() ? page_text(topic, *help) : text);
  return all_answered;
}

std::optional<std::string_view> vmcoreinfo_value(std::string_view text,
                                                 std::string_view key) {
  for (std::string_view line : lines(text)) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with('='))
      return line.substr(key.size() + 1);
  }
  return std::nullopt;
}

int show_dump_value(std::string_view program, const KernelOptions& options,
                    std::string_view key) {
  auto dump = open_dump(options.dumps);
  if (!dump) return fail(program, dump.error());
  auto value = vmcoreinfo_value((*dump)->info().vmcoreinfo, key);
  if (!value) {
    std::cout << "unknown\n";
    return something_missing;
  }
  std::cout << printable(*value) << '\n';
  return all_answered;
}

int show_crash_time(std::string_view program, const KernelOptions& options) {
  auto dump = open_dump(options.dumps);
  if (!dump) return fail(program, dump.error());
  const DumpInfo& info = (*dump)->info();
  std::string_view text = info.vmcoreinfo;
  std::optional<std::int64_t> seconds;
  if (auto crashed = vmcoreinfo_value(text, "CRASHTIME"))
    seconds = std::strtoll(std::string(*crashed).c_str(), nullptr, 10);
  else if (info.saved_at)
    seconds = static_cast<std::int64_t>(*info.saved_at);
  if (!seconds) {
    std::cout << "unknown\n";
    return something_missing;
  }
  std::time_t time = *seconds;
  std::tm utc = {};
  gmtime_r(&time, &utc);
  char line[64];
  std::size_t size = strftime(line, sizeof(line), "%a %b %e %T UTC %Y", &utc);
  std::cout << std::string_view(line, size) << '\n';
  return all_answered;
}

// ---- The session ----

// Reads a file of commands that lies where anyone may have put it only when
// it is the user's own.
bool is_trusted(const std::filesystem::path& file) {
  struct stat status = {};
  return stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_uid == getuid() && (status.st_mode & S_IWOTH) == 0;
}

void run_rc_files(Shell& shell) {
  const char* home = std::getenv("HOME");
  std::error_code ignored;
  std::vector<std::filesystem::path> folders;
  if (home != nullptr) folders.emplace_back(home);
  auto here = std::filesystem::current_path(ignored);
  if (folders.empty() || here != folders[0]) folders.push_back(here);
  for (const auto& folder : folders) {
    for (std::string_view name : {".crashrc", ".inquestrc"}) {
      auto file = folder / name;
      if (!std::filesystem::exists(file, ignored)) continue;
      if (!is_trusted(file)) {
        shell.report(Error(
            ErrorKind::usage,
            fmt::format("{} is not read: it must be yours, and writable by "
                        "nobody else",
                        file.string())));
      } else if (auto done = shell.run_script(file, name, false); !done) {
        shell.report(done.error());
      }
    }
  }
}

Result<void> apply(const Invocation& invocation, Session& session) {
  for (const auto& [name, value] : invocation.variables) {
    if (const Variable* variable = find_variable(name))
      TRY(variable->assign(session, value));
    else
      session.settings.shell[name] = value;
  }
  auto& shell = session.settings.shell;
  const Kernel& kernel = session.kernel;
  shell["namelist"] = kernel.vmlinux().string();
  if (!kernel.dump_info().files.empty())
    shell["dumpfile"] = kernel.dump_info().files[0].string();
  if (invocation.is_silent) {
    shell["silent"] = "on";
    shell["scroll"] = "off";
  }
  if (invocation.is_minimal) shell["minimal"] = "on";
  return {};
}

// The scripts, then the commands or, when there are none, the user's.
Result<void> run_input(Shell& shell, const Invocation& invocation) {
  bool is_interactive = invocation.commands.empty();
  if (is_interactive && !invocation.is_silent) shell.show_start();
  for (const std::string& script : invocation.scripts) {
    if (shell.is_finished()) break;
    TRY(shell.run_script(script, "runtime", !invocation.is_silent));
  }
  for (const std::string& command : invocation.commands) {
    if (!shell.is_finished()) shell.run_line(command);
  }
  if (is_interactive && !shell.is_finished()) shell.run_standard_input();
  return {};
}

// -o: what is there of the kernel's own word goes along.
Result<void> save(const Invocation& invocation, const Kernel& kernel) {
  if (!invocation.save_as) return {};
  TRY(save_as_elf(kernel.dump(), kernel.arch().elf_machine(),
                  kernel.vmcoreinfo().text(), *invocation.save_as));
  std::cerr << fmt::format("saved as {}\n", printable(*invocation.save_as));
  return {};
}

int run_session(const std::string& program, const Invocation& invocation) {
  KernelOptions options = invocation.kernel;
  options.progress = terminal_progress();
  auto kernel = Kernel::open(options);
  if (!kernel) return fail(program, kernel.error());
  for (const std::string& remark : (*kernel)->remarks())
    std::cerr << fmt::format("{}: {}\n", program, printable(remark));
  if (auto done = save(invocation, **kernel); !done)
    return fail(program, done.error());
  Session session = {.kernel = **kernel,
                     .settings = default_settings(),
                     .task = std::nullopt,
                     .history = {}};
  Shell shell(session, program);
  if (invocation.has_rc_files) run_rc_files(shell);
  if (auto done = apply(invocation, session); !done)
    return fail(program, done.error());
  if (invocation.has_extensions) shell.load_extensions();
  if (auto done = run_input(shell, invocation); !done)
    return fail(program, done.error());
  return shell.has_problem() ? something_missing : all_answered;
}

// ---- The dump for gdb ----

int run_gdbserver(const std::string& program, const Invocation& invocation) {
  KernelOptions options = invocation.kernel;
  options.progress = terminal_progress();
  auto kernel = Kernel::open(options);
  if (!kernel) return fail(program, kernel.error());
  auto endpoint = parse_endpoint(invocation.endpoint);
  if (!endpoint) return fail(program, endpoint.error());
  auto server = RemoteServer::listen(*endpoint);
  if (!server) return fail(program, server.error());
  std::cout << fmt::format("listening on {}; in gdb:\n", server->address());
  if (auto load = load_kernel_symbols(**kernel))
    std::cout << fmt::format("  {}\n", *load);
  std::cout << fmt::format("  target remote {}\n", server->address())
            << std::flush;
  KernelTarget target(**kernel);
  auto served = server->serve(target, [](bool has_come) {
    std::cout << (has_come ? "gdb connected\n" : "gdb left\n") << std::flush;
  });
  return served ? all_answered : fail(program, served.error());
}

int run_task(const std::string& program, const Invocation& invocation) {
  switch (invocation.task) {
    case Invocation::Task::help:
      return show_help(program, invocation.topic);
    case Invocation::Task::man_page:
      std::cout << man_page();
      return all_answered;
    case Invocation::Task::version:
      std::cout << version_text() << '\n';
      return all_answered;
    case Invocation::Task::build_info:
      std::cout << version_text() << ", built with " << compiler << '\n';
      return all_answered;
    case Invocation::Task::osrelease:
      return show_dump_value(program, invocation.kernel, "OSRELEASE");
    case Invocation::Task::build_id:
      return show_dump_value(program, invocation.kernel, "BUILD-ID");
    case Invocation::Task::crash_time:
      return show_crash_time(program, invocation.kernel);
    case Invocation::Task::log: {
      Invocation session = invocation;
      session.is_silent = true;
      session.commands = {"log"};
      return run_session(program, session);
    }
    case Invocation::Task::gdbserver:
      return run_gdbserver(program, invocation);
    case Invocation::Task::session:
      break;
  }
  return run_session(program, invocation);
}

}  // namespace

int run_inquest(const std::string& program,
                std::vector<std::string> arguments) {
  std::string name = std::filesystem::path(program).filename();
  if (name != "crash") name = "inquest";
  keep_standard_descriptors();
  set_signals();
  auto invocation = parse_invocation(std::move(arguments));
  if (!invocation) return fail(name, invocation.error());
  int status = cannot_start;
  try {
    status = run_task(name, *invocation);
  } catch (const std::bad_alloc&) {
    status = fail(name, Error(ErrorKind::io, "out of memory"));
  }
  errno = 0;
  if (std::cout.flush()) return status;
  return fail(name, unwritten_output(errno));
}

}  // namespace inquest
