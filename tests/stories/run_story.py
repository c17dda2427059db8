#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs stories: command lines whose answers are written down.

usage: run_story.py [--update] INQUEST DUMPS STORY...

A story is a text file:

    # remarks
    command: ps -k            one line of a session; may be repeated
    arguments: --hex          of inquest; the default opens the mini kernel
    status: 0                 exit status, default 0
    rows: 6                   of JSON; without this line, at least one when
                              there is text, and with "rows: -" no JSON is run
    ---
    the expected output, errors included; "..." alone on a line stands for any
    number of lines, "..." inside of one for any text

Each story runs twice: as text, then with --json, where every line must be one
JSON object, and as many of them as the story says. With --update the output
of inquest replaces the expected one. Exit status: 0 when all went as written.
"""

import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile


class Story:
    def __init__(self, path):
        self.path = path
        self.head, separator, self.expected = path.read_text().partition("---\n")
        if not separator:
            sys.exit(f"{path}: no line ---")
        self.commands, self.arguments, self.status, self.rows = [], None, 0, None
        for line in self.head.splitlines():
            if not line or line.startswith("#"):
                continue
            key, _, value = (part.strip() for part in line.partition(":"))
            if key == "command":
                self.commands.append(value)
            elif key == "arguments":
                self.arguments = value.split()
            elif key == "status":
                self.status = int(value)
            elif key == "rows":
                self.rows = value
            else:
                sys.exit(f"{path}: unknown key {key}")


def run(inquest, dumps, story, more, home):
    arguments = story.arguments
    if arguments is None:
        arguments = ["mini_vmlinux", "mini_vmcore"]
    command = [inquest, *more, *arguments]
    for line in story.commands:
        command += ["--command", line]
    environment = dict(os.environ, HOME=home, TZ="UTC", LC_ALL="C", XDG_CACHE_HOME=f"{dumps}/cache",
                       XDG_STATE_HOME=home)
    return subprocess.run(command, cwd=dumps, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)


def pattern(expected):
    """The expected text as a regular expression."""
    parts = []
    for line in expected.splitlines(keepends=True):
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(part) for part in line.split("...")))
    return re.compile("".join(parts))


def check_text(story, done):
    text = done.stdout.decode(errors="replace")
    if done.returncode != story.status:
        return f"exit status {done.returncode} instead of {story.status}\n{text}"
    if pattern(story.expected).fullmatch(text):
        return None
    return "".join(difflib.unified_diff(story.expected.splitlines(True), text.splitlines(True), "expected", "given"))


def check_json(story, done):
    rows = 0
    for line in done.stdout.decode().splitlines():
        try:
            row = json.loads(line)
        except ValueError as error:
            return f"no JSON: {line}: {error}"
        if not isinstance(row, dict):
            return f"no object: {line}"
        rows += 1
    if story.rows is not None and rows != int(story.rows):
        return f"{rows} rows of JSON instead of {story.rows}:\n{done.stdout.decode()}"
    if story.rows is None and story.expected.strip() and rows == 0:
        return "text has an answer, JSON has none"
    if done.returncode != story.status:
        return f"exit status {done.returncode} of JSON instead of {story.status}"
    return None


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--update"]
    if len(arguments) < 3:
        sys.exit(__doc__)
    inquest, dumps = (str(pathlib.Path(argument).resolve()) for argument in arguments[:2])
    failed = False
    for name in arguments[2:]:
        story = Story(pathlib.Path(name))
        with tempfile.TemporaryDirectory() as home:
            done = run(inquest, dumps, story, [], home)
            if "--update" in sys.argv:
                story.path.write_text(story.head + "---\n" + done.stdout.decode())
                continue
            wrong = check_text(story, done)
            if wrong is None and story.rows != "-":
                wrong = check_json(story, run(inquest, dumps, story, ["--json"], home))
        if wrong is not None:
            failed = True
            print(f"{name}: {'; '.join(story.commands)}\n{wrong}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
