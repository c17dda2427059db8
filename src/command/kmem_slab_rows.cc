// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/kmem_slab_rows.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {
namespace {

// Where a free object waits: "cpu 1 cache"; "" on its slab's own list.
std::string keeper(const SlabObject& object) {
  if (!object.kept) return {};
  const KeptObject& kept = *object.kept;
  using Kind = ObjectStore::Kind;
  if (!kept.cpu) {
    bool is_sheaf = kept.kind == Kind::full || kept.kind == Kind::empty;
    return is_sheaf ? "barn" : fmt::format("{} cache", store_name(kept.kind));
  }
  if (kept.kind == Kind::array) return fmt::format("cpu {} cache", *kept.cpu);
  return fmt::format("cpu {} {} sheaf", *kept.cpu, store_name(kept.kind));
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& letter : upper) {
    bool is_lower = letter >= 'a' && letter <= 'z';
    if (is_lower) letter = static_cast<char>(letter - 'a' + 'A');
  }
  return upper;
}

report::Record object_record(const SlabObject& object) {
  auto record = report::Record()
                    .with("address", object.at)
                    .with("index", object.index)
                    .with("state", object.is_free ? "free" : "allocated");
  std::string where = keeper(object);
  if (!where.empty()) record.add("kept", where);
  return record;
}

// A free object of a CPU's own slab is that CPU's, on whichever of both lists.
std::string object_text(const SlabObject& object,
                        std::optional<unsigned> owner) {
  if (!object.is_free) return fmt::format("  [{:x}]\n", object.at.value);
  std::string where = keeper(object);
  if (where.empty() && owner) where = fmt::format("cpu {} cache", *owner);
  if (!where.empty()) where = "(" + where + ")";
  return fmt::format("   {:x}  {}\n", object.at.value, where);
}

std::vector<report::Record> slab_records(const std::vector<SlabRow>& rows) {
  std::vector<report::Record> records;
  records.reserve(rows.size());
  for (const SlabRow& row : rows)
    records.push_back(to_record(row));
  return records;
}

report::Value slab_records(const std::optional<std::vector<SlabRow>>& rows) {
  return rows ? report::Value(slab_records(*rows)) : report::Value();
}

std::string slab_texts(const std::vector<SlabRow>& rows) {
  if (rows.empty()) return "  (empty)\n";
  std::string text;
  for (const SlabRow& row : rows)
    text += to_text(row);
  return text;
}

std::vector<report::Record> store_records(
    const std::vector<ObjectStore>& stores) {
  std::vector<report::Record> records;
  for (const ObjectStore& store : stores) {
    report::List objects(store.objects.begin(), store.objects.end());
    records.push_back(report::Record()
                          .with("kind", store_name(store.kind))
                          .with("at", store.at)
                          .with("capacity", store.capacity)
                          .with("objects", std::move(objects)));
  }
  return records;
}

std::string store_texts(const std::vector<ObjectStore>& stores) {
  if (stores.empty()) return "  (empty)\n";
  std::string text = "  ADDRESS           KIND      CAPACITY  OBJECTS\n";
  for (const ObjectStore& store : stores) {
    text += fmt::format("  {:<16x}  {:<8}  {:>8}  {:>7}\n", store.at.value,
                        store_name(store.kind), store.capacity,
                        store.objects.size());
    for (Address at : store.objects)
      text += fmt::format("   {:x}\n", at.value);
  }
  return text;
}

}  // namespace

// ---- Caches ----

SlabCacheRow slab_cache_row(const SlabInventory& inventory) {
  const SlabCache& cache = inventory.cache;
  return {cache.at,
          cache.name,
          cache.object_size,
          cache.slab_size,
          inventory.allocated(),
          inventory.objects(),
          inventory.slabs()};
}

report::Record to_record(const SlabCacheRow& row) {
  return report::Record()
      .with("cache", row.at)
      .with("name", row.name)
      .with("object_size", row.object_size)
      .with("allocated", row.allocated)
      .with("total", row.objects)
      .with("slabs", row.slabs)
      .with("slab_size", row.slab_size);
}

std::string to_text(const SlabCacheRow& row) {
  constexpr std::uint64_t kib = 1024;
  return fmt::format("{:<16x} {:>8} {:>10} {:>9} {:>6} {:>6}  {}\n",
                     row.at.value, row.object_size, cell(row.allocated),
                     cell(row.objects), cell(row.slabs),
                     fmt::format("{}k", row.slab_size / kib), cell(row.name));
}

