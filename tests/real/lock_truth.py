# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks for truth.py: locks with their owners and waiters, control groups, audit records."""
import re


def parse_locks(lines):
    """Address -> {kind, symbol, owner, readers, waiters: [(pid, wants, seconds)]}; circles of pids."""
    locks, circles, current = {}, [], None
    for line in lines:
        if match := re.match(r"([A-Z]+): ([0-9a-f]+)(?: <(.*?)>)?(?: \[\w+\])?$", line):
            current = {"kind": match[1].lower(), "symbol": match[3], "waiters": []}
            locks[match[2]] = current
        elif match := re.match(r"DEADLOCK: (\d+) ", line):
            current = None
            circles.append([])
        elif current is None and (match := re.match(r"  PID: (\d+) +TASK:", line)):
            circles[-1].append(int(match[1]))
        elif match := re.match(r" +(OWNER|LAST|READERS|COUNT): (?:PID: )?(\d+)", line):
            current[match[1].lower()] = int(match[2])
        elif match := re.match(r" +(\d+)  [0-9a-f]{16}  \w\w  (?:(\w+) +)?(\d+) (\d+):(\d+):([\d.]+)  \"", line):
            days, hours, minutes = (int(match[i]) for i in (3, 4, 5))
            current["waiters"].append((int(match[1]), match[2], ((days * 24 + hours) * 60 + minutes) * 60 + float(match[6])))
    return locks, circles


def last_ran(dump, pid):
    """When a task that sleeps left its CPU, in seconds."""
    sched = "\n".join(dump.said(f"proc/pids/{pid}/sched"))
    return float(re.search(r"se\.exec_start +: +([\d.]+)", sched)[1]) / 1000


def check_lock(dump, lock, actors, ours):
    """One lock of the demo module, (kind, name), among |ours|; |actors|: (pid, task's name, holds, wants)."""
    kind, name = lock
    holders = [(pid, what) for pid, _, what, _ in actors if what.split(":")[0] == name]
    waiters = [(pid, who, what) for pid, who, _, what in actors if what.split(":")[0] == name]
    if kind == "rtmutex":  # those with real-time priority go first
        waiters.sort(key=lambda waiter: not waiter[1].startswith("rt-wait-2"))
    dump.expect(ours["kind"] == kind, f"{name} is a {kind}: {ours}")
    dump.expect([waiter[0] for waiter in ours["waiters"]] == [waiter[0] for waiter in waiters],
                f"{name}: waiters {ours['waiters']}, not {waiters}")
    if kind == "rwsem":
        wants = ["read" if what.endswith(":r") else "write" for _, _, what in waiters]
        readers = sum(what.endswith(":r") for _, what in holders)
        dump.expect([waiter[1] for waiter in ours["waiters"]] == wants, f"{name}: {ours['waiters']} want {wants}")
        dump.expect(ours.get("readers") == readers, f"{name}: {ours} has {readers} readers")
        if readers:
            dump.expect(ours.get("last") == holders[-1][0], f"{name}: the last of {holders} read it: {ours}")
            return
    if kind == "semaphore":
        dump.expect(ours.get("count") == 0, f"{name}: {ours}")
    else:
        dump.expect(ours.get("owner") == holders[0][0], f"{name}: held by {holders}: {ours}")


def check_locks(dump):
    truth = [line.split() for line in dump.said("lockdemo")]
    addresses = {words[3]: words[2] for words in truth if words[0] == "lock"}
    kinds = {words[3]: words[1] for words in truth if words[0] == "lock"}
    actors = [(int(words[1]), words[2], words[4], words[6]) for words in truth if words[0] == "task"]
    pid_of = {who: pid for pid, who, _, _ in actors}
    answers = dump.ask("lock", "lock -d", "lock -k semaphore", f"lock -t {pid_of['circle-1']}",
                       f"lock -t {pid_of['mutex-hold']}", "lock demo_mutex", f"lock -k rwsem {addresses['read_rwsem']}")
    locks, circles = parse_locks(answers[0])
    for name, address in addresses.items():
        dump.expect(address in locks, f"{name} at {address} is not in lock")
        if address in locks:
            check_lock(dump, (kinds[name], name), actors, locks[address])
            wanted = f"{name}" if name != "heap" else "in kmalloc-32"
            dump.expect(locks[address]["symbol"] == wanted, f"{name} is called {locks[address]['symbol']}")
    # The line behind the last of a circle names the first again, without its task.
    wanted = [sorted(pid_of[who] for who in names) for names in (("dead-1", "dead-2"), ("circle-1", "circle-2", "circle-3"))]
    dump.expect(sorted(map(sorted, circles)) == sorted(wanted), f"deadlocks {circles}, not {wanted}")
    dump.expect(parse_locks(answers[1]) == ({}, circles), f"lock -d: {answers[1]}")
    dump.expect(list(parse_locks(answers[2])[0]) == [addresses["demo_semaphore"]], f"lock -k semaphore: {answers[2]}")
    chain = [addresses[name] for name in ("circle_rwsem", "circle_rtmutex", "circle_mutex")]
    dump.expect(list(parse_locks(answers[3])[0]) == chain, f"lock -t: {answers[3]}")
    dump.expect(answers[4] == ["the task waits for no lock"], f"lock -t: {answers[4]}")
    for answer, name in ((answers[5], "demo_mutex"), (answers[6], "read_rwsem")):
        ours = parse_locks(answer)[0].get(addresses[name])
        dump.expect(ours == locks.get(addresses[name]), f"lock {name}: {answer}")
    # All waited for the same end, which came after the truth was recorded and, with it, this uptime.
    ends = [last_ran(dump, pid) + slept for lock in locks.values() for pid, _, slept in lock["waiters"]]
    uptime = float(dump.said("proc/uptime")[0].split()[0])
    dump.expect(max(ends) - min(ends) < 0.1, f"waits ended between {min(ends)} and {max(ends)}")
    dump.expect(uptime - 1 < min(ends) < uptime + 60, f"waits ended at {min(ends)}, after {uptime}")


