#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inquest where the host is against it: files that are none or shrink,
full disks, closed and broken outputs, too little memory, no room on the screen.

usage: surroundings_test.py INQUEST DUMPS

No case may end by a signal or without a word, and none may wait for ever.
"""

import fcntl
import os
import pathlib
import pty
import resource
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

INQUEST, DUMPS = "", pathlib.Path()
LIMIT = 60  # seconds; what takes longer hangs


class Surroundings(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="inquest-hostile-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.files = [DUMPS / "mini_vmlinux", DUMPS / "mini_vmcore"]

    def environment(self, **more):
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return dict(os.environ, HOME=str(home), TERM="dumb",
                    XDG_CACHE_HOME=str(home / "cache"), **more)

    def run_on(self, files, *commands, **how):
        words = [INQUEST, "-s", *map(str, files)]
        for command in commands:
            words += ["--command", command]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "stdin": subprocess.DEVNULL, "env": self.environment(), **how}
        done = subprocess.run(words, text=True, errors="replace", check=False,
                              timeout=LIMIT, **how)
        self.assertGreaterEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("bug of inquest", done.stderr or "")
        return done

    def skip_for(self, reason, *libraries):
        program = pathlib.Path(INQUEST).read_bytes()
        if any(library.encode() in program for library in libraries):
            self.skipTest(reason)

    def run_commands(self, *commands, **how):
        return self.run_on(self.files, *commands, **how)

    def refused(self, name, reason):
        for files in ([self.files[0], self.folder / name],
                      [self.folder / name, self.files[1]]):
            done = self.run_on(files, "sys")
            self.assertEqual(done.returncode, 2)
            self.assertIn(reason, done.stderr)
            self.assertIn(name, done.stderr)

    # ---- Files that are none ----

    def test_pipe(self):
        os.mkfifo(self.folder / "pipe")
        self.refused("pipe", "not a regular file")

    def test_folder(self):
        (self.folder / "folder").mkdir()
        self.refused("folder", "directory")

    def test_empty_file(self):
        (self.folder / "nothing").touch()
        self.refused("nothing", "empty")

    def test_huge_file_of_zeroes(self):
        with open(self.folder / "huge", "wb") as file:
            file.truncate(1 << 42)
        self.refused("huge", "neither a dump")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable_file(self):
        shutil.copy(self.files[1], self.folder / "secret")
        os.chmod(self.folder / "secret", 0)
        self.refused("secret", "Permission denied")

    # ---- Outputs ----

    def test_full_disk_behind_standard_output(self):
        with open("/dev/full", "wb") as full:
            done = self.run_commands("ps", stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)

    def test_help_on_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = self.run_on([], stdout=full, env=self.environment())
            helped = subprocess.run([INQUEST, "--help"], stdout=full, text=True,
                                    stderr=subprocess.PIPE, timeout=LIMIT,
                                    check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(helped.returncode, 2)
        self.assertIn("could not be written", helped.stderr)

    def test_full_disk_behind_one_command(self):
        done = self.run_commands("ps > /dev/full", "p 1+1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)
        self.assertIn("2", done.stdout)

    def test_closed_standard_files(self):
        for closed in ((0,), (1,), (2,), (0, 1), (0, 1, 2)):
            def close(closed=closed):
                for descriptor in closed:
                    os.close(descriptor)
            done = self.run_commands("p 1+1", "p init_task.comm",
                                     preexec_fn=close)
            self.assertEqual(done.returncode, int(1 in closed), closed)
            if 1 not in closed:
                self.assertIn("swapper", done.stdout)
            elif 2 not in closed:
                self.assertIn("Bad file descriptor", done.stderr)

    def test_reader_that_leaves(self):
        ours, theirs = os.pipe()
        os.close(ours)
        done = self.run_commands("sym -l", "sym -l", stdout=theirs)
        os.close(theirs)
        self.assertEqual(done.stderr, "")

    # ---- The folder for index files ----

    def test_no_folder_for_index_files(self):
        environment = self.environment()
        for folder in ("/dev/null/x", "/proc/x", "/dev/full"):
            environment["XDG_CACHE_HOME"] = folder
            done = self.run_commands("p init_task.comm", env=environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("swapper", done.stdout)

    def test_no_room_for_index_files(self):
        self.skip_for("the sanitizer writes a file, too", "libtsan.so")

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        done = self.run_commands("p init_task.comm", preexec_fn=limit)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("swapper", done.stdout)
        cache = self.folder / "home" / "cache"
        self.assertEqual([path for path in cache.rglob("*") if path.is_file()],
                         [])

    # ---- Files that shrink ----

    def shrunk(self, which, size, *commands):
        copies = [self.folder / file.name for file in self.files]
        for file, copy in zip(self.files, copies):
            shutil.copy(file, copy)
        words = [INQUEST, "-s", *map(str, copies)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment()) as session:
            session.stdin.write("eval 1\n")
            session.stdin.flush()
            session.stdout.readline()
            os.truncate(copies[which], size)
            out, err = session.communicate("\n".join([*commands, "p 2+2", ""]),
                                           timeout=LIMIT)
        self.assertEqual(session.returncode, 1, err)
        self.assertIn("4", out.splitlines()[-1])
        return err

    def test_dump_that_shrinks(self):
        err = self.shrunk(1, 8192, "ps", "log", "bt", "rd init_task 64")
        self.assertIn("ends before offset", err)

    def test_vmlinux_that_shrinks(self):
        err = self.shrunk(0, 4096, "struct task_struct", "p init_task",
                          "dis -l schedule", "bt -l")
        self.assertIn("became shorter while it was open", err)
        cache = self.folder / "home" / "cache"
        self.assertEqual([path for path in cache.rglob("*") if path.is_file()],
                         [])

    # ---- Too little of everything ----

    def run_in(self, megabytes, files, *commands):
        def limit(size=megabytes << 20):
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        self.skip_for("a sanitizer needs terabytes", "libasan.so", "libtsan.so")
        return self.run_on(files, *commands, preexec_fn=limit)

    def enlarged(self, file):
        """A copy of it that no address space of ours has room for."""
        large = self.folder / "large"
        shutil.copyfile(file, large)
        os.truncate(large, 8 << 30)
        return large

    def test_little_memory(self):
        answered = 0
        for megabytes in (24, 28, 32, 40, 48, 64, 80, 96, 128):
            done = self.run_in(megabytes, self.files, "bt", "ps",
                               "p init_task.comm")
            if done.returncode == 0:
                answered += 1
                self.assertIn("swapper", done.stdout)
            else:
                self.assertNotEqual(done.stderr, "", megabytes)
        self.assertGreater(answered, 0)

    def test_dump_that_is_larger_than_memory(self):
        files = [self.files[0], self.enlarged(self.files[1])]
        done = self.run_in(512, files, "bt", "ps")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, self.run_commands("bt", "ps").stdout)

    def test_vmlinux_that_is_larger_than_memory(self):
        files = [self.enlarged(self.files[0]), self.files[1]]
        done = self.run_in(512, files, "bt")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no memory to map its 8589934592 bytes",
                      done.stderr)

    def test_no_environment(self):
        done = self.run_commands("p init_task.comm", env={})
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_tiny_terminal(self):
        for rows, columns in ((1, 1), (2, 3), (65535, 65535), (0, 0)):
            control, terminal = pty.openpty()
            fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, columns, 0, 0))
            words = [INQUEST, "-s", *map(str, self.files)]
            with subprocess.Popen(words, stdin=terminal, stdout=terminal,
                                  stderr=terminal, start_new_session=True,
                                  env=self.environment()) as session:
                os.close(terminal)
                os.write(control, b"ps\rhelp\rbt\rquit\r")
                seen = self.all_of(control)
                session.kill()
            os.close(control)
            self.assertEqual(session.returncode, 0, (rows, columns, seen))
            self.assertIn(b"swapper", seen)

    @staticmethod
    def all_of(control):
        seen, end = b"", time.monotonic() + LIMIT
        while select.select([control], [], [], end - time.monotonic())[0]:
            try:
                seen += os.read(control, 65536)
            except OSError:  # the other end is closed
                break
        return seen


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    INQUEST, DUMPS = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1])
