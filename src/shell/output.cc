// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/output.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::size_t buffer_size = 65536;

Error host_error(std::string_view what) {
  return Error(ErrorKind::io, fmt::format("{}: {}", what, strerror(errno)));
}

// Starts "sh -c command" with the default signal actions; |input| becomes its
// standard input unless negative.
Result<int> start(const std::string& command, int input) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  set_default_signals(attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::string text = command;
  std::string name = "sh";
  std::string option = "-c";
  std::vector<char*> words = {name.data()};
  if (!command.empty()) words.insert(words.end(), {option.data(), text.data()});
  words.push_back(nullptr);
  pid_t process = -1;
  errno = posix_spawn(&process, "/bin/sh", &actions, &attributes, words.data(),
                      environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (errno != 0) return host_error("cannot start /bin/sh");
  return process;
}

int wait_for(int process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Leaves Ctrl-C to a child that has the terminal.
class IgnoredInterrupts {
 public:
  IgnoredInterrupts() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt_);
    sigaction(SIGQUIT, &ignore, &quit_);
  }
  IgnoredInterrupts(const IgnoredInterrupts&) = delete;
  IgnoredInterrupts& operator=(const IgnoredInterrupts&) = delete;
  ~IgnoredInterrupts() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGQUIT, &quit_, nullptr);
  }

 private:
  struct sigaction interrupt_ = {};
  struct sigaction quit_ = {};
};

// A descriptor, closed in the end when it is ours.
class DescriptorOutput : public Output {
 public:
  DescriptorOutput(int descriptor, int process, bool is_ours)
      : buffer_(descriptor),
        descriptor_(descriptor),
        process_(process),
        is_ours_(is_ours) {
    write_to(buffer_);
  }
  DescriptorOutput(const DescriptorOutput&) = delete;
  DescriptorOutput& operator=(const DescriptorOutput&) = delete;
  ~DescriptorOutput() override { DescriptorOutput::finish(); }

  bool finish() override {
    stream().flush();
    failure_ = buffer_.failure();
    bool is_open = is_ours_ && descriptor_ >= 0;
    if (is_open && close(descriptor_) != 0 && failure_ == 0) failure_ = errno;
    if (is_ours_) descriptor_ = -1;
    if (process_ >= 0) {
      IgnoredInterrupts ignored;
      wait_for(process_);
    }
    process_ = -1;
    return failure_ == 0;
  }

  std::optional<Error> failure() const override {
    if (failure_ == 0 || failure_ == EPIPE) return std::nullopt;
    return unwritten_output(failure_);
  }

  bool is_on_terminal() const override {
    return !is_ours_ && isatty(descriptor_) != 0;
  }

 private:
  OutputBuffer buffer_;
  int descriptor_;
  int process_;
  bool is_ours_;
  int failure_ = 0;
};

// Keeps one screen, and starts the pager when that is not enough.
class PagerBuffer : public OutputBuffer {
 public:
  PagerBuffer(std::string pager, unsigned rows, unsigned columns)
      : OutputBuffer(STDOUT_FILENO),
        pager_(std::move(pager)),
        rows_(rows),
        columns_(columns) {}
  PagerBuffer(const PagerBuffer&) = delete;
  PagerBuffer& operator=(const PagerBuffer&) = delete;
  ~PagerBuffer() override { close_pager(); }

  void close_pager() {
    if (process_ < 0 && fits_screen(pending())) is_short_ = true;
    pubsync();
    if (process_ < 0) return;
    close(write_end_);
    send_to(STDOUT_FILENO);
    IgnoredInterrupts ignored;
    wait_for(process_);
    process_ = -1;
  }

 protected:
  void drain() override {
    if (process_ < 0 && !is_short_ && !pending().empty()) start_pager();
    OutputBuffer::drain();
  }

 private:
  void start_pager() {
    auto started = start_pipe(pager_);
    if (!started) {
      is_short_ = true;  // no pager: straight to the terminal
      return;
    }
    process_ = started->process;
    write_end_ = started->write_end;
    send_to(write_end_);
  }

