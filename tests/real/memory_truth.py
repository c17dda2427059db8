# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks for truth.py: kmem but for slabs."""
import re
import struct

PAGE = 4096


def numbers(lines):
    """name -> the first number of lines like "MemTotal: 310340 kB" or "nr_free_pages 3808"."""
    found = {}
    for line in lines:
        match = re.match(r"\s*([\w()]+):?\s+(-?\d+)", line)
        if match:
            found[match[1]] = int(match[2])
    return found


def tables(lines):
    """The tables of kmem -V: name -> {counter: value}."""
    found, table = {}, {}
    for line in lines:
        if match := re.match(r"  (\w+):$", line):
            table = found.setdefault(match[1], {})
        elif match := re.match(r"\s*(\w+): (-?\d+)$", line):
            table[match[1]] = int(match[2])
    return found


def near(ours, wanted, share, least):
    """Whether two numbers of what moves between the snapshot and the crash agree."""
    return abs(ours - wanted) <= max(least, share * max(ours, wanted))


def check_meminfo(dump):
    (lines,) = dump.ask("kmem -i")
    ours = {}
    for line in lines:
        match = re.match(r"\s*([A-Z ]+?)  +(\d+)  +\S", line)
        if match:
            ours[match[1]] = int(match[2]) * PAGE // 1024
    truth = numbers(dump.said("proc/meminfo"))
    huge = truth["Hugepagesize"]
    exact = {"TOTAL MEM": truth["MemTotal"], "TOTAL SWAP": truth["SwapTotal"], "COMMIT LIMIT": truth["CommitLimit"],
             "TOTAL HUGE": truth["HugePages_Total"] * huge, "HUGE FREE": truth["HugePages_Free"] * huge}
    for name, wanted in exact.items():
        dump.expect(near(ours[name], wanted, 0, PAGE // 1024), f"{name} is {ours[name]} kB, was {wanted}")
    moving = {"FREE": truth["MemFree"], "SLAB": truth["Slab"], "SWAP FREE": truth["SwapFree"],
              "COMMITTED": truth["Committed_AS"]}
    for name, wanted in moving.items():
        dump.expect(near(ours[name], wanted, 0.1, 8192), f"{name} is {ours[name]} kB, was {wanted}")
    # The guest unmounts its file system before it crashes.
    dump.expect(ours["CACHED"] <= truth["Cached"] + 8192, f"CACHED is {ours['CACHED']} kB, was {truth['Cached']}")
    dump.expect(ours["CACHED"] >= truth["Shmem"] - 8192, f"CACHED is {ours['CACHED']} kB, shmem {truth['Shmem']}")
    dump.expect(ours["BUFFERS"] <= truth["Buffers"] + 8192, f"BUFFERS is {ours['BUFFERS']} kB")
    dump.expect(ours["USED"] == ours["TOTAL MEM"] - ours["FREE"], "USED is not what is not FREE")


def truth_zones(lines):
    """(node, zone) -> its numbers in /proc/zoneinfo."""
    found, zone = {}, None
    for line in lines:
        if match := re.match(r"Node (\d+), zone\s+(\S+)", line):
            zone = found.setdefault((int(match[1]), match[2]), {})
        elif line.startswith("  pages free"):
            zone["free"] = int(line.split()[2])
        elif match := re.match(r"\s+(\w+)\s+(\d+)$", line):
            zone.setdefault(match[1], int(match[2]))
    return found


def check_zones(dump):
    lines, nodes = dump.ask("kmem -z", "kmem -n")
    blocks = re.split(r"(?m)^NODE: ", "\n".join(lines))[1:]
    truth = truth_zones(dump.said("proc/zoneinfo"))
    dump.expect(len(blocks) == len(truth), f"{len(blocks)} zones of {len(truth)}")
    for block in blocks:
        head = re.match(r'(\d+)  ZONE: \d+  ADDR: [0-9a-f]+  NAME: "(\w+)"', block)
        zone = truth[int(head[1]), head[2]]
        sizes = re.search(r"SIZE: (\d+)(?:  PRESENT: (\d+))?  MIN/LOW/HIGH: (\d+)/(\d+)/(\d+)", block)
        if not sizes:
            dump.expect("[unpopulated]" in block and zone.get("spanned", 0) == 0, f"zone {head[2]}: {block}")
            continue
        spanned, present, *marks = (int(number) if number else None for number in sizes.groups())
        dump.expect(spanned == zone["spanned"], f"zone {head[2]} spans {spanned}, was {zone['spanned']}")
        dump.expect((present or spanned) == zone["present"], f"zone {head[2]} has {present or spanned} present")
        boost = zone.get("boost", 0)
        wanted = [zone[name] - boost for name in ("min", "low", "high")]
        # A boost comes and goes.
        steady = marks == wanted or marks == [zone[name] for name in ("min", "low", "high")]
        dump.expect(steady, f"zone {head[2]}: watermarks {marks}, were {wanted}")
        ours = numbers(block.splitlines()[3:])
        dump.expect(near(ours["NR_FREE_PAGES"], zone["nr_free_pages"], 0.2, 4096), f"zone {head[2]}: {ours}")
    text = "\n".join(nodes)
    spans = sum(zone.get("spanned", 0) for zone in truth.values())
    dump.expect(re.search(rf"(?m)^  0 +{spans} ", text), f"node 0 does not span {spans}:\n{text}")
    blocks = {path.name for path in (dump.truth / "sys").rglob("memory[0-9]*")}
    ours = set(re.findall(r" (memory\d+) ", text))
    dump.expect(ours and (not blocks or blocks == ours), f"memory blocks are {ours}, were {blocks}")


def check_free(dump):
    lines, pages = dump.ask("kmem -f", "kmem -F")
    dump.expect(not dump.stderr, f"kmem -f complains: {dump.stderr}")
    dump.expect(re.search(r"nr_free_pages: \d+  \(verified", lines[-1]), f"kmem -f ends: {lines[-1]}")
    zone, ours = None, {}
    for line in lines:
        if match := re.match(r" +\d+   (\w+) +\d+ +-?\d+  ", line):
            zone = ours.setdefault(match[1], [0] * 11)
        elif match := re.match(r" +(\d+) +\d+k  [0-9a-f]{16}  +(\d+) +(\d+)$", line):
            zone[int(match[1])] += int(match[2])
            dump.expect(int(match[3]) == int(match[2]) << int(match[1]), f"not so many pages: {line}")
    linked = sum(re.fullmatch(r"[0-9a-f]{16}", line) is not None for line in pages)
    dump.expect(linked == sum(map(sum, ours.values())), f"kmem -F has {linked} blocks, kmem -f {ours}")
    for line in dump.said("proc/buddyinfo"):
        _, name, counts = re.match(r"Node (\d+), zone +(\S+) +(.*)$", line).groups()
        wanted = [int(count) for count in counts.split()]
        total = sum(count << order for order, count in enumerate(wanted))
        found = sum(count << order for order, count in enumerate(ours[name]))
        dump.expect(near(found, total, 0.2, 4096), f"zone {name}: {found} free pages, were {total}")
        # What nobody touches: the largest blocks.
        dump.expect(near(ours[name][-1], wanted[-1], 0.2, 4), f"zone {name}: {ours[name]}, were {wanted}")


def check_vmalloc(dump):
    """Addresses are scrambled in the truth; sizes are not."""
    import json
    (lines,) = dump.ask("kmem -v")
    rows = [re.match(r"[0-9a-f]{16}  [0-9a-f]{16}  ([0-9a-f]+) - ([0-9a-f]+) +(\d+)$", line) for line in lines[1:]]
    dump.expect(rows and all(rows), f"no table: {lines[:3]}")
    ranges = [(int(row[1], 16), int(row[2], 16), int(row[3])) for row in rows]
    dump.expect(all(end - start == size for start, end, size in ranges), "a size is not that of its range")
    dump.expect(all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:])), "areas overlap or are not ascending")
    wanted = [line.split() for line in dump.said("proc/vmallocinfo") if "unpurged" not in line]
    sizes = {}
    for _, _, size in ranges:
        sizes[size] = sizes.get(size, 0) + 1
    for words in wanted:
        sizes[int(words[1])] = sizes.get(int(words[1]), 0) - 1
    differing = sum(map(abs, sizes.values()))
    dump.expect(differing <= 0.15 * len(wanted), f"{len(ranges)} areas, were {len(wanted)}: {sizes}")
    # Who asked for them, which the table does not show.
    (answer,) = dump.ask("set json on", "kmem -v")[1:]
    callers = [json.loads(line).get("caller") for line in answer if '"vmap_area"' in line]
    callers = {caller.split("+")[0] for caller in callers if isinstance(caller, str)}
    named = {words[2].split("+")[0] for words in wanted if len(words) > 2 and "+0x" in words[2]}
    if callers:
        missing = {name for name in named - callers if not name.startswith(("bpf_", "__bpf"))}
        dump.expect(len(missing) <= 0.1 * len(named), f"no area is of {missing}")


