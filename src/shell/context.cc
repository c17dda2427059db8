// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/context.h"

#include <fmt/format.h>

namespace inquest {

Result<void> show_context(Session& /*session*/, report::Sink& /*out*/,
                          ContextStyle /*style*/) {
  return Error(ErrorKind::unsupported, "tasks are not known yet");
}
Result<void> choose_task(Session& /*session*/, std::string_view pid_or_task) {
  return Error(ErrorKind::not_found,
               fmt::format("invalid task or pid value: {}", pid_or_task));
}
Result<void> choose_cpu(Session& session, std::string_view /*cpu*/) {
  (void)session;
  return Error(ErrorKind::unsupported, "tasks are not known yet");
}
Result<void> choose_panic_task(Session& session) {
  session.task.reset();
  return {};
}

}  // namespace inquest