  bool fits_screen(std::string_view text) const {
    unsigned lines = 1;
    unsigned column = 0;
    for (char c : text) {
      column = c == '\n' ? 0 : column + 1;
      if (c == '\n' || column > columns_) ++lines;
      if (column > columns_) column = 1;
      if (lines > rows_) return false;
    }
    return true;
  }

  std::string pager_;
  unsigned rows_;
  unsigned columns_;
  int process_ = -1;
  int write_end_ = -1;
  bool is_short_ = false;
};

class PagerOutput : public Output {
 public:
  PagerOutput(std::string pager, unsigned rows, unsigned columns)
      : buffer_(std::move(pager), rows, columns) {
    write_to(buffer_);
  }

  bool finish() override {
    buffer_.close_pager();
    return true;  // leaving the pager is no failure
  }
  bool is_on_terminal() const override { return true; }
  bool is_paged() const override { return true; }

 private:
  PagerBuffer buffer_;
};

}  // namespace

void set_default_signals(posix_spawnattr_t& attributes) {
  sigset_t defaults;
  sigemptyset(&defaults);
  for (int signal : {SIGINT, SIGPIPE, SIGQUIT, SIGXFSZ})
    sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
}

Error unwritten_output(int failure) {
  return Error(ErrorKind::io, fmt::format("the output could not be written: {}",
                                          strerror(failure)));
}

Result<PipedProcess> start_pipe(const std::string& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return host_error("cannot make a pipe");
  auto process = start(command, ends[0]);
  close(ends[0]);
  if (!process) {
    close(ends[1]);
    return process.error();
  }
  return PipedProcess{*process, ends[1]};
}

int run_in_shell(const std::string& command) {
  IgnoredInterrupts ignored;
  auto process = start(command, -1);
  return process ? wait_for(*process) : 127;
}

OutputBuffer::OutputBuffer(int descriptor)
    : descriptor_(descriptor), buffer_(buffer_size) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

OutputBuffer::~OutputBuffer() {
  OutputBuffer::drain();
}

OutputBuffer::int_type OutputBuffer::overflow(int_type c) {
  drain();
  if (!traits_type::eq_int_type(c, traits_type::eof()))
    sputc(traits_type::to_char_type(c));
  return traits_type::not_eof(c);
}

int OutputBuffer::sync() {
  drain();
  return 0;
}

void OutputBuffer::drain() {
  std::string_view text = pending();
  while (!text.empty() && failure_ == 0) {
    ssize_t written = write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failure_ = errno;
      interrupt();
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

std::unique_ptr<Output> Output::to_descriptor(int descriptor) {
  return std::make_unique<DescriptorOutput>(descriptor, -1, false);
}

Result<std::unique_ptr<Output>> Output::to_file(
    const std::filesystem::path& path, bool is_appended) {
  int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
  int descriptor =
      open(path.c_str(), flags | (is_appended ? O_APPEND : O_TRUNC), 0666);
  if (descriptor < 0)
    return host_error(fmt::format("unable to open {}", path.string()));
  return std::unique_ptr<Output>(
      std::make_unique<DescriptorOutput>(descriptor, -1, true));
}

Result<std::unique_ptr<Output>> Output::to_pipe(const std::string& command) {
  PipedProcess pipe = TRY(start_pipe(command));
  return std::unique_ptr<Output>(
      std::make_unique<DescriptorOutput>(pipe.write_end, pipe.process, true));
}

std::unique_ptr<Output> Output::to_pager(std::string pager, unsigned rows,
                                         unsigned columns) {
  return std::make_unique<PagerOutput>(std::move(pager), rows, columns);
}

TeeBuffer::int_type TeeBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return 0;
  char byte = traits_type::to_char_type(c);
  xsputn(&byte, 1);
  return c;
}

std::streamsize TeeBuffer::xsputn(const char* text, std::streamsize size) {
  first_.write(text, size);
  second_.write(text, size);
  return size;
}

int TeeBuffer::sync() {
  first_.flush();
  second_.flush();
  return 0;
}

}  // namespace inquest
