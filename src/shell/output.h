// SPDX-License-Identifier: GPL-3.0-or-later
// Where the output of a command goes: the terminal, a pager, a file, or a
// pipeline of the user's shell.

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <vector>

#include <spawn.h>

#include "base/result.h"

namespace inquest {

// Starts "sh -c |command|" with its standard input connected to a pipe.
struct PipedProcess {
  int process = -1;
  int write_end = -1;
};
Result<PipedProcess> start_pipe(const std::string& command);
// Runs |command| ("" : an interactive shell) in the user's shell and waits;
// Ctrl-C is for it alone meanwhile. Its exit status, or 128 and up when a
// signal ended it.
int run_in_shell(const std::string& command);

// Adds the actions of signals that a child must not inherit from us: those we
// handle or ignore.
void set_default_signals(posix_spawnattr_t& attributes);

// Why output could not be written, of errno.
Error unwritten_output(int failure);

// Buffers what goes to one file descriptor. A reader that went away is no
// error: the command is told to stop, and the rest of its output is dropped.
class OutputBuffer : public std::streambuf {
 public:
  explicit OutputBuffer(int descriptor);
  ~OutputBuffer() override;
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Why it could not be written, as errno; 0: it could.
  int failure() const { return failure_; }

 protected:
  int_type overflow(int_type c) override;
  int sync() override;
  // Writes what is buffered; called when the buffer is full or flushed.
  virtual void drain();
  std::string_view pending() const {
    return {pbase(), static_cast<std::size_t>(pptr() - pbase())};
  }
  void send_to(int descriptor) { descriptor_ = descriptor; }

 private:
  int descriptor_;
  std::vector<char> buffer_;
  int failure_ = 0;
};

class Output {
 public:
  static std::unique_ptr<Output> to_descriptor(int descriptor);
  static Result<std::unique_ptr<Output>> to_file(
      const std::filesystem::path& path, bool is_appended);
  static Result<std::unique_ptr<Output>> to_pipe(const std::string& command);
  // Starts |pager| when there is more to see than fits on |rows| lines of
  // |columns|, or when the command takes its time.
  static std::unique_ptr<Output> to_pager(std::string pager, unsigned rows,
                                          unsigned columns);

  virtual ~Output() = default;
  std::ostream& stream() { return stream_; }
  // Writes what is left and waits for a process behind a pipe. False when
  // not all was written.
  virtual bool finish() = 0;
  // Then: why not; nothing when whatever reads the output stopped reading.
  virtual std::optional<Error> failure() const { return std::nullopt; }
  // Whether a pager may own the terminal once something was written.
  virtual bool is_paged() const { return false; }
  // Whether a person looks at it as it comes.
  virtual bool is_on_terminal() const { return false; }

 protected:
  Output() : stream_(nullptr) {}
  void write_to(std::streambuf& buffer) { stream_.rdbuf(&buffer); }

 private:
  std::ostream stream_;
};

// Copies everything to two streams.
class TeeBuffer : public std::streambuf {
 public:
  TeeBuffer(std::ostream& first, std::ostream& second)
      : first_(first), second_(second) {}

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  std::ostream& first_;
  std::ostream& second_;
};

}  // namespace inquest
