// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -p, -m: struct pages, and members of them.

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "command/kmem.h"
#include "command/memory_rows.h"
#include "command/values.h"
#include "kernel/page_scan.h"

namespace inquest {
namespace {

// ---- What we answer ----

// How a member is shown, or all members that the user named.
struct MemberShape {
  std::string path;
  enum class Kind { hex, signed_number, number, words } kind = Kind::words;
};

struct MembersRow {
  Object page;  // a value
  Address at;
  const std::vector<MemberShape>* shapes = nullptr;
  unsigned radix = 10;
};

report::Record to_record(const MembersRow& row) {
  report::Record record;
  record.add("page", row.at);
  for (const MemberShape& shape : *row.shapes)
    record.add(shape.path, to_value(row.page[shape.path]));
  return record;
}

// A structure or array as words of eight bytes, less at its end.
std::string words_text(const Object& member) {
  constexpr std::size_t word = 8;
  auto bytes = member.to_bytes();
  if (!bytes) return report::cell_text(bytes.error());
  std::string text;
  for (std::size_t at = 0; at < bytes->size(); at += word) {
    std::size_t size = std::min(word, bytes->size() - at);
    if (at != 0) text += ',';
    Bytes part = Bytes(*bytes).subspan(at, size);
    text += fmt::format("{:0{}x}", load_unsigned(part, member.space().endian()),
                        2 * size);
  }
  return text;
}

std::string member_text(const MembersRow& row, const MemberShape& shape) {
  using Kind = MemberShape::Kind;
  Object member = row.page[shape.path];
  if (shape.kind == Kind::words) return words_text(member);
  if (member.has_member("counter")) member = member["counter"];
  if (shape.kind == Kind::signed_number) return cell(member.to_signed());
  auto number = member.to_unsigned();
  if (!number) return report::cell_text(number.error());
  bool is_hex = shape.kind == Kind::hex || row.radix == 16;
  if (!is_hex) return cell(number);
  std::uint64_t digits = 2 * member.type().size();
  return fmt::format("{:0{}x}", *number, member.is_bit_field() ? 1 : digits);
}

std::string to_text(const MembersRow& row) {
  std::string text = fmt::format("{:016x}  ", row.at.value);
  for (const MemberShape& shape : *row.shapes)
    text += member_text(row, shape) + "  ";
  return text + "\n";
}

// ---- How we find it ----

// flags are always hexadecimal, counts of users always decimal.
MemberShape shape_of(const std::string& path, const Type& type) {
  using Kind = MemberShape::Kind;
  auto first = split(path, '.').front();
  if (first == "flags") return {path, Kind::hex};
  bool is_count =
      first == "_count" || first == "_refcount" || first == "_mapcount";
  if (is_count) return {path, Kind::signed_number};
  if (type.is_pointer()) return {path, Kind::hex};
  const Type& plain = type.stripped();
  if (!type.is_scalar()) return {path, Kind::words};
  return {path, plain.is_signed ? Kind::signed_number : Kind::number};
}

Result<std::vector<MemberShape>> shapes_of(const Type& page,
                                           std::string_view list) {
  std::vector<MemberShape> shapes;
  for (std::string_view path : split(list, ',')) {
    auto place = find_member(page, path);
    if (!place || place->type == nullptr) {
      return Error(ErrorKind::not_found,
                   fmt::format("invalid page struct member: {}", path));
    }
    shapes.push_back(shape_of(std::string(path), *place->type));
  }
  return shapes;
}

// Shows one page: its frame, its struct page and that one's bytes.
using ShowPage = std::function<void(std::uint64_t, Address, Bytes)>;

void show_every(const Kernel& kernel, const PageMap& pages,
                const ShowPage& show, report::Sink& out) {
  for (const PageRun& run : page_runs(kernel, pages)) {
    if (run.fault) {
      out.problem(
          Error(*run.fault)
              .while_doing(fmt::format(
                  "struct pages of {:x} - {:x}",
                  run.first_frame * kernel.page_size(),
                  (run.first_frame + run.count) * kernel.page_size() - 1)));
      continue;
    }
    for (std::uint64_t i = 0; i < run.count; ++i)
      show(run.first_frame + i, run.at + i * run.page_bytes, run.of(i));
  }
}

Result<void> show_one(const Kernel& kernel, const PageMap& pages, Address at,
                      const ShowPage& show) {
  std::uint64_t frame = TRY(kmem_frame(kernel, pages, at));
  Object page = TRY(pages.page(frame));
  show(frame, page.address(), TRY(page.to_bytes()));
  return {};
}

void show_wanted(const Kernel& kernel, const PageMap& pages,
                 const std::vector<Address>& wanted, const ShowPage& show,
                 report::Sink& out) {
  if (wanted.empty()) show_every(kernel, pages, show, out);
  for (Address at : wanted)
    if (auto shown = show_one(kernel, pages, at, show); !shown)
      out.problem(shown.error());
}

Result<void> show_members(const Session& session, const PageMap& pages,
                          const Options& options, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  auto wanted = TRY(kmem_addresses(session, options));
  const Type& type = pages.page_type();
  auto shapes = TRY(shapes_of(type, options.argument('m').value_or("")));
  std::string heading = "      PAGE      ";
  for (const MemberShape& shape : shapes)
    heading += "  " + shape.path;
  out.layout(heading + "\n");
  auto show = [&](std::uint64_t /*frame*/, Address at, Bytes bytes) {
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    emit(out, MembersRow{Object::value(kernel.memory(), type, std::move(copy)),
                         at, &shapes, session.settings.radix});
  };
  show_wanted(kernel, pages, wanted, show, out);
  return {};
}

}  // namespace

Result<void> show_pages(Session& session, const Options& options,
                        report::Sink& out) {
  const Kernel& kernel = session.kernel;
  PageMap pages = TRY(PageMap::open(kernel));
  if (options.has('m')) return show_members(session, pages, options, out);
  auto wanted = TRY(kmem_addresses(session, options));
  PageDecoder decoder = TRY(PageDecoder::open(kernel));
  PageRow row = page_row(kernel, decoder.state(0, {}, {}));
  out.layout(page_heading(row.physical_width));
  auto show = [&](std::uint64_t frame, Address at, Bytes bytes) {
    row.page = decoder.state(frame, at, bytes);
    emit(out, row);
  };
  show_wanted(kernel, pages, wanted, show, out);
  return {};
}

}  // namespace inquest
