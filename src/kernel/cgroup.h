// SPDX-License-Identifier: GPL-3.0-or-later
// Control groups: the hierarchies, what is in them, and what they count.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// The names on the way to a struct cgroup, outermost first; its hierarchy's
// root has none.
Result<std::vector<std::string>> cgroup_names(const Object& cgroup);
// "/" for the root, "/system.slice/a.service".
Result<std::string> cgroup_path(const Object& cgroup);

struct CgroupHierarchy {
  Object root;  // struct cgroup_root
  Address address;
  Result<std::int64_t> id;  // 0: version 2
  bool is_default = false;  // version 2
  std::string name;         // of one that was mounted with a name
  std::vector<std::string> controllers;
};

// A limit that there is not, as "max" in the files of a group.
constexpr std::uint64_t no_limit = ~std::uint64_t{0};

// In bytes.
struct CgroupMemory {
  Result<std::uint64_t> current, peak, min, low, high, max;
  Result<std::uint64_t> swap, swap_max;  // version 1: with the memory
};
struct CgroupPids {
  Result<std::uint64_t> current, max;
  std::optional<std::uint64_t> peak;  // of kernels that know it
};

struct Cgroup {
  Object object;  // struct cgroup
  Address address;
  Result<std::string> path;
  Result<std::uint64_t> tasks;  // in itself, not below
  bool is_dying = false;        // removed, and still in use
  std::vector<std::string> controllers = {};
  // Absent where the controller does not count: in the root, and where it is
  // not enabled.
  std::optional<CgroupMemory> memory = {};
  std::optional<CgroupPids> pids = {};
};

class Cgroups {
 public:
  // |unsupported| without CONFIG_CGROUPS.
  static Result<Cgroups> open(const Kernel& kernel);

  // In the order of /proc/PID/cgroup. What hides some is incomplete().
  const std::vector<CgroupHierarchy>& hierarchies() const {
    return hierarchies_;
  }
  const std::optional<Error>& incomplete() const { return incomplete_; }

  // All groups, each before those in it, as struct cgroup; a fault in place of
  // those that cannot be reached.
  Generator<Object> groups(const CgroupHierarchy& hierarchy) const;
  Cgroup record(const Object& cgroup) const;
  // Those that are in it and in none below.
  Generator<Object> tasks(Object cgroup) const;
  // That of |task| in each hierarchy; the last may be a fault.
  std::vector<Object> groups_of(const Object& task) const;
  // Of a struct cgroup; null: of none.
  const CgroupHierarchy* hierarchy_of(const Object& cgroup) const;

 private:
  struct Controller {
    std::string name, legacy_name;
    Address root;              // struct cgroup_root
    bool is_implicit = false;  // on without being asked for
  };

  explicit Cgroups(const Kernel& kernel) : kernel_(kernel) {}
  Result<void> find_controllers();
  Result<void> find_hierarchies();
  std::vector<std::string> controllers_of(const Object& cgroup) const;
  std::uint64_t controller_mask(const Object& cgroup, bool is_default) const;
  std::optional<Object> state(const Object& cgroup, std::string_view controller,
                              std::string_view structure) const;

  const Kernel& kernel_;
  std::vector<Controller> controllers_;  // by their number
  std::vector<CgroupHierarchy> hierarchies_;
  std::optional<Error> incomplete_;
};

}  // namespace inquest
