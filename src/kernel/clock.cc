// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/clock.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "base/arithmetic.h"

namespace inquest {
namespace {

constexpr std::int64_t nanoseconds = 1'000'000'000;

// Since 3.17 (3fdb14fd1df7) the timekeeper lies in tk_core, behind a sequence
// counter whose size varies, in a struct without a name until 6.13
// (struct tk_data); since 6.17 tk_core is the first of
// timekeeper_data[].
Result<Object> timekeeper(const Kernel& kernel) {
  if (kernel.has_symbol("timekeeper_data")) {
    return kernel.variable("timekeeper_data", "struct tk_data")["timekeeper"];
  }
  const Symbol* core = kernel.symbols().find("tk_core");
  if (core == nullptr)
    return kernel.variable("timekeeper", "struct timekeeper");
  if (kernel.structure("tk_data")) {
    return kernel.variable("tk_core", "struct tk_data")["timekeeper"];
  }
  const Type* type = TRY(kernel.structure("timekeeper"));
  constexpr std::uint64_t largest_counter = 256;
  // The timekeeper is the last member.
  std::uint64_t offset = core->size - type->size();
  if (core->size < type->size() || offset > largest_counter) {
    Object named = kernel.variable("tk_core");
    return named["timekeeper"];
  }
  return Object(kernel.memory(), *type, core->address + offset);
}

// A ktime_t: a union with a 64-bit member until 4.10 (2456e8553544).
Result<std::int64_t> ktime(const Object& time) {
  return time.has_member("tv64") ? time["tv64"].to_signed() : time.to_signed();
}

}  // namespace

Result<std::int64_t> wall_clock(const Kernel& kernel) {
  Object keeper = TRY(timekeeper(kernel));
  if (keeper.fault() != nullptr && kernel.has_symbol("xtime")) {
    return kernel.variable("xtime", "struct timespec")["tv_sec"].to_signed();
  }
  return keeper["xtime_sec"].to_signed();
}

Result<std::int64_t> uptime(const Kernel& kernel) {
  Object keeper = TRY(timekeeper(kernel));
  std::int64_t seconds = 0;
  if (keeper.has_member("ktime_sec")) {
    seconds = TRY(keeper["ktime_sec"].to_signed());
  } else {
    seconds =
        wrapping_sum(TRY(keeper["xtime_sec"].to_signed()),
                     TRY(keeper["wall_to_monotonic"]["tv_sec"].to_signed()));
  }
  if (keeper.has_member("offs_boot")) {
    seconds =
        wrapping_sum(seconds, TRY(ktime(keeper["offs_boot"])) / nanoseconds);
  }
  return seconds;
}

Result<std::int64_t> boot_time(const Kernel& kernel) {
  std::int64_t now = TRY(wall_clock(kernel));
  return wrapping_difference(now, TRY(uptime(kernel)));
}

std::string date_text(std::int64_t seconds) {
  std::time_t when = seconds;
  std::tm parts = {};
  std::array<char, 64> text = {};
  if (localtime_r(&when, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Z %Y",
                    &parts) == 0) {
    return fmt::format("@{}", seconds);
  }
  return text.data();
}

std::string duration_text(std::int64_t seconds) {
  std::int64_t days = seconds / 86400;
  std::string text = days > 0 ? fmt::format("{} days, ", days) : "";
  return text + fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24,
                            seconds / 60 % 60, seconds % 60);
}

}  // namespace inquest