def parse_groups(lines):
    """(hierarchy, path) -> {tasks, memory, memory_max, pids, pids_max, members}."""
    groups, hierarchy, current = {}, None, None
    for line in lines:
        if match := re.match(r"HIERARCHY: (\d+)", line):
            hierarchy = int(match[1])
        elif match := re.match(r"[0-9a-f]{16} +(\d+) +(\S+) +(\S+) +(\S+) +(\S+)  (/.*)$", line):
            names = ("tasks", "memory.current", "memory.max", "pids.current", "pids.max")
            current = dict(zip(names, match.groups()), members=[])
            groups[hierarchy, match[6]] = current
        elif match := re.match(r"  PID: (\d+) ", line):
            current["members"].append(int(match[1]))
    return groups


def check_cgroups(dump):
    (lines,) = dump.ask("cgroup -t")
    groups = parse_groups(lines)
    rows = [line.split() for line in dump.said("proc/cgroups")[1:]]
    for name, hierarchy, count, _ in rows:
        ours = sum(of == int(hierarchy) for of, _ in groups)
        dump.expect(ours == int(count), f"{name}: {ours} groups in {hierarchy}, not {count}")
    dump.expect(rows, "the truth holds no controllers")
    threads = {tid for _, _, _, members in dump.processes().values() for tid, _ in members}
    root = groups.get((0, "/"), {"members": []})
    everywhere = [pid for (of, _), group in groups.items() if of == 0 for pid in group["members"]]
    # Processes that have exited are in none, and some come and go.
    dump.expect(len(everywhere) == len(set(everywhere)) and len(set(everywhere) ^ threads) < 12,
                f"tasks are in groups once: {sorted(set(everywhere) ^ threads)}")
    dump.expect(int(root.get("tasks", 0)) == len(root["members"]), f"{root} has as many tasks as it says")


def check_limits(dump):
    """The files of each group, where the guest recorded them."""
    (lines,) = dump.ask("cgroup -t")
    groups = parse_groups(lines)
    folder = dump.truth / "cgroup"
    paths = {path.name.rsplit(":", 1)[0] for path in folder.iterdir()}
    hierarchies = {"v2": 0, "v1": max(of for of, _ in groups)}
    keys = {path: (hierarchies[path[:2]], "/" + path[3:].replace(":", "/")) for path in paths}
    dump.expect(set(keys.values()) == set(groups), f"groups {sorted(groups)}, not {sorted(keys.values())}")

    def said(path, name):
        file = folder / f"{path}:{name}"
        return file.read_text().split() if file.exists() else None

    details = dump.ask(*(f'cgroup "{key[1]}"' if " " in key[1] else f"cgroup {key[1]}" for key in keys.values()))
    for (path, key), detail in zip(keys.items(), details):
        ours = groups.get(key, {})
        if path[3:]:
            members = set(map(int, said(path, "cgroup.procs") or []))
            dump.expect(set(ours.get("members", ())) == members, f"{path} has {members}: {ours}")
        for name in ("memory.max", "pids.current", "pids.max"):
            wanted = said(path, name)
            dump.expect(wanted is None or [ours.get(name)] == wanted, f"{path}: {name} is {wanted}: {ours}")
        text = " ".join(detail)
        if "CONTROLLERS" in text and key[0] == 0:
            wanted = " ".join(said(path, "cgroup.controllers")) or "(none)"
            dump.expect(f"HIERARCHY: 0  PATH: {key[1]} CONTROLLERS: {wanted} " in text, f"{path}: {wanted}: {detail}")
        for name, label in (("memory.high", "HIGH"), ("memory.low", "LOW"), ("memory.min", "MIN"), ("pids.peak", "PIDS: .*?PEAK")):
            wanted = said(path, name)
            found = re.search(rf"{label}: (\S+)", text)
            dump.expect(wanted is None or found and [found[1]] == wanted, f"{path}: {name} is {wanted}: {detail}")
        wanted = said(path, "memory.current")
        if wanted:  # what is freed late still counts
            dump.expect(abs(int(wanted[0]) - int(ours["memory.current"])) <= 1 << 20, f"{path}: {wanted}: {ours}")
    # Those whom /proc/PID/cgroup says.
    for pid, (comm, *_) in dump.processes().items():
        wanted = {tuple(line.split(":", 2)[::2]) for line in dump.said(f"proc/pids/{pid}/cgroup")}
        found = {(str(of), name) for (of, name), group in groups.items() if pid in group["members"]}
        dump.expect(found == wanted or not found, f"{pid} ({comm}) is in {found}, not {wanted}")


def check_audit(dump):
    """What nobody fetched was logged too, but for what came too fast."""
    records, buffers = dump.ask("log -a", "log -s")
    logged = [match[1].rstrip() for line in dump.said("dmesg") if (match := re.search(r"audit: (type=\d+ .*)", line))]
    ours = [line.rstrip() for line in records]
    dump.expect(len(logged) > 8, f"the truth holds only {logged}")
    missing = [line for line in logged if line not in ours]
    dump.expect(not missing, f"log -a lacks {missing}")
    dump.expect([line for line in ours if line in logged] == logged, "log -a has another order")
    dump.expect(all(re.match(r"type=\d+ audit\(\d+\.\d+:\d+\):", line) for line in ours), f"{ours}")
    dump.expect(len(buffers) == 1 and buffers[0].startswith("log: this kernel has no buffers"), f"log -s: {buffers}")
