// SPDX-License-Identifier: GPL-3.0-or-later
// Shared objects that add commands to a session: see <inquest/extension.h>.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <inquest/extension.h>

#include "command/command.h"
#include "shell/manual.h"

namespace inquest {

struct ExtensionCommand {
  std::string_view name;
  Help page;
  const InquestCommand* command = nullptr;
};

// A loaded one; its code stays as long as this.
class Extension {
 public:
  // Runs none of the file's code unless it says that it is an extension.
  // |io|: not readable; |unsupported|: no extension, or one of another version.
  static Result<std::unique_ptr<Extension>> load(
      const std::filesystem::path& file);
  Extension(const Extension&) = delete;
  Extension& operator=(const Extension&) = delete;
  ~Extension();

  const std::filesystem::path& file() const { return file_; }
  const std::vector<ExtensionCommand>& commands() const { return commands_; }

 private:
  Extension() = default;
  Result<void> add_commands();

  std::filesystem::path file_;
  void* handle_ = nullptr;
  const InquestExtension* description_ = nullptr;
  std::vector<ExtensionCommand> commands_;
};

// Those of a session, in the order in which they were loaded.
class Extensions {
 public:
  using IsTaken = std::function<bool(std::string_view name)>;

  // |is_taken|: whether a command is called so already.
  Result<const Extension*> load(const std::filesystem::path& file,
                                const IsTaken& is_taken);
  // |name|: the file as it was loaded, or its last part. What was unloaded.
  Result<std::filesystem::path> unload(std::string_view name);

  const std::vector<std::unique_ptr<Extension>>& all() const { return all_; }
  const ExtensionCommand* find(std::string_view name) const;
  // Their commands' help pages.
  std::vector<Topic> topics() const;

  // How many commands of extensions run inside of each other.
  unsigned& running() { return running_; }

 private:
  std::vector<std::unique_ptr<Extension>> all_;
  unsigned running_ = 0;
};

// Where shared objects are searched for, in this order.
std::vector<std::filesystem::path> extension_folders();
// The shared objects in |folder| that say that they are extensions.
std::vector<std::filesystem::path> extensions_in(
    const std::filesystem::path& folder);

}  // namespace inquest