def check_counters(dump):
    (lines,) = dump.ask("kmem -V")
    ours = tables(lines)
    truth = numbers(dump.said("proc/vmstat"))
    dump.expect({"VM_ZONE_STAT", "VM_NODE_STAT", "VM_EVENT_STATES"} <= set(ours), f"tables are {list(ours)}")
    dump.expect("VM_NUMA_EVENT" in ours, "where pages came from is missing")
    # Events only grow, and little so before the crash.
    for name, value in ours["VM_EVENT_STATES"].items():
        wanted = truth.get(name.lower())
        if wanted is not None:
            # What is written in between is not bounded.
            is_near = name == "PGPGOUT" or near(value, wanted, 0.6, 30000)
            dump.expect(wanted <= value + 64 and is_near, f"{name} is {value}, was {wanted}")
    for name, value in ours["VM_NUMA_EVENT"].items():
        wanted = truth[name.lower().replace("_hit", "") if "INTERLEAVE" in name else name.lower()]
        dump.expect(wanted <= value + 64 and near(value, wanted, 0.6, 30000), f"{name} is {value}, was {wanted}")
    for name in ("NR_FREE_PAGES", "NR_ANON_MAPPED", "NR_SHMEM", "NR_PAGETABLE", "NR_KERNEL_STACK_KB"):
        value = {**ours["VM_ZONE_STAT"], **ours["VM_NODE_STAT"]}[name]
        names = {"NR_ANON_MAPPED": "nr_anon_pages", "NR_PAGETABLE": "nr_page_table_pages",
                 "NR_KERNEL_STACK_KB": "nr_kernel_stack"}
        wanted = truth[names.get(name, name.lower())]
        dump.expect(near(value, wanted, 0.25, 2048), f"{name} is {value}, was {wanted}")


