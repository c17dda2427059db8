// SPDX-License-Identifier: GPL-3.0-or-later
// A dumped kernel as gdb sees it: tasks are threads.
//
// Return addresses that arm64 signed are given to gdb without their signature,
// in registers and on the selected thread's stacks: gdb 13 knows how to take
// signatures off user addresses only, and would not find a single caller.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/backtrace.h"
#include "kernel/kernel.h"
#include "kernel/linux_arch.h"
#include "kernel/module.h"
#include "remote/target.h"

namespace inquest {

class KernelTarget : public RemoteTarget {
 public:
  // Looks nothing up yet. Not safe from many threads.
  explicit KernelTarget(const Kernel& kernel)
      : kernel_(kernel), walker_(kernel) {}

  const Arch& arch() const override { return kernel_.arch(); }
  // A task's number is its pid; the idle task of CPU n is 10000000 + n. The
  // task that panicked comes first.
  std::span<const RemoteThread> threads() override;
  Registers registers(const RemoteThread& thread) override;
  std::size_t read(const RemoteThread& thread, Address from,
                   std::span<std::byte> out) override;
  std::optional<Address> first_segment() override;
  std::string monitor(std::string_view command) override;

  // The task that |thread| is.
  Address task(const RemoteThread& thread) const;
  // The place of |task| in threads().
  std::optional<std::size_t> position(Address task);

 private:
  void add(const Object& task, bool is_idle);
  std::optional<std::size_t> place_of(Address wanted) const;
  const AddressSpace* user_memory(const RemoteThread& thread);
  void remove_signatures(const RemoteThread& thread, Address from,
                         std::span<std::byte> bytes);
  std::uint64_t without_signature(std::uint64_t word) const;
  Result<Object> task_of(const RemoteThread& thread) const;

  const Kernel& kernel_;
  StackWalker walker_;
  bool has_threads_ = false;
  std::vector<RemoteThread> threads_;
  std::map<std::uint64_t, Object> tasks_;  // by thread
  std::uint64_t user_thread_ = 0;          // whose |user_memory_| is
  std::unique_ptr<AddressSpace> user_memory_;
  std::uint64_t stack_thread_ = 0;  // whose |stacks_| are
  std::vector<StackRange> stacks_;
};

// The words with which gdb loads the symbols of vmlinux to where the dump has
// them. Per-CPU variables that are linked at 0 stay there, for their addresses
// are offsets. |not_found| when there is no vmlinux.
Result<std::string> load_kernel_symbols(const Kernel& kernel);
// The same for a module and its file; |not_found| when it is not known where
// the sections are.
Result<std::string> load_module_symbols(const Kernel& kernel,
                                        const Module& module,
                                        const std::filesystem::path& file);

}  // namespace inquest
