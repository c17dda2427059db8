// SPDX-License-Identifier: GPL-3.0-or-later
// whatis: what a name stands for, and which types have a size or a member.

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/definition_row.h"
#include "command/options.h"
#include "command/values.h"
#include "types/declaration.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "find or describe types and symbols",
    .synopsis =
        "[[-o] [struct | union | typedef | symbol]] | \n"
        "         [[-r [size|range]] [-m member]]",
    .description =
        "Shows the definition of a structure, union, enumeration or typedef,\n"
        "or the declaration of a variable or function, or the type of an\n"
        "expression. With -r all types of a size are listed instead, with -m\n"
        "the structures and unions that have such a member, themselves or in\n"
        "a structure inside of them.",
    .options =
        {
            {"-o", "the members' offsets"},
            {"-r size|range", "types of that size: 64, or 100-200"},
            {"-m member",
             "structures with a member whose type's name has this text in it, "
             "pointers too"},
        },
    .examples =
        {
            {"A typedef", "whatis pid_t"},
            {"A variable", "whatis jiffies"},
            {"Types of 64 bytes", "whatis -r 64"},
            {"Large structures that have or point to a task",
             "whatis -r 1000-9000 -m task_struct"},
        },
};

// ---- What we answer ----

struct DeclarationRow {
  std::string text;
};

std::string to_text(const DeclarationRow& row) {
  return row.text + '\n';
}

report::Record to_record(const DeclarationRow& row) {
  return report::Record().with("declaration", row.text);
}

struct SizeRow {
  std::uint64_t size = 0;
  std::string name;
  std::size_t width = 4;
};

std::string to_text(const SizeRow& row) {
  return fmt::format("{:>{}}  {}\n", row.size, row.width, row.name);
}

report::Record to_record(const SizeRow& row) {
  return report::Record().with("size", row.size).with("name", row.name);
}

// ---- How we find it ----

// Which types are wanted. Not for more than one walk over them.
class Search {
 public:
  static Result<Search> parse(const Options& options);
  bool matches(const Type& type);

 private:
  bool has_wanted_member(const Type& compound, unsigned depth);

  std::uint64_t least_ = 0;
  std::uint64_t most_ = ~std::uint64_t{0};
  std::optional<std::string> member_;
  std::map<const Type*, bool> known_;  // compounds that were looked into
};

// Of a typedef only what has no name of its own is shown: what it stands for
// has answered already.
bool Search::matches(const Type& type) {
  if (type.name.empty() || type.is_declaration) return false;
  std::uint64_t size = type.size();
  if (size == 0 || size < least_ || size > most_) return false;
  const Type& real = type.stripped();
  bool is_second = &real != &type && real.is_compound() && !real.name.empty();
  if (is_second) return false;
  return !member_ || (real.is_compound() && has_wanted_member(real, 0));
}

// What a member is of, through arrays, pointers and qualifiers; null for void.
const Type* base_of(const Type* type, bool& is_pointer) {
  for (unsigned depth = 0; type != nullptr && depth < 64; ++depth) {
    switch (type->kind) {
      case TypeKind::pointer:
        is_pointer = true;
        [[fallthrough]];
      case TypeKind::array:
      case TypeKind::const_type:
      case TypeKind::volatile_type:
      case TypeKind::restrict_type:
      case TypeKind::atomic_type:
        type = type->target();
        break;
      default:
        return type;
    }
  }
  return nullptr;
}

// Structures inside of |compound| are looked into, but not those that it
// points to.
bool Search::has_wanted_member(const Type& compound, unsigned depth) {
  constexpr unsigned deepest = 32;
  auto [entry, is_new] = known_.try_emplace(&compound, false);
  if (!is_new || depth > deepest) return entry->second;
  for (const Member& member : compound.members()) {
    bool is_pointer = false;
    const Type* base = base_of(member.type, is_pointer);
    if (base == nullptr || base->kind == TypeKind::function) continue;
    bool is_found = !base->name.empty() &&
                    type_name(*base).find(*member_) != std::string::npos;
    if (!is_found && !is_pointer && base->is_compound()) {
      is_found = has_wanted_member(base->stripped(), depth + 1);
    }
    if (is_found) return known_[&compound] = true;
  }
  return false;
}

