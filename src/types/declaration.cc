// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/declaration.h"

#include <fmt/format.h>

#include "types/type_name.h"

namespace inquest {
namespace {

constexpr unsigned max_depth = 64;
// Damaged type data can nest so that its text would not fit into memory.
constexpr std::size_t max_lines = 100000;
constexpr std::size_t max_text = std::size_t{1} << 20;  // of one line

// What one declaration may still have.
struct Room {
  unsigned levels = max_depth;
  unsigned parameters = 10000;
};

struct Qualifiers {
  bool is_const = false;
  bool is_volatile = false;
  bool is_restrict = false;
  bool is_atomic = false;

  bool take(TypeKind kind) {
    switch (kind) {
      case TypeKind::const_type:
        return is_const = true;
      case TypeKind::volatile_type:
        return is_volatile = true;
      case TypeKind::restrict_type:
        return is_restrict = true;
      case TypeKind::atomic_type:
        return is_atomic = true;
      default:
        return false;
    }
  }
  std::string text() const {
    std::string all;
    if (is_const) all += "const ";
    if (is_volatile) all += "volatile ";
    if (is_restrict) all += "restrict ";
    if (is_atomic) all += "_Atomic ";
    return all;
  }
};

std::string_view keyword(const Type& type) {
  switch (type.kind) {
    case TypeKind::structure:
      return "struct ";
    case TypeKind::union_type:
      return "union ";
    case TypeKind::enumeration:
      return "enum ";
    default:
      return "";
  }
}

std::string enumerators_text(const Type& type) {
  std::string text = "{";
  std::int64_t expected = 0;
  bool is_first = true;
  for (const Enumerator& one : type.enumerators()) {
    if (!is_first) text += ", ";
    is_first = false;
    if (text.size() > max_text) return text + "...}";
    text += one.name;
    if (one.value != expected) {
      text += fmt::format(" = {}", one.value);
    }
    expected =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(one.value) + 1);
  }
  return text + "}";
}

// A declaration cut at its base type: "const", struct foo, "(*name)[3]".
struct Declarator {
  Qualifiers qualifiers;
  const Type* base = nullptr;  // null: void
  std::string text;            // the name and what surrounds it
};

Declarator declarator(const Type& type, std::string_view name, Room& room);

std::string base_text(const Type* base) {
  if (base == nullptr) return "void";
  std::string text(keyword(*base));
  if (!base->name.empty()) return text + canonical_name(base->name);
  return text + "{...}";
}

std::string to_text(const Declarator& parts) {
  std::string text = parts.qualifiers.text() + base_text(parts.base);
  return parts.text.empty() ? text : text + " " + parts.text;
}

std::string parameters_text(const Type& function, Room& room) {
  std::string text = "(";
  if (room.levels == 0) return "(...)";
  --room.levels;
  for (const Parameter& parameter : function.parameters()) {
    if (text.size() > 1) text += ", ";
    if (room.parameters == 0 || text.size() > max_text) {
      text += "...";
      break;
    }
    --room.parameters;
    text += parameter.type == nullptr
                ? "void"
                : to_text(declarator(*parameter.type, "", room));
  }
  ++room.levels;
  if (function.is_variadic()) text += text.size() > 1 ? ", ..." : "...";
  return text.size() == 1 ? "(void)" : text + ")";
}

std::string array_bound(const Type& array) {
  if (array.is_flexible) return "[]";
  return fmt::format("[{}]", array.count);
}

std::string pointer_text(const Qualifiers& qualifiers,
                         const std::string& text) {
  std::string words = qualifiers.text();
  if (words.empty()) return "*" + text;
  if (text.empty()) words.pop_back();
  return "* " + words + text;
}

// Wraps the name into |type| as C does; false: that is a base type.
bool wrap(Declarator& all, const Type& type, Room& room) {
  if (type.kind == TypeKind::pointer) {
    all.text = pointer_text(all.qualifiers, all.text);
    all.qualifiers = {};
    return true;
  }
  bool is_array = type.kind == TypeKind::array;
  if (!is_array && type.kind != TypeKind::function) return false;
  if (all.text.starts_with('*')) all.text = "(" + all.text + ")";
  all.text += is_array ? array_bound(type) : parameters_text(type, room);
  return true;
}

// Steps from the outermost type inwards.
Declarator declarator(const Type& type, std::string_view name, Room& room) {
  Declarator all;
  all.text = name;
  const Type* now = &type;
  for (unsigned steps = 0; now != nullptr && steps < max_depth; ++steps) {
    if (!all.qualifiers.take(now->kind) && !wrap(all, *now, room)) break;
    now = now->target();
  }
  all.base = now;
  bool is_void = now != nullptr && now->kind == TypeKind::void_type;
  if (is_void && now->name.empty()) all.base = nullptr;
  return all;
}

class Definition {
 public:
  std::vector<DefinitionLine> run(const Type& type) {
    std::string head(keyword(type));
    if (!type.name.empty()) head += type.name + " ";
    if (type.kind == TypeKind::enumeration) {
      line(head + enumerators_text(type), "");
    } else {
      line(head + "{", "");
      members(type, 4, 0);
      line("}", "");
    }
    return std::move(lines_);
  }