KPF = {"slab": 7, "buddy": 10, "table": 26, "reserved": 32}


def check_page_types(dump):
    data = (dump.truth / "proc/kpageflags").read_bytes()
    flags = struct.unpack(f"<{len(data) // 8}Q", data)
    lines, free = dump.ask("kmem -p", "kmem -F")
    ours = {name: set() for name in KPF}
    counted, frames = 0, {}
    for line in lines[1:]:
        words = line.split()
        counted += 1
        frame = int(words[1], 16) // PAGE
        frames[words[0]] = frame
        if len(words) < 7:
            continue
        for name in words[6].split(","):
            if name in ours:
                ours[name].add(frame)
    dump.expect(counted > 10000, f"{counted} pages")
    # The kernel tells all pages of a free block.
    order, blocks = 0, set()
    for line in free:
        if match := re.match(r" +(\d+) +\d+k  ", line):
            order = int(match[1])
        elif line in frames:
            blocks.add(frames[line])
            ours["buddy"].update(range(frames[line], frames[line] + (1 << order)))
    firsts = {frames[line.split()[0]] for line in lines[1:] if line.endswith("buddy")}
    dump.expect(blocks == firsts, f"{len(blocks)} blocks are listed, {len(firsts)} pages say that they are free")
    for name, bit in KPF.items():
        wanted = {frame for frame, value in enumerate(flags) if value >> bit & 1}
        if name == "slab":  # of larger slabs the kernel marks all pages, or none but the first
            wanted = {frame for frame in wanted if not flags[frame] >> 16 & 1}
        # Memory that never changes its use, and what moves.
        share = {"reserved": 0.002, "buddy": 0.75}.get(name, 0.25)
        differing = len(ours[name] ^ wanted)
        dump.expect(wanted and differing <= max(8, share * len(wanted)),
                    f"{name}: {len(ours[name])} pages, were {len(wanted)}, {differing} differ")


