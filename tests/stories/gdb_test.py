#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gdb and the dump: the server of --gdbserver, and the command gdb.

usage: gdb_test.py INQUEST DUMPS

DUMPS holds mini_vmlinux and mini_vmcore. Exit status: 0 when all went well, 77 when there is no gdb.
"""

import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

INQUEST, DUMPS = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
KERNEL = ["--no_crashrc", "mini_vmlinux", "mini_vmcore"]
PATIENCE = 60  # seconds for what takes milliseconds, on a machine at its limit


def framed(payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    return b"$%s#%02x" % (payload, sum(payload) & 255)


def children(process):
    """Processes that |process| started."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if re.search(rf"^PPid:\t{process}$", text, re.M) and not re.search(r"^State:\tZ", text, re.M):
            found.append(int(status.parent.name))
    return found


class Home(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.environment = dict(os.environ, HOME=self.home, LC_ALL="C", TMPDIR=self.home,
                                XDG_CACHE_HOME=f"{self.home}/cache")

    def run_commands(self, *lines, options=(), **environment):
        arguments = [str(INQUEST), *options, *KERNEL]
        for line in lines:
            arguments += ["--command", line]
        return subprocess.run(arguments, cwd=DUMPS, env=dict(self.environment, **environment), capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=100)


class ServerTest(Home):
    def setUp(self):
        super().setUp()
        self.server = subprocess.Popen([str(INQUEST), "--gdbserver", "0", *KERNEL], cwd=DUMPS, env=self.environment,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.stderr.close)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.port = int(re.match(r"listening on 127\.0\.0\.1:(\d+)", self.server.stdout.readline())[1])
        self.symbols, self.target = (self.server.stdout.readline().strip() for _ in range(2))

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, payload):
        connection.sendall(framed(payload))
        got = b""
        while not re.search(rb"\$[^#]*#..$", got, re.S):
            part = connection.recv(65536)
            self.assertTrue(part, f"connection closed after {got!r}")
            got += part
        return re.search(rb"\$([^#]*)#..$", got, re.S)[1].decode(errors="replace")

    def test_one_gdb_after_the_other(self):
        for _ in range(3):
            connection = self.connect()
            self.assertEqual(self.ask(connection, "qC"), "QCa")
            self.assertEqual(self.ask(connection, "D"), "OK")
            connection.close()
        self.server.send_signal(signal.SIGINT)
        self.assertEqual(self.server.wait(PATIENCE), 0)

    def test_noise_does_no_harm(self):
        chance = random.Random(3)
        for _ in range(20):
            connection = self.connect()
            noise = bytes(chance.choice(b"$#+-\x03}gmpHqTx0123456789abcdef,:;\xff") for _ in range(2000))
            connection.sendall(noise + framed("m" + "f" * 1000 + ",1") + b"$" + b"a" * 200000)
            connection.close()
        connection = self.connect()
        self.assertEqual(self.ask(connection, "?"), "T05thread:a;")

    def test_gdb_sees_tasks_memory_and_stacks(self):
        commands = [self.symbols, self.target, "info threads", "bt", "p init_task.comm", "thread 3",
                    "x/s linux_banner", "stepi", "set var init_task.pid = 3", "p/x *(long *)0", "monitor kernel"]
        arguments = [word for command in commands for word in ("-ex", command)]
        done = subprocess.run(["gdb", "-nx", "-q", "-batch", *arguments], cwd=DUMPS, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=100)
        for wanted in (r'\* 1 +Thread 10 "sh" \(task [0-9a-f]+, .*\) +sysrq_crash', r"#1 .* write_sysrq_trigger",
                       r"#2 .* do_syscall_64", r'\$1 = "swapper', r"Linux version", r"A dump does not run",
                       r"SIGINT", r"Cannot access memory at address 0x0", r"add-symbol-file .*mini_vmlinux"):
            self.assertRegex(done.stdout, wanted)


