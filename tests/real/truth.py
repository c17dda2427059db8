#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares inquest's answers on a real dump with what the kernel said of itself before it died.

usage: truth.py INQUEST FOLDER CHECK [bare]

FOLDER holds dump/vmcore.*, truth/ (proc/, dmesg, ...), vmlinux and perhaps a module, as lab/ makes them. CHECK is the
name of one check_ function below; with "bare" inquest has to do without the vmlinux. Exit status: 0 agreed, 1 not, 77 when FOLDER is not there.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# The checks of these are found by name.
from device_truth import check_devices, check_disks, check_network, check_resources, check_sockets  # noqa: F401
from ipc_truth import check_bpf, check_ipc, check_machine, check_swap  # noqa: F401
from lock_truth import check_audit, check_cgroups, check_limits, check_locks  # noqa: F401
from memory_truth import (  # noqa: F401
    check_addresses,
    check_counters,
    check_free,
    check_meminfo,
    check_page_types,
    check_vmalloc,
    check_zones,
)
from slab_truth import check_slabs  # noqa: F401


class Dump:
    def __init__(self, inquest, folder, is_bare):
        self.inquest = inquest
        self.vmlinux = "--no_vmlinux" if is_bare else folder / "vmlinux"
        self.folder = folder
        self.truth = folder / "truth"
        files = {path.name: path for path in (folder / "dump").glob("vmcore.*")}
        # Filtered dumps of a kernel newer than makedumpfile lack pages: take the whole one where there is one.
        order = ("vmcore.z31", "vmcore.zlib") if (folder / "filtered-is-good").exists() else ()
        order += ("vmcore.elf", "vmcore.z0", "vmcore.z31", "vmcore.zlib")
        self.vmcore = next(files[name] for name in order if name in files)
        self.failures = []

    def ask(self, *commands):
        """The answers to command lines given in one session, as lists of lines."""
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            lines = [f"{command} > {scratch}/{number}" for number, command in enumerate(commands)]
            (scratch / "input").write_text("\n".join(["set scroll off", *lines, "quit"]) + "\n")
            command = [self.inquest, "-s", "-i", scratch / "input", self.vmlinux, self.vmcore]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                                  timeout=300)
            self.stderr = done.stderr
            answers = []
            for number in range(len(commands)):
                answer = scratch / str(number)
                answers.append(answer.read_text(errors="replace").splitlines() if answer.exists() else [])
            return answers

    def said(self, name):
        return (self.truth / name).read_text(errors="replace").splitlines()

    def expect(self, condition, message):
        if not condition:
            self.failures.append(message)

    def processes(self):
        """pid -> (comm, ppid, state, [(tid, comm)...]) of every process with its threads."""
        found = {}
        self.thread_states = {}  # tid -> state
        for folder in (self.truth / "proc/pids").iterdir():
            stat = read_stat(folder / "stat")
            if stat:
                threads = [read_stat(path) for path in (folder / "task").glob("*")]
                self.thread_states.update({t[0]: t[2] for t in threads if t})
                found[stat[0]] = (stat[1], stat[3], stat[2], [(t[0], t[1]) for t in threads if t])
        return found


def read_stat(path):
    text = path.read_text(errors="replace") if path.exists() else ""
    match = re.match(r"(\d+) \((.*)\) (\S) (\d+)", text, re.S)
    return (int(match[1]), match[2], match[3], int(match[4])) if match else None


def plain_comm(comm):
    """/proc decorates workers with their work queue and does not cut names; task_struct.comm holds 15 bytes."""
    if comm.startswith("kworker/") and not comm.startswith("kworker/R-"):
        comm = re.sub(r"[-+].*", "", comm)
    return comm


def parse_ps(lines):
    """pid -> (ppid, state, comm) of crash's ps table."""
    found = {}
    for line in lines:
        match = re.match(r"[> ]\s*(\d+)\s+(\d+)\s+(\d+)\s+([0-9a-f]+)\s+(\S\S)\s+([\d.]+)\s+(\d+)\s+(\d+)\s+(.*)$", line)
        if match:
            found[int(match[1]), int(match[3]) if match[1] == "0" else 0] = (
                int(match[2]), match[5], match[9].strip("[]"))
    return found


def task_addresses(lines):
    """pid -> address, of crash's ps table."""
    rows = [line[1:].split() for line in lines]
    return {int(row[0]): row[3] for row in rows if len(row) > 4 and row[0].isdigit()}


def is_passing(comm):
    """Tasks that come and go by themselves between the snapshot and the crash."""
    return comm.startswith(("kworker/", "sleep", "init", "exe", "cat", "ls", "mkdir", "dmesg", "sync", "ethtool", "ip",
                            "insmod"))


def is_steady(comm):
    """Tasks whose memory is the same at the snapshot and the crash: not the shell that makes both."""
    return comm != "sh" and not is_passing(comm)


def check_sys(dump):
    (lines,) = dump.ask("sys")
    text = "\n".join(lines)
    release = re.match(r"Linux version (\S+)", dump.said("proc/version")[0])[1]
    version = re.search(r"(#\d+ .*)$", dump.said("proc/version")[0])[1]
    cpus = sum(line.startswith("processor") for line in dump.said("proc/cpuinfo"))
    dump.expect(f"RELEASE: {release}" in text, f"sys does not say release {release}:\n{text}")
    dump.expect(f"VERSION: {version}" in text, f"sys does not say version {version}:\n{text}")
    dump.expect(f"CPUS: {cpus}" in text, f"sys does not say {cpus} CPUs:\n{text}")
    dump.expect(re.search(r"PANIC: \S", text), "sys names no panic")


