// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/manual.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "shell/invocation.h"
#include "shell/shell.h"
#include "shell/version.h"

namespace inquest {
namespace {

constexpr std::size_t screen_columns = 5;
constexpr std::size_t screen_width = 15;

std::string indented(std::string_view text, std::size_t columns) {
  std::string out;
  for (std::string_view line : lines(text))
    out += line.empty() ? "\n" : fmt::format("{:{}}{}\n", "", columns, line);
  return out;
}

// The synopsis behind the name; its further lines start below its first.
std::string synopsis_text(std::string_view name, const Help& help) {
  std::string text = fmt::format("  {}", name);
  std::string_view separator = " ";
  std::string below = fmt::format("\n{:{}}", "", name.size() + 3);
  for (std::string_view line : lines(help.synopsis)) {
    text += fmt::format("{}{}", separator, trim(line));
    separator = below;
  }
  return text + '\n';
}

std::string options_text(const Help& help) {
  std::size_t width = 0;
  for (const auto& [option, meaning] : help.options)
    width = std::max(width, std::min<std::size_t>(option.size(), 20));
  std::string text;
  for (const auto& [option, meaning] : help.options) {
    std::string margin = fmt::format("  {:>{}}  ", "", width);
    std::string front = fmt::format("  {:>{}}  ", option, width);
    for (std::string_view line : lines(meaning)) {
      text += fmt::format("{}{}\n", front, trim(line));
      front = margin;
    }
  }
  return text;
}

constexpr std::string_view input_text =
    "INPUT\n"
    "  A line is a command and its arguments, separated by blanks. Double\n"
    "  quotes and parentheses keep words together. Behind # or // a line is a\n"
    "  remark.\n"
    "\n"
    "    name                   a symbol alone is printed, as \"p name\" does; "
    "a\n"
    "                           structure, union or other type is described\n"
    "    *name address          the same as \"struct name address\"\n"
    "    < file                 run the commands in a file\n"
    "    command < file         run the command once for each line of the\n"
    "                           file, which takes the place of \"< file\"\n"
    "    !command               run a command of the host; ! alone starts a\n"
    "                           shell\n"
    "    \\command               no alias is replaced\n"
    "    h                      list the lines so far\n"
    "    !! or r                run the last line again\n"
    "    !7, r 7, r bt          run line 7, or the last that starts with bt\n"
    "\n"
    "  Addresses are hexadecimal, with or without 0x. Where a pid may stand\n"
    "  too, decimal is tried first. (init_task+0x10) is computed before use.\n"
    "  Ctrl-C ends a command and keeps what it has said. Lines are kept in\n"
    "  ~/.local/state/inquest/history. TAB completes commands, symbols, types\n"
    "  and members.\n"
    "\n"
    "  When a session starts, ~/.crashrc, ~/.inquestrc, ./.crashrc and\n"
    "  ./.inquestrc are run, each only if it belongs to the user and nobody\n"
    "  else may write to it.\n";

constexpr std::string_view output_text =
    "OUTPUT\n"
    "    command | pipeline     send the output through commands of the host;\n"
    "    command ! pipeline     the same\n"
    "    command > file         write the output to a file\n"
    "    command >> file        append the output to a file\n"
    "\n"
    "  These count only outside of quotes and parentheses, so that\n"
    "  \"eval (1 >> 2)\" computes. Long output on a terminal goes through a\n"
    "  pager: see \"set scroll\" in \"help set\". \"set error\" says where "
    "errors\n"
    "  go.\n"
    "\n"
    "  A value that cannot be had costs one cell: \"(page not in dump)\". "
    "With\n"
    "  --json or \"set json on\" every answer is one JSON object a line, and\n"
    "  such a value is {\"error\": \"...\"}.\n"
    "\n"
    "  The exit status is 0 when everything was answered, 1 when something\n"
    "  was not, and 2 when the command line is malformed or the dump cannot\n"
    "  be opened.\n";

// Roff takes "." and "'" at the start of a line and "\" anywhere as its own.
std::string roff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    at_start = c == '\n';
  }
  return out;
}

std::string roff_lines(std::string_view text) {
  return fmt::format(".nf\n{}\n.fi\n", roff(trim(text)));
}

std::string roff_command(const Topic& topic) {
  std::string text = fmt::format(".SS {}\n{}\n.PP\n", roff(topic.name),
                                 roff(topic.help->summary));
  text += roff_lines(synopsis_text(topic.name, *topic.help));
  if (!topic.help->description.empty())
    text += ".PP\n" + roff_lines(topic.help->description);
  for (const auto& [option, meaning] : topic.help->options)
    text += fmt::format(".TP\n.B {}\n{}\n", roff(option), roff(meaning));
  return text;
}

}  // namespace

std::vector<Topic> topics(const std::vector<Topic>& more) {
  std::vector<Topic> all = more;
  for (const Builtin* builtin : builtins())
    all.push_back({builtin->name, builtin->help});
  for (const Command* command : commands()) {
    if (command->help != nullptr) all.push_back({command->name, command->help});
  }
  auto order = [](const Topic& topic) {
    return std::pair(topic.name == "q", topic.name);
  };
  std::ranges::sort(all, {}, order);
  return all;
}

