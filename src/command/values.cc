// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/values.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/calculator.h"
#include "command/context.h"
#include "command/cpu_list.h"
#include "kernel/user_memory.h"
#include "types/declaration.h"

namespace inquest {
namespace {

constexpr unsigned max_depth = 32;
constexpr std::uint64_t max_elements = 65536;
constexpr unsigned max_values = 4000000;

class FileSpace : public AddressSpace {
 public:
  FileSpace(std::shared_ptr<const MappedFile> file, std::endian endian)
      : file_(std::move(file)), endian_(endian) {}

  std::endian endian() const override { return endian_; }
  Result<void> read(Address from, std::span<std::byte> out) const override {
    Result<void> read = file_->read(FileOffset{from.value}, out);
    if (read) return {};
    return Error(ErrorKind::fault, read.error().message(), from.value);
  }
  Result<PhysAddress> to_physical(Address at) const override {
    return Error(ErrorKind::unsupported, "an offset in a file", at.value);
  }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::endian endian_;
};

// |left|: how many values there may still be in the whole.
report::Value value_at(const Object& object, unsigned depth, unsigned& left);

void add_members(report::Record& record, const Object& object, unsigned depth,
                 unsigned& left) {
  for (const Member& member : object.type().stripped().members()) {
    Object part = object.member(member);
    bool is_inline = member.name.empty() && depth < max_depth && left > 0 &&
                     part.fault() == nullptr && part.type().is_compound();
    if (is_inline) {
      --left;
      add_members(record, part, depth + 1, left);
    } else {
      record.add(member.name, value_at(part, depth + 1, left));
    }
  }
}

report::Value array_value(const Object& object, unsigned depth,
                          unsigned& left) {
  const Type& type = object.type().stripped();
  const Type* element = type.target();
  if (element == nullptr || type.size() == 0) return object.address();
  if (element->stripped().is_char) return {object.to_string()};
  report::List list;
  std::uint64_t count = std::min(type.count, max_elements);
  for (std::uint64_t i = 0; i < count; ++i) {
    list.push_back(value_at(object.at(i), depth + 1, left));
  }
  return list;
}

report::Value enumerator_value(const Object& object) {
  Result<std::int64_t> number = object.to_signed();
  if (!number) return number.error();
  for (const Enumerator& one : object.type().stripped().enumerators()) {
    if (one.value == *number) return one.name;
  }
  return *number;
}

report::Value floating_value(const Object& object) {
  Result<std::string> text = value_text(object, {});
  if (!text) return text.error();
  return *text;
}

report::Value value_at(const Object& object, unsigned depth, unsigned& left) {
  if (object.fault() != nullptr) return *object.fault();
  if (left == 0) return Error(ErrorKind::corrupt, "too many values");
  --left;
  if (depth > max_depth) return {};
  const Type& type = object.type().stripped();
  switch (type.kind) {
    case TypeKind::structure:
    case TypeKind::union_type: {
      report::Record record;
      add_members(record, object, depth, left);
      return record;
    }
    case TypeKind::array:
      return array_value(object, depth, left);
    case TypeKind::pointer:
      return {object.to_address()};
    case TypeKind::enumeration:
      return enumerator_value(object);
    case TypeKind::boolean: {
      Result<std::uint64_t> value = object.to_unsigned();
      return value && *value < 2 ? report::Value(*value == 1)
                                 : report::Value(value);
    }
    case TypeKind::floating:
      return floating_value(object);
    case TypeKind::function:
      return object.address();
    case TypeKind::void_type:
      return {};
    default:
      break;
  }
  if (type.is_signed) return {object.to_signed()};
  return {object.to_unsigned()};
}

// Variables first; a function's value is its code. A symbol of unknown type
// is void at its address.
Object typed_symbol(const Kernel& kernel, std::string_view name) {
  Object variable = kernel.variable(name);
  if (variable.fault() == nullptr) return variable;
  if (variable.fault()->kind() != ErrorKind::not_found) return variable;
  Result<Address> at = kernel.symbol(name);
  if (!at) return variable;
  Result<TypedSymbol> function = kernel.types().function(name);
  bool is_typed = function && function->type != nullptr;
  const Type& type = is_typed ? *function->type : kernel.types().void_type();
  return {kernel.memory(), type, *at};
}

}  // namespace

Object SessionScope::variable(std::string_view name) const {
  Object found = typed_symbol(session_.kernel, name);
  if (found.fault() != nullptr || &found.space() == &space_) return found;
  return {space_, found.type(), found.address()};
}

Object SessionScope::history(int number, bool from_end) const {
  const std::vector<Object>& all = session_.history;
  auto index = static_cast<std::size_t>(number);
  if (from_end) {
    // An empty history has the value void, as in gdb.
    if (index >= all.size()) {
      return Object::value(space_, types().void_type(),
                           std::vector<std::byte>());
    }
    return all[all.size() - 1 - index];
  }
  if (index == 0 || index > all.size()) {
    return Error(ErrorKind::not_found,
                 fmt::format("History has not yet reached ${}.", number));
  }
  return all[index - 1];
}

ValueStyle value_style(const Session& session, std::optional<unsigned> radix) {
  const Settings& settings = session.settings;
  ValueStyle style;
  style.radix = radix.value_or(settings.radix);
  style.print_max = settings.print_max;
  style.array_pretty = settings.print_array;
  style.stop_at_null = settings.null_stop;
  style.symbol =
      [&kernel = session.kernel](Address at) -> std::optional<std::string> {
    std::optional<Kernel::Place> place = kernel.place(at);
    // A compiler's label (.L...) names nothing a reader knows.
    if (!place || place->symbol.starts_with(".L")) return std::nullopt;
    // Only code may have a name without a size.
    if (place->size == 0 ? !kernel.is_text(at) : place->offset >= place->size) {
      return std::nullopt;
    }
    if (place->offset == 0) return place->symbol;
    return fmt::format("{}+{}", place->symbol, place->offset);
  };
  return style;
}

Result<std::unique_ptr<AddressSpace>> user_space(const Session& session) {
  Object task = TRY(current_context(session));
  return task_user_memory(session.kernel, task);
}

Result<std::unique_ptr<AddressSpace>> file_space(const Kernel& kernel) {
  const auto& dumps = kernel.options().dumps;
  if (dumps.empty()) return Error(ErrorKind::io, "there is no dump file");
  auto file = TRY(MappedFile::open_to_read(dumps[0]));
  return std::unique_ptr<AddressSpace>(
      std::make_unique<FileSpace>(std::move(file), kernel.memory().endian()));
}

bool is_per_cpu(const Kernel& kernel, Address at) {
  Result<Address> start = kernel.symbol("__per_cpu_start");
  Result<Address> end = kernel.symbol("__per_cpu_end");
  return start && end && at >= *start && at < *end;
}

Result<std::vector<unsigned>> cpu_spec(const Kernel& kernel,
                                       std::string_view text, unsigned own) {
  if (text.empty()) return std::vector{own};
  return cpu_list(kernel, text);
}

unsigned own_cpu(const Session& session) {
  Result<Object> task = current_context(session);
  if (!task) return 0;
  Result<unsigned> cpu = task_header(session.kernel, *task).cpu;
  return cpu.value_or(0);
}

Result<Address> address_of(const Kernel& kernel, std::string_view word) {
  if (word.starts_with('(')) {
    Result<std::uint64_t> value = calculated(kernel, word);
    if (value) return Address{*value};
  } else if (auto number = parse_hex(word)) {
    return Address{*number};
  } else if (Result<Address> at = kernel.symbol(word)) {
    return *at;
  }
  return Error(ErrorKind::not_found, fmt::format("symbol not found: {}", word));
}

Result<Address> start_address(const Session& session, const std::string& word) {
  const Kernel& kernel = session.kernel;
  auto at = address_of(kernel, word);
  if (at || (word[0] != '(' && word[0] != '&')) return at;
  Object object = evaluate(word, SessionScope(session, kernel.memory()));
  if (object.fault() != nullptr) return at;
  if (!object.type().is_scalar()) return object.address();
  return Address{TRY(object.to_unsigned())};
}

Result<std::uint64_t> member_distance(Types& types, std::string_view text) {
  if (auto number = parse_number(text)) return *number;
  std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return Error(ErrorKind::usage, fmt::format("invalid offset: {}", text));
  }
  const Type* type = TRY(types.type(text.substr(0, dot), TypeTag::any));
  return TRY(find_member(*type, text.substr(dot + 1))).offset();
}

