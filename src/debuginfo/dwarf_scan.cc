// SPDX-License-Identifier: GPL-3.0-or-later
// The one pass over all of .debug_info that makes the index.
//
// Units are independent, so threads take batches of them in turn. In each unit
// only the top level is read: what lies inside a structure or function is
// stepped over by DW_AT_sibling, which gcc writes; without it (clang) the
// entries inside are walked. The same header's types come again in every
// unit; a thread keeps the keys of those it has seen, and gets by without
// looking at their names again.

#include <algorithm>
#include <atomic>
#include <thread>
#include <tuple>

#include <dwarf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/mapped_file.h"
#include "base/parallel.h"
#include "debuginfo/dwarf_index.h"
#include "debuginfo/dwarf_shapes.h"

namespace inquest {
namespace {

constexpr std::uint64_t batch_bytes = 4 << 20;
// Below this size, memory use does not matter.
constexpr std::uint64_t large = 32 << 20;

// A set of hashed keys; a collision of 64 bits loses an entry.
class KeySet {
 public:
  bool insert(std::uint64_t key) {
    if (key == 0) key = 1;
    if (2 * count_ >= slots_.size()) grow();
    std::uint64_t& slot = place(key);
    if (slot == key) return false;
    slot = key;
    ++count_;
    return true;
  }

 private:
  std::uint64_t& place(std::uint64_t key) {
    std::size_t at = (key >> 20) & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != key) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at];
  }
  void grow() {
    std::vector<std::uint64_t> old(
        std::max<std::size_t>(1 << 12, 2 * slots_.size()));
    old.swap(slots_);
    for (std::uint64_t key : old) {
      if (key != 0) place(key) = key;
    }
  }

  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
};

std::uint64_t mix(std::uint64_t sum, std::uint64_t value) {
  sum = (sum ^ value) * 0x9e37'79b9'7f4a'7c15;
  return sum ^ (sum >> 29);
}

struct Found {
  DwarfEntry entry;
  std::uint64_t key = 0;  // the same for the same definition in two units

  auto order() const {
    return std::tuple(entry.hash, entry.kind, key, entry.die);
  }
  bool is_same(const Found& other) const {
    return entry.hash == other.entry.hash && entry.kind == other.entry.kind &&
           key == other.key;
  }
};

// What one thread has found.
struct Finds {
  std::vector<Found> entries;
  std::vector<DwarfSignature> signatures;
  KeySet seen;
};

std::optional<DwarfKind> kind_of(unsigned tag) {
  switch (tag) {
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
      return DwarfKind::structure;
    case DW_TAG_union_type:
      return DwarfKind::union_type;
    case DW_TAG_enumeration_type:
      return DwarfKind::enumeration;
    case DW_TAG_typedef:
      return DwarfKind::typedef_type;
    case DW_TAG_base_type:
      return DwarfKind::base_type;
    case DW_TAG_variable:
      return DwarfKind::variable;
    case DW_TAG_subprogram:
      return DwarfKind::function;
    default:
      return {};
  }
}

bool is_symbol(DwarfKind kind) {
  return kind == DwarfKind::variable || kind == DwarfKind::function;
}

// Reads one unit.
class UnitScan {
 public:
  UnitScan(const DwarfSections& sections, const DwarfData& data,
           std::span<const std::uint32_t> units, const DwarfUnit& unit,
           const Abbreviations& table, Finds& finds)
      : sections_(sections),
        data_(data),
        units_(units),
        unit_(unit),
        start_(unit.offset < sections.info.size() ? 0 : sections.info.size()),
        shapes_(sections, unit, table),
        finds_(finds) {}

  void run() {
    DwarfCursor cursor = cursor_in(sections_, unit_, unit_.first);
    const ScanShape* root = shapes_.find(cursor.uleb());
    if (!root) return;
    ScannedDie die;
    shapes_.read(cursor, *root, start_, die);
    if (root->has_children) scan_list(cursor, 0);
  }

 private:
  void scan_list(DwarfCursor& cursor, unsigned depth) {
    while (cursor.is_good() && !cursor.at_end()) {
      std::uint64_t offset = start_ + cursor.offset();
      std::uint64_t code = cursor.uleb();
      if (code == 0) return;
      const ScanShape* shape = shapes_.find(code);
      if (!shape) return cursor.fail();
      ScannedDie die;
      shapes_.read(cursor, *shape, start_, die);
      if (auto kind = kind_of(shape->tag); kind && cursor.is_good()) {
        take(*kind, offset, die, *shape, cursor);
      }
      if (!shape->has_children) continue;
      if (shape->tag == DW_TAG_namespace && depth < 16) {
        scan_list(cursor, depth + 1);
      } else {
        step_over(cursor, die);
      }
    }
  }

