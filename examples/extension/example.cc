// SPDX-License-Identifier: GPL-3.0-or-later
// An example of an extension: three small commands that show how an extension
// asks inquest and answers. docs/extending.md walks through it.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <inquest/extension.h>

namespace {

// ---- stuck: tasks that wait and cannot be interrupted ----

struct Waiters {
  const InquestHost* host;
  InquestSession* session;
};

int show_waiter(void* context, const InquestTask* task) {
  auto [host, session] = *static_cast<Waiters*>(context);
  if (std::strcmp(task->state, "UN") != 0) return host->interrupted(session);
  // What p would say to ((struct task_struct *)address)->sched_info....
  InquestValue arrival = {};
  bool is_known =
      host->value(session, "struct task_struct", task->address,
                  "sched_info.last_arrival", &arrival) == INQUEST_OK;
  char text[128];
  std::snprintf(text, sizeof(text), "%7lld  %-16s  %s\n",
                static_cast<long long>(task->pid), task->comm,
                is_known ? arrival.text : "(unknown)");
  const InquestField fields[] = {
      {"pid", INQUEST_SIGNED, static_cast<uint64_t>(task->pid), nullptr},
      {"command", INQUEST_TEXT, 0, task->comm},
      {"last_arrival", is_known ? INQUEST_UNSIGNED : INQUEST_MISSING,
       arrival.number, is_known ? nullptr : host->error(session)},
  };
  host->row(session, text, fields, std::size(fields));
  return host->interrupted(session);
}

int run_stuck(const InquestHost* host, InquestSession* session, int count,
              const char* const* /*words*/) {
  if (count != 0) return INQUEST_USAGE;
  host->layout(session, "    PID  COMMAND           LAST ARRIVAL\n");
  Waiters waiters = {host, session};
  return host->each_task(session, show_waiter, &waiters);
}

const InquestCommand stuck = {
    sizeof(InquestCommand),
    "stuck",
    "tasks that wait and cannot be interrupted",
    "",
    "Lists the tasks in state UN, and when each last came to a CPU.",
    nullptr,
    run_stuck,
};

// ---- words: memory with the symbols it points to ----

int run_words(const InquestHost* host, InquestSession* session, int count,
              const char* const* words) {
  if (count < 1 || count > 2) return INQUEST_USAGE;
  uint64_t at = 0;
  if (host->symbol(session, words[0], &at) != INQUEST_OK) return INQUEST_FAILED;
  int size = count == 2 ? std::atoi(words[1]) : 1;
  if (size < 1) return host->fail(session, "the count must be a number");
  for (int i = 0; i < size && !host->interrupted(session); ++i, at += 8) {
    uint64_t word = 0;
    if (host->read(session, INQUEST_KERNEL, at, &word, sizeof(word)) !=
        INQUEST_OK) {
      return INQUEST_FAILED;
    }
    InquestPlace place = {};
    bool has_place = host->place(session, word, &place) == INQUEST_OK;
    const InquestField fields[] = {
        {"address", INQUEST_ADDRESS, at, nullptr},
        {"value", INQUEST_ADDRESS, word, nullptr},
        {"symbol", INQUEST_TEXT, 0, has_place ? place.symbol : ""},
    };
    host->row(session, nullptr, fields, std::size(fields));
  }
  return INQUEST_OK;
}

const InquestOption no_options[] = {{nullptr, nullptr}};

const InquestCommand words_command = {
    sizeof(InquestCommand),
    "words",
    "a symbol's memory, word by word",
    "symbol [count]",
    "Shows the words at a symbol, and the symbol that each points to.",
    no_options,
    run_words,
};

// ---- lines: how much another command has to say ----

int run_lines(const InquestHost* host, InquestSession* session, int count,
              const char* const* words) {
  if (count == 0) return INQUEST_USAGE;
  std::string line;
  for (int i = 0; i < count; ++i) {
    line += std::string(i == 0 ? "" : " ") + words[i];
  }
  const char* answer = nullptr;
  if (host->run(session, line.c_str(), &answer) != INQUEST_OK) {
    return INQUEST_FAILED;
  }
  uint64_t number = 0;
  for (const char* c = answer; *c != '\0'; ++c) {
    number += *c == '\n' ? 1 : 0;
  }
  std::string text = line + ": " + std::to_string(number) + " lines\n";
  const InquestField fields[] = {
      {"command", INQUEST_TEXT, 0, line.c_str()},
      {"lines", INQUEST_UNSIGNED, number, nullptr},
  };
  host->row(session, text.c_str(), fields, std::size(fields));
  return INQUEST_OK;
}

const InquestCommand lines = {
    sizeof(InquestCommand),
    "lines",
    "count the lines of a command's answer",
    "command ...",
    "Runs a command and says how many lines it answers with.",
    nullptr,
    run_lines,
};

const InquestCommand* const commands[] = {&stuck, &words_command, &lines,
                                          nullptr};

const InquestExtension extension = {
    INQUEST_EXTENSION_VERSION,
    sizeof(InquestExtension),
    commands,
    nullptr,
};

}  // namespace

const InquestExtension* inquest_extension(void) {
  return &extension;
}
