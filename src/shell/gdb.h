// SPDX-License-Identifier: GPL-3.0-or-later
// The system's gdb, started when first asked, with the kernel's symbols where
// the dump has them, and attached to the dump. It has its own session and no
// terminal: Ctrl-C reaches it through us, and it ends with us.
//
// No thread and no further process serves it: gdb looks at the dump only while
// it works on a command, and then we wait for its answer anyway, so that the
// loop that waits also answers what gdb asks about the dump.

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/kernel.h"
#include "remote/kernel_target.h"
#include "remote/server.h"
#include "shell/mi.h"
#include "shell/progress.h"

namespace inquest {

class Gdb {
 public:
  // Takes what gdb prints, as it comes and some lines at once.
  using Say = std::function<void(std::string_view text)>;

  explicit Gdb(const Kernel& kernel);
  ~Gdb();
  Gdb(const Gdb&) = delete;
  Gdb& operator=(const Gdb&) = delete;

  // Runs |line| with |task| selected, if that changed since the last time.
  // |unsupported|: there is no gdb, or none for the dump's architecture; any
  // other error is gdb's own.
  Result<void> ask(std::string_view line, Address task, const Say& say);

  int process() const { return process_; }  // -1: not running

 private:
  struct Folder;

  Result<void> start();
  Result<void> spawn();
  Result<void> prepare();
  Result<void> connect();
  Result<void> load_modules();
  Result<void> select(Address task);
  // One command of gdb's console, or of MI; what it printed goes to |say|.
  Result<void> console(std::string_view line, const Say& say);
  Result<void> send(std::string_view line);
  // Whether |record| ends the command that was asked last.
  bool is_last(const MiRecord& record) const;
  // What that record makes of the command.
  Result<void> finish(const MiRecord& record);
  Result<void> command(std::string_view mi, const Say& say);
  Result<std::optional<MiRecord>> next_record();
  Result<void> wait();
  Result<void> check_interrupt();
  void read_output();
  void serve();
  void stop();

  const Kernel& kernel_;
  KernelTarget target_;
  int process_ = -1;
  Descriptor channel_;  // its standard input, output and errors
  std::string output_;  // what it said and nobody has looked at yet
  bool is_at_end_ = false;
  std::uint64_t token_ = 0;
  Descriptor listener_;
  std::unique_ptr<RemoteConnection> connection_;
  Address task_;                                    // selected by us last
  std::map<Address, std::filesystem::path> files_;  // of modules, by base
  std::unique_ptr<ProgressLine> progress_;          // while it starts
  struct Interrupt;
  std::unique_ptr<Interrupt> interrupt_;  // that gdb was told of
};

// Why |line| is not for gdb: it would run the kernel, leave the dump, or wait
// for more lines. "" when it is.
std::string_view gdb_refusal(std::string_view line);
// Whether a line that starts with |word| and is none of ours is for gdb.
bool is_gdb_word(std::string_view word);

}  // namespace inquest
