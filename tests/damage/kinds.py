# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of damage: functions of what becomes of the dump, of the survey, and of
a seeded random. Each says what it did."""

import struct

from dump_file import PAGE

KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


# ---- Pages that are not there ----

def drop_share(damaged, picker, share):
    numbers = sorted(damaged.offsets)
    lost = picker.sample(numbers, max(1, round(len(numbers) * share)))
    damaged.drop(lost)
    return f"{len(lost)} of {len(numbers)} pages dropped"


@kind
def drop_1(damaged, _survey, picker):
    return drop_share(damaged, picker, 0.01)


@kind
def drop_10(damaged, _survey, picker):
    return drop_share(damaged, picker, 0.1)


@kind
def drop_50(damaged, _survey, picker):
    return drop_share(damaged, picker, 0.5)


@kind
def drop_area(damaged, survey, picker):
    """The pages of one kind of thing, or some of them."""
    name = picker.choice(sorted(survey.areas))
    numbers = sorted({place // PAGE for place in survey.areas[name]})
    lost = picker.sample(numbers, max(1, round(len(numbers) * picker.choice((0.1, 0.5, 1)))))
    damaged.drop(lost)
    return f"{len(lost)} of {len(numbers)} pages of {name} dropped"


@kind
def drop_root(damaged, survey, picker):
    """The page of one variable on which much hangs."""
    place = picker.choice(survey.areas["roots"])
    damaged.drop([place // PAGE])
    return f"the page {place // PAGE:x} of a root dropped"


@kind
def drop_range(damaged, _survey, picker):
    """A stretch of physical memory."""
    numbers = sorted(damaged.offsets)
    start = picker.randrange(len(numbers))
    lost = numbers[start:start + max(1, len(numbers) // picker.choice((4, 20, 100)))]
    damaged.drop(lost)
    return f"pages {lost[0]:x} to {lost[-1]:x} dropped"


# ---- Bytes that are others ----

def places(survey, picker, name, most):
    found = survey.areas.get(name)
    if not found:
        name = picker.choice(sorted(survey.areas))
        found = survey.areas[name]
    return name, picker.sample(found, min(len(found), picker.randint(1, most)))


def change(damaged, picker, place, reach=512):
    """Some bytes within reach behind a place."""
    number, at = divmod(place, PAGE)
    page = damaged.page(number)
    for _ in range(picker.randint(1, 8)):
        where = min(at + picker.randrange(reach), PAGE - 1)
        page[where] ^= 1 << picker.randrange(8) if picker.random() < 0.5 else picker.randint(1, 255)


def flip(name, most=40, reach=512):
    def run(damaged, survey, picker):
        area, chosen = places(survey, picker, name, most)
        for place in chosen:
            change(damaged, picker, place, reach)
        return f"bytes behind {len(chosen)} places of {area} flipped"
    run.__name__ = "flip_" + name.replace(" ", "_").replace("-", "_").lower()
    return kind(run)


for _name in ("tasks", "memory", "files", "sockets", "caches", "slabs", "free", "pages", "modules", "per-CPU",
              "queues", "devices", "groups", "vmalloc", "stacks"):
    flip(_name)
flip("roots", 5, 16)
flip("page tables", 40, 8)


@kind
def flip_log(damaged, survey, picker):
    """In and behind the log's rings, and what leads there."""
    area, chosen = places(survey, picker, "log", 30)
    for place in chosen:
        change(damaged, picker, place, PAGE)
    return f"bytes in {len(chosen)} places of {area} flipped"


@kind
def flip_any(damaged, _survey, picker):
    numbers = sorted(damaged.offsets)
    chosen = picker.sample(numbers, min(len(numbers), 500))
    for number in chosen:
        change(damaged, picker, number * PAGE, PAGE)
    return f"bytes of {len(chosen)} pages flipped"


def words_of(page):
    return struct.unpack(f"<{PAGE // 8}Q", page)


@kind
def loop_pointers(damaged, survey, picker):
    """Pointers of an area lead to each other, to themselves, to nothing."""
    name = picker.choice(sorted(set(survey.areas) - {"roots"}))
    name, chosen = places(survey, picker, name, 40)
    for place in chosen:
        number, at = divmod(place & ~7, PAGE)
        page = damaged.page(number)
        pointers = [i for i, word in enumerate(words_of(page)) if word >> 47 == 0x1ffff or word >> 56 == 0xff]
        near = [i for i in pointers if at <= i * 8 < at + 2048] or pointers
        if not near:
            continue
        values = words_of(page)
        for i in picker.sample(near, min(len(near), 4)):
            new = picker.choice((values[picker.choice(near)], values[i] + picker.choice((-8, 8, 1, 4096)), 0, 1,
                                 0xffffffffffffffff, 0xdead000000000100, values[i] ^ 1 << picker.randrange(48)))
            struct.pack_into("<Q", page, i * 8, new & 0xffffffffffffffff)
    return f"pointers behind {len(chosen)} places of {name} lead elsewhere"


