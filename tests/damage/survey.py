# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out where in a dump's memory things lie, by asking the undamaged one.

What a command prints of kernel addresses is where it read: the areas below are
lists of commands. For page tables it is what vtop says of each step.
"""

import dataclasses
import random
import re

KERNEL_ADDRESS = re.compile(r"\bf[0-9a-f]{15}\b")
TABLE_ENTRY = re.compile(r": +([0-9a-f]+) => [0-9a-f]*[1-9a-f]")
TRANSLATED = re.compile(r"^(f[0-9a-f]{15})  +([0-9a-f]+) *$", re.M)
LIMIT = 300  # seconds for any question
MOST = 3000  # places of an area

# What is damaged: commands that print the addresses of it.
AREAS = {
    "tasks": ["ps"],
    "stacks": ["ps -s", "foreach bt -r | cut -c-17"],
    "memory": ["foreach user vm"],
    "files": ["foreach files", "files -c 1", "mount"],
    "sockets": ["foreach net -s", "net -a", "net"],
    "caches": ["kmem -s"],
    "slabs": ["kmem -S filp", "kmem -S dentry", "kmem -S kmalloc-64", "kmem -S files_cache", "kmem -S task_struct"],
    "free": ["kmem -F | head -2000", "kmem -f"],
    "pages": ["kmem -p | head -20000", "kmem -z", "kmem -n"],
    "modules": ["mod", "sym -M | head -500"],
    "per-CPU": ["kmem -o", "p runqueues", "p cpu_info", "p softnet_data", "p kstat", "p cpu_number"],
    "queues": ["runq", "runq -g", "runq -t", "timer", "timer -r", "waitq log_wait"],
    "devices": ["dev", "dev -p", "dev -d", "irq", "ipcs", "swap", "bpf", "dev -i"],
    "groups": ["cgroup -t"],
    "vmalloc": ["kmem -v"],
    "roots": ["sym -q init_task", "sym -q page_offset_base", "sym -q mem_section", "sym -q __per_cpu_offset",
              "sym -q slab_caches", "sym -q node_data", "sym -q init_pid_ns", "sym -q vmap_area", "sym -q super_blocks",
              "sym -q cgrp_dfl_root", "sym -q irq_desc", "sym -q init_top_pgt", "sym -q swapper_pg_dir",
              "sym -q net_namespace_list", "sym -q init_net", "sym -q init_ipc_ns", "sym -q prb", "sym -q modules",
              "sym -q timekeeper", "sym -q log_buf", "sym -q printk_rb", "sym -q init_uts_ns", "sym -q chrdevs",
              "sym -q mod_tree", "sym -q memstart_addr", "sym -q kimage_voffset", "sym -q cpu_online_mask",
              "sym -q jiffies"],
    "log": ["p prb->desc_ring", "p prb->text_data_ring", "p -x prb", "sym -q __log_buf", "sym -q _printk_rb_static"],
}


@dataclasses.dataclass
class Survey:
    areas: dict  # name: [physical address]
    words: dict  # of command lines: see commands.py


def physical_of(session, addresses):
    """Addresses in the order given where the dump has them."""
    found = []
    for at in range(0, len(addresses), 200):
        answer = session.ask("vtop -k " + " ".join(addresses[at:at + 200]), LIMIT)
        found += [int(physical, 16) for _, physical in TRANSLATED.findall(answer.text)]
    return found


def addresses_in(session, commands, picker):
    found = []
    for command in commands:
        found += KERNEL_ADDRESS.findall(session.ask(command, LIMIT).text)
    found = list(dict.fromkeys(found))
    return picker.sample(found, MOST) if len(found) > MOST else found


def page_tables(session, words, picker, seen):
    asked = ["vtop " + " ".join(picker.sample(seen, min(len(seen), 100)))]
    asked += [f"vtop -c {pid} {words['user']}" for pid in words["pids"][:40]]
    asked += [f"vtop -k {words['module_text']} {words['vmalloc']} {words['page']}"]
    entries = []
    for command in asked:
        entries += TABLE_ENTRY.findall(session.ask(command, LIMIT).text)
    return [int(entry, 16) for entry in dict.fromkeys(entries)]


def first(pattern, text, default):
    found = re.search(pattern, text, re.M)
    return found[1] if found else default


def find_words(session):
    """What command lines of this dump may name."""
    def ask(command):
        return session.ask(command, LIMIT).text
    users = re.findall(r"^[> ] +([1-9]\d*) +\d+ +\d+ +(f[0-9a-f]{15})", ask("ps -u -G"), re.M)
    kernel = re.findall(r"^[> ] +([1-9]\d*) +\d+ +\d+ +(f[0-9a-f]{15})", ask("ps -k"), re.M)
    pids = [pid for pid, _ in users]
    pid = pids[-1] if pids else "1"
    areas = ask(f"vm {pid}")
    files = ask(f"files {pid}")
    modules = ask("mod")
    nothing = "ffffffffdead0000"
    return {
        "pids": pids,
        "pid": pid,
        "task": users[-1][1] if users else "init_task",
        "thread": kernel[len(kernel) // 2][0] if kernel else "1",
        "vma": first(r"^(f[0-9a-f]{15}) +[0-9a-f]+ +[0-9a-f]+ +\d+", areas, nothing),
        "user": first(r"^f[0-9a-f]{15} +([0-9a-f]+) +[0-9a-f]+ +\d+", areas, "400000"),
        "mm": first(r"^(f[0-9a-f]{15}) +f", areas, nothing),
        "file": first(r"^ +\d+ (f[0-9a-f]{15})", files, nothing),
        "dentry": first(r"^ +\d+ f[0-9a-f]{15} (f[0-9a-f]{15})", files, nothing),
        "inode": first(r"^ +\d+ f[0-9a-f]{15} f[0-9a-f]{15} (f[0-9a-f]{15})", files, nothing),
        "module": first(r"^f[0-9a-f]{15} +(\S+)", modules, "none"),
        "module_text": first(r"^f[0-9a-f]{15} +\S+ +(f[0-9a-f]{15})", modules, nothing),
        "page": first(r"^ *(f[0-9a-f]{15}) +1000000", ask("kmem -p 1000000"), nothing),
        "object": first(r"\[(f[0-9a-f]{15})\]", ask("kmem -S filp"), nothing),
        "vmalloc": first(r"(f[0-9a-f]{15}) +- +f", ask("kmem -v"), nothing),
        "function": first(r"#[12] \[[0-9a-f]+\] (\w+)", ask("bt"), "schedule"),
        "address": first(r"#[12] \[[0-9a-f]+\] \w+ at ([0-9a-f]+)", ask("bt"), nothing),
        "place": first(r"#[12] \[([0-9a-f]+)\]", ask("bt"), nothing),
        "socket": first(r"(f[0-9a-f]{15})", ask("foreach net -s | grep -m1 UNIX"), nothing),
    }


def survey(session, plain, seed):
    picker = random.Random(seed)
    words = find_words(session)
    areas, seen = {}, []
    for name, commands in AREAS.items():
        addresses = addresses_in(session, commands, picker)
        seen += addresses
        areas[name] = physical_of(session, addresses)
    areas["page tables"] = page_tables(session, words, picker, seen)
    for name, places in areas.items():
        areas[name] = [place for place in places if plain.holds(place)]
    return Survey({name: places for name, places in areas.items() if places}, words)
