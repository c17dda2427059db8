// SPDX-License-Identifier: GPL-3.0-or-later
// mod: the loaded modules and their debug information.

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/options.h"
#include "kernel/module.h"
#include "kernel/system.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "loadable modules",
    .synopsis = "[-s module [file] | -d module | -S [folder] | -D | -t] [-gro]",
    .description =
        "Lists the loaded modules: where struct module lies, the name, where\n"
        "the memory begins, its size, and the file that was loaded for it.\n"
        "Symbols come from the dump itself; a file adds types and lines.",
    .options =
        {
            {"-s",
             "load the file of one module: that named, else the one "
             "found in the current folder, /usr/lib/debug or "
             "/lib/modules whose build-id is the module's"},
            {"-S",
             "load the files of all modules, looking in the folder first"},
            {"-d", "forget the file of one module"},
            {"-D", "forget all files"},
            {"-t", "the modules that taint the kernel, with their flags"},
            {"-g", "accepted: sections are always known"},
            {"-r", "accepted: files are always read as far as needed"},
            {"-R", "accepted: a dump does not change"},
            {"-o", "accepted: there is one way to load a file"},
        },
    .examples =
        {
            {"List the modules", "mod"},
            {"Which modules taint the kernel?", "mod -t"},
        },
};

// ---- What we answer ----

struct Row {
  const Module* module = nullptr;
  std::string file;            // "" : none loaded
  std::size_t name_width = 0;  // of the list it is part of
  std::size_t size_width = 0;
};

report::Record to_record(const Row& row) {
  report::Record record;
  record.add("module", row.module->address);
  record.add("name", row.module->name);
  record.add("base", row.module->base);
  record.add("size", row.module->size);
  record.add("taints", row.module->taints);
  record.add("file",
             row.file.empty() ? report::Value() : report::Value(row.file));
  return record;
}

std::string to_text(const Row& row) {
  return fmt::format(
      "{:016x}  {:<{}}  {:016x}  {:>{}}  {}\n", row.module->address.value,
      printable(row.module->name), row.name_width, row.module->base.value,
      row.module->size, row.size_width,
      row.file.empty() ? "(not loaded)  [CONFIG_KALLSYMS]" : row.file);
}

struct TaintRow {
  std::string name, letters;
  std::size_t name_width = 0;
};

report::Record to_record(const TaintRow& row) {
  return report::Record().with("name", row.name).with("taints", row.letters);
}

std::string to_text(const TaintRow& row) {
  return fmt::format("{:<{}}  {}\n", printable(row.name), row.name_width,
                     row.letters);
}

// ---- How we find it ----

using Chosen = std::vector<const Module*>;

Chosen all_modules(const Modules& modules) {
  Chosen all;
  for (const Module& module : modules.list())
    all.push_back(&module);
  return all;
}

// The columns are as wide as all modules need, whichever are shown.
void show(const Modules& modules, const Chosen& chosen, report::Sink& out) {
  std::size_t names = 4, sizes = 4;
  for (const Module& module : modules.list()) {
    names = std::max(names, module.name.size());
    sizes = std::max(sizes, std::to_string(module.size).size());
  }
  out.layout(fmt::format("{:^16}  {:<{}}  {:^16}  {:>{}}  OBJECT FILE\n",
                         "MODULE", "NAME", names, "BASE", "SIZE", sizes));
  for (const Module* module : chosen) {
    const ModuleFile* file = modules.file(*module);
    emit(out,
         Row{module, file != nullptr ? file->path.string() : "", names, sizes});
  }
  if (const Error* error = modules.incomplete())
    out.problem(Error(*error).while_doing("mod"));
}

void show_taints(const Kernel& kernel, report::Sink& out) {
  const Modules& modules = kernel.modules();
  std::vector<TaintRow> rows;
  std::size_t width = 0;
  for (const Module& module : modules.list()) {
    std::uint64_t taints = module.taints.value_or(0);
    if (taints == 0) continue;
    rows.push_back({module.name, taint_letters(kernel, taints), 0});
    width = std::max(width, module.name.size());
  }
  if (rows.empty()) return out.note("no tainted modules");
  out.layout(fmt::format("{:<{}}  TAINTS\n", "NAME", width));
  for (TaintRow& row : rows) {
    row.name_width = width;
    emit(out, row);
  }
}

Result<const Module*> module_named(const Modules& modules,
                                   std::string_view name) {
  const Module* module = modules.find(name);
  if (module != nullptr) return module;
  return Error(ErrorKind::not_found, fmt::format("module not found: {}", name));
}

// Where to look first: what the command names, then what the session's --mod
// and the environment do.
std::vector<std::filesystem::path> first_folders(const Session& session,
                                                 const Options& options) {
  std::vector<std::filesystem::path> folders;
  if (options.has('S') && !options.words().empty()) {
    folders.emplace_back(options.words().front());
  }
  auto given = session.settings.shell.find("module_path");
  if (given != session.settings.shell.end() && !given->second.empty()) {
    folders.emplace_back(given->second);
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const char* path = std::getenv("CRASH_MODULE_PATH")) {
    folders.emplace_back(path);
  }
  return folders;
}

Result<void> load_one(const Session& session, const Options& options,
                      report::Sink& out) {
  Modules& modules = session.kernel.modules();
  const Module* module = TRY(module_named(modules, *options.argument('s')));
  std::filesystem::path file =
      options.words().empty()
          ? TRY(modules.search(*module, first_folders(session, options)))
          : std::filesystem::path(options.words().front());
  TRY(modules.load(*module, file));
  show(modules, {module}, out);
  return {};
}

Result<void> load(Modules& modules, const Module& module,
                  std::span<const std::filesystem::path> folders) {
  return modules.load(module, TRY(modules.search(module, folders)));
}

void load_all(const Session& session, const Options& options,
              report::Sink& out) {
  Modules& modules = session.kernel.modules();
  std::vector<std::filesystem::path> folders = first_folders(session, options);
  Chosen loaded;
  for (const Module& module : modules.list()) {
    if (interrupted()) break;
    if (modules.file(module) == nullptr) {
      auto done = load(modules, module, folders);
      if (!done) {
        out.problem(std::move(done).error().while_doing("mod"));
        continue;
      }
    }
    loaded.push_back(&module);
  }
  if (!loaded.empty()) show(modules, loaded, out);
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "s:d:SDtgrRo"));
  Modules& modules = session.kernel.modules();
  if (options.has('s')) return load_one(session, options, out);
  if (options.has('S')) {
    load_all(session, options, out);
  } else if (options.has('t')) {
    show_taints(session.kernel, out);
  } else if (auto name = options.argument('d')) {
    modules.unload(*TRY(module_named(modules, *name)));
  } else if (options.has('D')) {
    for (const Module& module : modules.list())
      modules.unload(module);
  } else {
    TRY(options.no_words());
    show(modules, all_modules(modules), out);
  }
  return {};
}

}  // namespace

extern const Command mod_command;
const Command mod_command = {"mod", &help, run};

}  // namespace inquest
