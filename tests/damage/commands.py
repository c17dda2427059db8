# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command with what it can do. Words in braces come from the survey;
what is separated by ";;" is asked together."""

import random
import re

COMMANDS = {
    "*": ["* task_struct.pid,comm {task}"],
    "alias": ["alias"],
    "ascii": ["ascii 62696c2f7273752f"],
    "bpf": ["bpf", "bpf -P -t", "bpf -P -j", "bpf -M -s", "bpf -L"],
    "bt": ["bt", "bt -a", "bt -l", "bt -f", "bt -FF", "bt -t", "bt -T", "bt -r", "bt -e", "bt -E", "bt -v",
           "bt -R schedule", "bt -g {pid}", "bt {thread}", "bt {task}", "bt -I {address} -S {place}", "bt -s -x -p",
           "bt -a -n idle"],
    "btop": ["btop 512a000"],
    "cgroup": ["cgroup", "cgroup -t", "cgroup -c memory", "cgroup {pid}", "cgroup /"],
    "dev": ["dev", "dev -i", "dev -p", "dev -d", "dev -D", "dev -V"],
    "dis": ["dis schedule", "dis -l {function}", "dis -r {address}", "dis -x {module_text} 20", "dis -s {function}",
            "dis -u {user} 4"],
    "eval": ["eval -b 4080"],
    "files": ["files", "files -c {pid}", "files -d {dentry}", "files -p {inode}", "files -n {inode}",
              "files -R / {pid}"],
    "foreach": ["foreach bt", "foreach files", "foreach vm", "foreach net -s", "foreach net -q", "foreach sig -g",
                "foreach task -R pid,comm,mm", "foreach UN bt -f", "foreach user vtop {user}", "foreach kernel ps",
                "foreach active set", "foreach user files -c"],
    "fuser": ["fuser /", "fuser {inode}"],
    "help": ["help", "help -D", "help -r"],
    "ipcs": ["ipcs", "ipcs -M", "ipcs -n {pid}"],
    "irq": ["irq", "irq -u", "irq -d", "irq -b", "irq -a", "irq -s"],
    "kmem": ["kmem -i", "kmem -i=shared", "kmem -n", "kmem -o", "kmem -V", "kmem -z", "kmem -f", "kmem -F", "kmem -p",
             "kmem -p {page}", "kmem -m flags,_refcount {page}", "kmem -v", "kmem -v {vmalloc}", "kmem -s", "kmem -S",
             "kmem -S filp", "kmem -s list", "kmem -r", "kmem -h", "kmem -g", "kmem {task}", "kmem {object}",
             "kmem {page}", "kmem {module_text}", "kmem -P 1000000", "kmem {place}", "kmem -s {object}",
             "kmem {inode} {dentry} {file} {vma}", "kmem jiffies"],
    "list": ["list -o task_struct.tasks -s task_struct.comm -h init_task", "list -H modules -o module.list -s module.name",
             "list -H slab_caches -o kmem_cache.list -s kmem_cache.name,size",
             "list -r -H super_blocks -o super_block.s_list -S super_block.s_id"],
    "lock": ["lock", "lock -d", "lock -t {thread}", "lock -k mutex", "lock -t {pid}"],
    "log": ["log", "log -m", "log -T", "log -d", "log -c", "log -a", "log -s", "log -t"],
    "mach": ["mach", "mach -m", "mach -c -x"],
    "mod": ["mod", "mod -t", "mod -s {module} ;; mod -D", "mod -S ;; bt ;; mod -D"],
    "mount": ["mount", "mount -i", "mount -n {pid}", "mount /"],
    "net": ["net", "net -a", "net -A", "net -n {pid}", "net -s {pid}", "net -S {pid}", "net -q {pid}"],
    "p": ["p jiffies", "p init_task", "p -x runqueues:a", "p init_task.tasks.next->prev", "p *(struct task_struct *)0x{task}",
          "p -u *(long *)0x{user}", "p ((struct mm_struct *)0x{mm})->pgd[0]", "p cpu_info", "p __per_cpu_offset[0]@4"],
    "ps": ["ps", "ps -A", "ps -p {pid}", "ps -c 1", "ps -t {pid}", "ps -l", "ps -m", "ps -C 0 -l", "ps -a", "ps -g", "ps -r",
           "ps -S", "ps -Y", "ps -s", "ps -u", "ps -k", "ps -G", "ps -y FIFO"],
    "pte": ["pte 8000000000000063 {page}"],
    "ptob": ["ptob 512a"],
    "ptov": ["ptov 56e000 1000000", "ptov 100:a"],
    "rd": ["rd jiffies", "rd -a linux_banner", "rd -s {task} 64", "rd -SS {task} 64", "rd {place} 200", "rd -p 1000000 8",
           "rd -u {user} 16", "rd -f 0 8", "rd -8 {module_text} 64", "rd -32 {vmalloc} 16", "rd -R {page} 4"],
    "runq": ["runq", "runq -t", "runq -T", "runq -m", "runq -g", "runq -d", "runq -c a"],
    "sbitmapq": ["sbitmapq {task}"],
    "search": ["search {task}", "search -p {task}", "search -t {address}", "search -T {address}", "search -V {module_text}",
               "search -u 7f454c46", "search -K {inode} -x 2", "search -s {task} -l 20000 -c ethtool"],
    "set": ["set", "set {pid} ;; bt ;; set -p", "set -c 0 ;; set -p", "set -v"],
    "sig": ["sig {pid}", "sig -g {pid}", "sig -l", "sig -s 4002"],
    "struct": ["struct task_struct {task}", "struct task_struct.mm,files,comm {task}", "struct rq.nr_running runqueues:a",
               "struct file {file}", "struct inode {inode} -x", "struct page {page}", "struct -o list_head",
               "struct vm_area_struct.vm_mm,vm_start {vma} 3"],
    "swap": ["swap"],
    "sym": ["sym schedule", "sym {module_text}", "sym -M", "sym -m {module}", "sym -q init_task", "sym -l"],
    "sys": ["sys", "sys -c", "sys -t", "sys -i", "sys config"],
    "task": ["task", "task -R comm,flags {pid}", "task {task} -x"],
    "timer": ["timer", "timer -r", "timer -C 0"],
    "tree": ["tree -t xarray -r pid_namespace.idr -p -S pid.level init_pid_ns", "tree -t rbtree -o vmap_area.rb_node vmap_area_root",
             "tree -t maple -r mm_struct.mm_mt {mm} -p", "tree -t maple -r mm_struct.mm_mt {mm} -v",
             "tree -t xarray -r address_space.i_pages ({inode})",
             "tree -t rbtree -r cfs_rq.tasks_timeline -o sched_entity.run_node (&runqueues)"],
    "union": ["union thread_union {place}"],
    "vm": ["vm", "vm {pid}", "vm -p {pid}", "vm -P {vma} {pid}", "vm -v {pid}", "vm -m {pid}", "vm -M {mm} {pid}",
           "vm -R lib {pid}", "vm -f 75"],
    "vtop": ["vtop {task}", "vtop -c {pid} {user}", "vtop {module_text} {vmalloc} {page} {place}"],
    "waitq": ["waitq log_wait", "waitq kauditd_wait", "waitq signal_struct.wait_chldexit (&init_signals)", "waitq {task}"],
    "whatis": ["whatis pid_t", "whatis -r 64", "whatis -m task_struct", "whatis jiffies", "whatis -r 1000-9000 -m list_head"],
}
# Nothing that a dump has a say in, or not of ours to do.
LEFT_OUT = {"!", "exit", "q", "extend", "gdb", "h", "repeat", "wr", "again"}
# Asked whatever else is chosen: what everybody starts with.
ALWAYS = ["sys", "bt", "ps", "log", "mod", "kmem -i"]
# Answers about the file, which is another one.
OF_FILE = ("rd -f", "help", "dev -V", "set -v")
# By which a command names what is missing; see also comparable().
SAID = re.compile(r"not in (the )?dump|seek error|nothing of|unreadable|cannot|could not|unavailable|corrupt|damaged|"
                  r"incomplete|\bno\b|\bnot\b|\?|invalid|unknown|missing|\bloop|\bends?\b|broken|fault|lost|"
                  r"too (large|many|deep)|inconsistent|without|impossible|partial|left out|never", re.I)


def comparable(text, path):
    """An answer without what differs between two dumps that are the same."""
    text = re.sub(r" *DUMPFILE: .*\n", "", text.replace(str(path), "DUMP"))
    return re.sub(r"\$\d+ = ", "$ = ", text)


def lines(words):
    """All command lines for a dump."""
    found = []
    for each in COMMANDS.values():
        for line in each:
            found.append(re.sub(r"\{(\w+)\}", lambda match: words[match[1]], line))
    return list(dict.fromkeys(found))


def chosen(all_lines, count, seed):
    """ALWAYS and some of the others, in a random order."""
    picker = random.Random(seed)
    if not count or count >= len(all_lines):
        return all_lines
    others = [line for line in all_lines if line not in ALWAYS]
    picked = picker.sample(others, max(count - len(ALWAYS), 0)) + ALWAYS
    picker.shuffle(picked)
    return picked


def forgotten(help_text):
    """Commands that help lists and nobody runs here."""
    names = set(help_text.strip().split("\n\n")[0].split())
    return sorted(names - set(COMMANDS) - LEFT_OUT)
