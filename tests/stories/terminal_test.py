#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions at a terminal: prompt, editing, history, Ctrl-C, closed readers.

usage: terminal_test.py INQUEST DUMPS

DUMPS holds mini_vmlinux and mini_vmcore. Each session runs on a pseudo
terminal of its own. Exit status: 0 when all went well.
"""

import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

INQUEST, DUMPS = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
KERNEL = ["--no_crashrc", "mini_vmlinux", "mini_vmcore"]
PATIENCE = 60  # seconds for what takes milliseconds, on a machine at its limit
CONTROL_C, CONTROL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"


def environment(home):
    return dict(os.environ, HOME=home, TERM="dumb", LC_ALL="C", XDG_STATE_HOME=home,
                XDG_CACHE_HOME=f"{DUMPS}/cache", INPUTRC="/dev/null")


class Session:
    def __init__(self, home, *options, program=INQUEST):
        self.seen = ""
        self.status = None
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(DUMPS)
            os.execve(program, [str(program), *options, *KERNEL], environment(home))

    def type(self, text):
        os.write(self.terminal, text.encode())

    def until(self, pattern):
        """What comes until pattern, its match included."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.terminal], [], [], max(end - time.monotonic(), 0))
            if not ready:
                raise AssertionError(f"no {pattern!r} in {self.seen[-2000:]!r}")
            try:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError as gone:
                raise AssertionError(f"gone before {pattern!r}: {self.seen!r}") from gone
        text, self.seen = self.seen[:found.end()], self.seen[found.end():]
        return text

    def ask(self, line, prompt="inquest> "):
        self.type(line + "\n")
        return self.until(f"\n{prompt}")

    def wait(self):
        """The exit status."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    pass  # its last user closed it
            done, status = os.waitpid(self.process, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
        raise AssertionError(f"does not end: {self.seen!r}")

    def close(self):
        if self.status is None:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self.terminal)


class TerminalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name

    def session(self, *options, **more):
        session = Session(self.home, *options, **more)
        self.addCleanup(session.close)
        return session

    def test_the_prompt_has_the_name_of_the_program(self):
        session = self.session("--no_scroll")
        self.assertIn("KERNEL: mini_vmlinux", session.until("inquest> "))
        session.type(CONTROL_D)
        self.assertEqual(session.wait(), 0)
        link = pathlib.Path(self.home) / "crash"
        link.symlink_to(INQUEST)
        session = self.session("-s", program=link)
        self.assertEqual(session.until("> ").split()[-1], "crash>")
        session.ask("eval 1", "crash> ")
        session.type("q\n")
        self.assertEqual(session.wait(), 0)

    def test_status_says_whether_all_was_answered(self):
        session = self.session("-s")
        session.until("inquest> ")
        self.assertIn("command not found", session.ask("nonsense"))
        session.type("q\n")
        self.assertEqual(session.wait(), 1)
        self.assertEqual(self.session("no_such_file").wait(), 2)

    def test_history_outlives_the_session(self):
        session = self.session("-s")
        session.until("inquest> ")
        session.ask("eval 4242")
        session.type("q\n")
        session.wait()
        lines = (pathlib.Path(self.home) / "inquest/history").read_text().splitlines()
        self.assertEqual(lines, ["eval 4242", "q"])
        session = self.session("-s", "-e", "emacs")
        session.until("inquest> ")
        session.type(UP + UP + "\n")
        self.assertIn("hexadecimal: 1092", session.until("\ninquest> "))

    def test_tab_completes(self):
        session = self.session("-s")
        session.until("inquest> ")
        session.type("ali" + TAB)
        session.until("alias")
        self.assertIn("ORIGIN", session.ask(""))
        session.type("rd linux_ban" + TAB)
        session.until("linux_banner")
        self.assertIn("Linux", session.ask(" 2"))

    def test_control_c_at_the_prompt_drops_the_line(self):
        session = self.session("-s")
        session.until("inquest> ")
        session.type("nonsense")
        session.until("nonsense")
        session.type(CONTROL_C)
        session.until("inquest> ")
        self.assertNotIn("not found", session.ask("eval 7"))
        session.type("q\n")
        self.assertEqual(session.wait(), 0)

    def test_control_c_stops_a_command(self):
        arguments = pathlib.Path(self.home) / "arguments"
        arguments.write_text("1\n" * 20_000_000)
        session = self.session("-s")
        session.until("inquest> ")
        answers = pathlib.Path(self.home) / "answers"
        session.type(f"eval < {arguments} > {answers}\n")
        end = time.monotonic() + PATIENCE
        while not answers.exists() or answers.stat().st_size == 0:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        session.type(CONTROL_C)
        session.until("inquest> ")
        self.assertLess(answers.read_text().count("hexadecimal: 1"), 20_000_000)
        self.assertIn("decimal: 7", session.ask("eval 7"))

    def test_control_c_ends_a_program_alone(self):
        session = self.session("-s")
        session.until("inquest> ")
        session.type("!trap 'exit 3' INT; echo begun; while :; do sleep 0.1; done\n")
        session.until("\nbegun")
        session.type(CONTROL_C)
        session.until("inquest> ")
        self.assertIn("decimal: 7", session.ask("eval 7"))

    def test_leaving_the_pager_leaves_the_session(self):
        pager = pathlib.Path(self.home) / "pager"
        pager.write_text("#!/bin/sh\nread line; echo \"first: $line\"\n")
        pager.chmod(0o755)
        os.environ["CRASHPAGER"] = str(pager)
        self.addCleanup(os.environ.pop, "CRASHPAGER")
        session = self.session("-s", "--CRASHPAGER")
        session.until("inquest> ")
        session.ask("set silent off scroll CRASHPAGER")
        session.type("help all\n")
        session.until("first: .*\n")
        session.until("inquest> ")
        self.assertIn("decimal: 7", session.ask("eval 7"))

    def test_a_closed_reader_ends_the_program(self):
        command = [str(INQUEST), *KERNEL]
        for _ in range(50):
            command += ["--command", "help all"]
        with subprocess.Popen(command, cwd=DUMPS, env=environment(self.home), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as inquest:
            inquest.stdout.readline()
            inquest.stdout.close()
            errors = inquest.stderr.read()
            self.assertEqual(inquest.wait(PATIENCE), 0)
            self.assertEqual(errors, b"")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