  // Steps over the children of |die|, at whose first one the cursor is.
  void step_over(DwarfCursor& cursor, const ScannedDie& die) const {
    if (seek_sibling(cursor, die)) return;
    for (unsigned depth = 1; depth != 0 && cursor.is_good();) {
      std::uint64_t code = cursor.uleb();
      if (code == 0) {
        --depth;
        continue;
      }
      const ScanShape* shape = shapes_.find(code);
      if (!shape) return cursor.fail();
      ScannedDie below;
      shapes_.read(cursor, *shape, start_, below);
      if (shape->has_children && !seek_sibling(cursor, below)) ++depth;
    }
  }

  bool seek_sibling(DwarfCursor& cursor, const ScannedDie& die) const {
    if (die.sibling < start_ + cursor.offset()) return false;
    cursor.seek(die.sibling - start_);
    return true;
  }

  void take(DwarfKind kind, std::uint64_t offset, ScannedDie& die,
            const ScanShape& shape, const DwarfCursor& behind) {
    if (is_symbol(kind)) {
      if (!die.has_name) name_by_origin(die, 0);
      if (die.has_name) add(kind, offset, die, symbol_key(kind, offset, die));
      return;
    }
    if (die.is_declaration) return;
    bool is_enumeration = kind == DwarfKind::enumeration && shape.has_children;
    if (!die.has_name && !is_enumeration) return;
    std::uint64_t key =
        mix(type_key(kind, die), is_enumeration ? first_enumerator(behind) : 0);
    if (!finds_.seen.insert(key)) return;
    if (die.has_name) push(kind, offset, die, key);
    if (is_enumeration) take_enumerators(offset, behind, key);
  }

  // A definition without a name of its own refers to the entry that has it.
  void name_by_origin(ScannedDie& die, unsigned depth) {
    if (die.origin == 0 || depth > 4) return;
    DwarfCursor cursor = cursor_in(sections_, unit_, die.origin);
    if (!cursor.is_good()) return name_elsewhere(die);
    const ScanShape* shape = shapes_.find(cursor.uleb());
    if (!shape) return;
    ScannedDie origin;
    shapes_.read(cursor, *shape, start_, origin);
    if (!cursor.is_good()) return;
    if (!origin.has_name) name_by_origin(origin, depth + 1);
    die.name = origin.name;
    die.has_name = origin.has_name;
    die.is_inline = origin.is_inline;
  }

  // The same across units, as link-time optimisation makes them; rare.
  void name_elsewhere(ScannedDie& die) {
    auto behind = std::upper_bound(units_.begin(), units_.end(), die.origin);
    if (behind == units_.begin()) return;
    auto unit = data_.unit(*std::prev(behind));
    if (!unit) return;
    auto origin = data_.die(**unit, die.origin);
    if (!origin) return;
    std::string_view strings = as_text(sections_.strings);
    std::string_view name = origin->name();
    if (name.empty() || name.data() < strings.data() ||
        name.data() >= strings.data() + strings.size()) {
      return;
    }
    die.name = static_cast<std::uint64_t>(name.data() - strings.data());
    die.has_name = true;
  }

  std::uint64_t name_key(const ScannedDie& die) const {
    if (!die.has_name) return 0;
    return die.is_inline ? ~dwarf_name_hash(name_of(die)) : die.name;
  }
  std::uint64_t type_key(DwarfKind kind, const ScannedDie& die) const {
    std::uint64_t key =
        mix(static_cast<std::uint64_t>(kind) + 1, name_key(die));
    key = mix(key, die.byte_size);
    return mix(key, std::uint64_t(die.line) << 32 | die.column);
  }
  // Definitions with an address are all different; declarations of one name
  // are all the same.
  std::uint64_t symbol_key(DwarfKind kind, std::uint64_t offset,
                           const ScannedDie& die) const {
    if (die.has_address) return mix(0, offset);
    if (!die.is_declaration) return type_key(kind, die);
    return mix(static_cast<std::uint64_t>(kind) + 100, name_key(die));
  }
  std::uint64_t first_enumerator(DwarfCursor cursor) const {
    const ScanShape* shape = shapes_.find(cursor.uleb());
    if (!shape) return 0;
    ScannedDie first;
    shapes_.read(cursor, *shape, start_, first);
    return name_key(first);
  }

  void take_enumerators(std::uint64_t offset, DwarfCursor cursor,
                        std::uint64_t key) {
    while (cursor.is_good()) {
      std::uint64_t code = cursor.uleb();
      const ScanShape* shape = code ? shapes_.find(code) : nullptr;
      if (!shape) return;
      ScannedDie die;
      shapes_.read(cursor, *shape, start_, die);
      if (shape->has_children) step_over(cursor, die);
      if (shape->tag != DW_TAG_enumerator || !die.has_name) continue;
      if (cursor.is_good()) push(DwarfKind::enumerator, offset, die, key);
    }
  }

