// SPDX-License-Identifier: GPL-3.0-or-later
// help: the screen, a command's page, and what the dump says of itself.

#include <fmt/format.h>

#include "shell/builtins.h"
#include "shell/manual.h"
#include "shell/shell.h"

namespace inquest {
namespace {

const Help help_text = {
    .summary = "explain the commands",
    .synopsis = "[command ... | all | input | output | -a | -D | -n | -r]",
    .description =
        "Without an argument all commands are listed; with the name of a\n"
        "command its page is shown, with \"all\" every page. \"input\" and\n"
        "\"output\" explain what is true of every command line.",
    .options = {{"-a", "the aliases"},
                {"-D, -n", "what kind of dump this is and what it holds"},
                {"-r", "the notes with the registers of the CPUs"}},
    .examples = {{"what bt can do", "help bt"}},
};

struct PageRow {
  std::string name;
  const Help* help = nullptr;
};

report::Record to_record(const PageRow& row) {
  report::List options;
  for (const auto& [option, meaning] : row.help->options) {
    options.emplace_back(
        report::Record().with("option", option).with("meaning", meaning));
  }
  report::List examples;
  for (const auto& [explanation, command] : row.help->examples) {
    examples.emplace_back(report::Record()
                              .with("explanation", explanation)
                              .with("command", command));
  }
  return report::Record()
      .with("command", row.name)
      .with("summary", row.help->summary)
      .with("synopsis", row.help->synopsis)
      .with("description", row.help->description)
      .with("options", std::move(options))
      .with("examples", std::move(examples));
}

std::string to_text(const PageRow& row) {
  return page_text(row.name, *row.help);
}

struct TopicRow {
  std::string name;
  std::string text;
};

report::Record to_record(const TopicRow& row) {
  return report::Record().with("topic", row.name).with("text", row.text);
}

std::string to_text(const TopicRow& row) {
  return row.text;
}

// ---- What the dump says of itself ----

struct DumpRow {
  const DumpInfo& info;
};

std::string_view yes_no(bool value) {
  return value ? "yes" : "no";
}

report::Value to_number(std::optional<unsigned> value) {
  return value ? report::Value(*value) : report::Value();
}

report::Record to_record(const DumpRow& row) {
  const DumpInfo& info = row.info;
  report::List files;
  for (const auto& file : info.files)
    files.emplace_back(file.string());
  return report::Record()
      .with("format", info.format)
      .with("files", std::move(files))
      .with("flattened", info.is_flattened)
      .with("partial", info.is_partial)
      .with("incomplete", info.is_incomplete)
      .with("page_size", info.page_size)
      .with("elf_machine", info.elf_machine)
      .with("cpus", info.cpus)
      .with("dump_level", to_number(info.dump_level))
      .with("notes", std::uint64_t{info.notes.size()})
      .with("vmcoreinfo", info.vmcoreinfo);
}

std::string to_text(const DumpRow& row) {
  const DumpInfo& info = row.info;
  std::string text;
  auto add = [&](std::string_view name, const auto& value) {
    text += fmt::format("{:>12}: {}\n", name, value);
  };
  add("format", info.format);
  for (const auto& file : info.files)
    add("file", file.string());
  add("flattened", yes_no(info.is_flattened));
  add("partial", yes_no(info.is_partial));
  add("incomplete", yes_no(info.is_incomplete));
  add("page size", info.page_size);
  add("machine", info.elf_machine);
  if (info.cpus > 0) add("CPUs", info.cpus);
  if (info.dump_level) add("dump level", *info.dump_level);
  add("notes", info.notes.size());
  if (!info.vmcoreinfo.empty())
    text += fmt::format("\nVMCOREINFO:\n{}", info.vmcoreinfo);
  return text;
}

struct NoteRow {
  std::size_t number;
  const Note& note;
};

std::string hex_of(const Note& note) {
  std::string text;
  for (std::byte byte : note.contents)
    text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

report::Record to_record(const NoteRow& row) {
  return report::Record()
      .with("number", std::uint64_t{row.number})
      .with("name", row.note.name)
      .with("type", std::uint64_t{row.note.type})
      .with("contents", hex_of(row.note));
}

std::string to_text(const NoteRow& row) {
  std::string text =
      fmt::format("note {}: {} type {:x}, {} bytes\n", row.number,
                  row.note.name, row.note.type, row.note.contents.size());
  std::string hex = hex_of(row.note);
  constexpr std::size_t width = 64;
  for (std::size_t i = 0; i < hex.size(); i += width)
    text += fmt::format("  {:04x}: {}\n", i / 2, hex.substr(i, width));
  return text;
}

Result<void> run_option(Shell& shell, std::string_view option,
                        report::Sink& out) {
  const DumpInfo& info = shell.session().kernel.dump_info();
  if (option == "-a") {
    shell.run_words({"alias"}, out);
  } else if (option == "-D" || option == "-n") {
    report::emit(out, DumpRow{info});
  } else if (option == "-r") {
    std::size_t number = 0;
    for (const Note& note : info.notes) {
      // Register notes are those of cores and of QEMU.
      if (note.name == "CORE" || note.name == "QEMU")
        report::emit(out, NoteRow{number, note});
      ++number;
    }
  } else {
    return Error(
        ErrorKind::unsupported,
        fmt::format("{} would show tables that only crash has", option));
  }
  return {};
}

Result<void> run_topic(Shell& shell, const std::string& word,
                       report::Sink& out) {
  if (word.starts_with('-')) return run_option(shell, word, out);
  if (word == "all") {
    for (const Topic& topic : topics(shell.extensions().topics()))
      report::emit(out, PageRow{std::string(topic.name), topic.help});
    return {};
  }
  if (std::string text = topic_text(word); !text.empty()) {
    report::emit(out, TopicRow{word, text});
    return {};
  }
  std::string name = word;
  if (const Alias* alias = shell.aliases().find(word))
    name = alias->text.substr(0, alias->text.find(' '));
  const ExtensionCommand* added = shell.extensions().find(name);
  const Help* help = added != nullptr ? &added->page : find_help(name);
  if (help == nullptr) {
    return Error(ErrorKind::not_found,
                 fmt::format("there is no help on \"{}\"", word));
  }
  report::emit(out, PageRow{name, help});
  return {};
}

Result<void> run(Shell& shell, Command::Words words, report::Sink& out) {
  if (words.empty()) {
    std::vector<Topic> more = shell.extensions().topics();
    report::emit(out, TopicRow{"commands", screen_text(more)});
  }
  for (const std::string& word : words)
    TRY(run_topic(shell, word, out));
  return {};
}

}  // namespace

const Builtin help_builtin = {"help", &help_text, run};

}  // namespace inquest
