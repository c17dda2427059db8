# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a dump and writes it again, damaged, as ELF or as kdump.

A PlainDump is a dump's headers and an uncompressed copy of its pages, made
once. A Damaged is what is to be different in a copy of it: pages left out,
bytes changed, notes changed, the head or the end of the file spoilt.
"""

import mmap
import shutil
import struct
import zlib

PAGE = 4096
PT_LOAD, PT_NOTE = 1, 4
KDUMP_ZLIB = 1
ELF_MACHINES = {"x86_64": 62, "aarch64": 183}
HEAD_PAGES = 2048  # room before the pages for headers, bitmaps, descriptors


class Kdump:
    """A kdump-compressed file of version 5 or 6, plain or with zlib."""

    def __init__(self, file):
        (self.block,) = struct.unpack_from("<I", file, 428)
        if self.block % PAGE or file[8] < 5:
            raise ValueError("no kdump file of version 5 or 6")
        sub_blocks, bitmap_blocks, blocks = struct.unpack_from("<III", file, 432)
        (blocks_64,) = struct.unpack_from("<Q", file, self.block + 96)
        self.page_count = (blocks_64 or blocks) * self.block // PAGE
        self.machine = file[12 + 4 * 65:12 + 5 * 65].split(b"\0")[0].decode()
        self.head = file[:PAGE] + file[self.block:self.block + PAGE]
        at = self.block * (1 + sub_blocks)
        bitmap = file[at:at + bitmap_blocks * self.block]
        at += len(bitmap)
        self.descriptors = {}
        for number in bits(bitmap[len(bitmap) // 2:]):
            self.descriptors[number] = struct.unpack_from("<QIIQ", file, at)[:3]
            at += 24
        place, size = struct.unpack_from("<QQ", file, self.block + 48)
        self.notes = file[place:place + size]
        self.file = file

    def pages(self):
        unpacked = {}  # by offset: runs of empty blocks share one
        each = self.block // PAGE
        for number, (offset, size, flags) in self.descriptors.items():
            if offset not in unpacked:
                data = self.file[offset:offset + size]
                if flags & KDUMP_ZLIB:
                    data = zlib.decompress(data)
                elif flags or size != self.block:
                    raise ValueError(f"block {number} is packed in a way not known here")
                unpacked = {offset: data}
            for part in range(each):
                yield number * each + part, unpacked[offset][part * PAGE:(part + 1) * PAGE]


class Elf:
    """An ELF core file: PT_LOAD segments of whole pages."""

    def __init__(self, file):
        (at, sections) = struct.unpack_from("<QQ", file, 32)
        (elf_machine,) = struct.unpack_from("<H", file, 18)
        (size, count) = struct.unpack_from("<HH", file, 54)
        if count == 0xffff:
            (count,) = struct.unpack_from("<I", file, sections + 44)
        self.machine = next(name for name, number in ELF_MACHINES.items() if number == elf_machine)
        headers = [struct.unpack_from("<IIQQQQQQ", file, at + i * size) for i in range(count)]
        self.loads = [header for header in headers if header[0] == PT_LOAD]
        self.notes = b"".join(file[header[2]:header[2] + header[5]] for header in headers
                              if header[0] == PT_NOTE)
        self.page_count = max(header[4] + header[6] for header in self.loads) // PAGE
        self.file = file

    def pages(self):
        seen = set()
        for _, _, offset, _, start, size, _, _ in sorted(self.loads, key=lambda load: load[4]):
            for skip in range(0, size - PAGE + 1, PAGE):
                number = (start + skip) // PAGE
                if number not in seen:
                    seen.add(number)
                    yield number, self.file[offset + skip:offset + skip + PAGE]


def bits(bitmap):
    for at, byte in enumerate(bitmap):
        while byte:
            low = byte & -byte
            yield at * 8 + low.bit_length() - 1
            byte ^= low


def unflattened(file):
    """The file that makedumpfile's flattened form describes."""
    whole, at = bytearray(), PAGE
    while True:
        offset, size = struct.unpack_from(">qq", file, at)
        if offset < 0:
            return whole
        if len(whole) < offset + size:
            whole.extend(bytes(offset + size - len(whole)))
        whole[offset:offset + size] = file[at + 16:at + 16 + size]
        at += 16 + size


def read_dump(path):
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if mapped[:12] == b"makedumpfile":
        mapped = unflattened(mapped)
    if mapped[:8] == b"KDUMP   ":
        return Kdump(mapped)
    if mapped[:4] == b"\x7fELF":
        return Elf(mapped)
    raise ValueError(f"{path}: neither ELF nor kdump")


