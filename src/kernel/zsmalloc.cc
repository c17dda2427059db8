// SPDX-License-Identifier: GPL-3.0-or-later
//
// Objects of about one size share a zspage, a few page frames in a chain, over
// whose borders they may lie. A handle is the address of a word that says where
// an object is: the frame in which it begins and its number in the zspage, so
// that objects can be moved. The frame knows its zspage, the zspage its size
// class.
//
// Each object begins with its handle, marked with bit 0, and has that much less
// room; one that fills a page has it in the page's descriptor. What we believe
// of the word is what leads to an object that says this handle:
//   how many bits the frame has depends on the machine (MAX_PHYSMEM_BITS);
//   below, there was a bit of marks until it moved to the header alone.
//
// The chain and the zspage are in struct page (freelist and private;
// since 5.17, ffedd09fa9b0, index and private), from 6.14 on in its own view of
// that, struct zpdesc (next and zspage).

#include "kernel/zsmalloc.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr std::uint64_t magic = 0x58;  // ZSPAGE_MAGIC
constexpr std::uint64_t in_use = 1;    // OBJ_ALLOCATED_TAG
constexpr unsigned word_bits = 64;
constexpr std::uint64_t header_size = 8;

unsigned page_shift(const Kernel& kernel) {
  return static_cast<unsigned>(std::countr_zero(kernel.page_size()));
}

Error bad_handle(std::uint64_t handle) {
  return {ErrorKind::corrupt,
          fmt::format("{:#x} is no handle of compressed memory", handle),
          handle};
}

}  // namespace

ZsPool::ZsPool(DriverTypes types, PageMap pages, Object pool)
    : types_(std::move(types)),
      pages_(std::move(pages)),
      pool_(std::move(pool)),
      has_descriptors_(types_.structure("zpdesc").has_value()) {}

Result<ZsPool> ZsPool::open(const Kernel& kernel, Address at) {
  if (kernel.arch().pointer_size() != header_size) {
    return Error(ErrorKind::unsupported, "zsmalloc of a 32-bit kernel");
  }
  DriverTypes types(kernel, "zsmalloc");
  Object pool = types.object("zs_pool", at);
  if (pool.fault() != nullptr) return *pool.fault();
  return ZsPool(std::move(types), TRY(PageMap::open(kernel)), pool);
}

std::vector<ZsPool::Coding> ZsPool::codings() const {
  constexpr unsigned widths[] = {52, 48, 46, 44, 40};
  std::vector<Coding> found;
  const Kernel& kernel = types_.kernel();
  unsigned shift = page_shift(kernel);
  auto add = [&](std::uint64_t bits) {
    if (bits <= shift || bits > word_bits) return;
    auto frame_bits = static_cast<unsigned>(bits) - shift;
    found.push_back({frame_bits, 1});
    found.push_back({frame_bits, 0});
  };
  add(static_cast<std::uint64_t>(
      kernel.vmcoreinfo().number("MAX_PHYSMEM_BITS").value_or(0)));
  for (unsigned bits : widths)
    add(bits);
  return found;
}

Object ZsPool::descriptor(const Object& page) const {
  return has_descriptors_ ? types_.object("zpdesc", page.address()) : page;
}

Result<Object> ZsPool::size_class(const Object& page) const {
  Object owner = descriptor(page);
  Address at = has_descriptors_ ? TRY(owner["zspage"].to_address())
                                : Address{TRY(owner["private"].to_unsigned())};
  Object zspage = types_.object("zspage", at);
  std::uint64_t found = TRY(zspage["magic"].to_unsigned());
  std::uint64_t number = TRY(zspage["class"].to_unsigned());
  Object classes = pool_["size_class"];
  if (classes.fault() != nullptr) return *classes.fault();
  if (found != magic || number >= classes.type().stripped().count) {
    return Error(ErrorKind::corrupt, "no page of compressed memory", at.value);
  }
  return classes.at(number).dereference();
}

Result<ZsPool::Place> ZsPool::place(std::uint64_t word, Coding coding) const {
  unsigned index_bits = word_bits - coding.frame_bits - coding.tag_bits;
  word >>= coding.tag_bits;
  std::uint64_t number = word & ((std::uint64_t{1} << index_bits) - 1);
  std::uint64_t frame = word >> index_bits;
  std::uint64_t page_size = types_.kernel().page_size();
  Place place{.page = TRY(pages_.page(frame)),
              .at = PhysAddress{frame * page_size}};
  Object of = TRY(size_class(place.page));
  std::uint64_t objects = TRY(of["objs_per_zspage"].to_unsigned());
  place.room = TRY(of["size"].to_unsigned());
  place.is_alone =
      objects == 1 && TRY(of["pages_per_zspage"].to_unsigned()) == 1;
  if (number >= objects || place.room > page_size) {
    return Error(ErrorKind::corrupt, "no object of compressed memory");
  }
  place.at = place.at + (number * place.room) % page_size;
  return place;
}

Result<bool> ZsPool::is_of(const Place& place, std::uint64_t handle) const {
  std::uint64_t said = 0;
  if (place.is_alone) {
    Object owner = descriptor(place.page);
    said = TRY(owner[has_descriptors_ ? "handle" : "index"].to_unsigned());
  } else {
    const PhysicalMemory& memory = types_.kernel().physical();
    said = TRY(memory.u64(Address{place.at.value}));
  }
  return said == (handle | in_use);
}

Result<ZsPool::Place> ZsPool::find(std::uint64_t handle) const {
  std::uint64_t word = TRY(types_.kernel().memory().u64(Address{handle}));
  // What cannot be read may be the very place that is meant.
  std::optional<Error> unread;
  for (Coding coding : codings()) {
    auto found = place(word, coding);
    auto is_right = found ? is_of(*found, handle) : found.error();
    if (is_right && *is_right) return found;
    bool is_unread = found && !is_right;
    if (is_unread && !unread) unread = is_right.error();
  }
  if (unread) return std::move(*unread);
  return bad_handle(handle);
}

Result<PhysAddress> ZsPool::next_page(const Object& page) const {
  Object owner = descriptor(page);
  std::string_view link = has_descriptors_              ? "next"
                          : page.has_member("freelist") ? "freelist"
                                                        : "index";
  Address next{TRY(owner[link].to_unsigned())};
  std::uint64_t frame = TRY(pages_.frame(next));
  return PhysAddress{frame * types_.kernel().page_size()};
}

Result<std::vector<std::byte>> ZsPool::object(std::uint64_t handle,
                                              std::uint64_t size) const {
  Place place = TRY(find(handle));
  std::uint64_t header = place.is_alone ? 0 : header_size;
  if (size + header > place.room) return bad_handle(handle);
  std::vector<std::byte> bytes(size + header);
  std::uint64_t page_size = types_.kernel().page_size();
  std::uint64_t here = std::min<std::uint64_t>(
      bytes.size(), page_size - place.at.value % page_size);
  const PhysicalMemory& memory = types_.kernel().physical();
  TRY(memory.read(place.at, std::span(bytes).first(here)));
  if (here < bytes.size()) {
    PhysAddress rest = TRY(next_page(place.page));
    TRY(memory.read(rest, std::span(bytes).subspan(here)));
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<long>(header));
  return bytes;
}

}  // namespace inquest
