// SPDX-License-Identifier: GPL-3.0-or-later
// whatis: what a name stands for, and which types have a size or a member.

#include <algorithm>
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
        "expression. With -r or -m lists structures and unions instead.",
    .options =
        {
            {"-o", "the members' offsets"},
            {"-r size|range", "types of that size: 64, or 100-200"},
            {"-m member",
             "types with a member whose type's name contains this text"},
        },
    .examples =
        {
            {"A typedef", "whatis pid_t"},
            {"A variable", "whatis jiffies"},
            {"Structures of 64 bytes", "whatis -r 64"},
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

struct Search {
  std::uint64_t least = 0;
  std::uint64_t most = ~std::uint64_t{0};
  std::optional<std::string> member;

  bool matches(const Type& type) const;
};

// Typedefs are second names: what they stand for is found by its own.
bool Search::matches(const Type& type) const {
  bool has_members =
      type.kind == TypeKind::structure || type.kind == TypeKind::union_type;
  if (!has_members || type.name.empty() || type.is_declaration) return false;
  std::uint64_t size = type.size();
  if (size < least || size > most) return false;
  if (!member) return true;
  return std::ranges::any_of(type.members(), [&](const Member& one) {
    return one.type != nullptr &&
           type_name(*one.type).find(*member) != std::string::npos;
  });
}

Result<Search> search(const Options& options) {
  Search search;
  if (auto member = options.argument('m')) search.member = *member;
  auto range = options.argument('r');
  if (!range) return search;
  std::size_t dash = std::min(range->find('-'), range->size());
  auto least = parse_number(range->substr(0, dash));
  auto most =
      dash == range->size() ? least : parse_number(range->substr(dash + 1));
  if (!least || !most || *most < *least) {
    return Error(ErrorKind::usage, fmt::format("invalid range: {}", *range));
  }
  search.least = *least;
  search.most = *most;
  return search;
}

Result<void> list_types(const Kernel& kernel, const Search& wanted,
                        report::Sink& out) {
  std::set<std::pair<std::uint64_t, std::string>> found;
  kernel.types().each_type([&](const Type& type) {
    if (wanted.matches(type)) found.emplace(type.size(), type.name);
    return !interrupted();
  });
  if (found.empty()) return {};
  std::size_t width = std::max<std::size_t>(
      4, fmt::formatted_size("{}", found.rbegin()->first));
  out.layout(fmt::format("{:>{}}  TYPE\n", "SIZE", width));
  for (const auto& [size, name] : found) {
    emit(out, SizeRow{size, name, width});
  }
  return {};
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
    return list_types(kernel, TRY(search(options)), out);
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
