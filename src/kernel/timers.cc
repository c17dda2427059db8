// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each CPU has one to three timer wheels (timer_bases, 4.8 on): for ordinary
// and, with CONFIG_NO_HZ_COMMON, for deferrable timers; since 6.9
// (commit 7ee988770326) ordinary ones are either bound to the CPU or not. A
// wheel is an array of lists.
//
// hrtimer_bases holds, per CPU, a red-black tree for each clock and for each
// way (hard and soft interrupt) of running its timers.

#include "kernel/timers.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::int64_t nanoseconds = 1'000'000'000;

// ---- The wheel ----

std::string base_name(std::uint64_t index, std::uint64_t count) {
  constexpr std::array<const char*, 3> three = {"BASE_LOCAL", "BASE_GLOBAL",
                                                "BASE_DEF"};
  constexpr std::array<const char*, 2> two = {"BASE_STD", "BASE_DEF"};
  if (count == three.size()) return three.at(index);
  if (count <= two.size()) return two.at(index);
  return fmt::format("BASE_{}", index);
}

// How many wheels a CPU has.
std::uint64_t base_count(const Kernel& kernel, const Type& base) {
  constexpr std::uint64_t most_bases = 16;
  const Symbol* symbol = kernel.symbols().find("timer_bases");
  std::uint64_t size = symbol == nullptr ? 0 : symbol->size;
  if (size == 0) {
    Object variable = kernel.variable("timer_bases");
    if (variable.fault() == nullptr) size = variable.type().size();
  }
  if (base.size() == 0) return 1;
  return std::clamp<std::uint64_t>(size / base.size(), 1, most_bases);
}

Result<WheelTimer> wheel_timer(const Object& timer) {
  WheelTimer found;
  found.at = timer.address();
  found.expires = TRY(timer["expires"].to_unsigned());
  found.function = TRY(timer["function"].to_address());
  return found;
}

void add_list(WheelBase& base, const Object& head, const Type& type) {
  for (const Object& timer : hlist_entries(head, &type, "entry")) {
    if (timer.fault() != nullptr) {
      base.faults.push_back(*timer.fault());
      continue;
    }
    auto found = wheel_timer(timer);
    if (found) {
      base.timers.push_back(*found);
    } else {
      base.faults.push_back(found.error());
    }
  }
}

// The whole array is read at once: most of its lists are empty.
Result<void> read_wheel(const Kernel& kernel, const Object& object,
                        WheelBase& base) {
  const Type* type = TRY(kernel.structure("timer_list"));
  Object vectors = object["vectors"];
  std::vector<std::byte> heads = TRY(vectors.to_bytes());
  Reader reader(heads, kernel.memory().endian());
  std::uint64_t index = 0;
  while (auto first = reader.read<std::uint64_t>()) {
    if (interrupted()) break;
    if (*first != 0) add_list(base, vectors.at(index), *type);
    ++index;
  }
  std::ranges::stable_sort(base.timers, {}, &WheelTimer::expires);
  return {};
}

// ---- High-resolution timers ----

// The function that reads a clock. Bases pointed to it until 6.18
// (commit 009eb5da29a9); its number tells it too.
std::string clock_function(const Kernel& kernel, const Object& base) {
  auto function = base["get_time"].to_address();
  if (function) {
    auto place = kernel.place(*function);
    return place ? place->symbol : fmt::format("{:x}", function->value);
  }
  auto number = base["clockid"].to_unsigned();
  if (!number) return "";
  switch (*number) {
    case 0:
      return "ktime_get_real";
    case 1:
      return "ktime_get";
    case 7:
      return "ktime_get_boottime";
    case 11:
      return "ktime_get_clocktai";
    default:
      return fmt::format("clock {}", *number);
  }
}

// Of a clock that is |offset| ahead of the monotonic one.
Result<std::int64_t> clock_now(const Kernel& kernel, const Object& base) {
  std::uint64_t rate = TRY(tick_rate(kernel));
  std::uint64_t ticks = TRY(jiffies(kernel));
  // Counting begins five minutes before the lower half overflows.
  constexpr std::uint64_t seconds_before = 300;
  ticks -= static_cast<std::uint32_t>(0 - seconds_before * rate);
  std::uint64_t now =
      ticks / rate * nanoseconds + ticks % rate * nanoseconds / rate;
  if (base.has_member("offset")) now += TRY(base["offset"].to_unsigned());
  return static_cast<std::int64_t>(now);
}

