// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/alternatives.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/module.h"

namespace inquest {
namespace {

struct Missing {
  std::string name;
  struct Alternative {
    std::string name, module;
    Address address;
    char letter;
  };
  std::vector<Alternative> alternatives;
};

report::Record to_record(const Missing& row) {
  report::List names;
  for (const auto& each : row.alternatives)
    names.emplace_back(each.name);
  return report::Record()
      .with("symbol_not_found", row.name)
      .with("alternatives", std::move(names));
}

std::string to_text(const Missing& row) {
  std::string text =
      fmt::format("symbol not found: {}\npossible alternatives:\n", row.name);
  if (row.alternatives.empty()) text += "  (none found)\n";
  for (const auto& each : row.alternatives) {
    text += fmt::format("  {:x} ({}) {}", each.address.value, each.letter,
                        printable(each.name));
    if (!each.module.empty()) {
      text += fmt::format(" [{}]", printable(each.module));
    }
    text += '\n';
  }
  return text;
}

Missing missing(const Kernel& kernel, const std::string& name) {
  Missing row{name, {}};
  auto add = [&](const SymbolTable& table, const std::string& module) {
    for (const Symbol& symbol : table.sorted()) {
      if (symbol.name.find(name) == std::string_view::npos) continue;
      row.alternatives.push_back(
          {std::string(symbol.name), module, symbol.address, symbol.letter});
    }
  };
  add(kernel.symbols(), "");
  for (const Module& module : kernel.modules().list()) {
    add(kernel.modules().symbols(module), module.name);
  }
  return row;
}

}  // namespace

void show_alternatives(const Session& session, const std::string& name,
                       report::Sink& out) {
  emit(out, missing(session.kernel, name));
  // The text above has said it; what is data says it again.
  out.problem(Error(ErrorKind::not_found, session.settings.is_json
                                              ? "symbol not found: " + name
                                              : std::string()));
}

}  // namespace inquest
