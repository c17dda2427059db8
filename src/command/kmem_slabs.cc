// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -s, -S and -r: slab caches, their slabs and objects.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/parallel.h"
#include "base/text.h"
#include "command/cpu_list.h"
#include "command/kmem.h"
#include "command/kmem_slab_rows.h"
#include "kernel/slab_alias.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct NameRow {
  Address at;
  Result<std::string> name;
};

report::Record to_record(const NameRow& row) {
  return report::Record().with("cache", row.at).with("name", row.name);
}

std::string to_text(const NameRow& row) {
  return fmt::format("{:x} {}\n", row.at.value, cell(row.name));
}

// ---- How we find it ----

class SlabViewer {
 public:
  SlabViewer(const SlabAllocator& slabs, const Options& options,
             std::optional<std::vector<unsigned>> cpus, report::Sink& out)
      : slabs_(slabs),
        options_(options),
        cpus_(std::move(cpus)),
        is_whole_(options.has('S')),
        out_(out),
        caches_(slabs.caches()) {
    for (std::string_view names : options.arguments('I')) {
      for (std::string_view name : split(names, ','))
        ignored_.emplace(name);
    }
  }

  void show_all();   // one line for each cache
  void show_each();  // and its lists
  void show_list();
  Result<void> show_roots();
  void show_word(const std::string& word);

 private:
  bool is_ignored(const Result<std::string>& name) const {
    return name && ignored_.contains(*name);
  }
  void show_cache(Address at);
  void show_named(Address at);  // unless ignored
  void show_lists(const SlabInventory& inventory);
  void show_fault();
  void show_root(const SlabCache& root);
  std::vector<Address> caches_called(const std::string& word) const;
  void show_number(std::uint64_t number);
  Result<void> show_address(Address at);
  CpuSlabsRow cpu_row(const SlabInventory& inventory, const CpuSlabs& cpu);
  NodeSlabsRow node_row(const SlabInventory& inventory, const NodeSlabs& node);
  SlabRow whole_row(const SlabInventory& inventory, const Slab& slab);
  std::vector<Error> problems_of(const SlabInventory& inventory) const;
  void tell(const std::vector<Error>& problems);

  const SlabAllocator& slabs_;
  const Options& options_;
  std::optional<std::vector<unsigned>> cpus_;  // absent: all
  bool is_whole_ = false;
  report::Paragraphs out_;
  SlabAllocator::Caches caches_;
  std::set<std::string, std::less<>> ignored_;
};

void SlabViewer::tell(const std::vector<Error>& problems) {
  for (const Error& problem : problems)
    out_.problem(Error(problem).while_doing("kmem"));
}

void SlabViewer::show_fault() {
  if (caches_.fault) out_.problem(Error(*caches_.fault).while_doing("kmem"));
}