report::Record to_record(const NoSlabCacheRow& row) {
  return report::Record()
      .with("cache", row.at)
      .with("name", row.name)
      .with("why", row.why);
}

std::string to_text(const NoSlabCacheRow& row) {
  return fmt::format("{:<16x} {:<43}  {}\n", row.at.value, "[" + row.why + "]",
                     cell(row.name));
}

// ---- Slabs ----

SlabRow slab_row(const SlabInventory& inventory, const Slab& slab) {
  return {slab, inventory.free_in(slab), inventory.owner(slab)};
}

report::Record to_record(const SlabRow& row) {
  const Slab& slab = row.slab;
  auto record =
      report::Record()
          .with("slab", slab.at)
          .with("memory", slab.memory)
          .with("node", slab.node)
          .with("total", slab.objects)
          .with("allocated", slab.objects - std::min(slab.objects, row.free))
          .with("free", row.free);
  if (row.owner) record.add("cpu", *row.owner);
  if (!row.has_objects) return record;
  std::vector<report::Record> objects;
  objects.reserve(row.objects.size());
  for (const SlabObject& object : row.objects)
    objects.push_back(object_record(object));
  record.add("objects", std::move(objects));
  return record;
}

std::string to_text(const SlabRow& row) {
  const Slab& slab = row.slab;
  std::string text;
  if (row.has_heading) {
    text =
        "  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n";
  }
  text +=
      fmt::format("  {:<16x}  {:<16x}  {:>4}  {:>5}  {:>9}  {:>4}\n",
                  slab.at.value, slab.memory.value, slab.node, slab.objects,
                  slab.objects - std::min(slab.objects, row.free), row.free);
  if (!row.has_objects) return text;
  text += "  FREE / [ALLOCATED]\n";
  for (const SlabObject& object : row.objects)
    text += object_text(object, row.owner);
  return text;
}

// ---- CPUs and nodes ----

report::Record to_record(const CpuSlabsRow& row) {
  auto record = report::Record()
                    .with("cpu", row.cpu)
                    .with("structure", row.structure)
                    .with("at", row.at);
  if (row.has_slabs) {
    record.add("slab",
               row.own ? report::Value(to_record(*row.own)) : report::Value());
  }
  if (row.has_partial) record.add("partial", slab_records(row.partial));
  if (!row.stores.empty()) record.add("stores", store_records(row.stores));
  return record;
}

std::string to_text(const CpuSlabsRow& row) {
  std::string text = fmt::format("CPU {} {}:\n  {}\n", row.cpu,
                                 upper_case(row.structure), cell(row.at));
  if (row.has_slabs) {
    text += fmt::format("CPU {} SLAB:\n{}", row.cpu,
                        row.own ? to_text(*row.own) : "  (empty)\n");
  }
  if (row.has_partial) {
    text +=
        fmt::format("CPU {} PARTIAL:\n{}", row.cpu, slab_texts(row.partial));
  }
  if (!row.has_slabs || !row.stores.empty()) {
    text +=
        fmt::format("CPU {} OBJECTS:\n{}", row.cpu, store_texts(row.stores));
  }
  return text;
}

report::Record to_record(const NodeSlabsRow& row) {
  auto record = report::Record()
                    .with("node", row.node)
                    .with("at", row.at)
                    .with("slabs", row.slabs)
                    .with("per_cpu", row.owned)
                    .with("partial", slab_records(row.partial))
                    .with("full", slab_records(row.full));
  if (row.empty) record.add("empty", slab_records(row.empty));
  if (!row.stores.empty()) record.add("stores", store_records(row.stores));
  return record;
}

std::string to_text(const NodeSlabsRow& row) {
  std::string text = fmt::format(
      "KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n"
      "{:<16x}  {:>4}  {:>5}  {:>7}  {:>7}\nNODE {} PARTIAL:\n{}",
      row.at.value, row.node, cell(row.slabs), row.partial.size(), row.owned,
      row.node, slab_texts(row.partial));
  text += fmt::format("NODE {} FULL:\n{}", row.node,
                      row.full ? slab_texts(*row.full) : "  (not tracked)\n");
  if (row.empty) {
    text += fmt::format("NODE {} FREE:\n{}", row.node, slab_texts(*row.empty));
  }
  if (!row.stores.empty()) {
    text +=
        fmt::format("NODE {} OBJECTS:\n{}", row.node, store_texts(row.stores));
  }
  return text;
}

}  // namespace inquest
