// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/type.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/numbers.h"

namespace inquest {
namespace {

// Typedefs, qualifiers and array dimensions around one type, structs inside
// structs: far more than C programs have, few enough for damaged input.
constexpr unsigned max_depth = 64;

// How many bodies this thread is completing, one for the sake of the other.
unsigned& completion_depth() {
  thread_local unsigned depth = 0;
  return depth;
}

const TypeBody& empty_body() {
  static const TypeBody body;
  return body;
}

bool is_wrapper(TypeKind kind) {
  switch (kind) {
    case TypeKind::typedef_type:
    case TypeKind::const_type:
    case TypeKind::volatile_type:
    case TypeKind::restrict_type:
    case TypeKind::atomic_type:
      return true;
    default:
      return false;
  }
}

const Type& no_type() {
  static const Type type;
  return type;
}

std::optional<MemberPlace> find_one(const Type& type, std::string_view name,
                                    unsigned depth) {
  if (depth > max_depth) return std::nullopt;
  const Member* direct = type.named_member(name);
  if (direct != nullptr && direct->type != nullptr) {
    return MemberPlace{direct->type, direct->bit_offset, direct->bit_size};
  }
  for (std::uint32_t place : type.unnamed_members()) {
    const Member& member = type.members()[place];
    if (member.type == nullptr) continue;
    const Type& inner = member.type->stripped();
    if (auto found = find_one(inner, name, depth + 1)) {
      found->bit_offset += member.bit_offset;
      return found;
    }
  }
  return std::nullopt;
}

// Large structures are asked for their members by name all the time.
void sort_names(TypeBody& body) {
  for (std::uint32_t i = 0; i < body.members.size(); ++i) {
    bool has_name = !body.members[i].name.empty();
    (has_name ? body.named : body.unnamed).push_back(i);
  }
  std::ranges::stable_sort(body.named, {}, [&](std::uint32_t place) {
    return std::string_view(body.members[place].name);
  });
}

std::string describe(const Type& type) {
  const Type& plain = type.stripped();
  const std::string& name = type.name.empty() ? plain.name : type.name;
  return name.empty() ? "<anonymous>" : name;
}

Error no_member(const Type& type, std::string_view member) {
  return {ErrorKind::not_found,
          fmt::format("{} has no member named {}", describe(type), member)};
}

Result<void> enter_member(MemberPlace& place, std::string_view name) {
  const Type& type = place.type->stripped();
  if (!type.is_compound()) return no_member(*place.type, name);
  std::optional<MemberPlace> found = find_one(type, name, 0);
  if (name.empty() || !found) return no_member(*place.type, name);
  found->bit_offset += place.bit_offset;
  place = *found;
  return {};
}

// |text| starts behind a '['; leaves it behind the ']'.
Result<void> enter_element(MemberPlace& place, std::string_view& text) {
  std::size_t end = text.find(']');
  std::optional<std::uint64_t> index;
  if (end != std::string_view::npos) index = parse_number(text.substr(0, end));
  const Type& type = place.type->stripped();
  if (!index || type.kind != TypeKind::array || type.target() == nullptr) {
    return Error(ErrorKind::not_found,
                 fmt::format("{} has no element [{}", describe(*place.type),
                             text.substr(0, end)));
  }
  place.type = type.target();
  place.bit_offset += *index * place.type->size() * 8;
  text.remove_prefix(end + 1);
  return {};
}

}  // namespace

Type::Type(TypeKind of_kind, TypeBody body)
    : kind(of_kind), state_(State::complete), body_(std::move(body)) {
  sort_names(body_);
}

// Two threads may complete the same body at once, each its own copy; the first
// to finish publishes its copy and the other drops its own. No lock is held
// meanwhile, so whatever locks a source takes cannot deadlock with ours.
const TypeBody& Type::body() const {
  if (state_.load(std::memory_order_acquire) == State::complete) return body_;
  if (!complete_) return empty_body();
  if (completion_depth() >= max_depth) return empty_body();
  TypeBody body;
  ++completion_depth();
  complete_(*this, body);
  --completion_depth();
  sort_names(body);
  State expected = State::open;
  if (state_.compare_exchange_strong(expected, State::publishing)) {
    body_ = std::move(body);
    state_.store(State::complete, std::memory_order_release);
  }
  while (state_.load(std::memory_order_acquire) != State::complete) {
    std::this_thread::yield();
  }
  return body_;
}

const Member* Type::named_member(std::string_view wanted) const {
  const TypeBody& all = body();
  auto name_of = [&](std::uint32_t place) {
    return std::string_view(all.members[place].name);
  };
  auto found = std::ranges::lower_bound(all.named, wanted, {}, name_of);
  bool is_there = found != all.named.end() && name_of(*found) == wanted;
  return is_there ? &all.members[*found] : nullptr;
}

std::uint64_t Type::size() const {
  std::uint64_t count_now = 1;
  const Type* type = this;
  for (unsigned depth = 0; depth < max_depth && type != nullptr; ++depth) {
    bool is_array_now = type->kind == TypeKind::array;
    if (!is_array_now && !is_wrapper(type->kind)) {
      std::uint64_t total = 0;
      bool is_huge = __builtin_mul_overflow(count_now, type->byte_size, &total);
      return is_huge ? 0 : total;
    }
    if (is_array_now &&
        __builtin_mul_overflow(count_now, type->count, &count_now)) {
      return 0;
    }
    type = type->target();
  }
  return 0;
}

const Type& Type::stripped() const {
  const Type* type = this;
  for (unsigned depth = 0; depth < max_depth; ++depth) {
    if (!is_wrapper(type->kind)) return *type;
    const Type* next = type->target();
    if (next == nullptr) return no_type();
    type = next;
  }
  return no_type();
}

bool Type::is_scalar() const {
  switch (stripped().kind) {
    case TypeKind::boolean:
    case TypeKind::integer:
    case TypeKind::floating:
    case TypeKind::enumeration:
    case TypeKind::pointer:
      return true;
    default:
      return false;
  }
}

Result<MemberPlace> find_member(const Type& type, std::string_view path) {
  MemberPlace place{&type, 0, 0};
  bool wants_name = true;
  while (wants_name || !path.empty()) {
    if (wants_name) {
      std::size_t end = std::min(path.find_first_of(".["), path.size());
      TRY(enter_member(place, path.substr(0, end)));
      path.remove_prefix(end);
      wants_name = false;
    } else if (path.front() == '.') {
      path.remove_prefix(1);
      wants_name = true;
    } else if (path.front() == '[') {
      path.remove_prefix(1);
      TRY(enter_element(place, path));
    } else {
      return no_member(*place.type, path);
    }
  }
  return place;
}

bool has_member(const Type& type, std::string_view path) {
  return find_member(type, path).has_value();
}

}  // namespace inquest