  void add(DwarfKind kind, std::uint64_t offset, const ScannedDie& die,
           std::uint64_t key) {
    if (!die.has_address && !finds_.seen.insert(key)) return;
    push(kind, offset, die, key);
  }

  void push(DwarfKind kind, std::uint64_t offset, const ScannedDie& die,
            std::uint64_t key) {
    std::string_view name = name_of(die);
    if (name.empty()) return;
    finds_.entries.push_back(
        {{.hash = dwarf_name_hash(name),
          .die = static_cast<std::uint32_t>(offset),
          .name = static_cast<std::uint32_t>(die.name),
          .kind = kind,
          .is_inline = die.is_inline,
          .is_declaration = die.is_declaration && !die.has_address,
          .has_address = die.has_address},
         key});
  }

  std::string_view name_of(const ScannedDie& die) const {
    DwarfEntry entry;
    entry.name = static_cast<std::uint32_t>(die.name);
    entry.is_inline = die.is_inline;
    return dwarf_entry_name(sections_, entry);
  }

  const DwarfSections& sections_;
  const DwarfData& data_;
  std::span<const std::uint32_t> units_;
  const DwarfUnit& unit_;
  std::uint64_t start_;
  ScanShapes shapes_;
  Finds& finds_;
};

// The sections in a mapping of our own, whose pages can be given back behind
// the scan; as they are when the file is small or not mapped as it is on disk.
class ScanView {
 public:
  ScanView(const ElfFile& file, const DwarfSections& sections)
      : sections_(sections) {
    if (sections.size() < large) return;
    auto mapped = MappedFile::open(file.path());
    if (!mapped || !is_image(file.image(), (*mapped)->bytes())) return;
    DwarfSections moved = sections;
    for (Bytes* part : {&moved.info, &moved.types, &moved.abbrev,
                        &moved.strings, &moved.string_offsets}) {
      if (part->empty()) continue;
      if (!inside(*part, file.image())) return;
      auto offset =
          static_cast<std::size_t>(part->data() - file.image().data());
      *part = (*mapped)->bytes().subspan(offset, part->size());
    }
    sections_ = moved;
    file_ = *mapped;
  }

  const DwarfSections& sections() const { return sections_; }

  // [first, last) of .debug_info will not be read again.
  void release(std::uint64_t first, std::uint64_t last) const {
    if (!file_ || last > sections_.info.size()) return;
    auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    // The mapping starts with a page; the section need not.
    auto base = static_cast<std::uint64_t>(sections_.info.data() -
                                           file_->bytes().data());
    std::uint64_t from = (base + first + page - 1) / page * page;
    std::uint64_t to = (base + last) / page * page;
    if (from >= to) return;
    Bytes part = file_->bytes().subspan(from, to - from);
    madvise(const_cast<std::byte*>(part.data()), part.size(), MADV_DONTNEED);
  }

 private:
  static bool inside(Bytes part, Bytes whole) {
    return part.data() >= whole.data() &&
           part.data() + part.size() <= whole.data() + whole.size();
  }
  // A file's header and its last bytes, mostly section headers, tell it from
  // any other of its size.
  static bool is_image(Bytes image, Bytes other) {
    if (image.size() != other.size() || image.size() < large) return false;
    return std::ranges::equal(image.first(4096), other.first(4096)) &&
           std::ranges::equal(image.last(4096), other.last(4096));
  }

  DwarfSections sections_;
  std::shared_ptr<const MappedFile> file_;
};

class Scan {
 public:
  Scan(const ScanView& view, const DwarfProgress& progress)
      : view_(view),
        sections_(view.sections()),
        data_(sections_),
        progress_(progress) {}

  Result<std::shared_ptr<const DwarfIndex>> run(const ElfFile& file,
                                                unsigned threads) {
    find_units();
    std::vector<Finds> finds(threads);
    on_threads(threads, [&](std::size_t i) { work(finds[i], i == 0); });
    if (progress_) progress_(sections_.size(), sections_.size());
    if (interrupted()) {
      return Error(ErrorKind::io, "reading debug info: interrupted");
    }
    merge(finds);
    return std::make_shared<const DwarfIndex>(dwarf_identity(file, sections_),
                                              parts_);
  }

 private:
  void find_units() {
    std::uint64_t at = 0;
    std::uint64_t released = 0;
    while (at < sections_.size()) {
      if (at - released > batch_bytes) {
        view_.release(released, at);
        released = at;
      }
      auto unit = dwarf_unit(sections_, at);
      if (unit) parts_.units.push_back(static_cast<std::uint32_t>(at));
      if (!unit || unit->end <= at) {
        // The rest of .debug_info is lost, .debug_types is not.
        at = at < sections_.info.size() ? sections_.info.size()
                                        : sections_.size();
        continue;
      }
      at = unit->end;
    }
  }

