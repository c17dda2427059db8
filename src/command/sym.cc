// SPDX-License-Identifier: GPL-3.0-or-later
// sym: symbols by name, by address, by part of their name.

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/options.h"
#include "command/symbol_row.h"
#include "debuginfo/elf_file.h"
#include "kernel/module.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "symbols and addresses",
    .synopsis =
        "[-l | -L | -M | -m module] [-p | -n] [-s] [-q | -Q text] "
        "[symbol | address] ...",
    .description =
        "Shows a symbol's address, its type letter as nm gives it, and the\n"
        "file and line of a function; of an address, the symbol it lies in\n"
        "and how far behind its start.",
    .options =
        {
            {"-l", "all symbols"},
            {"-L", "the same"},
            {"-M", "the symbols of all modules"},
            {"-m", "the symbols of one module"},
            {"-p", "also the symbol before"},
            {"-n", "also the symbol behind"},
            {"-s", "the section instead of file and line"},
            {"-q", "all symbols with a text in their name"},
            {"-Q", "the same, counted"},
        },
    .examples =
        {
            {"Where is a function?", "sym schedule"},
            {"Which symbols have a text in their name?", "sym -q init_task"},
        },
};

// ---- What we answer ----

struct CountRow {
  std::string text;
  std::uint64_t count = 0;
};

report::Record to_record(const CountRow& row) {
  return report::Record().with("text", row.text).with("count", row.count);
}

std::string to_text(const CountRow& row) {
  return fmt::format("{}: {}\n", row.text, row.count);
}

// ---- How we find it ----

std::vector<FoundSymbol> by_name(const Kernel& kernel, std::string_view name) {
  std::vector<FoundSymbol> found;
  for (const Symbol* symbol : kernel.symbols().all(name))
    found.push_back({&kernel.symbols(), nullptr, symbol, 0});
  for (const Module& module : kernel.modules().list()) {
    const SymbolTable& table = kernel.modules().symbols(module);
    for (const Symbol* symbol : table.all(name))
      found.push_back({&table, &module, symbol, 0});
  }
  return found;
}

// Every symbol with |text| in its name, of vmlinux and then of each module.
std::vector<FoundSymbol> by_part(const Kernel& kernel, std::string_view text) {
  std::vector<FoundSymbol> found;
  auto add = [&](const SymbolTable& table, const Module* module) {
    for (const Symbol& symbol : table.sorted()) {
      if (symbol.name.find(text) != std::string_view::npos) {
        found.push_back({&table, module, &symbol, 0});
      }
    }
  };
  add(kernel.symbols(), nullptr);
  for (const Module& module : kernel.modules().list())
    add(kernel.modules().symbols(module), &module);
  return found;
}

std::optional<FoundSymbol> neighbour(const FoundSymbol& found, int step) {
  std::span<const Symbol> all = found.table->sorted();
  std::ptrdiff_t at = found.symbol - all.data() + step;
  if (at < 0 || at >= std::ssize(all)) return std::nullopt;
  FoundSymbol next = found;
  next.symbol = &all[static_cast<std::size_t>(at)];
  next.offset = 0;
  return next;
}

class Answer {
 public:
  Answer(const Kernel& kernel, const Options& options, report::Sink& out)
      : kernel_(kernel), options_(options), out_(out) {}

  Result<void> run();

 private:
  void show(const FoundSymbol& found);
  Result<void> show_word(const std::string& word);
  void show_alternatives(const std::string& name);
  void show_module(const Module& module);
  void show_part(std::string_view text);
  void show_vmlinux();
  void show_losses();
  Result<bool> show_lists();

  const Kernel& kernel_;
  const Options& options_;
  report::Sink& out_;
};

void Answer::show(const FoundSymbol& found) {
  SymbolTail tail = options_.has('s') ? SymbolTail::section : SymbolTail::line;
  if (options_.has('p')) {
    if (auto before = neighbour(found, -1)) {
      emit(out_, symbol_row(kernel_, *before, tail));
    }
  }
  emit(out_, symbol_row(kernel_, found, tail));
  if (options_.has('n')) {
    if (auto behind = neighbour(found, 1)) {
      emit(out_, symbol_row(kernel_, *behind, tail));
    }
  }
}

void Answer::show_alternatives(const std::string& name) {
  out_.problem(Error(ErrorKind::not_found, "symbol not found: " + name));
  out_.layout("possible alternatives:\n");
  std::vector<FoundSymbol> similar = by_part(kernel_, name);
  if (similar.empty()) out_.layout("  (none found)\n");
  for (const FoundSymbol& found : similar) {
    SymbolRow row = symbol_row(kernel_, found, SymbolTail::module);
    row.is_indented = true;
    emit(out_, row);
  }
}

