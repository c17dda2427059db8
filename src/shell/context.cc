// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/context.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"
#include "command/context.h"

namespace inquest {
namespace {

// The lines of set, in the column of those of sys.
struct BannerRow {
  ContextRow row;
};

report::Record to_record(const BannerRow& banner) {
  return to_record(banner.row);
}

std::string to_text(const BannerRow& banner) {
  std::string text = to_text(banner.row);
  std::string out;
  for (std::string_view line : lines(text))
    out += fmt::format("     {}\n", line);
  return out;
}

}  // namespace

Result<void> show_context(Session& session, report::Sink& out,
                          ContextStyle style) {
  Object task = TRY(current_context(session));
  ContextRow row = context_row(session.kernel, task);
  if (style == ContextStyle::banner) {
    report::emit(out, BannerRow{std::move(row)});
  } else {
    report::emit(out, row);
  }
  return {};
}

Result<void> choose_task(Session& session, std::string_view pid_or_task) {
  session.task = TRY(named_task(session.kernel, pid_or_task)).address();
  return {};
}

Result<void> take_as_active(Session& session, std::string_view pid_or_task) {
  const Kernel& kernel = session.kernel;
  if (kernel.is_live()) {
    return Error(ErrorKind::unsupported,
                 "-a option not supported on a live system");
  }
  Object task = TRY(named_task(kernel, pid_or_task));
  kernel.take_as_current(TRY(task_cpu(kernel, task)), task.address());
  return {};
}

Result<void> choose_cpu(Session& session, std::string_view cpu) {
  auto number = parse_decimal(cpu);
  auto cpus = session.kernel.possible_cpus();
  if (!number) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid cpu number: {}", cpu));
  }
  if (std::ranges::find(cpus, *number) == cpus.end()) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid cpu number: system has only {} cpus",
                             cpus.size()));
  }
  auto chosen = static_cast<unsigned>(*number);
  session.task = TRY(current_task(session.kernel, chosen)).address();
  return {};
}

Result<void> choose_panic_task(Session& session) {
  session.task.reset();
  return {};
}

}  // namespace inquest