 private:
  void line(std::string text, std::string_view member) {
    size_ += text.size();
    lines_.push_back({std::move(text), std::string(member)});
  }

  void members(const Type& type, std::size_t indent, unsigned depth) {
    if (type.members().empty()) {
      std::string_view text = type.is_declaration ? "<incomplete type>"
                              : type.kind == TypeKind::union_type ||
                                      type.kind == TypeKind::structure
                                  ? "<no data fields>"
                                  : "<no members>";
      line(std::string(indent, ' ') + std::string(text), "");
    }
    for (const Member& member : type.members()) {
      if (lines_.size() > max_lines || size_ > 16 * max_text) return;
      bool is_last = &member == &type.members().back();
      one(member, type.kind == TypeKind::structure && is_last, indent, depth);
    }
  }

  void one(const Member& member, bool may_be_flexible, std::size_t indent,
           unsigned depth) {
    std::string margin(indent, ' ');
    if (member.type == nullptr) {
      line(margin + "void " + member.name + ";", member.name);
      return;
    }
    Room room;
    Declarator parts = declarator(*member.type, member.name, room);
    std::string end = ";";
    if (member.bit_size != 0) end = fmt::format(" : {};", member.bit_size);
    // BTF tells [0] from [] no more than C does in the middle of a structure.
    if (!may_be_flexible && parts.text.ends_with("[]")) {
      parts.text.insert(parts.text.size() - 1, "0");
    }
    std::string name = parts.text.empty() ? "" : " " + parts.text;
    std::string head = margin + parts.qualifiers.text();
    const Type* base = parts.base;
    bool is_unnamed = base != nullptr && base->name.empty();
    if (is_unnamed && base->kind == TypeKind::enumeration) {
      line(head + "enum " + enumerators_text(*base) + name + end, member.name);
    } else if (is_unnamed && base->is_compound() && depth < max_depth) {
      line(head + std::string(keyword(*base)) + "{", "");
      members(*base, indent + 4, depth + 1);
      line(margin + "}" + name + end, member.name);
    } else {
      line(head + base_text(base) + name + end, member.name);
    }
  }

  std::vector<DefinitionLine> lines_;
  std::size_t size_ = 0;  // of their texts
};

}  // namespace

std::string declaration(const Type& type, std::string_view name) {
  Room room;
  return to_text(declarator(type, name, room));
}

std::string type_name(const Type& type) {
  return declaration(type, "");
}

std::vector<DefinitionLine> definition_lines(const Type& type) {
  const Type& plain = type.stripped();
  if (plain.is_compound() || plain.kind == TypeKind::enumeration) {
    return Definition().run(plain);
  }
  const Type* shown = &type;
  for (unsigned i = 0; i < max_depth && shown != nullptr; ++i) {
    if (shown->kind != TypeKind::typedef_type) break;
    shown = shown->target();
  }
  return {{shown == nullptr ? "void" : type_name(*shown), ""}};
}

std::string definition(const Type& type) {
  std::string text;
  for (const DefinitionLine& line : definition_lines(type)) {
    if (!text.empty()) text += '\n';
    text += line.text;
  }
  return text;
}

}  // namespace inquest