// Where in a struct hrtimer its place in the tree is: a timerqueue_node holds
// the rb_node, in newer kernels inside of a linked one.
std::string node_path(const Kernel& kernel) {
  return kernel.has_member("hrtimer", "node.node.node") ? "node.node.node"
                                                        : "node.node";
}

// The tree: timerqueue_head.head, rb_root since 5.4 (commit 511885d7061e).
Object tree_root(const Object& base) {
  Object active = base["active"];
  Object root =
      active.has_member("rb_root") ? active["rb_root"] : active["head"];
  return root;
}

HrtimerClock clock_of(const Kernel& kernel, const Object& base) {
  HrtimerClock clock{base.address(), clock_function(kernel, base),
                     clock_now(kernel, base)};
  for (const Object& timer : rbtree_entries(
           tree_root(base), kernel.structure("hrtimer"), node_path(kernel))) {
    if (timer.fault() != nullptr) {
      clock.faults.push_back(*timer.fault());
      continue;
    }
    clock.timers.push_back({timer.address(), timer["_softexpires"].to_signed(),
                            timer["node.expires"].to_signed(),
                            timer["function"].to_address()});
  }
  return clock;
}

}  // namespace

Result<std::uint64_t> jiffies(const Kernel& kernel) {
  return kernel.variable("jiffies", "unsigned long").to_unsigned();
}

// Its cycles are ticks: the factor is nanoseconds per tick, shifted.
Result<std::uint64_t> tick_rate(const Kernel& kernel) {
  Object source = kernel.variable("clocksource_jiffies", "struct clocksource");
  std::uint64_t factor = TRY(source["mult"].to_unsigned());
  std::uint64_t shift = TRY(source["shift"].to_unsigned());
  std::uint64_t tick = shift < 64 ? factor >> shift : 0;
  if (tick == 0 || tick > nanoseconds) {
    return Error(ErrorKind::corrupt, "clocksource_jiffies makes no sense");
  }
  return (nanoseconds + tick / 2) / tick;
}

Result<std::vector<WheelBase>> timer_wheels(const Kernel& kernel,
                                            unsigned cpu) {
  if (!kernel.has_symbol("timer_bases")) {
    return Error(ErrorKind::unsupported, "this kernel has no timer_bases");
  }
  const Type* type = TRY(kernel.structure("timer_base"));
  Address variable = TRY(kernel.symbol("timer_bases"));
  Address at = TRY(kernel.per_cpu_address(variable, cpu));
  std::uint64_t count = base_count(kernel, *type);
  std::vector<WheelBase> bases;
  for (std::uint64_t i = 0; i < count; ++i) {
    Object object(kernel.memory(), *type, at + i * type->size());
    WheelBase base{object.address(), base_name(i, count)};
    auto done = read_wheel(kernel, object, base);
    if (!done) base.faults.push_back(done.error());
    bases.push_back(std::move(base));
  }
  return bases;
}

Result<HrtimerCpu> hrtimers(const Kernel& kernel, unsigned cpu) {
  if (!kernel.has_symbol("hrtimer_bases")) {
    return Error(ErrorKind::unsupported, "this kernel has no hrtimer_bases");
  }
  Object object =
      kernel.per_cpu("hrtimer_bases", "struct hrtimer_cpu_base", cpu);
  Object clocks = object["clock_base"];
  if (clocks.fault() != nullptr) return *clocks.fault();
  HrtimerCpu found{object.address(), {}};
  constexpr std::uint64_t most_clocks = 64;
  std::uint64_t count = std::min(clocks.type().stripped().count, most_clocks);
  for (std::uint64_t i = 0; i < count && !interrupted(); ++i)
    found.clocks.push_back(clock_of(kernel, clocks.at(i)));
  return found;
}

}  // namespace inquest
