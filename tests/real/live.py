#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets inquest look at the kernel it runs on, in a virtual machine, and compares its answers with that kernel's /proc.

usage: live.py INQUEST SOURCE SERIES

SOURCE holds lab/. The guest has inquest with its libraries and no vmlinux: symbols come from kallsyms, types from BTF.
Exit status: 0 agreed, 1 not, 77 when there is no QEMU or no kernel of that series in lab's cache.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import truth

ASKED = ["sys", "ps", "mod", "log", "set", "bt", "bt 2", "sym jiffies", "sym init_task", "p jiffies",
         "p (unsigned long)jiffies", "struct task_struct.comm,pid init_task",
         "p ((struct pid_namespace *)&init_pid_ns)->child_reaper->comm", "wr panic_timeout 5"]
# More sessions: what is said on standard output and error.
SESSIONS = {
    "nobody": 'su nobody -c "inquest -s --command sys"',
    "devmem": "inquest -s --command sys --memory_device /dev/mem",
    "write": "inquest -s --command 'wr -32 panic_timeout 5' --allow-write",
    "hidden": "echo 2 >/proc/sys/kernel/kptr_restrict; inquest -s --command 'sym init_task'; "
              "echo 0 >/proc/sys/kernel/kptr_restrict",
    "locked": "mount -t securityfs none /sys/kernel/security; "
              "echo confidentiality >/sys/kernel/security/lockdown && inquest -s --command sys",
}


class Live(truth.Dump):
    def __init__(self, folder):
        self.folder = folder
        self.truth = folder / "truth"
        self.stderr = ""
        self.failures = []

    def ask(self, *commands):
        return [self.said(f"answers/{ASKED.index(command)}") for command in commands]

    def session(self, name):
        return "\n".join(self.said(f"answers/{name}"))


def write_script(folder):
    answers = "/run/extra/answers"
    lines = [f"{command} > {answers}/{number}" for number, command in enumerate(ASKED)]
    (folder / "questions").write_text("\n".join(["set scroll off", "set error redirect", *lines, "quit"]) + "\n")
    script = ["#!/bin/sh", f"mkdir -p {answers}", f"inquest -s -i /live/questions >{answers}/session 2>&1"]
    script += [f"({command}) >{answers}/{name} 2>&1" for name, command in SESSIONS.items()]
    (folder / "run").write_text("\n".join([*script, "true"]) + "\n")
    (folder / "run").chmod(0o755)


def check_sys(live):
    text = "\n".join(live.ask("sys")[0])
    release = re.match(r"Linux version (\S+)", live.said("proc/version")[0])[1]
    cpus = sum(line.startswith("processor") for line in live.said("proc/cpuinfo"))
    for wanted in (f"RELEASE: {release}", f"CPUS: {cpus}", "DUMPFILE: /proc/kcore", "KERNEL: /proc/kallsyms"):
        live.expect(wanted in text, f"sys does not say {wanted}:\n{text}")
    live.expect("PANIC" not in text, "sys names a panic of a running kernel")


def check_log(live):
    """All that the log had then, in order; dmesg came later and may know more."""
    (lines,) = live.ask("log")
    ours = [line.strip() for line in lines if line.strip()]
    theirs = [re.sub(r"^\[[^]]*\] *", "", line).strip() for line in live.said("dmesg")]
    theirs = [line for line in theirs if line]
    for number, line in enumerate(ours):
        text = re.sub(r"^\[[^]]*\] *", "", line).strip()
        live.expect(number < len(theirs) and text == theirs[number], f"log has {line}, dmesg {theirs[number:number + 1]}")
    live.expect(len(ours) > 100, "the log is short")


def check_values(live):
    untyped, jiffies, first, init = live.ask(*ASKED[9:13])
    live.expect("has unknown type" in "".join(untyped), f"p jiffies: {untyped}")
    value = re.search(r"= (\d+)", "".join(jiffies))
    later = next(int(line.split()[1]) for line in live.said("proc/timer_list") if line.startswith("jiffies:"))
    live.expect(value and 0 <= later - int(value[1]) < 250 * 600, f"jiffies: {jiffies}, then {later}")
    joined = "\n".join(first)
    live.expect('comm = "swapper/0' in joined and "pid = 0" in joined, f"init_task is {joined}")
    live.expect('"init' in "".join(init), f"process 1 is {init}")
    addresses = {}
    for line in live.said("proc/kallsyms"):
        words = line.split()
        if len(words) == 3:
            addresses.setdefault(words[2], words[0])
    for name, answer in zip(("jiffies", "init_task"), live.ask("sym jiffies", "sym init_task")):
        live.expect(addresses[name] in "".join(answer), f"sym {name}: {answer}, is at {addresses[name]}")


def check_context(live):
    context, own, kthreadd = live.ask("set", "bt", "bt 2")
    text = "\n".join(context)
    live.expect('COMMAND: "inquest"' in text and "(ACTIVE)" in text, f"set shows\n{text}")
    live.expect('"inquest"' in "".join(own) and "(active)" in own, f"bt shows {own}")
    names = [truth.without_clones(name) for name in truth.parse_stacks(kthreadd).get(2, [])]
    wanted = [truth.without_clones(name) for name in truth.stack_functions(live.truth / "proc/pids/2/stack")]
    live.expect(wanted and names[-len(wanted):] == wanted, f"bt 2 shows {names}, the kernel {wanted}")


def check_refusals(live):
    live.expect("--allow-write" in "".join(live.ask("wr panic_timeout 5")[0]), "wr went ahead")
    for name, wanted in {"nobody": "only root", "devmem": "CONFIG_STRICT_DEVMEM", "write": "CONFIG_STRICT_DEVMEM",
                         "hidden": "kptr_restrict is 2", "locked": "locked down (confidentiality)"}.items():
        said = live.session(name)
        live.expect(wanted in said, f"{name}: {said}")
    live.expect(re.search(r"^[0-9a-f]{16} \(.\) init_task", live.session("hidden"), re.M), "no symbols from memory")


def passes(comm, before=truth.is_passing):
    return before(comm) or comm.startswith(("inquest", "run", "record", "su", "kworker", "rm"))


def main():
    inquest, source, series = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "inquest/lab"
    if not shutil.which("qemu-system-x86_64") or not list(cache.glob(f"kernels/{series}.*-amd64_*")):
        print("no QEMU, or no kernel for it, here")
        return 77
    truth.is_passing = passes
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "script").mkdir()
        write_script(folder / "script")
        command = [source / "lab/live", "--kernel", series, "--program", inquest, "--script", folder / "script",
                   "--out", folder / "out"]
        subprocess.run(command, check=True)
        if len(sys.argv) > 4:  # to be looked at
            shutil.copytree(folder / "out", sys.argv[4], dirs_exist_ok=True)
        live = Live(folder / "out")
        for check in (check_sys, truth.check_tasks, truth.check_modules, check_log, check_values, check_context,
                      check_refusals):
            check(live)
    for failure in live.failures[:20]:
        print(failure)
    return 1 if live.failures else 0


if __name__ == "__main__":
    sys.exit(main())