class CommandTest(Home):
    def session(self):
        process = subprocess.Popen([str(INQUEST), *KERNEL, "-s"], cwd=DUMPS, env=self.environment,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def say(self, process, line):
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()

    def until(self, process, pattern):
        seen, end = "", time.monotonic() + PATIENCE
        while not re.search(pattern, seen):
            ready, _, _ = select.select([process.stdout], [], [], max(end - time.monotonic(), 0))
            part = os.read(process.stdout.fileno(), 65536).decode() if ready else ""
            self.assertTrue(part, f"no {pattern!r} in {seen!r}")
            seen += part
        return seen

    def test_answers_follow_the_current_task(self):
        done = self.run_commands("gdb bt", "gdb thread", "set 0", "gdb thread", 'gdb printf "a b  %d\\n", 7',
                                 "info threads | wc -l > /dev/null")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"(?s)#0 .*sysrq_crash.*#1 .* write_sysrq_trigger.*#2 .* do_syscall_64")
        self.assertRegex(done.stdout, r"Current thread is 1 \(Thread 10\)")
        self.assertRegex(done.stdout, r"Current thread is \d+ \(Thread 10000000\)")
        self.assertIn("a b  7\n", done.stdout)

    def test_mistakes_are_problems(self):
        done = self.run_commands("gdb p no_such_thing", "gdb run", "gdb p 42")
        self.assertEqual(done.returncode, 1)
        self.assertIn('gdb: No symbol "no_such_thing" in current context.', done.stderr)
        self.assertIn("gdb: run: a dump does not run", done.stderr)
        self.assertIn("= 42\n", done.stdout)

    def test_without_gdb_its_package_is_named(self):
        done = self.run_commands("gdb info threads", "gdb p 42", PATH=self.home)
        self.assertEqual(done.returncode, 1)
        self.assertIn("install the package gdb", done.stderr)
        self.assertEqual(done.stdout, "$1 = 42\n")

    def test_control_c_stops_gdbs_command(self):
        process = self.session()
        self.say(process, "gdb p 40 + 1")
        self.until(process, r"= 41\n")
        gdb = children(process.pid)
        self.assertEqual(len(gdb), 1)
        begun = pathlib.Path(self.home, "begun")
        self.say(process, f"gdb python import time; open('{begun}', 'w').close(); time.sleep(1000)")
        self.say(process, "gdb p 40 + 2")
        end = time.monotonic() + PATIENCE
        while not begun.exists() and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.until(process, r"(?s)interrupted.*= 42\n")
        self.say(process, "q")
        process.wait(PATIENCE)
        self.assertFalse(pathlib.Path(f"/proc/{gdb[0]}").exists(), "gdb is still there")

    def test_a_gdb_that_dies_is_started_again(self):
        process = self.session()
        self.say(process, "gdb p 40 + 1")
        self.until(process, r"= 41\n")
        (gdb,) = children(process.pid)
        os.kill(gdb, signal.SIGKILL)
        self.say(process, "gdb p 40 + 2")
        self.say(process, "gdb p 40 + 3")
        self.until(process, r"(?s)gdb: gdb has ended.*= 43\n")
        (gdb,) = children(process.pid)
        process.kill()
        process.wait()
        end = time.monotonic() + PATIENCE
        while pathlib.Path(f"/proc/{gdb}").exists() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse(pathlib.Path(f"/proc/{gdb}").exists(), "gdb outlives us")

    def test_json_has_the_text(self):
        done = self.run_commands("gdb p 42", "gdb nonsense", options=["--json"])
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()],
                         [{"text": "$1 = 42\n"},
                          {"error": 'gdb: Undefined command: "nonsense".  Try "help".'}])

    def test_nothing_is_left_in_the_temporary_folder(self):
        self.run_commands("gdb p 42")
        self.assertEqual([path.name for path in pathlib.Path(self.home).glob("inquest-*")], [])


if __name__ == "__main__":
    if not shutil.which("gdb"):
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
