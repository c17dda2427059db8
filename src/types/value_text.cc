// SPDX-License-Identifier: GPL-3.0-or-later
// One pass over the value with the bytes read once; what the one read cannot
// deliver is read piece by piece, so that a missing page costs its own members
// only. Rules of layout:
//   a structure opens a line per member, two spaces a level;
//   array elements follow each other, structures in them one level deeper;
//   arrays of one-byte integers are strings, without one last NUL;
//   arrays of no known length are shown as the pointer they decay to.
#include "types/value_text.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "types/declaration.h"
#include "types/scalar_text.h"

namespace inquest {
namespace {

constexpr unsigned max_depth = 64;
constexpr std::size_t max_text = std::size_t{64} << 20;
constexpr std::uint64_t max_snapshot = std::uint64_t{4} << 20;

// Memory with one range read beforehand.
class Snapshot : public AddressSpace {
 public:
  Snapshot(const AddressSpace& below, Address at, std::vector<std::byte> bytes)
      : below_(below), at_(at), bytes_(std::move(bytes)) {}

  std::endian endian() const override { return below_.endian(); }
  Result<PhysAddress> to_physical(Address at) const override {
    return below_.to_physical(at);
  }
  Result<void> read(Address from, std::span<std::byte> out) const override {
    std::uint64_t offset = from - at_;
    if (offset >= bytes_.size() || out.size() > bytes_.size() - offset) {
      return below_.read(from, out);
    }
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset),
                out.size(), out.begin());
    return {};
  }

 private:
  const AddressSpace& below_;
  Address at_;
  std::vector<std::byte> bytes_;
};

std::string no_access(const Error& error) {
  if (error.kind() != ErrorKind::fault) {
    return fmt::format("<error: {}>", error.message());
  }
  return fmt::format("<error: Cannot access memory at address {:#x}>",
                     error.address());
}

class Writer {
 public:
  // |left|: how many values may still be written.
  Writer(const ValueStyle& style, std::uint64_t& left)
      : style_(style), left_(left) {}

  void value(const Object& object, unsigned level, unsigned depth = 0) {
    if (is_over(depth)) return;
    --left_;
    if (object.fault() != nullptr) return fail(*object.fault());
    const Type& type = object.type().stripped();
    switch (type.kind) {
      case TypeKind::structure:
      case TypeKind::union_type:
        return compound(object, type, level, depth);
      case TypeKind::array:
        return array(object, type, level, depth);
      case TypeKind::pointer:
        return pointer(object, type);
      case TypeKind::function:
        return function(object);
      case TypeKind::void_type:
        out_ += "void";
        ++good_;
        return;
      default:
        return scalar(object);
    }
  }

  Result<std::string> result() && {
    if (good_ == 0 && failure_) return *failure_;
    return std::move(out_);
  }

 private:
  bool is_over(unsigned depth) {
    bool is_within = depth <= max_depth && left_ > 0;
    if (is_within && out_.size() <= max_text && !interrupted()) return false;
    out_ += "...";
    return true;
  }

  void fail(const Error& error) {
    if (!failure_) failure_ = error;
    out_ += no_access(error);
  }

  void line(std::size_t level) {
    out_ += '\n';
    out_.append(2 * (level + style_.indent), ' ');
  }

  // Before a member or an element of what stands on |level|.
  void start_item(bool is_first, bool is_pretty, std::size_t level) {
    if (!is_first) out_ += is_pretty ? "," : ", ";
    if (is_pretty) line(level + 1);
  }

  void compound(const Object& object, const Type& type, unsigned level,
                unsigned depth) {
    out_ += '{';
    if (type.members().empty()) {
      out_ += type.is_declaration ? "<incomplete type>" : "<No data fields>";
    }
    bool is_first = true;
    for (const Member& member : type.members()) {
      if (is_over(depth)) break;
      start_item(std::exchange(is_first, false), style_.pretty, level);
      if (!member.name.empty()) out_ += member.name + " = ";
      value(object.member(member), level + 1, depth + 1);
    }
    if (style_.pretty && !is_first) line(level);
    out_ += '}';
  }

  void array(const Object& object, const Type& type, unsigned level,
             unsigned depth) {
    const Type* element = type.target();
    if (element == nullptr || type.size() == 0) {
      if (object.is_value()) {
        out_ += "0x0";
      } else {
        target(object.address(), element);
      }
      return;
    }
    if (is_text(*element)) return string(object, type);
    elements(object, type, level, depth);
  }

  // Whether p and struct show the type as characters.
  bool is_text(const Type& type) const {
    bool is_string = style_.format == 0 || style_.format == 's';
    return is_string && type.stripped().is_char;
  }

