// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/type.h"

#include <algorithm>
#include <bit>
#include <thread>

#include <fmt/format.h>

#include "base/numbers.h"

namespace inquest {
namespace {

// Typedefs, qualifiers and array dimensions around one type, structs inside
// structs: far more than C programs have, few enough for damaged input.
constexpr unsigned max_depth = 64;
// Of the unnamed structures in a structure, and of those in them.
constexpr unsigned most_unnamed = 10000;

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

// |left|: how many types may still be looked into. Damaged type data can have
// structures that hold themselves more than once.
std::optional<MemberPlace> find_one(const Type& type, std::string_view name,
                                    unsigned depth, unsigned& left) {
  if (depth > max_depth || left == 0) return std::nullopt;
  --left;
  const Member* direct = type.named_member(name);
  if (direct != nullptr && direct->type != nullptr) {
    return MemberPlace{direct->type, direct->bit_offset, direct->bit_size};
  }
  for (std::uint32_t place : type.unnamed_members()) {
    const Member& member = type.members()[place];
    if (member.type == nullptr) continue;
    const Type& inner = member.type->stripped();
    if (auto found = find_one(inner, name, depth + 1, left)) {
      found->bit_offset += member.bit_offset;
      return found;
    }
  }
  return std::nullopt;
}

std::uint32_t hash_of(std::string_view name) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
}

// The slot of |name|, or the empty one it would take. Slots number a power of
// two, and some are empty.
std::size_t slot_of(const TypeBody& body, std::string_view name,
                    std::uint32_t hash) {
  std::size_t mask = body.named.size() - 1;
  std::size_t slot = hash & mask;
  for (;; slot = (slot + 1) & mask) {
    const NamedPlace& each = body.named[slot];
    if (each.place == NamedPlace::none) return slot;
    if (each.hash == hash && body.members[each.place].name == name) return slot;
  }
}

// Structures are asked for their members by name all the time. Of two members
// of one name the first counts.
void note_names(TypeBody& body) {
  if (body.members.empty()) return;
  body.named.resize(std::bit_ceil(body.members.size() * 2));
  for (std::uint32_t i = 0; i < body.members.size(); ++i) {
    const std::string& name = body.members[i].name;
    if (name.empty()) {
      body.unnamed.push_back(i);
      continue;
    }
    std::uint32_t hash = hash_of(name);
    NamedPlace& slot = body.named[slot_of(body, name, hash)];
    if (slot.place == NamedPlace::none) slot = {hash, i};
  }
}

std::string describe(const Type& type) {
  const Type& plain = type.stripped();
  const std::string& name = type.name.empty() ? plain.name : type.name;
  return name.empty() ? "<anonymous>" : name;
}

// Why a path leads to no member; said only to who asks.
struct Stop {
  const Type* type;
  std::string_view name;    // of the member or the element that is not there
  bool is_element = false;  // [name]
};

Error error_of(const Stop& stop) {
  return {
      ErrorKind::not_found,
      fmt::format("{} has no {}{}", describe(*stop.type),
                  stop.is_element ? "element [" : "member named ", stop.name)};
}

bool ends_name(char c) {
  return c == '.' || c == '[';
}

std::optional<Stop> enter_member(MemberPlace& place, std::string_view name) {
  const Type& type = place.type->stripped();
  if (!type.is_compound() || name.empty()) return Stop{place.type, name};
  unsigned left = most_unnamed;
  std::optional<MemberPlace> found = find_one(type, name, 0, left);
  if (!found) return Stop{place.type, name};
  found->bit_offset += place.bit_offset;
  place = *found;
  return std::nullopt;
}

// |text| starts behind a '['; leaves it behind the ']'.
std::optional<Stop> enter_element(MemberPlace& place, std::string_view& text) {
  std::size_t end = text.find(']');
  std::optional<std::uint64_t> index;
  if (end != std::string_view::npos) index = parse_number(text.substr(0, end));
  const Type& type = place.type->stripped();
  if (!index || type.kind != TypeKind::array || type.target() == nullptr) {
    return Stop{place.type, text.substr(0, end), true};
  }
  place.type = type.target();
  place.bit_offset += *index * place.type->size() * 8;
  text.remove_prefix(end + 1);
  return std::nullopt;
}

// Leads |place| along |path|.
std::optional<Stop> follow(MemberPlace& place, std::string_view path) {
  bool wants_name = true;
  while (wants_name || !path.empty()) {
    std::optional<Stop> stop;
    if (wants_name) {
      auto end = static_cast<std::size_t>(
          std::ranges::find_if(path, ends_name) - path.begin());
      stop = enter_member(place, path.substr(0, end));
      path.remove_prefix(end);
      wants_name = false;
    } else if (path.front() == '.') {
      path.remove_prefix(1);
      wants_name = true;
    } else if (path.front() == '[') {
      path.remove_prefix(1);
      stop = enter_element(place, path);
    } else {
      stop = Stop{place.type, path};
    }
    if (stop) return stop;
  }
  return std::nullopt;
}

}  // namespace

Type::Type(TypeKind of_kind, TypeBody body)
    : kind(of_kind), state_(State::complete), body_(std::move(body)) {
  note_names(body_);
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
  note_names(body);
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
  if (all.named.empty()) return nullptr;
  std::uint32_t place = all.named[slot_of(all, wanted, hash_of(wanted))].place;
  return place == NamedPlace::none ? nullptr : &all.members[place];
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
  if (auto stop = follow(place, path)) return error_of(*stop);
  return place;
}

bool has_member(const Type& type, std::string_view path) {
  MemberPlace place{&type, 0, 0};
  return !follow(place, path);
}

}  // namespace inquest
