# SPDX-License-Identifier: GPL-3.0-or-later
"""A session of inquest that is asked one command after the other."""

import dataclasses
import os
import re
import select
import subprocess
import tempfile
import time

MARK = 0x7000000
MOST = 64 << 20  # characters of one answer that are kept
TROUBLE = re.compile(r"^.*(AddressSanitizer|LeakSanitizer|runtime error:|terminate called|Assertion .* failed"
                     r"|this is a bug of inquest).*$", re.M)


@dataclasses.dataclass
class Answer:
    command: str
    text: str
    seconds: float
    end: str = ""  # why there is no more to ask: "slow", "ended"
    status: int | None = None

    def trouble(self):
        """What must never be."""
        found = TROUBLE.search(self.text)
        if found:
            return found[0]
        if self.end == "ended":
            return f"ended with status {self.status}"
        return None


class Session:
    def __init__(self, inquest, files, cache, home, opening_limit):
        environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(cache), "XDG_STATE_HOME": str(home),
                       "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        environment.setdefault("ASAN_OPTIONS", "hard_rss_limit_mb=8192:detect_leaks=0")
        environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        self.folder = tempfile.TemporaryDirectory(dir=home)
        self.process = subprocess.Popen(
            [inquest, "-s", "--no_crashrc", *map(str, files)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment, cwd=self.folder.name)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.marks = 0
        self.opened = self.ask("", opening_limit)

    def ask(self, command, limit):
        """The answer to a command line; none may follow one that has an end."""
        self.marks += 1
        number = MARK + self.marks
        begin = time.monotonic()
        try:
            lines = command.replace(" ;; ", "\n")
            self.process.stdin.write(f"{lines}\nptob {number:#x}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the end is read below
        text, is_marked = self.read_until(f"{number:x}: {number * 4096:x}\n".encode(), begin + limit)
        seconds = time.monotonic() - begin
        answer = Answer(command, text, seconds)
        if not is_marked:
            answer.end = "slow" if self.process.poll() is None and seconds >= limit else "ended"
            self.close()
            answer.status = self.process.returncode
        return answer

    def read_until(self, mark, deadline):
        parts, tail, size = [], b"", 0
        descriptor = self.process.stdout.fileno()
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                break
            data = os.read(descriptor, 1 << 20)
            if not data:
                self.wait(5)
                break
            size += len(data)
            if size < MOST:
                parts.append(data)
            tail = (tail + data)[-4096:]
            if tail.endswith(mark):
                text = b"".join(parts).decode(errors="replace")
                return text.removesuffix(mark.decode()), True
        return b"".join(parts).decode(errors="replace"), False

    def wait(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def close(self):
        """Ends the session; what it says at the end."""
        text = ""
        if self.process.poll() is None and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
                self.wait(0.2)
            except BrokenPipeError:
                pass
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()
        return text