const Help* find_help(std::string_view command) {
  if (const Builtin* builtin = find_builtin(command)) return builtin->help;
  const Command* found = find_command(command);
  return found == nullptr ? nullptr : found->help;
}

std::string usage_text(std::string_view name, const Help& help) {
  return fmt::format("Usage:\n{}Enter \"help {}\" for details.\n",
                     synopsis_text(name, help), name);
}

std::string page_text(std::string_view name, const Help& help) {
  std::string text = fmt::format("\nNAME\n  {} - {}\n\nSYNOPSIS\n{}", name,
                                 help.summary, synopsis_text(name, help));
  if (!help.description.empty())
    text += "\nDESCRIPTION\n" + indented(help.description, 2);
  if (!help.options.empty()) text += "\nOPTIONS\n" + options_text(help);
  if (!help.examples.empty()) text += "\nEXAMPLES\n";
  for (const Example& example : help.examples) {
    text +=
        fmt::format("  {}\n    > {}\n", example.explanation, example.command);
  }
  return text + '\n';
}

std::string screen_text(const std::vector<Topic>& more) {
  std::vector<Topic> all = topics(more);
  std::size_t rows = (all.size() + screen_columns - 1) / screen_columns;
  std::string text = "\n";
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = row; i < all.size(); i += rows)
      text += fmt::format("{:<{}}", all[i].name, screen_width);
    text += '\n';
  }
  return text + fmt::format(
                    "\n{}\n"
                    "More about one of them: \"help command\"; about every\n"
                    "command line: \"help input\" and \"help output\".\n\n",
                    version_text());
}

std::string topic_text(std::string_view topic) {
  if (topic == "input") return fmt::format("\n{}\n", input_text);
  if (topic == "output") return fmt::format("\n{}\n", output_text);
  return {};
}

std::string version_text() {
  return fmt::format("inquest {}", version);
}

std::string invocation_text() {
  std::string text =
      "Usage: inquest [option ...] [vmlinux] [dump ...]\n"
      "\n"
      "Opens a Linux crash dump (several files: the parts of a split one), or\n"
      "without a dump the running kernel (/proc/kcore). Raw RAM is named with\n"
      "its physical address in hexadecimal: file@address[,file@address...]. "
      "The\n"
      "order of the arguments does not matter: files are recognised by their\n"
      "content. Without a vmlinux, the one that fits is searched for; without\n"
      "any, the kernel's own symbols and types have to do.\n\n";
  std::string idle;
  for (const OptionHelp& option : option_help()) {
    if (option.meaning.empty())
      idle += fmt::format("{}{}", idle.empty() ? "" : ", ", option.text);
    else
      text += fmt::format("  {:<24} {}\n", option.text, option.meaning);
  }
  return text + fmt::format(
                    "\nTaken from crash and without effect, as nothing here "
                    "needs them:\n  {}\n"
                    "\nThe exit status is 0 when everything was answered, 1 "
                    "when something was\nnot, 2 when the command line is "
                    "malformed or the dump cannot be opened.\n",
                    idle);
}

std::string man_page() {
  std::string text = fmt::format(
      ".TH INQUEST 8 \"\" \"inquest {}\"\n"
      ".SH NAME\ninquest \\- find out why a Linux kernel died\n"
      ".SH SYNOPSIS\n.B inquest\n[option ...] [vmlinux] [dump ...]\n"
      ".SH DESCRIPTION\n"
      "Opens a Linux crash dump and answers questions about it in the "
      "language of\n.BR crash (8).\n"
      "Several files are the parts of a split dump. Files are recognised by "
      "their\ncontent, in any order. Without a vmlinux, the one that fits is "
      "searched for;\nwithout any, the kernel's own symbols and types have to "
      "do.\n.PP\n"
      "Without a dump, it is the running kernel that is looked at, through\n"
      ".IR /proc/kcore .\n"
      "Raw RAM is named with its physical address in hexadecimal,\n"
      ".IR file@address ;\n"
      ".I live:file@address\n"
      "is memory in use, such as a virtual machine's.\n.SH OPTIONS\n",
      version);
  for (const OptionHelp& option : option_help()) {
    text += fmt::format(".TP\n.B {}\n{}\n", roff(option.text),
                        option.meaning.empty() ? "Accepted, and without effect."
                                               : roff(option.meaning));
  }
  text += ".SH COMMAND LINES\n";
  text += roff_lines(input_text.substr(input_text.find('\n') + 1));
  text += ".PP\n" + roff_lines(output_text.substr(output_text.find('\n') + 1));
  text += ".SH COMMANDS\n";
  for (const Topic& topic : topics())
    text += roff_command(topic);
  text +=
      ".SH EXIT STATUS\n0 when everything was answered, 1 when something was "
      "not, 2 when the command\nline is malformed or the dump cannot be "
      "opened.\n"
      ".SH FILES\n.TP\n.I ~/.inquestrc, ~/.crashrc, ./.inquestrc, ./.crashrc\n"
      "Commands run at the start of a session.\n"
      ".TP\n.I ~/.local/state/inquest/history\nLines of former sessions.\n"
      ".TP\n.I ~/.cache/inquest\nIndexes of debug information.\n";
  return text;
}

}  // namespace inquest
