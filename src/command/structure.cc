// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/structure.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/alternatives.h"
#include "command/definition_row.h"
#include "command/options.h"
#include "command/structure_row.h"
#include "command/values.h"
#include "types/declaration.h"

namespace inquest {
namespace {

constexpr std::uint64_t max_count = 1 << 24;

// ---- What was asked ----

struct Request {
  Options options;
  const Type* type = nullptr;
  std::string name;
  std::vector<std::string> members;
  std::string address;  // a word, "" for the definition
  std::optional<std::string> cpus;
  std::int64_t count = 1;
  StructureTag tag = StructureTag::any;
};

std::string_view command_name(StructureTag tag) {
  switch (tag) {
    case StructureTag::structure:
      return "struct";
    case StructureTag::union_type:
      return "union";
    default:
      return "*";
  }
}

const Type* tagged(Types& types, std::string_view name, TypeTag tag) {
  Result<const Type*> type = types.type(name, tag);
  return type ? *type : nullptr;
}

// The type that |name| means to the command; a typedef of one will do.
Result<const Type*> named_type(Types& types, std::string_view name,
                               StructureTag tag) {
  const Type* type = nullptr;
  if (tag != StructureTag::union_type) {
    type = tagged(types, name, TypeTag::structure);
  }
  if (type == nullptr && tag != StructureTag::structure) {
    type = tagged(types, name, TypeTag::union_type);
  }
  if (type != nullptr) return type;
  type = tagged(types, name, TypeTag::any);
  if (type == nullptr) return no_structure(name);
  TypeKind kind = type->stripped().kind;
  bool is_structure = kind == TypeKind::structure;
  bool is_union = kind == TypeKind::union_type;
  if ((is_structure && tag != StructureTag::union_type) ||
      (is_union && tag != StructureTag::structure)) {
    return type;
  }
  return Error(
      ErrorKind::not_found,
      fmt::format("data type mismatch: {} is not a {}", name,
                  tag == StructureTag::union_type ? "union" : "struct"));
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  auto number = parse_number(text);
  if (!number || *number == 0 || *number > max_count) return std::nullopt;
  auto count = static_cast<std::int64_t>(*number);
  return is_negative ? -count : count;
}

Result<void> read_count(Request& request, std::string_view text) {
  auto count = parse_count(text);
  if (!count) {
    return Error(ErrorKind::corrupt, fmt::format("invalid count: {}", text));
  }
  request.count = *count;
  return {};
}

// "runqueues:0-3": where, and the CPUs; a colon inside "(...)" is not ours.
void take_address(Request& request, const std::string& text) {
  std::size_t colon =
      text.starts_with('(') ? std::string::npos : text.rfind(':');
  request.address = text.substr(0, colon);
  if (colon != std::string::npos) request.cpus = text.substr(colon + 1);
}

Result<Request> request(const Kernel& kernel, Command::Words words,
                        StructureTag tag) {
  Request request;
  request.tag = tag;
  request.options = TRY(Options::parse(words, "fxdhl:oruvc:p"));
  std::vector<std::string> rest = request.options.words();
  if (rest.size() > 1 && (rest[0] == "struct" || rest[0] == "union")) {
    rest.erase(rest.begin());
  }
  if (rest.empty() || rest.size() > 3) return Error(ErrorKind::usage, "");
  if (rest[0].ends_with('.')) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid format: {}", rest[0]));
  }
  StructureName name = structure_name(rest[0]);
  request.name = std::move(name.name);
  request.members = std::move(name.members);
  request.type = TRY(named_type(kernel.types(), request.name, tag));
  if (rest.size() > 1) take_address(request, rest[1]);
  if (auto count = request.options.argument('c')) {
    TRY(read_count(request, *count));
  } else if (rest.size() > 2) {
    TRY(read_count(request, rest[2]));
  }
  return request;
}

// ---- Showing it ----

class Structures {
 public:
  Structures(const Session& session, const Request& request,
             const AddressSpace& space, report::Sink& out)
      : session_(session),
        kernel_(session.kernel),
        request_(request),
        space_(space),
        out_(out),
        style_(value_style(session, request.options.radix("xh"))) {}

  Result<void> definition() {
    if (request_.members.empty()) {
      emit(out_, row("", has('o')));
    } else if (request_.members.size() == 1) {
      return member_definition(request_.members[0], std::nullopt);
    } else {
      Error error(ErrorKind::usage,
                  has('o')
                      ? "-o option not valid with multiple member format"
                      : "multiple member format not supported in this syntax");
      out_.problem(std::move(error).while_doing(command_name(request_.tag)));
      emit(out_, row("", true));
    }
    return {};
  }

  Result<void> values() {
    Result<Address> at = address_of(kernel_, request_.address);
    if (!at) return unknown_symbol();
    std::uint64_t back = TRY(distance());
    if (!request_.cpus) return elements(*at - back);
    if (!is_per_cpu(kernel_, *at)) {
      out_.note(fmt::format("WARNING: {} is not percpu; cpuspec ignored.",
                            request_.address));
      return elements(*at - back);
    }
    unsigned own = request_.cpus->empty() ? own_cpu(session_) : 0;
    for (unsigned cpu : TRY(cpu_spec(kernel_, *request_.cpus, own))) {
      if (interrupted()) break;
      Result<Address> instance = kernel_.per_cpu_address(*at, cpu);
      if (!instance) {
        out_.problem(std::move(instance).error().while_doing(
            command_name(request_.tag)));
        continue;
      }
      out_.layout(fmt::format("[{}]: {:x}\n", cpu, instance->value));
      cpu_ = cpu;
      TRY(elements(*instance - back));
    }
    return {};
  }