Error as_gdb_error(const Error& error) {
  // A bad expression is no misuse of the command: no synopsis follows.
  if (error.kind() == ErrorKind::usage) {
    return {ErrorKind::unsupported, error.message()};
  }
  if (error.kind() != ErrorKind::fault) return error;
  std::string at = fmt::format("{:#x}", error.address());
  std::string_view reason = error.message();
  if (reason.starts_with(at + ": ")) reason.remove_prefix(at.size() + 2);
  return {ErrorKind::fault,
          fmt::format("Cannot access memory at address {} ({})", at, reason),
          error.address()};
}

Error failed_read(std::string_view space, Address at, std::string_view what,
                  const Error& error) {
  std::string where =
      fmt::format("{}: {:x}  type: \"{}\"", space, at.value, what);
  const std::string& reason = error.message();
  auto says = [&](std::string_view words) {
    return reason.find(words) != std::string::npos;
  };
  std::string text = "read error: " + where + " (" + reason + ")";
  if (says("page swapped") || says("page is neither"))
    return Error(error.kind(), text, at.value);
  if (says("excluded")) {
    text = "page excluded: " + where;
  } else if (is_unmapped(error)) {
    text = "invalid " + where;
  } else if (error.kind() == ErrorKind::fault) {
    text = "seek error: " + where;
  }
  return Error(error.kind(), text, at.value);
}

report::Value to_value(const Object& object) {
  unsigned left = max_values;
  return value_at(object, 0, left);
}

}  // namespace inquest
