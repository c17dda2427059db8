// SPDX-License-Identifier: GPL-3.0-or-later
// The task that commands without a task argument look at.

#pragma once

#include <string_view>

#include "command/command.h"

namespace inquest {

// The start banner continues the lines of sys; "set" has lines of its own.
enum class ContextStyle { set, banner };
// set -a: the task is taken for the one that its CPU was running.
Result<void> take_as_active(Session& session, std::string_view pid_or_task);

Result<void> show_context(Session& session, report::Sink& out,
                          ContextStyle style = ContextStyle::set);
Result<void> choose_task(Session& session, std::string_view pid_or_task);
Result<void> choose_cpu(Session& session, std::string_view cpu);
Result<void> choose_panic_task(Session& session);

}  // namespace inquest
