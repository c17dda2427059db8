// SPDX-License-Identifier: GPL-3.0-or-later
// An extension that asks for what there is not, throws, and calls itself.
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include <inquest/extension.h>

namespace {

int check(const InquestHost* host, InquestSession* session, const char* what,
          int code) {
  char text[512];
  std::snprintf(text, sizeof(text), "%s: %s\n", what,
                code == INQUEST_OK ? "ok" : host->error(session));
  const InquestField field = {what, INQUEST_TEXT, 0, text};
  host->row(session, text, &field, 1);
  return code;
}

int run_ask(const InquestHost* host, InquestSession* session, int /*count*/,
            const char* const* /*words*/) {
  uint64_t number = 0;
  int64_t enumerator = 0;
  InquestValue value = {};
  InquestMember member = {};
  InquestPlace place = {};
  const char* text = nullptr;
  check(host, session, "read",
        host->read(session, INQUEST_KERNEL, 16, &number, sizeof(number)));
  check(host, session, "memory",
        host->read(session, static_cast<InquestMemory>(7), 0, &number, 1));
  check(host, session, "symbol", host->symbol(session, "nosuch", &number));
  check(host, session, "null", host->symbol(session, nullptr, &number));
  check(host, session, "place", host->place(session, 16, &place));
  check(host, session, "type", host->type_size(session, "struct no", &number));
  check(host, session, "member",
        host->member(session, "struct task_struct", "nosuch", &member));
  check(host, session, "enumerator",
        host->enumerator(session, "NOSUCH", &enumerator));
  check(host, session, "evaluate", host->evaluate(session, "1 +", &value));
  check(host, session, "value",
        host->value(session, "struct task_struct", 16, "pid", &value));
  check(host, session, "run", host->run(session, "nosuchcommand", &text));
  check(host, session, "host", host->run(session, "ls", &text));
  check(host, session, "unload", host->run(session, "extend -u", &text));
  check(host, session, "symbol", host->symbol(session, "init_task", &number));
  check(host, session, "task",
        host->value(session, "struct task_struct", number, "comm", &value));
  check(host, session, value.text, INQUEST_OK);
  check(host, session, "size",
        host->type_size(session, "struct list_head", &number));
  check(host, session, "member",
        host->member(session, "struct list_head", "prev", &member));
  check(host, session,
        number == 16 && member.offset == 8 && member.size == 8 ? "sizes agree"
                                                               : "sizes differ",
        INQUEST_OK);
  check(host, session, "enumerator",
        host->enumerator(session, "MODULE_STATE_GOING", &enumerator));
  check(host, session, enumerator == 2 ? "two" : "not two", INQUEST_OK);
  host->note(session, "a note");
  host->problem(session, "a problem");
  return host->fail(session, "and an end");
}

int run_throw(const InquestHost* /*host*/, InquestSession* /*session*/,
              int /*count*/, const char* const* /*words*/) {
  throw std::runtime_error("thrown");
}

int run_again(const InquestHost* host, InquestSession* session, int /*count*/,
              const char* const* /*words*/) {
  const char* text = nullptr;
  return host->run(session, "again", &text);
}

const InquestCommand ask = {
    sizeof(InquestCommand), "ask", "", "", "", nullptr, run_ask};
const InquestCommand thrower = {
    sizeof(InquestCommand), "thrower", "", "", "", nullptr, run_throw};
const InquestCommand again = {
    sizeof(InquestCommand), "again", "", "", "", nullptr, run_again};
const InquestCommand* const commands[] = {&ask, &thrower, &again, nullptr};
const InquestExtension extension = {
    INQUEST_EXTENSION_VERSION, sizeof(InquestExtension), commands, nullptr};

}  // namespace

const InquestExtension* inquest_extension(void) {
  return &extension;
}