@kind
def huge_numbers(damaged, survey, picker):
    """Counts and sizes become large or negative."""
    name = picker.choice(sorted(survey.areas))
    name, chosen = places(survey, picker, name, 40)
    for place in chosen:
        number, at = divmod(place & ~7, PAGE)
        page = damaged.page(number)
        near = [i for i in range(at, min(at + 512, PAGE), 4)
                if 0 < struct.unpack_from("<I", page, i)[0] < 100000]
        for i in picker.sample(near, min(len(near), 4)):
            struct.pack_into("<I", page, i, picker.choice((0xffffffff, 0x7fffffff, 0x80000000, 1 << 20, 0xfffffff)))
    return f"numbers behind {len(chosen)} places of {name} become large"


@kind
def fill_pages(damaged, survey, picker):
    """Pages of an area hold zeroes, ones or noise."""
    name = picker.choice(sorted(survey.areas))
    numbers = sorted({place // PAGE for place in survey.areas[name]})
    chosen = picker.sample(numbers, min(len(numbers), picker.choice((1, 5, 50))))
    what = picker.choice(("zeroes", "ones", "noise"))
    for number in chosen:
        content = {"zeroes": bytes(PAGE), "ones": b"\xff" * PAGE}.get(what) or picker.randbytes(PAGE)
        damaged.page(number)[:] = content
    return f"{len(chosen)} pages of {name} hold {what}"


@kind
def swap_pages(damaged, survey, picker):
    """Pages of an area are at each other's place."""
    name = picker.choice(sorted(survey.areas))
    numbers = sorted({place // PAGE for place in survey.areas[name]} & set(damaged.offsets))
    picker.shuffle(numbers)
    pairs = list(zip(numbers[::2], numbers[1::2]))[:picker.choice((1, 10, 100))]
    for one, other in pairs:
        offsets = damaged.offsets
        offsets[one], offsets[other] = offsets[other], offsets[one]
    return f"{len(pairs)} pairs of pages of {name} change places"


# ---- The file's own structure ----

@kind
def cut_file(damaged, _survey, picker):
    """The file ends early: in its headers, or in its pages."""
    share = picker.random()
    where = picker.choice(("headers", "pages", "pages"))

    def spoil(file, head):
        size = file.seek(0, 2)
        file.truncate(max(1, int(head * share if where == "headers" else head + (size - head) * share)))
    damaged.spoil.append(spoil)
    return f"the file ends at {share:.2f} of its {where}"


@kind
def flip_header(damaged, _survey, picker):
    """Bytes of the file's first headers."""
    seed = picker.random()

    def spoil(file, head):
        inner = type(picker)(seed)
        for _ in range(inner.randint(1, 6)):
            at = inner.choice((inner.randrange(64), inner.randrange(512), inner.randrange(min(head, 3 * PAGE))))
            file.seek(at)
            byte = file.read(1)[0] ^ 1 << inner.randrange(8)
            file.seek(at)
            file.write(bytes([byte]))
    damaged.spoil.append(spoil)
    return "bytes of the headers flipped"


@kind
def flip_index(damaged, _survey, picker):
    """Bytes of the tables that say where pages are."""
    seed = picker.random()

    def spoil(file, head):
        inner = type(picker)(seed)
        for _ in range(inner.randint(1, 2000)):
            at = inner.randrange(64, head)
            file.seek(at)
            file.write(bytes([inner.randrange(256)]))
    damaged.spoil.append(spoil)
    return "bytes of the file's tables overwritten"


@kind
def flip_notes(damaged, _survey, picker):
    """Bytes of the notes, VMCOREINFO among them."""
    for _ in range(picker.randint(1, 40)):
        damaged.notes[picker.randrange(len(damaged.notes))] ^= 1 << picker.randrange(8)
    return "bytes of the notes flipped"


@kind
def cut_notes(damaged, _survey, picker):
    """Lines of VMCOREINFO, or registers, are gone."""
    notes = damaged.notes
    at, end = damaged.plain.vmcoreinfo()
    if picker.random() < 0.3 or at < 0:
        keep = picker.randrange(len(notes))
        notes[keep:] = bytes(len(notes) - keep)
        return f"the notes end at {keep}"
    lines = bytes(notes[at:end]).split(b"\n")
    lost = set(picker.sample(range(len(lines)), max(1, len(lines) // picker.choice((1, 3, 20)))))
    # What is gone is padded, so that the note keeps its size.
    kept = b"\n".join(line if i not in lost else b"X" * len(line) for i, line in enumerate(lines))
    notes[at:end] = kept
    return f"{len(lost)} of {len(lines)} lines of VMCOREINFO are gone"
