// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/gdb.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "kernel/gdb_script.h"
#include "shell/output.h"
#include "shell/progress.h"

namespace inquest {

// When gdb was told of a Ctrl-C.
struct Gdb::Interrupt {
  std::chrono::steady_clock::time_point at;
};

// A folder of our own for a socket, gone with this.
struct Gdb::Folder {
  std::string path;
  ~Folder() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
};

namespace {

constexpr auto patience = std::chrono::seconds(3);
constexpr std::size_t chunk_size = 65536;
constexpr std::size_t longest_line = std::size_t{64} << 20;

Error host_error(std::string_view what) {
  return {ErrorKind::io, fmt::format("{}: {}", what, std::strerror(errno))};
}

// Programs to try in this order: a plain gdb often knows its host only.
std::array<std::string, 2> programs_for(const Arch& arch) {
  utsname host = {};
  bool is_host = uname(&host) == 0 && arch.name() == host.machine;
  if (is_host) return {"gdb", "gdb-multiarch"};
  return {"gdb-multiarch", "gdb"};
}

Result<int> spawn_program(const std::string& program, int channel) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_adddup2(&actions, channel, standard);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  set_default_signals(attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  std::array<std::string, 4> words = {program, "-q", "-nx", "--interpreter=mi"};
  std::array<char*, words.size() + 1> pointers = {};  // a null at the end
  for (std::size_t i = 0; i < words.size(); ++i)
    pointers.at(i) = words.at(i).data();
  pid_t process = -1;
  errno = posix_spawnp(&process, program.c_str(), &actions, &attributes,
                       pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (errno != 0) return host_error(program);
  return process;
}

void nowhere(std::string_view /*text*/) {}

// What gdb prints, and what it remarks.
void collect(const MiRecord& record, std::string& text, std::string& log) {
  if (record.kind == MiRecord::Kind::console) text += record.text;
  if (record.kind == MiRecord::Kind::log) log += record.text;
}

// The Ctrl-C was the user's: whatever runs the commands has to know of it too.
Error interrupted_error() {
  interrupt();
  return {ErrorKind::io, "interrupted"};
}

}  // namespace

Gdb::Gdb(const Kernel& kernel) : kernel_(kernel), target_(kernel) {}

Gdb::~Gdb() {
  stop();
}

Result<void> Gdb::ask(std::string_view line, Address task, const Say& say) {
  if (process_ < 0) {
    auto started = start();
    if (!started) {
      stop();
      return std::move(started).error();
    }
  }
  TRY(load_modules());
  TRY(select(task));
  return console(line, say);
}

// ---- Its life ----

Result<void> Gdb::start() {
  TRY(spawn());
  progress_ = terminal_line();
  auto prepared = prepare();
  if (progress_) progress_->clear();
  progress_.reset();
  if (!prepared) return prepared;
  TRY(connect());
  auto taught =
      console(fmt::format("python exec({})", mi_quoted(gdb_script())), nowhere);
  // A gdb without Python does without.
  return process_ < 0 || interrupted() ? taught : Result<void>();
}

Result<void> Gdb::spawn() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return host_error("cannot make a socket");
  channel_ = Descriptor(ends[0]);
  Descriptor theirs(ends[1]);
  std::optional<Error> failure;
  auto programs = programs_for(kernel_.arch());
  for (const std::string& program : programs) {
    auto process = spawn_program(program, theirs.number());
    if (process) {
      process_ = *process;
      return {};
    }
    if (!failure) failure = process.error();
  }
  return Error(ErrorKind::unsupported,
               fmt::format("{}; install the package {}", failure->message(),
                           programs[0]));
}

// Settings that a gdb may not know are asked for all the same.
Result<void> Gdb::prepare() {
  std::vector<std::string> settings = {
      "set confirm off",
      "set pagination off",
      "set width 0",
      "set height 0",
      "set sysroot",
      "set debuginfod enabled off",
      "set auto-solib-add off",
      "set print thread-events off",
      "set style enabled off",
      "set tcp auto-retry off",
  };
  if (auto cache = kernel_.dwarf_options().cache; !cache.empty()) {
    // Its index of a kernel takes long to make, as ours does.
    settings.push_back(
        fmt::format("set index-cache directory {}", (cache / "gdb").string()));
    settings.emplace_back("set index-cache enabled on");
  }
  for (const std::string& setting : settings) {
    auto done = console(setting, nowhere);
    if (process_ < 0 || interrupted()) return done;
  }
  return console(TRY(load_kernel_symbols(kernel_)), nowhere);
}

Result<void> Gdb::connect() {
  Folder folder;
  std::error_code failure;
  auto temporary = std::filesystem::temp_directory_path(failure);
  if (failure) temporary = "/tmp";
  std::string pattern = (temporary / "inquest-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return host_error(pattern);
  folder.path = pattern;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::string path = pattern + "/gdb";
  if (path.size() >= sizeof(address.sun_path))
    return Error(ErrorKind::io, fmt::format("{}: too long a name", path));
  path.copy(address.sun_path, path.size());
  listener_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener_.is_open() ||
      bind(listener_.number(), reinterpret_cast<sockaddr*>(&address),
           sizeof(address)) != 0 ||
      listen(listener_.number(), 1) != 0) {
    return host_error(path);
  }
  auto connected =
      command(fmt::format("-target-select remote {}", path), nowhere);
  listener_.reset();
  if (!connected) return connected;
  auto threads = target_.threads();
  if (!threads.empty()) task_ = target_.task(threads[0]);
  return {};
}

void Gdb::stop() {
  if (process_ >= 0) {
    ::kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  process_ = -1;
  channel_.reset();
  listener_.reset();
  connection_.reset();
  interrupt_.reset();
  output_.clear();
  is_at_end_ = false;
  files_.clear();
  task_ = {};
}

// ---- What it has to know ----

// The files that mod -s and -S loaded, and no others.
Result<void> Gdb::load_modules() {
  std::map<Address, std::filesystem::path> wanted;
  Modules& modules = kernel_.modules();
  for (const Module& module : modules.list()) {
    const ModuleFile* file = modules.file(module);
    if (file == nullptr) continue;
    wanted.emplace(module.base, file->path);
    if (files_.contains(module.base)) continue;
    auto load = load_module_symbols(kernel_, module, file->path);
    if (load) TRY(console(*load, nowhere));
    files_.emplace(module.base, file->path);
  }
  for (const auto& [base, path] : files_) {
    if (wanted.contains(base)) continue;
    auto unloaded = console(
        fmt::format("remove-symbol-file -a {:#x}", base.value), nowhere);
    if (process_ < 0) return unloaded;
  }
  files_ = std::move(wanted);
  return {};
}

// gdb numbers threads in the order in which it is told of them.
Result<void> Gdb::select(Address task) {
  if (task == task_) return {};
  auto position = target_.position(task);
  if (!position) return {};
  std::string said;
  TRY(console(fmt::format("thread {}", *position + 1),
              [&](std::string_view text) { said += text; }));
  std::uint64_t id = target_.threads()[*position].id;
  if (said.find(fmt::format("(Thread {})", id)) == std::string::npos) {
    return Error(ErrorKind::corrupt,
                 fmt::format("cannot select thread {}: {}", id, trim(said)));
  }
  task_ = task;
  return {};
}

// ---- Talking to it ----

Result<void> Gdb::console(std::string_view line, const Say& say) {
  return command(fmt::format("-interpreter-exec console {}", mi_quoted(line)),
                 say);
}

Result<void> Gdb::send(std::string_view line) {
  while (!line.empty()) {
    ssize_t sent =
        ::send(channel_.number(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent > 0) line.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EINTR) {
      stop();
      return Error(ErrorKind::io, "gdb has ended");
    }
  }
  return {};
}

Result<void> Gdb::finish(const MiRecord& record) {
  if (interrupt_ != nullptr) {
    interrupt_.reset();
    return interrupted_error();
  }
  if (record.kind != MiRecord::Kind::error) return {};
  return Error(ErrorKind::not_found, std::string(trim(record.text)));
}

bool Gdb::is_last(const MiRecord& record) const {
  bool is_end = record.kind == MiRecord::Kind::done ||
                record.kind == MiRecord::Kind::error;
  return is_end && record.token == token_;
}

Result<void> Gdb::command(std::string_view mi, const Say& say) {
  TRY(send(fmt::format("{}{}\n", ++token_, mi)));
  std::string text;
  std::string log;
  while (true) {
    auto record = TRY(next_record());
    if (!record) {
      if (text.size() >= chunk_size) say(std::exchange(text, {}));
      TRY(wait());
      continue;
    }
    if (!is_last(*record)) {
      collect(*record, text, log);
      continue;
    }
    if (record->kind == MiRecord::Kind::done) text += log;  // warnings
    if (!text.empty()) say(text);
    return finish(*record);
  }
}

// The next whole line of gdb, or nothing as long as there is none.
Result<std::optional<MiRecord>> Gdb::next_record() {
  std::size_t end = output_.find('\n');
  if (end != std::string::npos) {
    MiRecord record = parse_mi(trim(std::string_view(output_).substr(0, end)));
    output_.erase(0, end + 1);
    return std::optional(std::move(record));
  }
  if (!is_at_end_ && output_.size() < longest_line)
    return std::optional<MiRecord>();
  bool was_told = interrupt_ != nullptr;
  stop();
  if (was_told) return interrupted_error();
  return Error(ErrorKind::io, "gdb has ended, and starts again the next time");
}

// Until gdb says something, answering what it asks of the dump.
Result<void> Gdb::wait() {
  constexpr int look_again = 200;  // ms; a signal may come just before poll
  int server = connection_ ? connection_->number() : listener_.number();
  pollfd waiting[] = {{channel_.number(), POLLIN, 0}, {server, POLLIN, 0}};
  TRY(check_interrupt());
  if (progress_) {
    progress_->mention(fmt::format("gdb reads {} (Ctrl-C stops)",
                                   kernel_.vmlinux().filename().string()));
  }
  int ready = poll(waiting, 2, look_again);
  if (ready <= 0) return {};
  if (waiting[0].revents != 0) read_output();
  if (waiting[1].revents != 0) serve();
  return {};
}

// Hands a Ctrl-C on to gdb, and ends it when that does not help.
Result<void> Gdb::check_interrupt() {
  auto now = std::chrono::steady_clock::now();
  if (interrupt_ == nullptr && interrupted()) {
    interrupt_ = std::make_unique<Interrupt>(Interrupt{now});
    clear_interrupt();  // gdb still has to be answered
    ::kill(process_, SIGINT);
  }
  if (interrupt_ == nullptr || now - interrupt_->at < patience) return {};
  stop();
  return interrupted_error();
}

void Gdb::read_output() {
  std::array<char, 65536> bytes;
  ssize_t size = recv(channel_.number(), bytes.data(), bytes.size(), 0);
  if (size > 0) output_.append(bytes.data(), static_cast<std::size_t>(size));
  if (size == 0 || (size < 0 && errno != EINTR)) is_at_end_ = true;
}

void Gdb::serve() {
  if (connection_) {
    if (!connection_->serve()) connection_.reset();
    return;
  }
  Descriptor socket(
      accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket.is_open()) return;
  listener_.reset();
  connection_ = std::make_unique<RemoteConnection>(std::move(socket), target_);
}

}  // namespace inquest