// A name, a hexadecimal address, or name+offset.
Result<void> Answer::show_word(const std::string& word) {
  std::vector<FoundSymbol> named = by_name(kernel_, word);
  for (const FoundSymbol& found : named)
    show(found);
  if (!named.empty()) return {};
  std::size_t plus = word.find('+');
  auto address = parse_hex(word);
  if (!address && plus != std::string::npos) {
    auto base = kernel_.symbol(word.substr(0, plus));
    auto offset = parse_number(word.substr(plus + 1));
    if (base && offset) address = base->value + *offset;
  }
  if (!address) {
    show_alternatives(word);
    return {};
  }
  auto found = symbol_at(kernel_, {*address});
  if (!found) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid address: {}", word));
  }
  show(*found);
  return {};
}

// Since 6.4 a module has several pieces of memory, each with its marks.
void Answer::show_module(const Module& module) {
  struct Mark {
    Address start;
    Address end;
    std::string name;
  };
  std::vector<Mark> marks;
  bool is_in_pieces = kernel_.has_member("module", "mem");
  for (const ModuleRegion& region : module.regions) {
    std::string name = "MODULE";
    if (is_in_pieces) {
      name += ' ' + region.name;
    } else if (region.is_init) {
      name += " INIT";
    }
    std::ranges::transform(name, name.begin(), [](unsigned char letter) {
      return static_cast<char>(std::toupper(letter));
    });
    Address end = region.base + region.size;
    if (!marks.empty() && marks.back().name == name) {
      marks.back().end = end;
    } else {
      marks.push_back({region.base, end, name});
    }
  }
  auto symbols = kernel_.modules().symbols(module).sorted();
  for (const Mark& mark : marks) {
    out_.layout(fmt::format("{:x} {} START: {}\n", mark.start.value, mark.name,
                            printable(module.name)));
    for (const Symbol& symbol : symbols) {
      if (symbol.address < mark.start || symbol.address >= mark.end) continue;
      emit(out_, symbol_row(kernel_, {nullptr, &module, &symbol, 0},
                            SymbolTail::none));
    }
    out_.layout(fmt::format("{:x} {} END: {}\n", mark.end.value, mark.name,
                            printable(module.name)));
  }
}

void Answer::show_part(std::string_view text) {
  std::vector<FoundSymbol> all = by_part(kernel_, text);
  if (all.empty()) out_.layout("(none found)\n");
  for (const FoundSymbol& found : all) {
    if (interrupted()) return;
    emit(out_, symbol_row(kernel_, found, SymbolTail::module));
  }
}

void Answer::show_vmlinux() {
  for (const Symbol& symbol : kernel_.symbols().sorted()) {
    if (interrupted()) return;
    emit(out_,
         symbol_row(kernel_, {nullptr, nullptr, &symbol, 0}, SymbolTail::none));
  }
}

// A list of symbols is not whole where a module's are lost, even if somebody
// was told of that before.
void Answer::show_losses() {
  for (const Error& loss : kernel_.new_losses(Kernel::LossOf::symbols))
    out_.problem(loss);
}

// Whether a list was asked for.
Result<bool> Answer::show_lists() {
  bool is_all = options_.has('l') || options_.has('L');
  if (is_all) show_vmlinux();
  if (is_all || options_.has('M')) {
    for (const Module& module : kernel_.modules().list())
      show_module(module);
    show_losses();
    return true;
  }
  for (std::string_view name : options_.arguments('m')) {
    const Module* module = kernel_.modules().find(name);
    if (module == nullptr) {
      return Error(ErrorKind::not_found,
                   fmt::format("module not found: {}", name));
    }
    show_module(*module);
  }
  for (std::string_view text : options_.arguments('q'))
    show_part(text);
  for (std::string_view text : options_.arguments('Q'))
    emit(out_, CountRow{std::string(text), by_part(kernel_, text).size()});
  bool is_list = options_.has('m') || options_.has('q') || options_.has('Q');
  if (is_list) show_losses();
  return is_list;
}

Result<void> Answer::run() {
  bool is_done = TRY(show_lists());
  if (options_.words().empty() && !is_done) {
    return Error(ErrorKind::usage, "which symbol?");
  }
  for (const std::string& word : options_.words()) {
    Result<void> shown = show_word(word);
    if (!shown) out_.problem(std::move(shown).error().while_doing("sym"));
  }
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "lLMm:pnsq:Q:"));
  return Answer(session.kernel, options, out).run();
}

}  // namespace

extern const Command sym_command;
const Command sym_command = {"sym", &help, run};

}  // namespace inquest
