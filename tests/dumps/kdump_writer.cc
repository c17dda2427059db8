// SPDX-License-Identifier: GPL-3.0-or-later
#include "dumps/writer.h"

namespace inquest::test {
namespace {

class KdumpWriter {
 public:
  KdumpWriter(const Machine& machine, const DumpShape& shape, unsigned part)
      : machine_(machine),
        shape_(shape),
        out_(shape.endian),
        block_(machine.page_size) {
    page_count_ = machine.pages.empty() ? 0 : machine.pages.rbegin()->first + 1;
    bitmap_blocks_ = (page_count_ + block_ * 8 - 1) / (block_ * 8) * 2;
    first_ = page_count_ * part / shape.parts;
    end_ = page_count_ * (part + 1) / shape.parts;
    notes_ = dump_notes(machine, shape.endian);
    notes_blocks_ = (notes_.size() + block_ - 1) / block_;
    has_sub_header_ = shape.kind == DumpKind::kdump;
  }

  Content file();

 private:
  void header();
  void sub_header();
  void bitmaps();
  std::vector<const Content*> stored_pages() const;
  void pages();
  void descriptor(std::uint64_t at, std::uint64_t size, std::uint64_t flags) {
    out_.u64(at);
    out_.u32(size);
    out_.u32(flags);
    out_.u64(0);
  }
  void long_word(std::uint64_t value) {
    out_.align(shape_.is_64 ? 8 : 4);
    out_.integer(value, shape_.is_64 ? 8 : 4);
  }
  void wide(std::uint64_t value) {
    out_.align(8);
    out_.u64(value);
  }
  // Where something is in the file, in a sub header.
  void place(std::uint64_t at, std::uint64_t size) {
    wide(size == 0 ? 0 : at);
    long_word(size);
  }
  std::uint64_t sub_blocks() const { return 1 + notes_blocks_; }

  const Machine& machine_;
  const DumpShape& shape_;
  DumpWriter out_;
  std::uint64_t block_;
  std::uint64_t page_count_ = 0, bitmap_blocks_ = 0, first_ = 0, end_ = 0;
  Content notes_;
  std::uint64_t notes_blocks_ = 0;
  bool has_sub_header_ = true;
};

std::uint64_t method_flag(Compression method) {
  constexpr std::uint64_t flags[] = {0, 1, 2, 4, 0x20};
  return flags[static_cast<std::size_t>(method)];
}

void KdumpWriter::header() {
  out_.text(shape_.kind == DumpKind::diskdump ? "DISKDUMP" : "KDUMP   ", 8);
  out_.u32(shape_.version);
  for (std::string_view name :
       {"system", "node", "release", "version", "machine", "domain"}) {
    out_.text(machine_.value(name, name == "machine" ? "x86_64" : ""), 65);
  }
  out_.align(shape_.is_64 ? 8 : 4);
  long_word(machine_.number("time", 0));
  long_word(0);
  out_.u32(method_flag(shape_.compression) | (shape_.is_incomplete ? 8 : 0));
  out_.u32(block_);
  out_.u32(sub_blocks());
  out_.u32(bitmap_blocks_);
  out_.u32(shape_.version >= 6 ? 0 : page_count_);
  for (int i = 0; i < 4; ++i)
    out_.u32(0);
  out_.u32(machine_.number("cpus", 0));
  out_.align(block_);
}

void KdumpWriter::sub_header() {
  std::uint64_t version = shape_.version;
  std::uint64_t notes_at = 2 * block_;
  std::uint64_t text_at =
      notes_at + notes_.size() - (machine_.vmcoreinfo.size() + 3) / 4 * 4;
  // A structure is laid out from offset 0; blocks are aligned enough.
  long_word(machine_.number("phys_base", 0));
  if (version >= 1) out_.u32(machine_.number("dump_level", 0));
  if (version >= 2) {
    out_.u32(shape_.parts > 1 ? 1 : 0);
    long_word(version >= 6 ? 0 : first_);
    long_word(version >= 6 ? 0 : end_);
  }
  if (version >= 3) place(text_at, machine_.vmcoreinfo.size());
  if (version >= 4) place(notes_at, notes_.size());
  if (version >= 5) place(0, 0);  // what was erased
  if (version >= 6) {
    wide(first_);
    wide(end_);
    wide(page_count_);
  }
}

void KdumpWriter::bitmaps() {
  std::size_t size = bitmap_blocks_ / 2 * block_;
  Content existing(size);
  Content stored(size);
  for (const auto& [page, content] : machine_.pages) {
    auto bit = std::byte(1U << page % 8);
    existing[page / 8] |= bit;
    if (content) stored[page / 8] |= bit;
  }
  out_.bytes(existing);
  out_.bytes(stored);
}

std::vector<const Content*> KdumpWriter::stored_pages() const {
  std::vector<const Content*> stored;
  for (const auto& [page, content] : machine_.pages) {
    if (content && page >= first_ && page < end_) stored.push_back(&*content);
  }
  return stored;
}

void KdumpWriter::pages() {
  std::vector<const Content*> stored = stored_pages();
  std::uint64_t at = out_.size() + stored.size() * 24;
  std::vector<Content> data;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (shape_.is_incomplete && i >= stored.size() / 2) {
      descriptor(0, 0, 0);
      continue;
    }
    Content packed = compress(shape_.compression, *stored[i]);
    bool is_smaller = packed.size() < stored[i]->size();
    data.push_back(is_smaller ? packed : *stored[i]);
    descriptor(at, data.back().size(),
               is_smaller ? method_flag(shape_.compression) : 0);
    at += data.back().size();
  }
  for (const Content& each : data)
    out_.bytes(each);
}

Content KdumpWriter::file() {
  header();
  if (has_sub_header_) sub_header();
  out_.pad_to(2 * block_);
  out_.bytes(notes_);
  out_.pad_to((1 + sub_blocks()) * block_);
  bitmaps();
  pages();
  return out_.content();
}

}  // namespace

Content kdump_file(const Machine& machine, const DumpShape& shape,
                   unsigned part) {
  return KdumpWriter(machine, shape, part).file();
}

}  // namespace inquest::test