def check_tasks(dump):
    (lines,) = dump.ask("ps")
    ours = {pid: row for (pid, _), row in parse_ps(lines).items()}
    processes = dump.processes()
    threads = 0
    for pid, (comm, ppid, state, members) in processes.items():
        for tid, thread_comm in members:
            threads += 1
            row = ours.get(tid)
            if row is None:
                dump.expect(is_passing(thread_comm), f"task {tid} ({thread_comm}) is not in ps")
                continue
            if thread_comm != "init" and not (tid == 1):  # init became the program that crashed
                wanted = plain_comm(thread_comm)
                dump.expect(wanted.startswith(row[2]) and len(row[2]) >= min(len(wanted), 13), f"task {tid}: comm {row[2]}, was {thread_comm}")
            dump.expect(row[0] == ppid, f"task {tid} ({thread_comm}): parent {row[0]}, was {ppid}")
            own = dump.thread_states[tid]
            # Who slept may have been woken for the crash, and workers come and go.
            wanted = {"Z": "ZO", "T": "ST", "t": "TR", "D": "UN", "S": "IN RU WA", "I": "ID RU WA", "R": "RU IN ID WA"}[own]
            if own in "ZTtD" or is_steady(thread_comm) and tid != 1:
                dump.expect(row[1] in wanted.split(), f"task {tid} ({thread_comm}): state {row[1]}, was {own}")
    known = {tid for _, _, _, members in processes.values() for tid, _ in members}
    for pid, row in ours.items():
        dump.expect(pid == 0 or pid in known or is_passing(row[2]), f"ps shows task {pid} ({row[2]}), unknown to /proc")
    dump.expect(threads > 80, f"the truth holds only {threads} tasks")


def parse_mounts(lines):
    """(type, device, directory) of each line of mount."""
    return sorted(tuple(line.split()[2:5]) for line in lines if re.match(r"[0-9a-f]{16} ", line))


def check_mounts(dump):
    def listed(pid):
        """The same from /proc/PID/mountinfo."""
        fields = [line.split() for line in dump.said(f"proc/pids/{pid}/mountinfo")]
        return sorted((f[f.index("-") + 1], f[f.index("-") + 2], f[4]) for f in fields)

    everywhere = sorted((kind, device, place) for device, place, kind, *_ in map(str.split, dump.said("proc/mounts")))
    first = listed(1)
    dump.expect(first == everywhere and len(first) > 7, f"the truth contradicts itself: {first}, {everywhere}")
    inside = [pid for pid, (comm, *_) in dump.processes().items() if comm == "contained-1"]
    answers = dump.ask("mount", *(f"mount -n {pid}" for pid in inside), "mount /mnt/t", "mount /dev/loop0")
    dump.expect(parse_mounts(answers[0]) == first, f"mount says {parse_mounts(answers[0])}, not {first}")
    for pid, answer in zip(inside, answers[1:]):
        dump.expect(parse_mounts(answer) == listed(pid), f"mount -n {pid} says {parse_mounts(answer)}, not {listed(pid)}")
    for answer, place in zip(answers[-2:], ("/mnt/t", "/mnt/ext")):
        chosen = parse_mounts(answer)
        dump.expect([row[2] for row in chosen] == [place], f"{place}: {chosen}")
    dump.expect(inside, "nobody has mounts of his own")


def check_users(dump):
    def targets(path):
        return {line.split(" -> ")[0]: line.split(" -> ")[1] for line in path.read_text().splitlines() if " -> " in line}

    def uses(folder, wanted):
        links, open_files = targets(folder / "links"), targets(folder / "fd")
        maps = (folder / "maps").read_text(errors="replace").splitlines()
        return [word for word, there in (("root", links.get("root") == wanted), ("cwd", links.get("cwd") == wanted),
                                         ("fd", wanted in open_files.values()),
                                         ("mmap", any(line.endswith(" " + wanted) for line in maps))) if there]

    names = ("/tmp/afile", "/tmp/mapped", "/tmp/locked", "/mnt/t", "/mnt/t/hi", "/run/extra/workload", "/bin/workload")
    # A task in a tree of mounts of its own sees other paths; the one that crashed has others by now.
    steady = {pid for pid, (comm, _, state, _) in dump.processes().items()
              if is_steady(comm) and pid != 1 and state != "Z" and not comm.startswith("contained")}
    found = 0
    for name, lines in zip(names, dump.ask(*(f"fuser {name}" for name in names))):
        ours = {}
        for line in lines:
            match = re.match(r" *(\d+)  [0-9a-f]{16}  \".{14}  (.*)$", line)
            if match and int(match[1]) in steady:
                ours[int(match[1])] = match[2].split()
        wanted = {pid: uses(dump.truth / f"proc/pids/{pid}", name) for pid in steady}
        wanted = {pid: words for pid, words in wanted.items() if words}
        found += len(wanted)
        dump.expect(ours == wanted, f"fuser {name} says {ours}, not {wanted}")
    dump.expect(found > 5, f"the truth holds only {found} users")


def check_modules(dump):
    (lines,) = dump.ask("mod")
    ours = {}
    for line in lines:
        words = line.split()
        if len(words) >= 4 and re.fullmatch(r"[0-9a-f]{16}", words[0]):
            ours[words[1]] = (words[2], words[3])
    for line in dump.said("proc/modules"):
        name, size, _, _, _, base = line.split()[:6]
        row = ours.get(name)
        dump.expect(row, f"mod lacks {name}")
        if row:
            dump.expect(int(row[0], 16) == int(base, 16), f"module {name}: base {row[0]}, was {base}")
            dump.expect(row[1] == size, f"module {name}: size {row[1]}, was {size}")
    # What killed the kernel may have been loaded for it.
    killers = {path.stem for path in dump.folder.glob("*.ko")}
    known = {line.split()[0] for line in dump.said("proc/modules")}
    dump.expect(set(ours) - killers == known - killers, f"mod shows {set(ours) - known} beyond the truth's")


def check_log(dump):
    (lines,) = dump.ask("log")
    wanted = [line for line in dump.said("dmesg") if line.strip()]
    # dmesg repeats the time on each line of a record; crash's layout indents them under the first.
    lines = [line.strip() for line in lines]
    position = 0
    for line in wanted:
        text = re.sub(r"^\[[^]]*\] *", "", line).strip()
        try:
            rest = range(position, len(lines))
            position = next(i for i in rest if lines[i] in (line.strip(), text)) + 1
        except StopIteration:
            dump.expect(False, f"log lacks, or has out of order: {line}")
    dump.expect(len(wanted) > 100, "the truth's dmesg is short")


