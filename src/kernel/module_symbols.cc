// SPDX-License-Identifier: GPL-3.0-or-later
// The symbols a module keeps in memory (CONFIG_KALLSYMS): its ELF symbol table
// with final addresses, cut down to what lives on after the module's start.

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "kernel/module_state.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_symbols = 1 << 20;
constexpr std::uint64_t most_text = 64 << 20;
constexpr std::size_t longest_name = 512;

// Names and letters live here as long as the table.
struct Kept {
  std::vector<std::byte> symtab;
  std::vector<std::byte> strtab;
  std::vector<std::byte> typetab;
  std::vector<std::string> single;  // names that had to be read one by one
};

struct Entry {
  std::uint32_t name = 0;
  unsigned char info = 0;
  std::uint16_t section = 0;
  std::uint64_t value = 0;
  std::uint64_t size = 0;
};

std::size_t entry_size(unsigned pointer_size) {
  return pointer_size == 8 ? 24 : 16;
}

// Elf64_Sym: name, info, other, shndx, value, size; Elf32_Sym: name, value,
// size, info, other, shndx.
Entry entry(Bytes bytes, std::endian endian, unsigned pointer_size) {
  auto number = [&](std::size_t at, std::size_t size) {
    return load_unsigned(bytes.subspan(at, size), endian);
  };
  Entry made;
  bool is_64 = pointer_size == 8;
  made.name = static_cast<std::uint32_t>(number(0, 4));
  made.info = static_cast<unsigned char>(number(is_64 ? 4 : 12, 1));
  made.section = static_cast<std::uint16_t>(number(is_64 ? 6 : 14, 2));
  made.value = number(is_64 ? 8 : 4, is_64 ? 8 : 4);
  made.size = number(is_64 ? 16 : 8, is_64 ? 8 : 4);
  return made;
}

bool is_letter(std::uint64_t value) {
  return value < 0x80 && std::isalpha(static_cast<int>(value)) != 0;
}

// Where a symbol's nm letter is: in typetab since 5.2 (1c7651f43777); before,
// in place of st_size (5.0, 5439c985c5a8), before that of st_info.
struct Letters {
  enum class Place { typetab, size, info } place = Place::typetab;

  char of(const Entry& symbol, Bytes typetab, std::size_t index) const {
    if (place == Place::size) return static_cast<char>(symbol.size);
    if (place == Place::info) return static_cast<char>(symbol.info);
    char letter =
        index < typetab.size() ? static_cast<char>(typetab[index]) : '?';
    // The kernel does not tell global symbols by upper case.
    bool is_global = symbol.info >> 4 == 1;
    return is_global ? static_cast<char>(std::toupper(letter)) : letter;
  }
};

// Clones that the compiler made of a function go by the function's name.
std::string_view without_clone_suffix(std::string_view name) {
  for (std::string_view clone : {".isra.", ".part."}) {
    name = name.substr(0, name.find(clone));
  }
  return name;
}

class ModuleKallsyms {
 public:
  ModuleKallsyms(const Kernel& kernel, const Module& module)
      : kernel_(kernel), module_(module), kept_(std::make_shared<Kept>()) {}

  Result<SymbolTable> table();

 private:
  Result<void> read(const Object& tables);
  void read_names(Address strtab);
  std::string_view name(std::uint32_t offset);
  Letters letters() const;
  Entry at(std::size_t index) const;
  bool is_wanted(const Entry& symbol) const;

  const Kernel& kernel_;
  const Module& module_;
  std::shared_ptr<Kept> kept_;
  std::size_t count_ = 0;
  Address strtab_;
  std::uint64_t per_cpu_ = 0, per_cpu_size_ = 0;
};

Entry ModuleKallsyms::at(std::size_t index) const {
  std::size_t size = entry_size(kernel_.arch().pointer_size());
  return entry(Bytes(kept_->symtab).subspan(index * size, size),
               kernel_.arch().endian(), kernel_.arch().pointer_size());
}

// All names at once; the table ends with the memory it lies in.
void ModuleKallsyms::read_names(Address strtab) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < count_; ++i)
    size = std::max<std::uint64_t>(size, at(i).name);
  size = std::min(size + longest_name, most_text);
  for (const ModuleRegion& region : module_.regions) {
    // Adjacent parts of one block are one piece of memory.
    Address end = region.base + region.size;
    if (region.contains(strtab)) size = std::min(size, end - strtab);
  }
  strtab_ = strtab;
  auto text = kernel_.memory().bytes(strtab, size);
  if (text) {
    kept_->strtab = std::move(text).value();
  } else {
    kept_->single.reserve(count_);
  }
}