  void string(const Object& object, const Type& type) {
    Result<std::vector<std::byte>> bytes = object.to_bytes();
    if (!bytes) return fail(bytes.error());
    ++good_;
    std::string_view text = as_text(*bytes);
    bool is_cut = false;
    if (style_.stop_at_null) {
      std::size_t end = std::min<std::size_t>(text.find('\0'), text.size());
      is_cut = end > style_.print_max;
      text = text.substr(0, end);
    } else if (type.count <= style_.print_max && !text.empty() &&
               text.back() == '\0') {
      text.remove_suffix(1);
    }
    is_cut = is_cut || text.size() > style_.print_max;
    out_ += string_text(text.substr(0, style_.print_max), style_.repeats);
    if (is_cut) out_ += "...";
  }

  // An array whose elements stand on |level|.
  struct Elements {
    const Object& array;
    std::uint64_t count;
    unsigned level, depth;
  };

  void elements(const Object& object, const Type& type, unsigned level,
                unsigned depth) {
    out_ += '{';
    const Elements all = {object, type.count, level + 1, depth + 1};
    std::uint64_t index = 0;
    unsigned shown = 0;
    std::optional<Writer> next;
    while (index < type.count && shown < style_.print_max && !is_over(depth)) {
      if (!next) next.emplace(written(all, index));
      const Writer element = *std::exchange(next, std::nullopt);
      std::uint64_t same = alike(all, index, element, next);
      bool is_run = style_.repeats > 0 && same >= style_.repeats;
      unsigned copies = copy(element, is_run ? 1 : same,
                             style_.print_max - shown, index == 0, level);
      if (is_run) out_ += fmt::format(" <repeats {} times>", same);
      index += is_run ? same : copies;
      shown += copies;
    }
    if (index < type.count) out_ += "...";
    if (style_.array_pretty) line(level);
    out_ += '}';
  }

  // How many elements look like |first|, from it on. |next| becomes the one
  // behind these.
  std::uint64_t alike(const Elements& all, std::uint64_t index,
                      const Writer& first, std::optional<Writer>& next) const {
    std::uint64_t same = 1;
    if (style_.repeats == 0) return same;
    for (; index + same < all.count && !interrupted(); ++same) {
      next.emplace(written(all, index + same));
      if (next->out_ != first.out_) break;
    }
    return same;
  }

  // Writes the element so often, |most| times at most; returns how often.
  unsigned copy(const Writer& element, std::uint64_t times, unsigned most,
                bool is_first, unsigned level) {
    auto copies = static_cast<unsigned>(std::min<std::uint64_t>(times, most));
    for (unsigned i = 0; i < copies; ++i) {
      start_item(is_first && i == 0, style_.array_pretty, level);
      take(element);
    }
    return copies;
  }

  Writer written(const Elements& all, std::uint64_t index) const {
    Writer writer(style_, left_);
    writer.space_ = space_;
    writer.value(all.array.at(index), all.level, all.depth);
    return writer;
  }

  void take(const Writer& part) {
    out_ += part.out_;
    good_ += part.good_;
    if (!failure_) failure_ = part.failure_;
  }

  void pointer(const Object& object, const Type& type) {
    Result<Address> at = object.to_address();
    if (!at) return fail(at.error());
    ++good_;
    if (std::string_view("\0as", 3).find(style_.format) ==
        std::string_view::npos) {
      out_ += number_text(at->value, {type.byte_size * 8, false, false},
                          style_.format, 10);
      return;
    }
    space_ = &object.space();
    target(*at, type.target());
  }

  // An address, the symbol there, and the string there if it points to one.
  void target(Address at, const Type* type) {
    address(at);
    if (type == nullptr || !is_text(*type) || at.value == 0) return;
    out_ += ' ';
    pointed_string(at);
  }

  void address(Address at) {
    out_ += fmt::format("{:#x}", at.value);
    if (!style_.symbol) return;
    if (std::optional<std::string> symbol = style_.symbol(at)) {
      out_ += " <" + *symbol + ">";
    }
  }

  void pointed_string(Address at) {
    std::string text;
    bool has_end = false;
    while (text.size() <= style_.print_max) {
      std::byte byte{};
      Result<void> read = space_->read(at + text.size(), {&byte, 1});
      if (!read) {
        if (!text.empty()) out_ += string_text(text, style_.repeats);
        out_ +=
            no_access(Error(ErrorKind::fault, "", (at + text.size()).value));
        return;
      }
      has_end = byte == std::byte{0};
      if (has_end) break;
      text.push_back(static_cast<char>(byte));
    }
    bool is_cut = !has_end && text.size() > style_.print_max;
    text.resize(std::min<std::size_t>(text.size(), style_.print_max));
    out_ += string_text(text, style_.repeats);
    if (is_cut) out_ += "...";
  }

  void function(const Object& object) {
    ++good_;
    out_ += "{" + type_name(object.type()) + "} ";
    address(object.address());
  }