 private:
  bool has(char letter) const { return request_.options.has(letter); }

  DefinitionRow row(std::string member, bool has_offsets) const {
    return {.type = request_.type,
            .member = std::move(member),
            .has_offsets = has_offsets,
            .is_hex = style_.radix == 16};
  }

  Result<void> member_definition(const std::string& member,
                                 std::optional<Address> base) {
    if (!has_member(*request_.type, member)) return no_member(member);
    DefinitionRow shown = row(member, true);
    shown.base = base;
    emit(out_, shown);
    return {};
  }

  Error no_member(std::string_view member) const {
    return no_structure(fmt::format("{}.{}", request_.name, member));
  }

  // Crash says this where the answer would be, not among the errors.
  Result<void> unknown_symbol() {
    show_alternatives(session_, request_.address, out_);
    return {};
  }

  // What -l takes off each address.
  Result<std::uint64_t> distance() const {
    auto text = request_.options.argument('l');
    if (!text) return std::uint64_t{0};
    auto found = member_distance(kernel_.types(), *text);
    if (found) return *found;
    return Error(ErrorKind::not_found,
                 fmt::format("invalid -l option: {}", *text));
  }

  Result<void> elements(Address at) {
    std::uint64_t size = request_.type->size();
    auto count = static_cast<std::uint64_t>(std::abs(request_.count));
    if (request_.count < 0) at = at - (count - 1) * size;
    for (std::uint64_t i = 0; i < count && !interrupted(); ++i) {
      if (i != 0) out_.layout("\n");
      TRY(element(at + i * size));
    }
    return {};
  }

  Result<void> element(Address at) {
    if (has('r')) return raw(at);
    if (has('o')) return offsets(at);
    Object object(space_, *request_.type, at);
    if (request_.members.empty()) return whole(object);
    MemberStyle style{.value = style_, .is_pointed = has('p')};
    InstanceParts parts = instance_members(object, request_.members, style);
    parts.row.cpu = cpu_;
    if (!parts.row.members.empty()) emit(out_, parts.row);
    for (Error& error : parts.missing) {
      out_.problem(std::move(error).while_doing(command_name(request_.tag)));
    }
    return {};
  }

  Result<void> whole(const Object& object) {
    if (has('p')) return Error(ErrorKind::unsupported, "-p is for members");
    InstanceRow row = TRY(whole_instance(object, style_));
    row.cpu = cpu_;
    emit(out_, row);
    return {};
  }

  Result<void> offsets(Address at) {
    if (request_.members.size() > 1) {
      return Error(ErrorKind::not_found,
                   "-o option not valid with multiple member format");
    }
    if (request_.members.size() == 1) {
      return member_definition(request_.members[0], at);
    }
    DefinitionRow shown = row("", true);
    shown.base = at;
    emit(out_, shown);
    return {};
  }

  Result<void> raw(Address at) {
    std::uint64_t size = request_.type->size();
    if (request_.members.size() > 1) {
      return Error(ErrorKind::not_found,
                   "-r option not valid with multiple member format");
    }
    if (request_.members.size() == 1) {
      Result<MemberPlace> place =
          find_member(*request_.type, request_.members[0]);
      if (!place) return no_member(request_.members[0]);
      at = at + place->offset();
      size = place->type->size();
    }
    Result<std::vector<std::byte>> bytes = space_.bytes(at, size);
    if (!bytes) return as_gdb_error(bytes.error());
    emit(out_, RawRow{at, std::move(bytes).value(), space_.endian()});
    return {};
  }

  const Session& session_;
  const Kernel& kernel_;
  const Request& request_;
  const AddressSpace& space_;
  report::Sink& out_;
  ValueStyle style_;
  std::optional<unsigned> cpu_;
};

Result<std::unique_ptr<AddressSpace>> other_space(const Session& session,
                                                  const Options& options) {
  if (options.has('u')) return user_space(session);
  if (options.has('f')) return file_space(session.kernel);
  return std::unique_ptr<AddressSpace>();
}

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>&
structure_options() {
  static const std::vector<std::pair<std::string_view, std::string_view>> all =
      {
          {"-o", "the members' offsets; with an address, their addresses"},
          {"-l offset",
           "take this off the address: a number, or struct.member"},
          {"-r", "the raw bytes"},
          {"-f", "the address is an offset in the dump file"},
          {"-u", "the address is in the current task's user memory"},
          {"-x", "integers in hexadecimal"},
          {"-d", "integers in decimal"},
          {"-p", "show also what pointers among the members point to"},
          {"-c count",
           "show so many structures in a row; a negative count ends at the "
           "address"},
      };
  return all;
}

Result<void> show_structure(Session& session, Command::Words words,
                            StructureTag tag, report::Sink& out) {
  Request asked = TRY(request(session.kernel, words, tag));
  std::unique_ptr<AddressSpace> other =
      TRY(other_space(session, asked.options));
  const AddressSpace& kernel_space = session.kernel.memory();
  Structures structures(session, asked, other ? *other : kernel_space, out);
  return asked.address.empty() ? structures.definition() : structures.values();
}

}  // namespace inquest
