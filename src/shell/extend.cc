// SPDX-License-Identifier: GPL-3.0-or-later
// extend: commands from shared objects.

#include <algorithm>

#include <fmt/format.h>

#include "command/options.h"
#include "shell/builtins.h"
#include "shell/shell.h"
#include "shell/variables.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

// ---- What the user may ask ----

const Help help = {
    .summary = "commands from shared objects",
    .synopsis = "[file ...] | -u [file ...] | -s | -x",
    .description =
        "Loads shared objects that add commands to the session. A file "
        "without\n"
        "a folder is looked for in the current one, in the folders that\n"
        "INQUEST_EXTENSIONS and CRASH_EXTENSIONS name, in\n"
        "/usr/lib64/inquest/extensions and /usr/lib/inquest/extensions, and\n"
        "in ./extensions. Without an argument those loaded are listed.\n"
        "\n"
        "Extensions made for crash are built against crash's own insides and\n"
        "cannot be loaded. docs/extending.md says how to write one for\n"
        "inquest.",
    .options = {{"-u", "unload these, or all"},
                {"-s", "list those that could be loaded"},
                {"-x",
                 "load all of the first folder of these, but for the\n"
                 "current one, that is there; so does the option -x of\n"
                 "the program"}},
    .examples = {{"What is loaded?", "extend"}},
};

// ---- What we answer ----

struct LoadedRow {
  std::string file;
  std::vector<std::string> commands;
  std::size_t width = 13;
};

report::Record to_record(const LoadedRow& row) {
  report::List commands(row.commands.begin(), row.commands.end());
  return report::Record()
      .with("file", row.file)
      .with("commands", std::move(commands));
}

std::string to_text(const LoadedRow& row) {
  return fmt::format("{:<{}}  {}\n", row.file, row.width,
                     fmt::join(row.commands, " "));
}

struct ChangeRow {
  std::string file;
  bool is_loaded = false;
};

report::Record to_record(const ChangeRow& row) {
  return report::Record().with("file", row.file).with("loaded", row.is_loaded);
}

std::string to_text(const ChangeRow& row) {
  return fmt::format("{}: shared object {}\n", row.file,
                     row.is_loaded ? "loaded" : "unloaded");
}

struct FileRow {
  std::string file;
};

report::Record to_record(const FileRow& row) {
  return report::Record().with("file", row.file);
}

std::string to_text(const FileRow& row) {
  return row.file + '\n';
}

// ---- How we find it ----

Result<fs::path> find_file(const std::string& name) {
  std::error_code ignored;
  if (name.find('/') != std::string::npos) {
    if (fs::exists(name, ignored)) return fs::path(name);
    return Error(ErrorKind::io, "there is no such file");
  }
  std::vector<std::string> looked;
  for (const fs::path& folder : extension_folders()) {
    if (fs::exists(folder / name, ignored)) return folder / name;
    looked.push_back(folder.string());
  }
  return Error(ErrorKind::not_found,
               fmt::format("not found in {}", fmt::join(looked, ", ")));
}

void load(Shell& shell, const std::string& name, report::Sink& out) {
  auto is_taken = [](std::string_view command) {
    return find_builtin(command) != nullptr || find_command(command) != nullptr;
  };
  auto loaded = [&]() -> Result<const Extension*> {
    return shell.extensions().load(TRY(find_file(name)), is_taken);
  }();
  if (!loaded) {
    out.problem(std::move(loaded).error().while_doing("extend: " + name));
  } else {
    emit(out, ChangeRow{(*loaded)->file().string(), true});
  }
}

void load_folder(Shell& shell, report::Sink& out) {
  std::error_code ignored;
  auto folders = extension_folders();
  auto found = std::find_if(
      folders.begin() + 1, folders.end(),
      [&](const auto& folder) { return fs::is_directory(folder, ignored); });
  if (found == folders.end()) return;
  for (const fs::path& file : extensions_in(*found))
    load(shell, file.string(), out);
}

void unload(Shell& shell, std::vector<std::string> names, report::Sink& out) {
  if (names.empty()) {
    for (const auto& each : shell.extensions().all())
      names.push_back(each->file().string());
  }
  for (const std::string& name : names) {
    auto file = shell.extensions().unload(name);
    if (!file) {
      out.problem(std::move(file).error().while_doing("extend: " + name));
    } else {
      emit(out, ChangeRow{file->string(), false});
    }
  }
}

void list_loadable(report::Sink& out) {
  for (const fs::path& folder : extension_folders()) {
    for (const fs::path& file : extensions_in(folder))
      emit(out, FileRow{file.string()});
  }
}

void list_loaded(Shell& shell, report::Sink& out) {
  std::vector<LoadedRow> rows;
  std::size_t width = LoadedRow().width;
  for (const auto& each : shell.extensions().all()) {
    LoadedRow row{.file = each->file().string(), .commands = {}};
    for (const ExtensionCommand& command : each->commands())
      row.commands.emplace_back(command.name);
    width = std::max(width, row.file.size());
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    out.layout("no extensions loaded\n");
    return;
  }
  out.layout(fmt::format("{:<{}}  COMMANDS\n", "SHARED OBJECT", width));
  for (LoadedRow& row : rows) {
    row.width = width;
    emit(out, row);
  }
}

Result<void> run(Shell& shell, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "usxl"));
  const auto& names = options.words();
  if (options.has('u')) {
    unload(shell, names, out);
  } else if (options.has('s')) {
    list_loadable(out);
  } else if (options.has('x')) {
    load_folder(shell, out);
  } else if (names.empty()) {
    list_loaded(shell, out);
  }
  if (options.has('u')) return {};
  for (const std::string& name : names)
    load(shell, name, out);
  return {};
}

}  // namespace

const Builtin extend_builtin = {"extend", &help, run};

}  // namespace inquest