def check_symbols(dump):
    (lines,) = dump.ask("sym -l")
    ours = set()
    for line in lines:
        match = re.match(r"([0-9a-f]{16}) \((.)\) (\S+)", line)
        if match:
            ours.add((int(match[1], 16), without_clones(match[3])))
    wanted = 0
    for line in dump.said("proc/kallsyms"):
        words = line.split()
        address = int(words[0], 16)
        if words[1] not in "TtDdBb" or address < 0xffff000000000000:
            continue
        if len(words) > 3 and words[3] in ("[bpf]", "[__builtin__ftrace]", "[__builtin__kprobes]"):
            continue
        if re.fullmatch(r"\$[a-z](\.\d+)?", words[2]):  # marks between code and data
            continue
        wanted += 1
        if (address, without_clones(words[2])) not in ours and len(dump.failures) < 20:
            dump.expect(False, f"sym -l lacks {line}")
    dump.expect(wanted > 40000, f"the truth holds only {wanted} symbols")


def stack_functions(path):
    found = []
    for line in path.read_text(errors="replace").splitlines():
        match = re.match(r"\[<0>\] (\S+?)\+0x", line)
        if match:
            found.append(match[1])
    return found


def without_clones(name):
    """A function's name without the compiler's suffixes; aliases at one address count as one."""
    name = re.sub(r"^__(do|x64|arm64|se)_sys_", "__sys_", name)
    return re.sub(r"\.(isra|constprop|part|cold)(\.\d+)?.*", "", name)


def parse_stacks(lines):
    """pid -> function names, from bt or foreach bt."""
    found, current = {}, None
    for line in lines:
        header = re.match(r"PID: (\d+) ", line)
        frame = re.match(r"\s*#\d+ \[[0-9a-f]+\] (\S+) at", line)
        if header:
            current = found.setdefault(int(header[1]), [])
        elif frame and current is not None:
            current.append(frame[1])
    return found


def check_stacks(dump):
    (lines,) = dump.ask("foreach bt")
    ours = parse_stacks(lines)
    compared = 0
    for pid, (comm, _, state, _) in dump.processes().items():
        wanted = stack_functions(dump.truth / f"proc/pids/{pid}/stack")
        if not wanted or is_passing(comm) or pid == 1 or pid not in ours:
            continue
        wanted = [without_clones(name) for name in wanted]
        got = [without_clones(name) for name in ours[pid]]
        compared += 1
        dump.expect(got[-len(wanted):] == wanted, f"stack of {pid} ({comm}): {got}, was {wanted}")
    dump.expect(compared > 40, f"only {compared} stacks were compared")


def check_panic(dump):
    log, bt = dump.ask("log", "bt")
    trace, started = [], False
    for line in log:
        text = re.sub(r"^\[[^]]*\] ?", "", line)
        if text.lower() == "call trace:":
            trace, started = [], True
        elif started and re.match(r"Modules linked in|---\[|RIP: 0033|Code:", text):
            break
        elif started:
            match = re.match(r" (\S+?)\+0x[0-9a-f]+/0x[0-9a-f]+( \[\w+\])?$", text)
            if match:
                trace.append(match[1])
    frames = [match[1] for match in (re.match(r"\s*#\d+ \[[0-9a-f]+\] (\S+) at", line) for line in bt) if match]
    # The kernel's trace starts where it printed it and names inlined functions not at all; ours holds all its frames.
    position = 0
    for name in trace[-6:]:
        dump.expect(name in frames[position:], f"bt lacks {name} of the kernel's own trace {trace}; it has {frames}")
        if name in frames[position:]:
            position = frames.index(name, position) + 1
    dump.expect(len(trace) >= 4, f"no call trace in the log: {trace}")


def gdb_stacks(lines):
    """thread number -> function names, from "thread apply all bt"."""
    found, current = {}, None
    for line in lines:
        header = re.match(r"Thread \d+ \(Thread (\d+) ", line)
        frame = re.match(r"#\d+ +(?:0x[0-9a-f]+ in )?([\w.]+) \(", line)
        if header:
            current = found.setdefault(int(header[1]), [])
        elif frame and current is not None:
            current.append(frame[1])
    return found


def is_part(part, whole):
    rest = iter(whole)
    return all(any(name == other for other in rest) for name in part)


def check_gdb(dump):
    modules = [f"mod -s {file.stem} {file}" for file in dump.folder.glob("*.ko")]
    stacks, comm, threads, registers, ours = dump.ask(
        *modules, "gdb thread apply all bt", "gdb p init_task.comm", "gdb info threads", "gdb info registers",
        "bt")[len(modules):]
    dump.expect("swapper" in "".join(comm), f"gdb does not know init_task.comm: {comm}")
    dump.expect(re.match(r"\* 1 +Thread ", threads[1] if len(threads) > 1 else ""), f"no thread is selected: {threads[:3]}")
    panicked = re.match(r"PID: (\d+) ", ours[0])
    dump.expect(panicked and f"(Thread {panicked[1]} " in "".join(line for line in stacks if line.startswith("Thread 1 ")),
                f"the first thread is not the one that panicked, {ours[0]}")
    known = [line for line in registers if re.match(r"(rip|rsp|pc|sp) +0x[0-9a-f]+", line)]
    dump.expect(len(known) == 2, f"gdb does not know where the panic was: {registers[-10:]}")
    theirs = gdb_stacks(stacks)
    # Assembler code has no call frames, so that gdb's stacks end there.
    asm = re.compile(r"entry_|ret_from_fork(_asm)?$|el0t_64_sync$")
    wanted = [without_clones(name) for name in parse_stacks(ours)[int(panicked[1])] if not asm.match(name)][-6:]
    got = [without_clones(name) for name in theirs[int(panicked[1])]]
    dump.expect(len(wanted) >= 4 and is_part(wanted, got), f"gdb's stack of the panic: {got}, should have {wanted}")
    compared = 0
    for pid, (comm, _, _, _) in dump.processes().items():
        wanted = [without_clones(name) for name in stack_functions(dump.truth / f"proc/pids/{pid}/stack")
                  if not asm.match(name)]
        if not wanted or is_passing(comm) or pid == 1 or pid not in theirs:
            continue
        got = [without_clones(name) for name in theirs[pid]]
        compared += 1
        dump.expect(is_part(wanted, got), f"gdb's stack of {pid} ({comm}): {got}, was {wanted}")
    dump.expect(compared > 40, f"only {compared} stacks were compared")


