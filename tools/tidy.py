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
import shutil
import subprocess
import sys
import tempfile

# A header that the compiler has read before, which clang cannot read and files must not rely on.
PRECOMPILED = re.compile(r" (-include \S*cmake_pch\.hxx|-Winvalid-pch|-fpch-preprocess)(?= )")
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

    def of(self, file):
        seen = set()
        self.files(file, seen)
        digest = hashlib.sha256(self.salt)
        for each in sorted(seen):
            digest.update(each.name.encode() + b"\0" + each.read_bytes())
        return digest.hexdigest()


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
    commands = json.loads((build / "compile_commands.json").read_text())
    files = {pathlib.Path(command["directory"], command["file"]).resolve() for command in commands}
    for command in commands:
        command["command"] = PRECOMPILED.sub(" ", command["command"])
    plain = tempfile.TemporaryDirectory()
    pathlib.Path(plain.name, "compile_commands.json").write_text(json.dumps(commands))
    files = sorted(file for file in files if any(file.is_relative_to(path) for path in paths) and file.suffix == ".cc")
    todo = [(file, folder / digest.of(file)) for file in files]
    todo = [(file, note) for file, note in todo if not note.exists()]
    print(f"{len(todo)} of {len(files)} files to look at")

    def look(task):
        file, note = task
        # The compiler's own warning flags are not all clang's.
        command = [program, "-p", plain.name, "--quiet", f"--checks={checks}", "--extra-arg=-Wno-unknown-warning-option", file]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            note.touch()
            return ""
        return done.stdout or done.stderr or f"{file}: clang-tidy failed"

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
        for text in pool.map(look, todo):
            if text:
                bad += 1
                print(text, flush=True)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