Result<std::uint64_t> size_of(std::string_view text) {
  if (auto number = parse_number(text)) return *number;
  return Error(ErrorKind::corrupt, fmt::format("not a valid number: {}", text));
}

Result<Search> Search::parse(const Options& options) {
  Search search;
  if (auto member = options.argument('m')) search.member_ = *member;
  auto range = options.argument('r');
  if (!range) return search;
  std::size_t dash = std::min(range->find('-'), range->size());
  search.least_ = TRY(size_of(range->substr(0, dash)));
  search.most_ = dash == range->size() ? search.least_
                                       : TRY(size_of(range->substr(dash + 1)));
  return search;
}

void list_types(const Kernel& kernel, Search wanted, report::Sink& out) {
  std::set<std::pair<std::uint64_t, std::string>> found;
  kernel.types().each_type([&](const Type& type) {
    if (wanted.matches(type)) found.emplace(type.size(), type.name);
    return !interrupted();
  });
  if (found.empty()) {
    out.layout("(none found)\n");
    return;
  }
  std::size_t width = std::max<std::size_t>(
      4, fmt::formatted_size("{}", found.rbegin()->first));
  out.layout(fmt::format("{:>{}}  TYPE\n", "SIZE", width));
  for (const auto& [size, name] : found) {
    emit(out, SizeRow{size, name, width});
  }
}

// "struct foo", "union foo", "enum foo", or a name of any kind.
const Type* named_type(Types& types, std::string_view text) {
  constexpr std::pair<std::string_view, TypeTag> tags[] = {
      {"struct ", TypeTag::structure},
      {"union ", TypeTag::union_type},
      {"enum ", TypeTag::enumeration}};
  for (auto [word, tag] : tags) {
    if (!text.starts_with(word)) continue;
    Result<const Type*> type = types.type(text.substr(word.size()), tag);
    return type ? *type : nullptr;
  }
  Result<const Type*> type = types.type(text, TypeTag::any);
  return type ? *type : nullptr;
}

std::string unknown_symbol(const Kernel& kernel, std::string_view name,
                           Address at) {
  return fmt::format("<{} variable, no debug info> {};",
                     kernel.is_text(at) ? "text" : "data", name);
}

Result<void> show_expression(const Session& session, std::string_view text,
                             report::Sink& out) {
  const Kernel& kernel = session.kernel;
  SessionScope scope(session, kernel.memory());
  Object value = evaluate(text, scope);
  if (value.fault() != nullptr) {
    return Error(ErrorKind::usage, fmt::format("cannot resolve: {}", text));
  }
  Result<Address> at = kernel.symbol(text);
  if (!at) {
    emit(out, DeclarationRow{type_name(value.type())});
  } else if (value.type().kind == TypeKind::void_type) {
    emit(out, DeclarationRow{unknown_symbol(kernel, text, *at)});
  } else {
    emit(out, DeclarationRow{declaration(value.type(), text) + ";"});
  }
  return {};
}

Result<void> show_type(const Type& type, std::string_view member,
                       bool has_offsets, report::Sink& out) {
  DefinitionRow row{.type = &type, .has_offsets = has_offsets};
  if (!member.empty()) {
    TRY(find_member(type, member));
    row.member = member;
    row.has_offsets = true;
  }
  emit(out, row);
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "or:m:"));
  const Kernel& kernel = session.kernel;
  if (options.has('r') || options.has('m')) {
    list_types(kernel, TRY(Search::parse(options)), out);
    return {};
  }
  std::string text;
  for (const std::string& word : options.words()) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  if (text.empty()) return Error(ErrorKind::usage, "");
  if (const Type* type = named_type(kernel.types(), text)) {
    return show_type(*type, "", options.has('o'), out);
  }
  std::size_t dot = std::min(text.find('.'), text.size());
  const Type* outer =
      named_type(kernel.types(), std::string_view(text).substr(0, dot));
  if (dot != text.size() && outer != nullptr && outer->is_compound()) {
    return show_type(*outer, std::string_view(text).substr(dot + 1), true, out);
  }
  return show_expression(session, text, out);
}

}  // namespace

extern const Command whatis_command;
const Command whatis_command = {"whatis", &help, run};

}  // namespace inquest