  void scalar(const Object& object) {
    const Type& type = object.type().stripped();
    if (type.kind == TypeKind::floating) return floating(object);
    if (type.byte_size > 8 && !object.is_bit_field()) return wide(object, type);
    Result<std::uint64_t> number = object.to_unsigned();
    if (!number) return fail(number.error());
    ++good_;
    char format = style_.format;
    bool is_named = format == 0 || format == 's';
    if (type.kind == TypeKind::enumeration && is_named) {
      out_ += enumerator_text(type, static_cast<std::int64_t>(*number));
      return;
    }
    NumberShape shape;
    shape.bits = type.byte_size * 8;
    shape.is_signed = type.is_signed;
    shape.is_char = type.is_char;
    if (type.kind == TypeKind::boolean && format == 0 && style_.radix == 10 &&
        *number <= 1) {
      out_ += *number == 0 ? "false" : "true";
      return;
    }
    if (format == 'a') return address(Address{*number});
    out_ += number_text(*number, shape, format, style_.radix);
  }

  void floating(const Object& object) {
    Result<std::vector<std::byte>> bytes = object.to_bytes();
    if (!bytes) return fail(bytes.error());
    ++good_;
    std::endian endian = object.space().endian();
    bool is_hex = style_.format == 'x';
    out_ += is_hex ? wide_text(*bytes, endian, false, true)
                   : floating_text(*bytes, endian);
  }

  void wide(const Object& object, const Type& type) {
    Result<std::vector<std::byte>> bytes = object.to_bytes();
    if (!bytes) return fail(bytes.error());
    ++good_;
    bool is_hex = style_.radix == 16 || style_.format == 'x';
    out_ += wide_text(*bytes, object.space().endian(), type.is_signed, is_hex);
  }

 public:
  void look_at(const AddressSpace& space) { space_ = &space; }

 private:
  const ValueStyle& style_;
  std::uint64_t& left_;
  const AddressSpace* space_ = nullptr;
  std::string out_;
  std::size_t good_ = 0;  // values that were there to be read
  std::optional<Error> failure_;
};

// Every enumerator is one bit or none.
bool is_flags(const Type& type) {
  return std::ranges::all_of(type.enumerators(), [](const Enumerator& one) {
    return one.value >= 0 &&
           std::popcount(static_cast<std::uint64_t>(one.value)) <= 1;
  });
}

std::string flags_text(const Type& type, std::uint64_t value) {
  std::string text;
  for (const Enumerator& one : type.enumerators()) {
    auto bits = static_cast<std::uint64_t>(one.value);
    if (bits == 0 || (value & bits) != bits) continue;
    text += text.empty() ? "(" : " | ";
    text += one.name;
    value &= ~bits;
  }
  if (value != 0) {
    return text +
           fmt::format("{}unknown: {:#x})", text.empty() ? "(" : " | ", value);
  }
  return text.empty() ? "0" : text + ")";
}

Result<std::string> write(const Object& object, const ValueStyle& style) {
  std::uint64_t left = style.most_values;
  Writer writer(style, left);
  writer.look_at(object.space());
  writer.value(object, 0);
  return std::move(writer).result();
}

}  // namespace

std::string enumerator_text(const Type& type, std::int64_t value) {
  const Type& plain = type.stripped();
  for (const Enumerator& one : plain.enumerators()) {
    if (one.value == value) return one.name;
  }
  if (is_flags(plain))
    return flags_text(plain, static_cast<std::uint64_t>(value));
  return fmt::format("{}", value);
}

Result<std::string> value_text(const Object& object, const ValueStyle& style) {
  if (object.fault() != nullptr) return *object.fault();
  std::uint64_t size = object.type().size();
  bool is_plain = object.is_value() || object.is_bit_field() ||
                  object.type().is_scalar() || size == 0;
  if (is_plain || size > max_snapshot) return write(object, style);
  Result<std::vector<std::byte>> bytes = object.to_bytes();
  if (!bytes) return write(object, style);
  Snapshot snapshot(object.space(), object.address(), std::move(bytes).value());
  return write(Object(snapshot, object.type(), object.address()), style);
}

Result<std::string> print_text(const Object& object, const ValueStyle& style) {
  std::string text = TRY(value_text(object, style));
  const Type& type = object.type();
  const Type& plain = type.stripped();
  if (plain.kind != TypeKind::pointer || style.format != 0) return text;
  const Type* target = plain.target();
  while (target != nullptr && (target->kind == TypeKind::const_type ||
                               target->kind == TypeKind::volatile_type)) {
    target = target->target();
  }
  bool is_named = type.kind == TypeKind::typedef_type;
  if (!is_named && target != nullptr && target->name == "char") return text;
  return "(" + type_name(type) + ") " + text;
}

}  // namespace inquest