def check_memory(dump):
    """A structure, read as bytes and as a type, agrees with itself and with the truth."""
    struct, text, expression = dump.ask("struct task_struct.comm,pid init_task", "rd -a linux_banner", "p nr_cpu_ids")
    joined = "\n".join(struct)
    dump.expect('comm = "swapper' in joined and "pid = 0" in joined, f"init_task is {joined}")
    banner = "".join(line.split(":  ", 1)[-1] for line in text)
    dump.expect(dump.said("proc/version")[0].startswith(banner.split(" (")[0]) and banner, f"banner is {banner}")
    dump.expect(expression and re.search(r"= \d+$", expression[0]), f"nr_cpu_ids is {expression}")


def check_containers(dump):
    """list and tree find what hangs on lists, red-black trees, xarrays and maple trees."""
    modules, tasks, entries, pids = dump.ask(
        "list -H modules -o module.list -S module.name",
        "list -h init_task -o task_struct.tasks -S task_struct.pid,comm",
        "tree -r proc_dir_entry.subdir -o proc_dir_entry.subdir_node -S proc_dir_entry.name proc_root",
        "tree -t xarray -p -r pid_namespace.idr init_pid_ns")
    wanted = [line.split()[0] for line in dump.said("proc/modules")]
    found = re.findall(r'name = "(.*)"', "\n".join(modules))
    dump.expect(found[-len(wanted):] == wanted, f"modules are {found}, were {wanted}")
    leaders = {int(pid) for pid in re.findall(r"pid = (\d+)", "\n".join(tasks))}
    processes = dump.processes()
    for pid, (comm, _, _, _) in processes.items():
        dump.expect(pid in leaders or is_passing(comm), f"list lacks process {pid} ({comm})")
    numbers = {int(index) for index in re.findall(r"index: (\d+)", "\n".join(pids))}
    for pid, (comm, _, _, members) in processes.items():
        for tid, name in members:
            dump.expect(tid in numbers or is_passing(name), f"tree lacks pid {tid} ({name})")
    names = set(re.findall(r'name = 0x[0-9a-f]+  "(.*)"', "\n".join(entries)))
    places = {path.name for path in (dump.truth / "proc").iterdir()} - {"pids", "mounts"}
    dump.expect(len(places) > 20 and places <= names, f"tree lacks {places - names} of /proc")
    check_maps(dump, processes)


def check_maps(dump, processes):
    """The maple tree of each process holds the areas that its maps showed."""
    pids = [pid for pid, row in processes.items() if (dump.truth / f"proc/pids/{pid}/maps").stat().st_size and
            not is_passing(row[0]) and pid != 1]
    rows = task_addresses(dump.ask("ps -u")[0])
    pids = [pid for pid in pids if pid in rows]
    mms = dump.ask(*[f"struct task_struct.mm {rows[pid]}" for pid in pids])
    mms = [re.search(r"mm = 0x([0-9a-f]+)", "\n".join(lines)) for lines in mms]
    trees = dump.ask(*[f"tree -x -t maple -r mm_struct.mm_mt -S vm_area_struct.vm_start,vm_end {mm[1]}" for mm in mms])
    for pid, lines in zip(pids, trees):
        found = re.findall(r"vm_start = 0x([0-9a-f]+)\n  vm_end = 0x([0-9a-f]+)", "\n".join(lines))
        maps = [line.split()[0].split("-") for line in dump.said(f"proc/pids/{pid}/maps") if "[vsyscall]" not in line]
        wanted = [(start.lstrip("0"), end.lstrip("0")) for start, end in maps]
        more, less = set(found) - set(wanted), set(wanted) - set(found)
        dump.expect(not more and not less, f"areas of {pid} ({processes[pid][0]}): also {more}, not {less}")
    dump.expect(len(pids) > 5, f"only {len(pids)} processes had areas to compare")


def hits(lines):
    """Address -> the rest of the line, of search's answer."""
    return {int(match[1], 16): match[2] for match in (re.match(r"([0-9a-f]+): (.*)", line) for line in lines) if match}


def symbol_address(dump, name):
    (lines,) = dump.ask(f"sym {name}")  # check_symbols holds it to /proc/kallsyms, which may lack variables
    return int(lines[0].split()[0], 16)


def check_search(dump):
    """What must be somewhere is found there."""
    banner = dump.said("proc/version")[0]
    comm, text, raw, pointer, windows, others = dump.ask(
        "search -c swapper/0", f'search -c "{banner[:40]}"', f'search -p -c "{banner[:40]}"', "search init_task",
        "search -K init_task", "search -V init_task")
    task = symbol_address(dump, "init_task")
    dump.expect(any(0 <= at - task < 16384 for at in hits(comm)), f"search misses init_task.comm: {comm}")
    at = symbol_address(dump, "linux_banner")
    dump.expect(at in hits(text), f"search misses linux_banner at {at:x}: {text}")
    dump.expect(len(hits(raw)) >= 1, "search -p misses linux_banner")
    dump.expect(any(0 <= at - task < 16384 for at in hits(pointer)), "init_task points nowhere to itself")
    dump.expect(pointer == sorted(pointer, key=lambda line: int(line.split(":")[0], 16)), "search's order")
    dump.expect(sorted(pointer) == sorted(windows + others), "-K and -V do not share what search finds")
    check_search_modules(dump)
    check_search_stacks(dump)
    check_search_users(dump)


def check_search_modules(dump):
    modules = [line.split() for line in dump.said("proc/modules")]
    modules = [(words[0], int(words[5], 16), int(words[1])) for words in modules if len(words[0]) > 4]
    answers = dump.ask(*(f"search -V -c {name}" for name, _, _ in modules))
    for (name, base, size), lines in zip(modules, answers):
        dump.expect(any(-(1 << 21) < at - base < size + (1 << 21) for at in hits(lines)),
                    f"search misses the name of module {name} at {base:x}: {lines[:3]}")