std::string_view ModuleKallsyms::name(std::uint32_t offset) {
  if (!kept_->strtab.empty()) {
    if (offset >= kept_->strtab.size()) return {};
    std::string_view text = as_text(kept_->strtab).substr(offset);
    return text.substr(0, text.find('\0'));
  }
  auto single = kernel_.memory().c_string(strtab_ + offset, longest_name);
  if (!single) {
    kernel_.note_loss(single.error(),
                      fmt::format("some symbols of module {}", module_.name),
                      Kernel::LossOf::symbols);
  }
  if (!single || kept_->single.size() == kept_->single.capacity()) return {};
  return kept_->single.emplace_back(std::move(single).value());
}

Letters ModuleKallsyms::letters() const {
  if (!kept_->typetab.empty()) return {Letters::Place::typetab};
  std::size_t by_info = 0, by_size = 0;
  for (std::size_t i = 1; i < count_; ++i) {
    Entry symbol = at(i);
    by_info += is_letter(symbol.info) ? 1 : 0;
    by_size += is_letter(symbol.size) ? 1 : 0;
  }
  return {by_size > by_info ? Letters::Place::size : Letters::Place::info};
}

Result<void> ModuleKallsyms::read(const Object& tables) {
  std::uint64_t count = TRY(tables["num_symtab"].to_unsigned());
  Address symtab = TRY(tables["symtab"].to_address());
  Address strtab = TRY(tables["strtab"].to_address());
  if (count > most_symbols) {
    return Error(ErrorKind::corrupt, fmt::format("module {} claims {} symbols",
                                                 module_.name, count));
  }
  std::size_t size = entry_size(kernel_.arch().pointer_size());
  kept_->symtab = TRY(kernel_.memory().bytes(symtab, count * size));
  count_ = count;
  if (tables.has_member("typetab")) {
    Address typetab = TRY(tables["typetab"].to_address());
    auto letters = kernel_.memory().bytes(typetab, count);
    if (letters) {
      kept_->typetab = std::move(letters).value();
    } else {
      kept_->typetab.assign(count, std::byte{'?'});
      kernel_.note_loss(
          letters.error(),
          fmt::format("the types of symbols of module {}", module_.name),
          Kernel::LossOf::symbols);
    }
  }
  read_names(strtab);
  return {};
}

bool ModuleKallsyms::is_wanted(const Entry& symbol) const {
  return module_.contains({symbol.value}) ||
         symbol.value - per_cpu_ < per_cpu_size_;
}

Result<SymbolTable> ModuleKallsyms::table() {
  Object module = kernel_.object("module", module_.address);
  // struct mod_kallsyms since 4.5 (8244062ef1e5).
  TRY(read(module.has_member("kallsyms") ? module["kallsyms"] : module));
  per_cpu_ = module["percpu"].to_unsigned().value_or(0);
  per_cpu_size_ = module["percpu_size"].to_unsigned().value_or(0);
  Letters where = letters();
  std::vector<Symbol> symbols;
  for (std::size_t i = 1; i < count_; ++i) {
    Entry symbol = at(i);
    if (!is_wanted(symbol)) continue;
    std::string_view text = without_clone_suffix(name(symbol.name));
    if (text.empty() || is_mapping_mark(text)) continue;
    bool has_size = where.place != Letters::Place::size;
    symbols.push_back({text,
                       {symbol.value},
                       has_size ? symbol.size : 0,
                       where.of(symbol, kept_->typetab, i)});
  }
  return SymbolTable(std::move(symbols), kept_);
}

}  // namespace

Result<SymbolTable> module_kallsyms(const Kernel& kernel,
                                    const Module& module) {
  return ModuleKallsyms(kernel, module).table();
}

const SymbolTable& Modules::symbols(const Module& module) const {
  State::Detail& detail = state_->detail(module);
  if (detail.file && detail.file->symbols) return *detail.file->symbols;
  std::call_once(detail.symbols_once, [&] {
    auto found = module_kallsyms(state_->kernel, module);
    if (!found) {
      state_->kernel.note_loss(found.error(),
                               fmt::format("symbols of module {}", module.name),
                               Kernel::LossOf::symbols);
    }
    detail.symbols = std::make_unique<SymbolTable>(
        found ? std::move(found).value() : SymbolTable({}, nullptr));
  });
  return *detail.symbols;
}

}  // namespace inquest