// All that is wrong, for answers that show no slabs.
std::vector<Error> SlabViewer::problems_of(
    const SlabInventory& inventory) const {
  std::vector<Error> all = inventory.problems;
  std::vector<Error> more = slabs_.list_problems(inventory);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// A slab with all of its objects.
SlabRow SlabViewer::whole_row(const SlabInventory& inventory,
                              const Slab& slab) {
  SlabContents contents = slabs_.contents(inventory, slab);
  tell(contents.problems);
  SlabRow row = slab_row(inventory, slab);
  row.objects = std::move(contents.objects);
  return row;
}

CpuSlabsRow SlabViewer::cpu_row(const SlabInventory& inventory,
                                const CpuSlabs& cpu) {
  CpuSlabsRow row{cpu.cpu, std::string(cpu.structure), cpu.at, cpu.has_slabs,
                  cpu.has_partial};
  if (cpu.own) row.own = whole_row(inventory, *cpu.own);
  for (const Slab& slab : cpu.partial)
    row.partial.push_back(whole_row(inventory, slab));
  row.stores = cpu.stores;
  return row;
}

NodeSlabsRow SlabViewer::node_row(const SlabInventory& inventory,
                                  const NodeSlabs& node) {
  NodeSlabsRow row{node.node, node.at, node.slabs};
  auto rows = [&](const std::vector<Slab>& slabs) {
    std::vector<SlabRow> made;
    made.reserve(slabs.size());
    for (const Slab& slab : slabs) {
      if (interrupted()) break;
      SlabRow one = whole_row(inventory, slab);
      one.has_objects = node.is_sorted;
      one.has_heading = node.is_sorted || made.empty();
      made.push_back(std::move(one));
    }
    return made;
  };
  row.owned = static_cast<std::uint64_t>(
      std::ranges::count_if(inventory.cpus, [&](const CpuSlabs& cpu) {
        return cpu.own && cpu.own->node == node.node;
      }));
  row.partial = rows(node.partial);
  if (node.has_full) row.full = rows(node.full);
  if (node.is_sorted) row.empty = rows(node.empty);
  row.stores = node.stores;
  return row;
}

void SlabViewer::show_lists(const SlabInventory& inventory) {
  for (const CpuSlabs& cpu : inventory.cpus) {
    if (interrupted()) return;
    bool is_wanted =
        !cpus_ || std::ranges::find(*cpus_, cpu.cpu) != cpus_->end();
    if (is_wanted) emit(out_, cpu_row(inventory, cpu));
  }
  for (const NodeSlabs& node : inventory.nodes)
    emit(out_, node_row(inventory, node));
}

void SlabViewer::show_cache(Address at) {
  auto cache = slabs_.cache(at);
  if (!cache) {
    out_.problem(Error(cache.error()).while_doing("kmem"));
    return;
  }
  if (is_whole_) out_.next();
  out_.layout(slab_cache_heading);
  SlabInventory inventory = slabs_.inventory(*cache);
  emit(out_, slab_cache_row(inventory));
  if (is_whole_) {
    tell(inventory.problems);
    show_lists(inventory);
  } else {
    tell(problems_of(inventory));
  }
}

void SlabViewer::show_named(Address at) {
  auto name = slabs_.name(at);
  if (is_ignored(name)) {
    emit(out_, NoSlabCacheRow{at, name, "IGNORED"});
  } else {
    show_cache(at);
  }
}

// All caches, several at a time: each has its own row.
void SlabViewer::show_all() {
  struct Found {
    std::optional<SlabCacheRow> row;
    std::vector<Error> problems;
  };
  std::vector<Found> found(caches_.all.size());
  auto look = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      auto cache = slabs_.cache(caches_.all[i]);
      if (!cache) {
        found[i].problems.push_back(cache.error());
      } else if (!is_ignored(cache->name)) {
        SlabInventory inventory = slabs_.inventory(*cache);
        found[i].problems = problems_of(inventory);
        found[i].row = slab_cache_row(inventory);
      }
    }
  };
  in_parallel(found.size(), 1, look);
  out_.layout(slab_cache_heading);
  for (std::size_t i = 0; i < found.size() && !interrupted(); ++i) {
    auto name = slabs_.name(caches_.all[i]);
    if (found[i].row) {
      emit(out_, *found[i].row);
    } else if (is_ignored(name)) {
      emit(out_, NoSlabCacheRow{caches_.all[i], name, "IGNORED"});
    }
    tell(found[i].problems);
  }
  show_fault();
}

void SlabViewer::show_each() {
  for (Address at : caches_.all) {
    if (interrupted()) break;
    show_named(at);
  }
  show_fault();
}

void SlabViewer::show_list() {
  for (Address at : caches_.all)
    emit(out_, NameRow{at, slabs_.name(at)});
  show_fault();
}

void add_to(Result<std::uint64_t>& sum, const Result<std::uint64_t>& more) {
  if (!sum) return;
  sum = more ? Result<std::uint64_t>(*sum + *more) : more;
}

// With all of its children's objects.
void SlabViewer::show_root(const SlabCache& root) {
  SlabInventory inventory = slabs_.inventory(root);
  SlabCacheRow row = slab_cache_row(inventory);
  tell(problems_of(inventory));
  for (Address at : slabs_.child_caches(root.at)) {
    auto child = slabs_.cache(at);
    if (!child) continue;
    SlabInventory part = slabs_.inventory(*child);
    tell(problems_of(part));
    add_to(row.allocated, part.allocated());
    add_to(row.objects, part.objects());
    add_to(row.slabs, part.slabs());
  }
  emit(out_, row);
}