def check_search_stacks(dump):
    """A return address of a sleeping task is found on its stack."""
    sleepers = [pid for pid, (_, _, state, _) in dump.processes().items() if state == "S" and pid > 1][:4]
    for pid in sleepers:
        (trace,) = dump.ask(f"bt {pid}")
        frames = [match[1] for match in (re.match(r"\s*#\d+ \[[0-9a-f]+\] \S+ at ([0-9a-f]+)", line)
                                         for line in trace) if match]
        stack = {int(address, 16) for address in re.findall(r"#\d+ \[([0-9a-f]+)\]", "\n".join(trace))}
        if len(frames) < 4:
            continue
        # Calls of arm64 are named by the call, x86_64's by what they return to, and arm64 signs what lies on the stack.
        is_arm64 = dump.folder.name.startswith("arm64")
        wanted = f"-m ffff000000000000 {int(frames[2], 16) + 4:x}" if is_arm64 else frames[2]
        found, own = dump.ask(f"search -t {wanted}", f"search -T {wanted}")
        section, inside = [], False
        for line in found:
            if line.startswith("PID:"):
                inside = line.split()[1] == str(pid)
            elif inside and line:
                section.append(line)
        near = [at for at in hits(section) if min(abs(at - one) for one in stack) < 16384]
        dump.expect(near, f"search -t misses {frames[2]} on the stack of {pid}: {found[:5]}")
        dump.expect(not any(line.startswith("PID:") and line.split()[1] == str(pid) for line in own),
                    f"search -T shows the sleeping task {pid}")


def check_search_users(dump):
    """A process's arguments are in its stack area, and nothing is found where it has no memory."""
    compared = 0
    for folder in sorted((dump.truth / "proc/pids").iterdir()):
        maps, words = folder / "maps", folder / "cmdline"
        areas = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) .*?(\[stack\]|$)", maps.read_text(), re.M) if maps.exists() else []
        argument = words.read_bytes().split(b"\0")[0].decode(errors="replace") if words.exists() else ""
        if not areas or len(argument) < 4 or int(folder.name) == 1 or compared == 6:
            continue
        comm = (folder / "comm").read_text().strip()
        if is_passing(comm):
            continue
        _, lines = dump.ask(f"set {folder.name}", f'search -u -c "{argument}"')
        ranges = [(int(start, 16), int(end, 16), name) for start, end, name in areas]
        for at in hits(lines):
            dump.expect(any(start <= at < end for start, end, _ in ranges), f"{comm}: {at:x} is not mapped")
        if any(name and start <= at < end for at in hits(lines) for start, end, name in ranges):
            compared += 1
        elif hits(lines):  # else the dump lacks user pages
            dump.expect(False, f"{comm} ({folder.name}): {argument} is not on its stack: {lines[:3]}")
    if dump.vmcore.name == "vmcore.elf":
        dump.expect(compared > 2, f"only {compared} processes were compared")


def parse_vtop(lines):
    """address -> (what stands for the physical address, fields of the memory area's line, place in swap)."""
    found, at = {}, None
    for number, line in enumerate(lines):
        words = line.split()
        if number and re.match(r"VIRTUAL +PHYSICAL", lines[number - 1]):
            at = int(words[0], 16)
            found[at] = [" ".join(words[1:]), None, None]
        elif at is not None and re.match(r" *VMA +START", lines[number - 1]):
            found[at][1] = line.split(maxsplit=4)
        elif at is not None and line.startswith("SWAP: "):
            found[at][2] = line[6:]
    return found


def memory_areas(path):
    """(start, end, the lowest bits of vm_flags, file) of each line of a maps file."""
    for line in path.read_text(errors="replace").splitlines():
        match = re.match(r"(\w+)-(\w+) (\S)(\S)(\S)(\S) \S+ \S+ \d+ *(.*)$", line)
        flags = sum(1 << bit for bit, letter in enumerate("rwxs") if match[3 + bit] == letter)
        name = "" if match[7].startswith("[") else match[7]
        if name.endswith(" (deleted)"):  # and in no directory
            name = name[1:-len(" (deleted)")]
        yield int(match[1], 16), int(match[2], 16), flags, name


def check_areas(dump):
    """Each process's memory areas: where they are, their flags and files."""
    pids = [pid for pid, (comm, *_) in sorted(dump.processes().items()) if is_steady(comm)]
    areas = {pid: list(memory_areas(dump.truth / f"proc/pids/{pid}/maps")) for pid in pids}
    areas = {pid: found for pid, found in areas.items() if found}
    vsyscall = 1 << 63
    answers = dump.ask(*(f"vtop -c {pid} " + " ".join(f"{area[0]:x}" for area in found if area[0] < vsyscall)
                         for pid, found in areas.items()))
    compared = 0
    for (pid, wanted), lines in zip(areas.items(), answers):
        ours = parse_vtop(lines)
        for start, end, flags, name in wanted:
            if start >= vsyscall:
                continue
            compared += 1
            area = ours.get(start, [None, None])[1]
            if area is None:
                dump.expect(False, f"process {pid}: no memory area at {start:x}")
                continue
            got = (int(area[1], 16), int(area[2], 16), int(area[3], 16) & 15, area[4] if len(area) > 4 else "")
            dump.expect(got == (start, end, flags, name), f"process {pid}: {got}, was {(start, end, flags, name)}")
    dump.expect(compared > 200, f"only {compared} memory areas were compared")


def parse_vm(lines):
    """(resident, total) in kB and the rows of the memory areas: start, end, flags, file."""
    sizes, areas = None, []
    for line in lines:
        if match := re.match(r"\s*[0-9a-f]+ +[0-9a-f]+ +(\d+)k +(\d+)k *$", line):
            sizes = int(match[1]), int(match[2])
        elif match := re.match(r"[0-9a-f]{16} +([0-9a-f]+) +([0-9a-f]+) +([0-9a-f]+) (.*)$", line):
            areas.append((int(match[1], 16), int(match[2], 16), int(match[3], 16), match[4]))
    return sizes, areas


def status_kilobytes(path, name):
    match = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.M) if path.exists() else None
    return int(match[1]) if match else None


