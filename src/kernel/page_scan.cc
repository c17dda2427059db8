// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/page_scan.h"

#include <algorithm>
#include <array>

#include "base/interrupt.h"

namespace inquest {
namespace {

// Frames that are read at once; where they cannot, so many.
constexpr std::uint64_t run_frames = 8192, small_run_frames = 64;

PageRun run_at(const Kernel& kernel, const PageMap& pages, std::uint64_t frame,
               std::uint64_t count) {
  PageRun run{.first_frame = frame,
              .count = count,
              .at = {},
              .page_bytes = pages.page_type().size(),
              .bytes = {}};
  auto page = pages.page(frame);
  if (!page) {
    run.fault = page.error();
    return run;
  }
  run.at = page->address();
  auto bytes = kernel.memory().bytes(run.at, count * run.page_bytes);
  if (bytes) {
    run.bytes = std::move(bytes).value();
  } else {
    run.fault = bytes.error();
  }
  return run;
}

struct Frames {
  std::uint64_t first = 0, count = 0;
};

// What has struct pages at all: the sections that have them, or everything.
std::vector<Frames> mapped_frames(const Kernel& kernel, const PageMap& pages) {
  std::vector<Frames> found;
  auto sections = pages.sections();
  if (sections && !sections->empty()) {
    for (const PageMap::Section& section : *sections) {
      if (section.coded.value == 0) continue;
      found.push_back({section.first_frame, pages.section_frames()});
    }
    return found;
  }
  found.push_back({0, frame_count(kernel)});
  return found;
}

}  // namespace

Generator<PageRun> page_runs(const Kernel& kernel, PageMap pages) {
  for (const Frames& frames : mapped_frames(kernel, pages)) {
    std::uint64_t end = frames.first + frames.count;
    for (std::uint64_t frame = frames.first; frame < end;) {
      std::uint64_t count = std::min(run_frames, end - frame);
      PageRun run = run_at(kernel, pages, frame, count);
      if (run.fault && count > small_run_frames) {
        count = small_run_frames;
        run = run_at(kernel, pages, frame, count);
      }
      if (interrupted()) co_return;
      co_yield run;
      frame += count;
    }
  }
}

// ---- One page ----

Result<PageDecoder> PageDecoder::open(const Kernel& kernel) {
  const Type& page = *TRY(kernel.structure("page"));
  PageDecoder decoder(kernel, PageTypes::of(kernel));
  auto first_of = [&](std::initializer_list<std::string_view> paths) {
    Result<Field> found = Field{};
    for (std::string_view path : paths) {
      found = decoder.field(page, path);
      if (found) break;
    }
    return found;
  };
  // 6.18 wrapped the word into a structure (memdesc_flags_t).
  decoder.flags_ = TRY(first_of({"flags.f", "flags"}));
  decoder.mapping_ = TRY(first_of({"mapping"}));
  decoder.index_ = TRY(first_of({"__folio_index", "index"}));
  // It was _count before 0139aa7b7fa1.
  decoder.count_ = TRY(first_of({"_refcount.counter", "_count.counter"}));
  if (auto type = decoder.field(page, "page_type")) decoder.type_ = *type;
  return decoder;
}

Result<PageDecoder::Field> PageDecoder::field(const Type& page,
                                              std::string_view path) const {
  MemberPlace place = TRY(find_member(page, path));
  std::uint64_t size = place.type != nullptr ? place.type->size() : 0;
  bool is_number = size == 4 || size == 8;
  if (is_number && place.bit_size == 0 && !place.type->is_compound()) {
    return Field{place.offset(), static_cast<unsigned>(size)};
  }
  return Error(ErrorKind::unsupported,
               "page." + std::string(path) + " is no number");
}

Result<std::uint64_t> PageDecoder::number(const Field& field,
                                          Bytes bytes) const {
  Bytes part = TRY(slice(bytes, field.offset, field.size, "struct page"));
  return load_unsigned(part, kernel_->memory().endian());
}

Result<std::int64_t> PageDecoder::count(Bytes bytes) const {
  return static_cast<std::int32_t>(TRY(number(count_, bytes)));
}

std::uint32_t PageDecoder::type_word(Bytes bytes) const {
  constexpr std::uint32_t none = ~std::uint32_t{0};
  if (type_.size == 0) return none;
  return static_cast<std::uint32_t>(number(type_, bytes).value_or(none));
}

const std::vector<std::string>& PageDecoder::names(std::uint64_t flags) {
  auto [at, is_new] = names_.try_emplace(flags);
  if (is_new) at->second = page_flag_names(*kernel_, flags);
  return at->second;
}

PageState PageDecoder::state(std::uint64_t frame, Address at, Bytes bytes) {
  auto mapping = number(mapping_, bytes);
  PageState state{
      .at = at,
      .physical = {frame * kernel_->page_size()},
      .mapping = mapping ? Result(Address{*mapping}) : mapping.error(),
      .index = number(index_, bytes),
      .count = count(bytes),
      .flags = number(flags_, bytes),
      .flag_names = {},
      .type = types_.name(type_word(bytes))};
  if (state.flags) state.flag_names = names(*state.flags);
  return state;
}

Result<PageState> page_state(const Kernel& kernel, PhysAddress at) {
  PageMap pages = TRY(PageMap::open(kernel));
  PageDecoder decoder = TRY(PageDecoder::open(kernel));
  std::uint64_t frame = at.value / kernel.page_size();
  Object page = TRY(pages.page(frame));
  auto bytes = TRY(page.to_bytes());
  return decoder.state(frame, page.address(), bytes);
}

}  // namespace inquest
