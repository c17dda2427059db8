// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/task_snapshot.h"

#include <algorithm>
#include <array>

#include "base/parallel.h"

namespace inquest {
namespace {

// Of any kernel; those that this one lacks are left out.
constexpr std::array<std::string_view, 28> members = {
    "__state",     "state",        "exit_state",
    "flags",       "stack",        "cpu",
    "thread_info", "prio",         "policy",
    "tasks",       "thread_node",  "thread_group",
    "mm",          "active_mm",    "pid",
    "tgid",        "parent",       "real_parent",
    "p_pptr",      "group_leader", "comm",
    "signal",      "files",        "fs",
    "nsproxy",     "start_time",   "sched_info.last_arrival",
    "rss_stat"};
constexpr std::uint64_t largest_task = 1 << 16, largest_member = 256;
constexpr std::size_t tasks_at_once = 128;

}  // namespace

// Parts are cut at words; those that touch each other are one.
void TaskSnapshot::choose_members(const Kernel& kernel,
                                  const Type& task_struct) {
  std::uint64_t word = kernel.arch().pointer_size();
  std::vector<Part> wanted;
  for (std::string_view name : members) {
    auto place = find_member(task_struct, name);
    if (!place || place->type == nullptr) continue;
    std::uint64_t size = place->type->size();
    if (size == 0 || size > largest_member) continue;
    std::uint64_t start = place->offset() / word * word;
    std::uint64_t end = (place->offset() + size + word - 1) / word * word;
    if (end <= task_size_) wanted.push_back({start, end - start, 0});
  }
  std::ranges::sort(wanted, {}, &Part::start);
  for (const Part& part : wanted) {
    if (!parts_.empty() &&
        part.start <= parts_.back().start + parts_.back().size) {
      Part& last = parts_.back();
      last.size = std::max(last.size, part.start + part.size - last.start);
    } else {
      parts_.push_back(part);
    }
  }
  for (Part& part : parts_) {
    part.at = kept_;
    kept_ += part.size;
  }
}

TaskSnapshot::TaskSnapshot(const Kernel& kernel, const Type& task_struct,
                           std::vector<Address> tasks)
    : memory_(kernel.memory()),
      task_size_(task_struct.size()),
      tasks_(std::move(tasks)) {
  std::ranges::sort(tasks_);
  tasks_.erase(std::unique(tasks_.begin(), tasks_.end()), tasks_.end());
  if (task_size_ <= largest_task) choose_members(kernel, task_struct);
  if (parts_.empty()) tasks_.clear();
  is_kept_.resize(tasks_.size());
  bytes_.resize(tasks_.size() * kept_);
  in_parallel(
      tasks_.size(), tasks_at_once,
      [this](std::size_t first, std::size_t last) { load(first, last); });
}

// Tasks [first, last).
void TaskSnapshot::load(std::size_t first, std::size_t last) {
  std::uint64_t start = parts_.front().start;
  std::vector<std::byte> all(parts_.back().start + parts_.back().size - start);
  for (std::size_t i = first; i < last; ++i) {
    if (!memory_.read(tasks_[i] + start, all)) continue;
    std::span<std::byte> kept = bytes_of(i);
    for (const Part& part : parts_) {
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(part.start - start),
                  part.size,
                  kept.begin() + static_cast<std::ptrdiff_t>(part.at));
    }
    is_kept_[i] = 1;
  }
}

Result<void> TaskSnapshot::read(Address from, std::span<std::byte> out) const {
  auto above = std::ranges::upper_bound(tasks_, from);
  if (above == tasks_.begin()) return memory_.read(from, out);
  auto task = static_cast<std::size_t>(above - tasks_.begin()) - 1;
  std::uint64_t offset = from - tasks_[task];
  if (offset >= task_size_ || is_kept_[task] == 0) {
    return memory_.read(from, out);
  }
  auto after = std::ranges::upper_bound(parts_, offset, {}, &Part::start);
  if (after == parts_.begin()) return memory_.read(from, out);
  const Part& part = *std::prev(after);
  std::uint64_t within = offset - part.start;
  if (within > part.size || out.size() > part.size - within) {
    return memory_.read(from, out);
  }
  auto kept = bytes_.begin() +
              static_cast<std::ptrdiff_t>(task * kept_ + part.at + within);
  std::copy_n(kept, out.size(), out.begin());
  return {};
}

}  // namespace inquest