def check_vm(dump):
    """vm's memory areas with the flags that it names, and how much of them there is."""
    held_back = 1024  # kB that counters of CPUs and threads may hold back
    pids = [pid for pid, (comm, *_) in sorted(dump.processes().items()) if is_steady(comm)]
    maps = {pid: list(memory_areas(dump.truth / f"proc/pids/{pid}/maps")) for pid in pids}
    maps = {pid: [area for area in found if area[0] < 1 << 63] for pid, found in maps.items() if found}
    answers = dict(zip(maps, map(parse_vm, dump.ask(*(f"vm {pid}" for pid in maps)))))
    values = sorted({area[2] for _, areas in answers.values() for area in areas})
    names = {}
    for value, lines in zip(values, dump.ask(*(f"vm -f {value:x}" for value in values))):
        match = re.match(rf"{value:x}: \((.*)\)$", lines[0] if lines else "")
        dump.expect(match, f"vm -f {value:x}: {lines}")
        words = match[1].split("|") if match else []
        names[value] = sum(1 << bit for bit, word in enumerate(("READ", "WRITE", "EXEC", "SHARED")) if word in words)
    compared = 0
    for pid, wanted in maps.items():
        sizes, areas = answers[pid]
        compared += len(wanted)
        got = [(start, end, names[flags], name) for start, end, flags, name in areas]
        for area in wanted:
            dump.expect(area in got, f"process {pid}: vm has no area {area}")
        dump.expect(len(got) == len(wanted), f"process {pid}: {len(got)} areas, were {len(wanted)}")
        status = dump.truth / f"proc/pids/{pid}/status"
        resident, total = (status_kilobytes(status, name) for name in ("VmRSS", "VmSize"))
        dump.expect(sizes and sizes[1] == total, f"process {pid}: {sizes}, was {total} kB")
        dump.expect(sizes and abs(sizes[0] - resident) <= held_back, f"process {pid}: {sizes}, {resident} kB were resident")
    dump.expect(compared > 200, f"only {compared} memory areas were compared")


def check_pages(dump):
    """Where each process's pages are, in memory or swap."""
    places = {}
    for pid, (comm, *_) in sorted(dump.processes().items()):
        path = dump.truth / f"proc/pids/{pid}/pagemap"
        if path.exists() and is_steady(comm):
            places[pid] = [line.split() for line in path.read_text().splitlines()]
    answers = dump.ask(*(f"vtop -c {pid} " + " ".join(words[0] for words in found) for pid, found in places.items()))
    swapped = compared = 0
    for (pid, wanted), lines in zip(places.items(), answers):
        ours = parse_vtop(lines)
        for words in wanted:
            compared += 1
            got = ours.get(int(words[0], 16), [None, None, None])
            if words[1] == "pfn":
                dump.expect(got[0] == f"{int(words[2], 16) * 4096:x}", f"process {pid}: {words}, is at {got[0]}")
            else:
                swapped += 1
                place = f"/mnt/ext/swap  OFFSET: {int(words[3], 16)}"
                dump.expect(got[2] == place, f"process {pid}: {words}, is in {got}")
    dump.expect(compared > 500 and swapped > 0, f"only {compared} pages were compared, {swapped} of them in swap")


def by_task(lines):
    """What foreach says of each task: pid -> lines below its header."""
    found = {}
    for line in lines:
        header = re.match(r"PID: (\d+) ", line)
        if header:
            found[int(header[1])] = current = []
        elif found:
            current.append(line)
    return found


def links(path):
    """name -> target, of a folder of links in /proc."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return dict(line.split(" -> ", 1) for line in lines if " -> " in line)


def plain_path(target):
    """A target as it lies in memory: what is in no directory has no slash, and nobody wrote that it was deleted."""
    target = target.removesuffix(" (deleted)")
    return target[1:] if target.startswith(("/memfd:", "/SYSV")) else target


def check_files(dump):
    """Each process's root, working directory and file descriptors."""
    answers = by_task(dump.ask("foreach gleader files")[0])
    compared = sockets = 0
    for pid, (comm, *_) in sorted(dump.processes().items()):
        folder = dump.truth / f"proc/pids/{pid}"
        if not is_steady(comm) or not (folder / "fd").exists():
            continue
        lines = answers.get(pid, [])
        places = links(folder / "links")
        wanted = f"ROOT: {places.get('root')}    CWD: {places.get('cwd')}"  # a zombie has neither
        dump.expect(not places or lines[:1] == [wanted], f"process {pid} ({comm}): {lines[:1]}, was {wanted}")
        rows = [line.split(None, 5) for line in lines[2:] if line.strip()]
        ours = {row[0]: row for row in rows}
        theirs = links(folder / "fd")
        dump.expect(set(ours) == set(theirs), f"process {pid} ({comm}): has {set(ours)}, was {set(theirs)}")
        for descriptor in set(ours) & set(theirs):
            compared += 1
            kind, name, target = ours[descriptor][4], ours[descriptor][-1], theirs[descriptor]
            if target.startswith("socket:"):
                sockets += 1
                dump.expect(kind == "SOCK", f"process {pid}: {ours[descriptor]}, was {target}")
            else:
                dump.expect(name == plain_path(target), f"process {pid}: {ours[descriptor]}, was {target}")
    dump.expect(compared > 60 and sockets > 5, f"only {compared} files were compared, {sockets} of them sockets")


def check_cached(dump):
    """The pages of open files in the page cache: as many as the kernel counts, each known to be the file's."""
    counts = {}
    for lines in by_task(dump.ask("foreach gleader files -c")[0]).values():
        for words in (line.split() for line in lines[2:]):
            if len(words) > 4 and words[4] == "REG":
                counts[words[1]] = (words[2], int(words[3]))
    answers = dump.ask(*(f"files -p {inode}" for inode in counts))
    for (inode, (mapping, count)), lines in zip(counts.items(), answers):
        rows = [line.split() for line in lines[4:]]
        dump.expect(len(rows) == count, f"inode {inode}: {len(rows)} pages, the kernel counts {count}")
        indexes = [int(row[3], 16) for row in rows]
        dump.expect(indexes == sorted(set(indexes)), f"inode {inode}: pages {indexes[:8]}")
        strange = [row for row in rows if row[2] not in (mapping, "0")]  # only a folio's first page says whose it is
        dump.expect(not strange, f"inode {inode}: {strange[:2]} are not of {mapping}")
    dump.expect(sum(count for _, count in counts.values()) > 200, f"only {counts} were compared")