class PlainDump:
    """The pages of a dump in a file of ours, and its notes."""

    def __init__(self, path, scratch):
        source = read_dump(path)
        # QEMU does not know its machine's name, arm64 says this of itself.
        self.machine = source.machine
        if self.machine not in ELF_MACHINES:
            self.machine = "aarch64" if b"NUMBER(VA_BITS)=" in source.notes else "x86_64"
        self.page_count = source.page_count
        self.notes = bytes(source.notes)
        self.kdump_head = bytes(source.head) if isinstance(source, Kdump) else None
        # What /proc/vmcore says of virtual addresses: [(start, end, virtual)].
        self.virtual = [(load[4], load[4] + load[5], load[3])
                        for load in getattr(source, "loads", [])]
        self.path = scratch / (path.parent.parent.name + "-" + path.name + ".pages")
        self.offsets = {}  # of each page in the file
        zeroes = []  # empty pages: behind all others, where a copy has a hole
        end = HEAD_PAGES * PAGE
        with open(self.path, "wb") as file:
            file.seek(end)
            for number, data in source.pages():
                if any(data):
                    file.write(data)
                    self.offsets[number] = end
                    end += PAGE
                else:
                    zeroes.append(number)
        for number in zeroes:
            self.offsets[number] = end
            end += PAGE
        self.end = end
        with open(self.path, "rb") as file:
            self.file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def holds(self, address):
        return address // PAGE in self.offsets

    def read(self, address, size):
        """Physical memory of one page."""
        return self.page(address // PAGE)[address % PAGE:][:size]

    def page(self, number):
        at = self.offsets[number]
        return self.file[at:at + PAGE] or bytes(PAGE)

    def vmcoreinfo(self):
        at = self.notes.find(b"OSRELEASE=")
        end = self.notes.find(b"\0", at) if at >= 0 else 0
        return at, end if end >= 0 else len(self.notes)


class Damaged:
    """What becomes of a dump, to be written."""

    def __init__(self, plain, form):
        self.plain = plain
        self.form = form  # "elf" or "kdump"
        self.offsets = dict(plain.offsets)
        self.notes = bytearray(plain.notes)
        self.changed = {}  # page number: bytearray
        self.spoil = []    # functions of the open file and the head's size
        self.said = []     # what was done, for people

    def drop(self, numbers):
        for number in numbers:
            self.offsets.pop(number, None)

    def page(self, number):
        """Bytes of a page that may be changed."""
        if number not in self.changed:
            self.changed[number] = bytearray(self.plain.page(number))
        return self.changed[number]

    def write(self, path):
        shutil.copyfile(self.plain.path, path)
        with open(path, "r+b") as file:
            file.truncate(self.plain.end)
            for number, data in self.changed.items():
                if number in self.offsets:
                    file.seek(self.offsets[number])
                    file.write(data)
            head = self.elf_head() if self.form == "elf" else self.kdump_head()
            if len(head) > HEAD_PAGES * PAGE:
                raise ValueError("the headers do not fit")
            file.seek(0)
            file.write(head)
            for spoil in self.spoil:
                spoil(file, len(head))

    def runs(self):
        """[(first page, offset, bytes)] of pages that follow each other."""
        found = []
        for number in sorted(self.offsets):
            at = self.offsets[number]
            if found:
                first, offset, size = found[-1]
                if first * PAGE + size == number * PAGE and offset + size == at:
                    found[-1] = (first, offset, size + PAGE)
                    continue
            found.append((number, at, PAGE))
        return found

    def virtual_address(self, physical):
        for start, end, virtual in reversed(self.plain.virtual):
            if start <= physical < end and virtual:
                return virtual + physical - start
        return 0

    def elf_head(self):
        runs = self.runs()
        count = 1 + len(runs)
        machine = ELF_MACHINES[self.plain.machine]
        headers_at = 128  # behind them one section header, see below
        notes_at = headers_at + 56 * count
        ident = b"\x7fELF\2\1\1" + bytes(9)
        many = count >= 0xffff
        head = ident + struct.pack("<HHIQQQIHHHHHH", 4, machine, 1, 0, headers_at, 64 if many else 0, 0, 64,
                                   56, 0xffff if many else count, 64, 1 if many else 0, 0)
        # Program headers that are too many are counted by a section header.
        head += struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, count if many else 0, 0, 0)
        parts = [head, struct.pack("<IIQQQQQQ", PT_NOTE, 0, notes_at, 0, 0, len(self.notes), len(self.notes), 4)]
        for first, offset, size in runs:
            start = first * PAGE
            parts.append(struct.pack("<IIQQQQQQ", PT_LOAD, 7, offset, self.virtual_address(start), start, size,
                                     size, PAGE))
        return b"".join(parts) + self.notes

    def kdump_head(self):
        plain = self.plain
        count = plain.page_count
        half = -(-count // (PAGE * 8)) * PAGE
        bitmap = bytearray(half)
        for number in self.offsets:
            bitmap[number // 8] |= 1 << number % 8
        head = bytearray(plain.kdump_head or self.new_kdump_head())
        head[:PAGE] = head[:PAGE].ljust(PAGE, b"\0")
        struct.pack_into("<III", head, 424, 0, PAGE, 1)
        struct.pack_into("<II", head, 436, 2 * half // PAGE, min(count, 0xffffffff))
        head = head[:2 * PAGE]
        descriptors = b"".join(struct.pack("<QIIQ", self.offsets[number], PAGE, 0, 0)
                               for number in sorted(self.offsets))
        body = bytes(head) + bitmap + bitmap + descriptors
        at, end = plain.vmcoreinfo()
        place = len(body)
        sub = bytearray(body[PAGE:2 * PAGE])
        struct.pack_into("<QQQQ", sub, 32, place + max(at, 0), max(end - at, 0), place, len(self.notes))
        struct.pack_into("<QQ", sub, 64, 0, 0)
        struct.pack_into("<QQQ", sub, 80, 0, count, count)
        return body[:PAGE] + bytes(sub) + body[2 * PAGE:] + bytes(self.notes)

    def new_kdump_head(self):
        """The header and sub header of version 6."""
        def line(key):
            at = self.plain.notes.find(key + b"=")
            return self.plain.notes[at + len(key) + 1:].split(b"\n")[0] if at >= 0 else b""
        names = [b"Linux", b"(none)", line(b"OSRELEASE"), b"#1", self.plain.machine.encode(), b"(none)"]
        head = b"KDUMP   " + struct.pack("<I", 6) + b"".join(name.ljust(65, b"\0") for name in names)
        sub = bytearray(PAGE)
        phys_base = line(b"NUMBER(phys_base)") or b"0"
        struct.pack_into("<qI", sub, 0, int(phys_base), 0)
        return head.ljust(PAGE, b"\0") + bytes(sub)
