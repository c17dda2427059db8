#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The help: every page, every example in it, every variable, the man page.

usage: help_test.py INQUEST DUMPS

DUMPS holds mini_vmlinux and mini_vmcore. What an example names need not be in
the mini kernel, but the command line must be one that makes sense. Exit
status: 0 when all went well.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

INQUEST, DUMPS = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])


def run(folder, *arguments):
    environment = dict(os.environ, HOME=folder, LC_ALL="C", XDG_CACHE_HOME=f"{DUMPS}/cache")
    return subprocess.run([str(INQUEST), *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)


def session(folder, *commands, options=()):
    """Status and output of commands on the mini kernel."""
    arguments = [*options, "--no_crashrc", f"{DUMPS}/mini_vmlinux", f"{DUMPS}/mini_vmcore"]
    for command in commands:
        arguments += ["--command", command]
    done = run(folder, *arguments)
    return done.returncode, done.stdout.decode(errors="replace")


class HelpTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        status, text = session(self.folder, "help all", options=["--json"])
        self.assertEqual(status, 0, text)
        self.pages = [json.loads(line) for line in text.splitlines()]

    def test_examples_make_sense(self):
        examples = [(page["command"], example["command"]) for page in self.pages for example in page["examples"]]
        self.assertGreater(len(examples), len(self.pages))
        for name, example in examples:
            with self.subTest(command=name, example=example):
                status, text = session(self.folder, example)
                self.assertIn(status, (0, 1), text)
                for wrong in ("command not found", "Usage:", "bug of inquest", "invalid option"):
                    self.assertNotIn(wrong, text)
                # An answer, or a reason why there is none.
                self.assertTrue(text or ">" in example or example.startswith(("set", "alias")), "no answer")

    def test_every_command_has_a_page(self):
        _, screen = session(self.folder, "help")
        names = [page["command"] for page in self.pages]
        self.assertIn("bt", names)
        for page in self.pages:
            name = page["command"]
            self.assertIn(name, screen.split())
            status, text = session(self.folder, f"help {name}")
            self.assertEqual(status, 0, text)
            self.assertIn(f"{name} - {page['summary']}", text)
            for example in page["examples"]:
                self.assertIn(example["command"], text)

    def test_every_listed_variable_can_be_named(self):
        _, text = session(self.folder, "set -v", options=["--json"])
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertGreater(len(rows), 20)
        for row in rows:
            status, shown = session(self.folder, f"set {row['variable']}")
            self.assertEqual(status, 0, shown)
            self.assertIn(row["value"], shown)

    @unittest.skipUnless(shutil.which("groff"), "there is no groff")
    def test_the_man_page_is_well_formed(self):
        page = run(self.folder, "--man").stdout
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        self.assertGreater(len(page), 10000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
