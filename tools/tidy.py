#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs clang-tidy over the sources, in parallel, and remembers what was clean.

usage: tidy.py [-j JOBS] [--analyzer] BUILD_DIR SOURCE_DIR [PATH...]

BUILD_DIR holds compile_commands.json. PATHs restrict the run to files below
them. Its static analyzer takes twice the time of all other checks together and
is run by --analyzer, alone. A file is looked at again only when it, a header of ours that it
includes, the configuration or clang-tidy itself has changed: what was clean is
noted in $XDG_CACHE_HOME/inquest/tidy. Exit status: 0 clean, 1 not, 77 when
clang-tidy is not installed.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import groups

# A header that the compiler has read before, which clang cannot read and files must not rely on; what is written.
NOT_CLANGS = re.compile(r" (-include \S*cmake_pch\.hxx|-Winvalid-pch|-fpch-preprocess|-o \S+|-c)(?= |$)")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "inquest" / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Digest:
    """Of a file and all of our headers that it includes."""

    def __init__(self, source, salt):
        self.roots = (source / "src", source / "tests")
        self.salt = salt

    def files(self, file, seen):
        if file in seen or not file.is_file():
            return
        seen.add(file)
        for name in INCLUDE.findall(file.read_text(errors="replace")):
            for root in (file.parent, *self.roots):
                if (root / name).is_file():
                    self.files((root / name).resolve(), seen)
                    break

    def of(self, files):
        seen = set()
        for file in files:
            self.files(file, seen)
        digest = hashlib.sha256(self.salt)
        for each in sorted(seen):
            digest.update(each.name.encode() + b"\0" + each.read_bytes())
        return digest.hexdigest()


# Most of clang-tidy's time goes into the standard library's headers, so that
# many files in a row cost little more than one.


class Group:
    def __init__(self, command, files):
        self.command, self.files = command, files


def grouped(commands, paths):
    """The files below the paths in groups, each compiled alike and without names in common."""
    alike = {}
    for file, command in commands.items():
        if file.suffix == ".cc" and any(file.is_relative_to(path) for path in paths):
            alike.setdefault(command, []).append(file)
    return [Group(command, files) for command, all_files in alike.items() for files in groups.of(all_files)]


class Tidy:
    def __init__(self, program, checks):
        # The compiler's own warning flags are not all clang's.
        self.options = [program, "--quiet", f"--checks={checks}", "--extra-arg=-Wno-unknown-warning-option"]

    def run(self, source, files, command):
        """What is wrong with the files, as one translation unit; "" for nothing."""
        with tempfile.TemporaryDirectory() as folder:
            whole, starts = pathlib.Path(folder, "files.cc"), []
            lines = []
            for file in files:
                starts.append((len(lines), file))
                lines += file.read_text().split("\n")
            whole.write_text("\n".join(lines))
            options = [*self.options, f"--config-file={source}/.clang-tidy", whole, "--", *shlex.split(command)[1:]]
            done = subprocess.run(options, capture_output=True, text=True)

        def place(match):
            start, file = max(entry for entry in starts if entry[0] < int(match[1]))
            return f"{file}:{int(match[1]) - start}:"

        if done.returncode == 0:
            return ""
        return re.sub(re.escape(str(whole)) + r":(\d+):", place, done.stdout or done.stderr) or "clang-tidy failed"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--analyzer", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("paths", type=pathlib.Path, nargs="*")
    arguments = parser.parse_args()
    build, source = arguments.build.resolve(), arguments.source.resolve()
    paths = [path.resolve() for path in arguments.paths] or [source / "src"]
    program = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    if program is None:
        print("clang-tidy is not installed")
        return 77
    version = subprocess.run([program, "--version"], capture_output=True).stdout
    salt = b"analyzer" if arguments.analyzer else b""
    checks = "-*,clang-analyzer-*" if arguments.analyzer else "-clang-analyzer-*"
    digest = Digest(source, version + (source / ".clang-tidy").read_bytes() + salt)
    folder = cache_folder()
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        commands[file] = NOT_CLANGS.sub("", entry["command"].replace(entry["file"], ""))
    all_groups = grouped(commands, paths)
    todo = [(group, folder / digest.of(group.files)) for group in all_groups]
    todo = [(group, note) for group, note in todo if not note.exists()]
    count = sum(len(group.files) for group, _ in todo)
    print(f"{count} of {sum(len(group.files) for group in all_groups)} files to look at, in {len(todo)} groups", flush=True)
    tidy = Tidy(program, checks)

    def look(task):
        group, note = task
        text = tidy.run(source, group.files, group.command)
        if text and len(group.files) > 1:
            # Perhaps they do not go together.
            text = "\n".join(filter(None, (tidy.run(source, [file], group.command) for file in group.files)))
            if not text:
                names = ", ".join(str(file.relative_to(source)) for file in group.files)
                print(f"looked at one by one: {names}", flush=True)
        if not text:
            note.touch()
        return text

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
        for text in pool.map(look, todo):
            if text:
                bad += 1
                print(text, flush=True)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