  std::uint64_t end_of(std::size_t unit) const {
    return unit < parts_.units.size() ? parts_.units[unit] : sections_.size();
  }

  void work(Finds& finds, bool reports) {
    for (;;) {
      auto [first, last] = next_batch();
      if (first == last || interrupted()) break;
      for (std::size_t i = first; i < last; ++i)
        scan(parts_.units[i], finds);
      view_.release(parts_.units[first], end_of(last));
      done_ += end_of(last) - parts_.units[first];
      if (reports && progress_) progress_(done_, sections_.size());
    }
    std::sort(
        finds.entries.begin(), finds.entries.end(),
        [](const Found& a, const Found& b) { return a.order() < b.order(); });
  }

  std::pair<std::size_t, std::size_t> next_batch() {
    std::lock_guard lock(mutex_);
    std::size_t first = next_;
    while (next_ < parts_.units.size() &&
           end_of(next_) - end_of(first) < batch_bytes) {
      ++next_;
    }
    return {first, next_};
  }

  void scan(std::uint64_t offset, Finds& finds) {
    auto unit = dwarf_unit(sections_, offset);
    if (!unit) return;
    if (unit->signature != 0) {
      finds.signatures.push_back({unit->signature, unit->type});
    }
    auto table = Abbreviations::parse(sections_.abbrev, unit->abbreviations,
                                      sections_.endian);
    if (!sections_.string_offsets.empty()) {
      auto with_bases = data_.unit(offset);
      if (with_bases) unit.value() = **with_bases;
    }
    UnitScan(sections_, data_, parts_.units, *unit, table, finds).run();
  }

  void merge(std::vector<Finds>& finds) {
    auto before = [](const Found& a, const Found& b) {
      return a.order() < b.order();
    };
    std::vector<Found> all = std::move(finds[0].entries);
    parts_.signatures = std::move(finds[0].signatures);
    for (std::size_t i = 1; i < finds.size(); ++i) {
      auto middle = static_cast<std::ptrdiff_t>(all.size());
      all.insert(all.end(), finds[i].entries.begin(), finds[i].entries.end());
      std::inplace_merge(all.begin(), all.begin() + middle, all.end(), before);
      parts_.signatures.insert(parts_.signatures.end(),
                               finds[i].signatures.begin(),
                               finds[i].signatures.end());
    }
    std::ranges::sort(parts_.signatures, {}, &DwarfSignature::signature);
    auto same = [](const Found& a, const Found& b) { return a.is_same(b); };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    settle(all);
  }

  // Within a name and kind, definitions come in the order of the file;
  // declarations of what is defined anyway are dropped.
  void settle(std::span<Found> all) {
    auto group = [](const Found& one) {
      return std::pair(one.entry.hash, one.entry.kind);
    };
    parts_.entries.reserve(all.size());
    for (std::size_t first = 0, last = 0; first < all.size(); first = last) {
      while (last < all.size() && group(all[last]) == group(all[first])) {
        ++last;
      }
      auto part = all.subspan(first, last - first);
      std::ranges::sort(part, {}, [](const Found& one) {
        return std::pair(one.entry.is_declaration, one.entry.die);
      });
      std::size_t definitions = parts_.entries.size();
      for (const Found& one : part) {
        if (one.entry.is_declaration && is_defined(one.entry, definitions)) {
          continue;
        }
        parts_.entries.push_back(one.entry);
      }
    }
  }

  bool is_defined(const DwarfEntry& entry, std::size_t first) const {
    std::string_view name = dwarf_entry_name(sections_, entry);
    for (std::size_t i = first; i < parts_.entries.size(); ++i) {
      if (dwarf_entry_name(sections_, parts_.entries[i]) == name) return true;
    }
    return false;
  }

  const ScanView& view_;
  const DwarfSections& sections_;
  DwarfData data_;
  const DwarfProgress& progress_;
  DwarfIndexParts parts_;
  std::mutex mutex_;
  std::size_t next_ = 0;  // unit; under mutex_
  std::atomic<std::uint64_t> done_ = 0;
};

}  // namespace

Result<std::shared_ptr<const DwarfIndex>> scan_dwarf(
    const ElfFile& file, const DwarfSections& sections, unsigned threads,
    const DwarfProgress& progress) {
  if (sections.size() >> 32 || sections.strings.size() >> 32) {
    return Error(ErrorKind::unsupported,
                 file.path().string() + ": more than 4 GiB of debug info");
  }
  if (threads == 0) threads = std::thread::hardware_concurrency();
  ScanView view(file, sections);
  return Scan(view, progress).run(file, std::clamp(threads, 1U, 64U));
}

}  // namespace inquest
