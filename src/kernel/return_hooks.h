// SPDX-License-Identifier: GPL-3.0-or-later
// Return addresses that tracing took from the stack: the function graph
// tracer and kretprobes put their own trampoline there and keep the true
// address elsewhere.

#pragma once

#include <optional>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

class ReturnHooks {
 public:
  // Looks nothing up yet; |task| must outlive it.
  ReturnHooks(const Kernel& kernel, const Object& task)
      : kernel_(kernel), task_(task) {}

  // The address that |pc|, read from |slot|, stands for: |pc| itself unless it
  // is a trampoline. |not_found| when the trampoline's record is missing.
  Result<Address> resolved(Address pc, Address slot);

 private:
  enum class Trampoline { none, graph, rethook, kretprobe };

  Trampoline trampoline_at(Address pc);
  Result<Address> in_graph_stack(Address slot);
  Result<Address> in_list(const Object& head, std::string_view type,
                          std::string_view member, std::string_view frame,
                          Address slot);

  const Kernel& kernel_;
  const Object& task_;
  bool is_open_ = false;
  std::uint64_t graph_returns_ = 0;  // records used in their order
  std::vector<std::pair<Address, Trampoline>> trampolines_;
};

}  // namespace inquest