def check_signals(dump):
    """What each process blocks, ignores and catches, and what waits for it."""
    answers = by_task(dump.ask("foreach gleader sig")[0])
    compared = waiting = 0
    for pid, (comm, *_) in sorted(dump.processes().items()):
        status = dump.truth / f"proc/pids/{pid}/status"
        lines = answers.get(pid, [])
        if not is_steady(comm) or not status.exists() or not lines:
            continue
        fields = dict(line.split(":", 1) for line in status.read_text(errors="replace").splitlines() if ":" in line)
        fields = {name: value.strip() for name, value in fields.items()}
        actions = [line for line in lines if re.match(r" ?\[\d+\]", line)]
        handlers = {int(re.match(r" ?\[(\d+)\]", line)[1]): line.split("]", 1)[1].split()[1] for line in actions}
        ignored = sum(1 << number - 1 for number, handler in handlers.items() if handler == "SIG_IGN")
        caught = sum(1 << number - 1 for number, handler in handlers.items() if not handler.startswith("SIG_"))
        text = "\n".join(lines)
        own, shared = re.findall(r"SIGNAL: ([0-9a-f]{16})", text)
        got = {"SigPnd": own, "ShdPnd": shared, "SigBlk": re.search(r"BLOCKED: (\S+)", text)[1],
               "SigIgn": f"{ignored:016x}", "SigCgt": f"{caught:016x}",
               "Threads": re.search(r"NR_THREADS: (\d+)", text)[1]}
        for name, value in got.items():
            dump.expect(value == fields[name], f"process {pid} ({comm}): {name} {value}, was {fields[name]}")
        compared += 1
        pending = int(own, 16) | int(shared, 16)
        waiting += pending != 0
        deliverable = pending & ~int(got["SigBlk"], 16) != 0
        dump.expect(f"SIGPENDING: {'yes' if deliverable else 'no'}" in text, f"process {pid}: wrong SIGPENDING")
        queued = sum(1 << int(number) - 1 for number in re.findall(r"^ {12,} ?(\d+)  [0-9a-f]{16}$", text, re.M))
        dump.expect(queued == pending, f"process {pid}: queue {queued:x}, pending {pending:x}")
    dump.expect(compared > 40 and waiting > 0, f"only {compared} processes were compared, {waiting} with signals")


PAGE_WORDS, PATTERN_PAGES = 512, 256


