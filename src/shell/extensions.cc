// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/extensions.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/mapped_file.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

constexpr const char* entry_point = "inquest_extension";
// What every extension made for crash calls.
constexpr std::string_view crash_entry_point = "register_extension";
constexpr std::size_t most_commands = 256;

std::string_view text_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

bool has_name(std::string_view file, std::string_view name) {
  std::string terminated(name);
  terminated += '\0';
  return file.find(terminated) != std::string_view::npos;
}

// A shared object's constructors run when it is opened: whether it is an
// extension at all has to be known before that.
Result<void> check_contents(const fs::path& file) {
  auto mapped = TRY(MappedFile::open(file));
  std::string_view contents = as_text(mapped->bytes());
  if (!contents.starts_with("\177ELF")) {
    return Error(ErrorKind::unsupported, "not a shared object");
  }
  if (has_name(contents, entry_point)) return {};
  if (has_name(contents, crash_entry_point)) {
    return Error(ErrorKind::unsupported,
                 "an extension made for crash: it needs crash's own insides "
                 "and cannot be loaded");
  }
  return Error(ErrorKind::unsupported,
               fmt::format("not an extension: it has no {}()", entry_point));
}

bool is_command_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
           c == '-';
  });
}

Result<ExtensionCommand> to_command(const InquestCommand& given) {
  constexpr std::size_t least =
      offsetof(InquestCommand, run) + sizeof(given.run);
  if (given.size < least || !is_command_name(text_of(given.name)) ||
      given.run == nullptr) {
    return Error(ErrorKind::unsupported,
                 fmt::format("its command \"{}\" makes no sense",
                             given.size < least ? "" : text_of(given.name)));
  }
  ExtensionCommand command{
      .name = given.name,
      .page = {.summary = text_of(given.summary),
               .synopsis = text_of(given.synopsis),
               .description = text_of(given.description)},
      .command = &given,
  };
  for (const InquestOption* option = given.options;
       option != nullptr && option->option != nullptr; ++option) {
    command.page.options.emplace_back(option->option, text_of(option->meaning));
  }
  return command;
}

}  // namespace

Extension::~Extension() {
  if (description_ != nullptr && description_->unload != nullptr) {
    description_->unload();
  }
  if (handle_ != nullptr) dlclose(handle_);
}

Result<void> Extension::add_commands() {
  const InquestCommand* const* next = description_->commands;
  for (; next != nullptr && *next != nullptr; ++next) {
    if (commands_.size() == most_commands) {
      return Error(ErrorKind::unsupported, "its commands have no end");
    }
    commands_.push_back(TRY(to_command(**next)));
  }
  return {};
}

Result<std::unique_ptr<Extension>> Extension::load(const fs::path& file) {
  TRY(check_contents(file));
  std::unique_ptr<Extension> loaded(new Extension());
  loaded->file_ = file;
  // With a slash in it, so that it is not searched for elsewhere.
  fs::path path = file.has_parent_path() ? file : "." / file;
  loaded->handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded->handle_ == nullptr) {
    std::string_view reason = text_of(dlerror());
    std::string front = path.string() + ": ";
    if (reason.starts_with(front)) reason.remove_prefix(front.size());
    return Error(ErrorKind::io, std::string(reason));
  }
  using Describe = const InquestExtension* (*)();
  auto describe =
      reinterpret_cast<Describe>(dlsym(loaded->handle_, entry_point));
  if (describe == nullptr) {
    return Error(ErrorKind::unsupported,
                 fmt::format("it does not export {}()", entry_point));
  }
  const InquestExtension* description = describe();
  if (description == nullptr) {
    return Error(ErrorKind::unsupported, "it does not want to be loaded");
  }
  constexpr std::size_t least =
      offsetof(InquestExtension, unload) + sizeof(description->unload);
  if (description->version != INQUEST_EXTENSION_VERSION ||
      description->size < least) {
    return Error(ErrorKind::unsupported,
                 fmt::format("made for version {} of the interface; this is "
                             "version {}",
                             description->version, INQUEST_EXTENSION_VERSION));
  }
  loaded->description_ = description;
  TRY(loaded->add_commands());
  return loaded;
}

Result<const Extension*> Extensions::load(const fs::path& file,
                                          const IsTaken& is_taken) {
  std::error_code ignored;
  for (const auto& each : all_) {
    if (fs::equivalent(each->file(), file, ignored)) {
      return Error(ErrorKind::usage, "it is loaded already");
    }
  }
  auto loaded = TRY(Extension::load(file));
  std::vector<std::string_view> own;
  for (const ExtensionCommand& command : loaded->commands()) {
    if (is_taken(command.name) || find(command.name) != nullptr ||
        std::ranges::find(own, command.name) != own.end()) {
      return Error(ErrorKind::unsupported,
                   fmt::format("there is a command {} already", command.name));
    }
    own.push_back(command.name);
  }
  all_.push_back(std::move(loaded));
  return all_.back().get();
}

Result<fs::path> Extensions::unload(std::string_view name) {
  auto found = std::ranges::find_if(all_, [&](const auto& each) {
    return each->file() == name || each->file().filename() == name;
  });
  if (found == all_.end()) {
    return Error(ErrorKind::not_found, "it is not loaded");
  }
  if (running_ != 0) {
    return Error(ErrorKind::unsupported,
                 "a command of an extension is running");
  }
  fs::path file = (*found)->file();
  all_.erase(found);
  return file;
}

const ExtensionCommand* Extensions::find(std::string_view name) const {
  for (const auto& each : all_) {
    auto found =
        std::ranges::find(each->commands(), name, &ExtensionCommand::name);
    if (found != each->commands().end()) return &*found;
  }
  return nullptr;
}

std::vector<Topic> Extensions::topics() const {
  std::vector<Topic> topics;
  for (const auto& each : all_) {
    for (const ExtensionCommand& command : each->commands())
      topics.push_back({command.name, &command.page});
  }
  return topics;
}

std::vector<fs::path> extension_folders() {
  std::vector<fs::path> folders = {"."};
  for (const char* name : {"INQUEST_EXTENSIONS", "CRASH_EXTENSIONS"}) {
    std::string_view folder = text_of(std::getenv(name));
    if (!folder.empty()) folders.emplace_back(folder);
  }
  folders.emplace_back("/usr/lib64/inquest/extensions");
  folders.emplace_back("/usr/lib/inquest/extensions");
  folders.emplace_back("./extensions");
  return folders;
}

std::vector<fs::path> extensions_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator each(folder, failed), end; !failed && each != end;
       each.increment(failed)) {
    if (each->path().extension() == ".so" && check_contents(each->path())) {
      found.push_back(each->path());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace inquest