def check_addresses(dump):
    """kmem ADDRESS against addresses whose meaning is known."""
    tasks, offsets, symbol, modules = dump.ask("ps", "kmem -o", "sym runqueues", "mod")
    rows = [line[1:].split() for line in tasks]
    rows = [row for row in rows if len(row) > 4 and row[0].isdigit() and row[0] != "0"][:4]
    stacks = dump.ask(*(f"task -R stack {row[3]}" for row in rows))
    stacks = [re.search(r"stack = 0x([0-9a-f]+)", "\n".join(lines))[1] for lines in stacks]
    asked = [f"kmem {int(row[3], 16) + 64:x}" for row in rows] + [f"kmem {int(at, 16) + 0x3800:x}" for at in stacks]
    for number, lines in enumerate(dump.ask(*asked)):
        pid, text = rows[number % len(rows)][0], "\n".join(lines)
        dump.expect(f"PID: {pid}\n" in text, f"{asked[number]} is not of task {pid}:\n{text}")
        dump.expect("task_struct" in text or number >= len(rows), f"{asked[number]} is in no slab:\n{text}")
        dump.expect("PHYSICAL" in text, f"{asked[number]} has no page:\n{text}")
    places = [re.match(r"  CPU (\d+): ([0-9a-f]+)", line) for line in offsets]
    at = int(symbol[0].split()[0], 16)
    places = [(int(match[1]), int(match[2], 16)) for match in places if match]
    asked = [f"kmem {(at + offset) % 2**64:x}" for _, offset in places]
    for (cpu, _), lines in zip(places, dump.ask(*asked)):
        text = "\n".join(lines)
        dump.expect(re.search(rf"(?m)^ +{cpu}  [0-9a-f]+ +[0-9a-f]+  runqueues$", text), f"runqueues of {cpu}:\n{text}")
    symbols = [line.split() for line in dump.said("proc/kallsyms")]
    known = [name for _, kind, name, *_ in symbols if kind in "TD" and name in ("schedule", "init_task", "jiffies")]
    banner, page, names = dump.ask("kmem linux_banner", "kmem -p | tail -1", "kmem (linux_banner+4)")
    dump.expect(banner and "linux_banner" in banner[0] and names and "linux_banner+4" in names[0], f"{banner} {names}")
    dump.expect(known, "no symbols")
    struct_page, physical = page[0].split()[:2]
    described, wrong = dump.ask(f"kmem {int(struct_page, 16) + 8:x}", "kmem 7ffffffffff")
    dump.expect(f"MEM_MAP: {struct_page}+8 of physical address {physical}" in "\n".join(described), f"{described}")
    dump.expect(wrong == ["7ffffffffff: physical address not found in mem map"], f"{wrong}")
    first = modules[1].split()
    (module,) = dump.ask(f"kmem {int(first[2], 16) + 16:x}")
    dump.expect(f"[{first[1]}]" in "\n".join(module), f"{first} is no module: {module}")
    dump.expect("VMAP_AREA" in "\n".join(module), f"{first} is in no area: {module}")
    check_mapped(dump, tasks)


def check_mapped(dump, tasks):
    """Of a page that a process has in memory, kmem names the process and the place."""
    rows = [line[1:].split() for line in tasks]
    pid = next(row[0] for row in rows if row and row[-1] in ("workload", "init", "sh") and row[0].isdigit())
    (lines,) = dump.ask(f"vm -p {pid}")
    pages = [match.groups() for match in (re.match(r"([0-9a-f]+) +([0-9a-f]+) *$", line) for line in lines) if match]
    pages = pages[::max(1, len(pages) // 12)]
    dump.expect(len(pages) > 3, f"task {pid} has the pages {pages}")
    named = 0
    for (at, physical), answer in zip(pages, dump.ask(*(f"kmem {physical}" for _, physical in pages))):
        named += any(re.match(rf" +{pid}  [0-9a-f]+ +{at}  ", line) for line in answer)
    # Pages of the kernel's own (vdso) have no way back.
    dump.expect(named >= len(pages) - 2, f"{named} of {len(pages)} pages of task {pid} are known to be its own")
