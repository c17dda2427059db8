# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks for truth.py: swap areas, System V IPC, the machine, BPF."""
import re
import sys


def table(lines):
    """The rows of a table of /proc as dictionaries."""
    names = lines[0].split()
    return [dict(zip(names, line.split())) for line in lines[1:]]


def check_swap(dump):
    (lines,) = dump.ask("swap")
    ours = [line.split() for line in lines[1:]]
    ours = {words[6]: words for words in ours}
    for line in dump.said("proc/swaps")[1:]:
        name, kind, size, used, priority = line.split()
        words = ours.pop(name, None)
        dump.expect(words is not None, f"{name} is not in swap")
        if words is None:
            continue
        dump.expect(words[1] == {"file": "FILE", "partition": "PARTITION"}[kind], f"{name} is a {kind}: {words}")
        dump.expect(words[2] == f"{size}k" and words[5] == priority, f"{line}: {words}")
        # Pages may still go to swap and come back.
        dump.expect(abs(int(words[3][:-1]) - int(used)) <= 512, f"{line}: {words[3]} in use")
    dump.expect(not ours, f"/proc/swaps does not know {list(ours)}")


def check_ipc(dump):
    shared, details, semaphores, queues = dump.ask("ipcs -m", "ipcs -M", "ipcs -s", "ipcs -q")
    pages = [re.findall(r"\d+", line) for line in details if line.startswith("PAGES")]
    kinds = (("shm", "shmid", shared, ("size", "nattch")), ("sem", "semid", semaphores, ("nsems",)),
             ("msg", "msqid", queues, ("cbytes", "qnum")))
    for kind, number, lines, rest in kinds:
        ours = {line.split()[2]: line.split() for line in lines[1:] if re.match("[0-9a-f]{16} ", line)}
        rows = table(dump.said(f"proc/sysvipc/{kind}"))
        dump.expect(rows and len(rows) == len(ours), f"{kind}: {len(ours)} of {len(rows)}")
        for row in rows:
            words = ours.get(row[number], [""] * 8)
            wanted = [f"{int(row['key']) & 0xffffffff:08x}", row[number], row["uid"], row["perms"]]
            wanted += [row[name] for name in rest]
            dump.expect(words[1:1 + len(wanted)] == wanted, f"{kind} {row[number]}: {words}, was {wanted}")
    for row, (whole, resident, swapped) in zip(table(dump.said("proc/sysvipc/shm")), pages):
        wanted = (int(row["size"]), int(row["rss"]), int(row["swap"]))
        ours = (int(whole) * 4096, int(resident) * 4096, int(swapped) * 4096)
        dump.expect(ours == wanted, f"shared memory {row['shmid']}: {ours}, was {wanted}")
    dump.expect(len(pages) == len(table(dump.said("proc/sysvipc/shm"))), "ipcs -M misses shared memory")
    check_contained(dump)


def check_contained(dump):
    """A process in a name space of its own sees nothing of these."""
    pid = next(pid for pid, process in dump.processes().items() if process[0] == "contained-1")
    (lines,) = dump.ask(f"ipcs -n {pid}")
    dump.expect(lines.count("(none allocated)") == 3, f"ipcs -n {pid}: {lines}")


def check_machine(dump):
    machine, memory = dump.ask("mach", "mach -m")
    facts = dict(line.strip().split(": ", 1) for line in machine if ": " in line)
    is_arm = facts["MACHINE TYPE"] == "aarch64"
    dump.expect(facts["PAGE SIZE"] == "4096" and facts["HZ"] == "250", f"mach: {facts}")
    cpus = sum(line.startswith("processor") for line in dump.said("proc/cpuinfo"))
    stacks = [line for line in machine if re.match(r" *CPU \d+:", line)]
    dump.expect(len(stacks) >= 2 * cpus, f"mach shows {len(stacks)} stacks of {cpus} CPUs")
    top = [re.match(r"([0-9a-f]+)-([0-9a-f]+) : (.*)$", line) for line in dump.said("proc/iomem")]
    ram = [(int(match[1], 16), int(match[2], 16) + 1) for match in top if match and match[3] == "System RAM"]
    dump.expect(ram, "/proc/iomem has no memory")
    total = sum(end - start for start, end in ram) >> 20
    size = float(facts["MEMORY SIZE"].split()[0]) * (1024 if "GB" in facts["MEMORY SIZE"] else 1)
    dump.expect(abs(size - total) <= 2, f"mach: {facts['MEMORY SIZE']}, was {total} MB")
    if is_arm:
        dump.expect(len(memory) == 1 and "aarch64: e820_table" in memory[0], f"mach -m: {memory}")
        return
    ours = [line.split() for line in memory[1:]]
    ours = [(int(words[0], 16), int(words[2], 16)) for words in ours if words[3] == "E820_RAM"]
    dump.expect(ours == ram, f"mach -m: {ours}, was {ram}")


def bpf_descriptors(dump):
    """What the kernel tells of the workload's BPF descriptors, as dictionaries."""
    pid = next((pid for pid, process in dump.processes().items() if process[0] == "bpf-user"), None)
    found = []
    for path in sorted((dump.truth / f"proc/pids/{pid}/fdinfo").glob("*")):
        lines = [line.split(":", 1) for line in path.read_text().splitlines() if ":" in line]
        found.append({name: value.strip() for name, value in lines})
    return found


def check_bpf(dump):
    descriptors = bpf_descriptors(dump)
    if not descriptors:
        print("the workload of this dump did not use BPF")
        sys.exit(77)
    listed, programs, maps, links, code = dump.ask("bpf", "bpf -P", "bpf -M", "bpf -L", "bpf -P -t")
    text = "\n".join(listed)
    details = "\n".join(programs + maps)
    for one in descriptors:
        if "prog_tag" in one and "link_id" not in one:
            dump.expect(re.search(rf"^ *{one['prog_id']} .* {one['prog_tag']}\b", text, re.M), f"bpf misses {one}")
            dump.expect(f"MEMLOCK: {one['memlock']}" in details, f"bpf -P: memory of {one}")
        if "map_id" in one:
            sizes = f"KEY_SIZE: {one['key_size']}  VALUE_SIZE: {one['value_size']}  MAX_ENTRIES: {one['max_entries']}"
            dump.expect(sizes in details, f"bpf -M misses {one}")
        if "link_id" in one:
            kind = one["link_type"].upper()
            row = next((line.split() for line in links if line.split()[0] == one["link_id"]), [""] * 5)
            dump.expect(row[2] == kind and row[4] == one["prog_id"], f"bpf -L: {row}, was {one}")
            dump.expect(one.get("tp_name", "") in " ".join(row), f"bpf -L: {row}, was {one}")
    for name in ("demo_filter", "demo_lookup", "demo_trace", "demo_counts"):
        dump.expect(f'"{name}"' in details, f"bpf does not name {name}")
    for line in ("*(u32 *)(r10 -4) = 5", "r1 = map[id:", "lock *(u64 *)(r0 +0) += r1", "w0 &= 65535",
                 "if w0 > 0x40 goto pc+1", "r0 = be16 r0", "exit"):
        dump.expect(any(line in ours for ours in code), f"bpf -t does not show {line}")