Result<void> SlabViewer::show_roots() {
  auto roots = TRY(slabs_.root_caches());
  out_.layout(slab_cache_heading);
  for (Address root : roots) {
    auto name = slabs_.name(root);
    bool is_wanted = options_.words().empty() ||
                     (name && std::ranges::find(options_.words(), *name) !=
                                  options_.words().end());
    if (interrupted() || is_ignored(name) || !is_wanted) continue;
    auto cache = slabs_.cache(root);
    if (cache) {
      show_root(*cache);
    } else {
      tell({cache.error()});
    }
  }
  return {};
}

Result<void> SlabViewer::show_address(Address at) {
  SlabPlace place = TRY(slab_place(slabs_, at));
  if (is_ignored(place.inventory.cache.name)) return {};
  show_slab_place(place, is_whole_, out_);
  return {};
}

// By name or address, or by the name of one merged with it.
std::vector<Address> SlabViewer::caches_called(const std::string& word) const {
  std::vector<Address> named;
  for (Address at : caches_.all) {
    auto name = slabs_.name(at);
    if (name && *name == word) named.push_back(at);
  }
  if (!named.empty()) return named;
  Address at{parse_hex(word).value_or(0)};
  bool is_cache = std::ranges::find(caches_.all, at) != caches_.all.end();
  if (is_cache) return {at};
  auto alias = slab_alias(slabs_.kernel(), word);
  if (alias) named.push_back(*alias);
  return named;
}

// A cache, or an address in a slab.
void SlabViewer::show_word(const std::string& word) {
  std::vector<Address> named = caches_called(word);
  for (Address cache : named)
    show_named(cache);
  if (!named.empty()) return;
  if (auto number = parse_hex(word)) return show_number(*number);
  out_.problem(Error(ErrorKind::not_found,
                     fmt::format("kmem: no slab cache is called {}", word)));
}

void SlabViewer::show_number(std::uint64_t number) {
  // Physical addresses are meant, too.
  constexpr unsigned physical_bits = 52;
  Address at{number};
  if (at.value >> physical_bits == 0) {
    auto direct = direct_address(slabs_.kernel(), PhysAddress{at.value});
    if (direct) at = *direct;
  }
  auto shown = show_address(at);
  if (shown) return;
  ErrorKind kind = shown.error().kind();
  // An object of KFENCE.
  if (kind == ErrorKind::unsupported) return out_.note(shown.error().message());
  if (kind != ErrorKind::not_found) return tell({shown.error()});
  out_.problem(Error(
      ErrorKind::not_found,
      fmt::format("kmem: address is not allocated in slab subsystem: {:x}",
                  at.value)));
}

}  // namespace

void show_slab_place(const SlabPlace& place, bool has_all_objects,
                     report::Sink& out) {
  for (const Error& problem : place.inventory.problems)
    out.problem(Error(problem).while_doing("kmem"));
  for (const Error& problem : place.problems)
    out.problem(Error(problem).while_doing("kmem"));
  out.layout(slab_cache_heading);
  emit(out, slab_cache_row(place.inventory));
  SlabRow row = slab_row(place.inventory, place.slab);
  if (has_all_objects) {
    row.objects = place.objects;
  } else if (place.index < place.objects.size()) {
    row.objects = {place.objects[place.index]};
  }
  emit(out, row);
}

Result<void> show_slabs(Session& session, const Options& options,
                        report::Sink& out) {
  const Kernel& kernel = session.kernel;
  auto given = options.argument('S');
  std::optional<std::vector<unsigned>> cpus;
  if (given && !given->empty()) cpus = TRY(cpu_list(kernel, *given));
  auto slabs = TRY(SlabAllocator::open(kernel));
  SlabViewer viewer(*slabs, options, std::move(cpus), out);
  if (options.has('r')) return viewer.show_roots();
  if (options.words().empty()) {
    if (options.has('S')) {
      viewer.show_each();
    } else {
      viewer.show_all();
    }
    return {};
  }
  for (const std::string& word : options.words()) {
    if (word == "list") {
      viewer.show_list();
    } else {
      viewer.show_word(word);
    }
  }
  return {};
}

}  // namespace inquest
