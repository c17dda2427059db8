# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of slab caches: against /proc/slabinfo and /sys/kernel/slab, and against the pages that say they are slabs."""
import collections
import json
import pathlib
import re
import struct
import tempfile

PAGE, STRUCT_PAGE = 4096, 64
# What reading /proc and /sys, which makes the truth, and saving it allocate themselves.
MOVING = {"inode_cache", "dentry", "lsm_inode_cache", "numa_policy", "proc_inode_cache", "kernfs_node_cache", "buffer_head",
          "radix_tree_node", "kmalloc-96", "kmalloc-128", "vm_area_struct", "bio-192"}
SPARE_SLABS = 8  # and what a few tasks more or less need


def rows_of(dump):
    """name -> the record of kmem -s."""
    _, lines = dump.ask("set json on", "kmem -s")
    rows = [json.loads(line) for line in lines]
    return {row["name"]: row for row in rows if "object_size" in row}


def slabinfo(dump):
    """name -> (objects in use, objects, size of each, objects per slab, pages per slab)."""
    lines = (line.split() for line in dump.said("proc/slabinfo")[2:])
    return {words[0]: tuple(map(int, words[1:6])) for words in lines}


def check_counts(dump, ours, wanted):
    dump.expect(set(ours) == set(wanted), f"caches differ: {set(ours) ^ set(wanted)}")
    same = 0
    for name in set(ours) & set(wanted):
        row, (_, total, _, per_slab, pages) = ours[name], wanted[name]
        dump.expect(row["slab_size"] == pages * PAGE, f"{name}: slabs of {row['slab_size']}, was {pages} pages")
        dump.expect(row["total"] == row["slabs"] * per_slab, f"{name}: {row['total']} objects in {row['slabs']} slabs of {per_slab}")
        dump.expect(0 <= row["allocated"] <= row["total"], f"{name}: {row['allocated']} of {row['total']} in use")
        same += row["total"] == total
        dump.expect(name in MOVING or abs(row["total"] - total) <= SPARE_SLABS * per_slab,
                    f"{name}: {row['total']} objects, was {total}")
    dump.expect(same > 0.85 * len(wanted) and same > 100, f"only {same} caches of {len(wanted)} have as many objects as they had")


def check_active(dump, ours, wanted):
    """What the kernel calls active: all but the free objects of the nodes' partial slabs."""
    _, lines = dump.ask("set json on", "kmem -S")
    free, name = collections.Counter(), None
    for row in map(json.loads, lines):
        name = row["name"] if "object_size" in row else name
        if "per_cpu" in row:
            free[name] += sum(slab["free"] for slab in row["partial"])
    same = [name for name in set(ours) & set(wanted) if ours[name]["total"] == wanted[name][1]]
    equal = sum(ours[name]["total"] - free[name] == wanted[name][0] for name in same)
    dump.expect(equal > 0.9 * len(same), f"only {equal} caches of {len(same)} have as many active objects as they had")
    dump.expect(any(free.values()), "no node has a partial slab")


def check_sizes(dump, ours):
    """Caches that share none with others have folders by name."""
    compared = 0
    for folder in (dump.truth / "sys/kernel/slab").iterdir():
        row = ours.get(folder.name)
        if row is None:
            continue
        compared += 1
        size, order = (int((folder / name).read_text().split()[0]) for name in ("object_size", "order"))
        dump.expect((row["object_size"], row["slab_size"]) == (size, PAGE << order),
                    f"{folder.name}: objects of {row['object_size']} in slabs of {row['slab_size']}, were {size} and {PAGE << order}")
    dump.expect(compared > 10, f"only {compared} caches have folders")


def slab_pages(dump):
    """Address of a cache -> how many pages say they are the first of a slab of it; from the array of struct page."""
    slab, members, *kinds = dump.ask("kmem -S kmem_cache", "struct -o slab", "p (int)PGTY_slab", "p (int)PG_slab")
    first = next(line.split() for line in slab if re.match(r"  [0-9a-f]{16}  [0-9a-f]{16} ", line))
    (walk,) = dump.ask(f"vtop {first[1]}")
    at = next(int(line.split()[1], 16) for line in walk if line.startswith(first[1]))
    base = int(first[0], 16) - at // PAGE * STRUCT_PAGE
    owner = next(int(re.search(r"\[(\d+)\]", line)[1]) for line in members if "*slab_cache;" in line)
    number = next(int(lines[0].split("=")[1]) for lines in kinds if lines and "=" in lines[0])
    frames = [int(part, 16) // PAGE for line in dump.said("proc/iomem") if line.endswith(": System RAM")
              for part in line.split(" : ")[0].split("-")]
    start, end = min(frames), max(frames) + 1
    with tempfile.TemporaryDirectory() as folder:
        raw = pathlib.Path(folder) / "pages"
        dump.ask(f"rd -r {raw} {base + start * STRUCT_PAGE:x} {(end - start) * STRUCT_PAGE}")
        pages = raw.read_bytes()
    found = collections.Counter()
    for page in range(0, len(pages), STRUCT_PAGE):
        (flags,) = struct.unpack_from("<Q", pages, page)
        (kind,) = struct.unpack_from("<I", pages, page + 48)
        if kind >> 24 == number if number > 64 else flags >> number & 1:
            found[struct.unpack_from("<Q", pages, page + owner)[0]] += 1
    return found


def check_slabs(dump):
    ours = rows_of(dump)
    dump.expect("kmem:" not in dump.stderr, f"something is damaged: {dump.stderr[:500]}")
    wanted = slabinfo(dump)
    check_counts(dump, ours, wanted)
    check_active(dump, ours, wanted)
    check_sizes(dump, ours)
    pages = slab_pages(dump)
    for name, row in ours.items():
        counted = pages.pop(int(row["cache"], 16), 0)
        dump.expect(row["slabs"] == counted, f"{name}: {row['slabs']} slabs, but {counted} pages say they are")
    dump.expect(not pages, f"{sum(pages.values())} pages are slabs of no cache: {[hex(at) for at in list(pages)[:5]]}")
    check_objects(dump)


def check_objects(dump):
    """Every task is an object in use; free ones are told by kmem -S as by their addresses."""
    (tasks, whole) = dump.ask("ps", "kmem -S")
    dump.expect("kmem:" not in dump.stderr, f"something is damaged: {dump.stderr[:500]}")
    addresses = [line[1:].split()[3] for line in tasks[1:] if len(line.split()) > 4][:30]
    known = {line.split()[0].strip("[]"): line.strip() for line in whole if re.match(r"  [ \[][0-9a-f]{16}", line) and
             len(line.split()) in (1, 4) and ("[" in line or line.startswith("   "))}
    free = [at for at, line in known.items() if not line.startswith("[")][::47][:100]
    used = [at for at, line in known.items() if line.startswith("[")][::47][:100]
    asked = addresses + free + used
    # Any address in it means the object; that of a cache would mean the cache.
    answers = dict(zip(asked, dump.ask(*(f"kmem -s {int(at, 16) + 1:x}" for at in asked))))
    for at in addresses:
        text = "\n".join(answers[at])
        static = "task_struct" not in text  # init_task is no slab object
        dump.expect(static and at == addresses[0] or f"[{at}]" in text, f"task {at}: {text}")
    for at in free + used:
        dump.expect(known[at] in (line.strip() for line in answers[at]), f"{at}: kmem -S says {known[at]}, kmem -s {answers[at]}")
    dump.expect(len(free) > 30 and len(used) > 30, f"only {len(free)} free objects and {len(used)} others are known")
