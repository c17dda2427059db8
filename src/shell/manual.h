// SPDX-License-Identifier: GPL-3.0-or-later
// Help made from the Help data of the commands: pages, usage, the man page.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"

namespace inquest {

// A command of either kind, for those who list them.
struct Topic {
  std::string_view name;
  const Help* help = nullptr;
};

// All commands in the order of the help screen; |more| are those of extensions.
std::vector<Topic> topics(const std::vector<Topic>& more = {});
const Help* find_help(std::string_view command);

// "Usage: ..." as it follows a malformed command.
std::string usage_text(std::string_view name, const Help& help);
// NAME, SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLES.
std::string page_text(std::string_view name, const Help& help);
// The table of all commands.
std::string screen_text(const std::vector<Topic>& more = {});
// "input", "output": what is true of every command. "" for other topics.
std::string topic_text(std::string_view topic);
// The version, as in "inquest 0.1.0".
std::string version_text();
// "inquest --help".
std::string invocation_text();
// The man page of section 8 in roff.
std::string man_page();

}  // namespace inquest