def pattern_page(number):
    """As lab/guest/workload.c fills it."""
    def random_word(seed):
        word = (seed + 1) * 0x9e3779b97f4a7c15 % 2**64
        word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9 % 2**64
        return word ^ word >> 27

    def random(i):
        return random_word(number * PAGE_WORDS + i)

    kinds = [lambda i: 0, lambda i: number, lambda i: number << 32 | i, random,
             lambda i: random(i) if i < PAGE_WORDS // 2 else 0, lambda i: 0 if i % 7 else random(i),
             lambda i: random(i) if i < PAGE_WORDS * 3 // 4 else number, lambda i: number * i]
    word = kinds[number % len(kinds)]
    return b"".join(word(i).to_bytes(8, "little") for i in range(PAGE_WORDS))


def check_swapped(dump):
    """Pages that are swapped out to zram, or in the page cache only, as the process would see them."""
    dump.vmcore = dump.folder / "dump/vmcore.elf"  # with the page cache
    expected = b"".join(map(pattern_page, range(PATTERN_PAGES)))
    areas = [line.split() for line in dump.said("workload") if " pattern-" in line]
    sizes = {"pattern-own": len(expected), "pattern-shared": len(expected), "pattern-cached": len(expected) // 8}
    with tempfile.TemporaryDirectory() as scratch:
        commands = []
        for comm, pid, kind, at in areas:
            commands += [f"set {pid}", f"rd -u -r {scratch}/{comm}.{kind} {at} {sizes[kind]}"]
        dump.ask(*commands)
        for comm, pid, kind, at in areas:
            path = pathlib.Path(scratch) / f"{comm}.{kind}"
            got = path.read_bytes() if path.exists() else b""
            wanted = expected[:sizes[kind]]
            wrong = [i for i in range(len(wanted) // 4096) if got[i * 4096:][:4096] != wanted[i * 4096:][:4096]]
            dump.expect(not wrong, f"{comm}, {kind}: {len(got)} bytes read, pages {wrong[:20]} differ")
    dump.expect(len(areas) >= 12, f"only {len(areas)} areas with patterns")


def check_interrupts(dump):
    """Names and counts of the interrupts: these have moved on a little since the snapshot."""
    rows, affinities = dump.ask("irq -s", "irq -a")
    ours = {}
    for line in rows[1:]:
        number, rest = line.split(":", 1)
        words = rest.split()
        counts = [int(word) for word in words if word.isdigit()][:len(rows[0].split())]
        ours[int(number)] = (counts, words[-1].split(",") if len(words) > len(counts) + 1 else [])
    spread = {int(line.split()[0]): line.split()[-1] for line in affinities[1:]}
    truth = dump.said("proc/interrupts")
    cpus = len(truth[0].split())
    compared = 0
    for line in truth[1:]:
        match = re.match(r"\s*(\d+): ((?:\s*\d+){%d})\s(.*)$" % cpus, line)
        if not match:
            continue
        compared += 1
        number, was = int(match[1]), [int(word) for word in match[2].split()]
        counts, names = ours.get(number, ([], []))
        dump.expect(number in spread, f"interrupt {number} has no affinity")
        dump.expect(names == match[3].split("  ")[-1].strip().split(", "), f"interrupt {number}: {names}, was {line}")
        near = len(counts) == cpus and all(a <= b <= a + 20000 for a, b in zip(was, counts))
        dump.expect(near, f"interrupt {number}: {counts}, was {was}")
    dump.expect(compared > 12, f"only {compared} interrupts were compared")


def truth_hrtimers(lines):
    """{(cpu, clock, function, soft expiry, expiry)} of /proc/timer_list, and its time."""
    found, cpu, clock, function, now = set(), None, None, None, 0
    for line in lines:
        if match := re.match(r"now at (\d+) nsecs", line):
            now = int(match[1])
        elif match := re.match(r"cpu: (\d+)$", line):
            cpu = int(match[1])
        elif match := re.match(r" clock (\d+):$", line):
            clock = int(match[1])
        elif match := re.match(r" #\d+: <\S+>, ([^,]+),", line):
            function = match[1]
        elif match := re.match(r" # expires at (\d+)-(\d+) nsecs", line):
            found.add((cpu, clock, function, int(match[1]), int(match[2])))
    return found, now


def our_hrtimers(lines):
    found, cpu, clock = set(), None, None
    for line in lines:
        if match := re.match(r"CPU: (\d+) ", line):
            cpu = int(match[1])
        elif match := re.match(r"  CLOCK: (\d+) ", line):
            clock = int(match[1])
        elif match := re.match(r" +(\d+) +(\d+) +-?\d+  [0-9a-f]{16}  [0-9a-f]{16}  <(.*)>$", line):
            found.add((cpu, clock, match[3], int(match[1]), int(match[2])))
    return found


def check_timers(dump):
    """High-resolution timers that were to expire long after the crash; jiffies."""
    theirs, now = truth_hrtimers(dump.said("proc/timer_list"))
    wheel, lines = dump.ask("timer", "timer -r")
    ours = our_hrtimers(lines)
    moving = ("tick_sched_timer", "tick_nohz_handler", "sched_clock_poll")
    late = {timer for timer in theirs if timer[4] > now + 100 * 10 ** 9 and timer[2] not in moving}
    for timer in sorted(late - ours):
        dump.expect(False, f"no timer {timer}")
    dump.expect(len(late) >= 2, f"only {len(late)} timers were compared")
    dump.expect(len({timer[0] for timer in ours}) > 1, "timers of one CPU only")
    ticks = next(int(line.split()[1]) for line in dump.said("proc/timer_list") if line.startswith("jiffies:"))
    dump.expect(ticks <= int(wheel[1]) <= ticks + 60 * 250, f"jiffies are {wheel[1]}, were {ticks}")
    timers = [line for line in wheel if re.match(r"  \d+ +-?\d+  [0-9a-f]{16}  [0-9a-f]{16}  <\w", line)]
    dump.expect(len(timers) > 10, f"only {len(timers)} timers in the wheels")


def check_run_queues(dump):
    """Who runs is who ps says; who waits is running too."""
    lines, groups, clocks, tasks = dump.ask("runq", "runq -g", "runq -t", "ps")
    active, running = set(), set()
    for line in tasks:
        match = re.match(r"([> ])\s*(\d+)\s+\d+\s+(\d+)\s+([0-9a-f]+)\s+(\S\S)", line)
        if match and match[5] == "RU":
            running.add((int(match[3]), int(match[2]), match[4]))
        if match and match[1] == ">":
            active.add((int(match[3]), int(match[2]), match[4]))
    for answer in lines, groups:
        current, cpu = set(), None
        for line in answer:
            if match := re.match(r"CPU (\d+)", line):
                cpu = int(match[1])
            match = re.match(r"  (CURRENT:|   \[...\]) PID: (\d+) +TASK: ([0-9a-f]+) ", line)
            if not match:
                continue
            task = (cpu, int(match[2]), match[3])
            if match[1] == "CURRENT:":
                current.add(task)
            else:
                # A task on its way to sleep is queued until it has left its CPU.
                leaving = line.endswith(("[DELAYED]", "[CURRENT]"))
                dump.expect(task in running or leaving, f"{line} is queued, and no running task")
        dump.expect(current == active, f"current tasks are {current}, active ones {active}")
    cpus = sum(line.startswith("processor") for line in dump.said("proc/cpuinfo"))
    dump.expect(len(active) == cpus, f"{len(active)} active tasks on {cpus} CPUs")
    stamps = [int(line.split()[2]) for line in clocks if line.startswith(" CPU")]
    uptime = float(dump.said("proc/uptime")[0].split()[0])
    dump.expect(len(stamps) == cpus and all(0 < stamp / 1e9 < uptime + 60 for stamp in stamps), f"clocks are {stamps}")


def check_wait_queues(dump):
    """Those whom the kernel saw waiting for their children or for messages wait on the queues for these."""
    (tasks,) = dump.ask("ps")
    addresses = task_addresses(tasks)
    parents, audit = [], []
    for pid, (comm, *_) in dump.processes().items():
        path = dump.truth / f"proc/pids/{pid}/wchan"
        place = path.read_text().strip() if path.exists() else ""
        if place == "do_wait" and not is_passing(comm) and pid in addresses:
            parents.append(pid)
        if place == "kauditd_thread":
            audit.append(pid)
    signals = dump.ask(*(f"struct task_struct.signal {addresses[pid]}" for pid in parents)) if parents else []
    places = [lines[0].split("0x")[1].strip(" ,") for lines in signals]
    answers = dump.ask("waitq kauditd_wait", *(f"waitq signal_struct.wait_chldexit {at}" for at in places))
    for pid, lines in zip(audit + parents, (answers if audit else answers[1:])):
        dump.expect(any(line.startswith(f"PID: {pid} ") for line in lines), f"task {pid} does not wait: {lines}")
    dump.expect(audit or parents, "nobody waits")


def main():
    inquest, folder, check = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    if not (folder / "truth").is_dir() or not (folder / "vmlinux").exists():
        print(f"{folder}: no such dump here")
        return 77
    dump = Dump(inquest, folder, is_bare=sys.argv[4:] == ["bare"])
    globals()[f"check_{check}"](dump)
    for failure in dump.failures[:20]:
        print(failure)
    if dump.failures:
        print(f"{len(dump.failures)} differences")
        print(dump.stderr[-2000:])
    return 1 if dump.failures else 0


if __name__ == "__main__":
    sys.exit(main())
