// SPDX-License-Identifier: GPL-3.0-or-later
// The loaded modules: where they lie, their symbols from the dump's own
// kallsyms, and their debug information once a file was loaded for them.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "debuginfo/symbols.h"
#include "kernel/kernel.h"

namespace inquest {

// A part of a module's memory.
struct ModuleRegion {
  std::string name;  // "text", "data", "rodata", "init_text", ...; or "core"
  Address base;
  std::uint64_t size = 0;
  bool is_text = false;
  bool is_init = false;
  bool contains(Address at) const { return at.value - base.value < size; }
};

struct Module {
  Address address;  // of its struct module
  std::string name;
  Address base;            // of its core memory, or of its text since 6.4
  std::uint64_t size = 0;  // of its core memory
  std::vector<ModuleRegion> regions;  // ascending; empty ones left out
  Result<std::uint64_t> taints = std::uint64_t{0};

  bool contains(Address at) const;
  bool is_text(Address at) const;
};

// A file whose symbols, types and lines stand in for a module's.
struct ModuleFile {
  std::filesystem::path path;
  std::shared_ptr<const ElfFile> relocated;
  std::shared_ptr<TypeSource> types;  // null: the file has no DWARF
  std::shared_ptr<SourceLines> lines;
  std::shared_ptr<const SymbolTable> symbols;
};

// Reading is safe from many threads; loading and unloading files is not.
class Modules {
 public:
  explicit Modules(const Kernel& kernel);
  ~Modules();

  // Ascending by base. A list that breaks off is an incomplete() one.
  std::span<const Module> list() const;
  // Why the walk of the kernel's list ended early, or null.
  const Error* incomplete() const;
  const Module* find(std::string_view name) const;
  const Module* at(Address at) const;

  // From the loaded file, else from the module's kallsyms in the dump; empty
  // when neither can be read.
  const SymbolTable& symbols(const Module& module) const;
  // The first symbol of that name in any module.
  std::optional<std::pair<const Module*, const Symbol*>> symbol(
      std::string_view name) const;
  // Of the loaded file, else of the BTF that the kernel has in memory; null
  // when there is neither.
  TypeSource* types(const Module& module) const;
  // Where the sections of the file were loaded: ".text", ".data", ...
  Result<std::map<std::string, Address>> sections(const Module& module) const;
  // GNU build-id of the module in memory, in hex; "" when it has none.
  std::string build_id(const Module& module) const;

  // ---- Files ----
  // The module's file or debug file: in the folders |first|, then in the usual
  // places. |not_found| names the module.
  Result<std::filesystem::path> search(
      const Module& module, std::span<const std::filesystem::path> first) const;
  // Lays out |path| as the module is in the dump and adds its symbols, types
  // and lines. |corrupt| when its build-id is not the module's.
  Result<void> load(const Module& module, const std::filesystem::path& path);
  void unload(const Module& module);
  const ModuleFile* file(const Module& module) const;

 private:
  std::string mismatch(const Module& module, const ElfFile& file) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inquest
